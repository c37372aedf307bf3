"""Which application a host and a path belong to."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appproxy.errors import Code, ConfigError, RequestError
from appproxy.publish.application import Application, Url
from appproxy.publish.routing import Router, internal_target, is_ambiguous


def application(name: str, external: str, internal: str = "http://internal/") -> Application:
    return Application(name, name, Url.parse(external), Url.parse(internal))


WIKI = application("wiki", "https://intra.example.com/wiki/", "http://wiki/")
ROOT = application("root", "https://intra.example.com/")
DEEP = application("deep", "https://intra.example.com/wiki/deep/", "http://deep/base/")
MAIL = application("mail", "https://mail.example.com/")
ROUTER = Router([ROOT, WIKI, DEEP, MAIL])


@pytest.mark.parametrize(
    ("target", "name"),
    [
        (b"/", "root"), (b"/wikipedia", "root"), (b"/wiki", "wiki"), (b"/wiki/", "wiki"),
        (b"/wiki/page?x=/wiki/deep/", "wiki"),
        (b"/wiki/deep", "deep"), (b"/wiki/deep/er", "deep"), (b"/wiki?x", "wiki"),
    ],
)
def test_the_most_granular_path_wins(target: bytes, name: str) -> None:
    """Of several applications on a host the one with the longest matching path is meant."""
    assert ROUTER.find("intra.example.com", target).application.name == name


def test_an_unknown_host_is_nobodys() -> None:
    """Nothing is guessed."""
    with pytest.raises(RequestError) as caught:
        ROUTER.find("other.example.com", b"/")
    assert caught.value.code is Code.UNKNOWN_HOST


def test_a_path_outside_all_prefixes_is_nobodys() -> None:
    """An application that has a path does not answer for the rest of its host."""
    with pytest.raises(RequestError) as caught:
        Router([WIKI]).find("intra.example.com", b"/other")
    assert caught.value.code is Code.UNKNOWN_HOST


@pytest.mark.parametrize(
    "path",
    [b"/wiki/../", b"/a/..", b"/./a", b"/%2e%2e/", b"/a/.%2E/", b"/a//b", b"/a\\b", b"/a;x=1/", b"/a%2fb", b"/a%2Fb",
     b"/a%5cb", b"/%252e/", b"/a%00", b"/a%3bb"],
)
def test_ambiguous_paths_are_refused_where_the_path_decides(path: bytes) -> None:
    """What servers read differently may not choose between applications, and goes through where nothing depends on it."""
    assert is_ambiguous(path)
    with pytest.raises(RequestError) as caught:
        ROUTER.find("intra.example.com", path)
    assert caught.value.code is Code.AMBIGUOUS_PATH
    assert ROUTER.find("mail.example.com", path).application is MAIL


@pytest.mark.parametrize("path", [b"/", b"/a.b/c..d", b"/...", b"/a/.well-known/x", b"/%20", b"/a%2eb"])
def test_ordinary_paths_are_not_ambiguous(path: bytes) -> None:
    """Dots in names are nothing special."""
    assert not is_ambiguous(path)


def test_two_applications_on_one_url_are_refused() -> None:
    """Nobody could tell which is meant."""
    with pytest.raises(ConfigError, match=r"https://mail\.example\.com/"):
        Router([MAIL, application("mail2", "https://mail.example.com")])


@pytest.mark.parametrize(
    ("target", "internal"),
    [(b"/wiki/deep/x?y=/wiki/", b"/base/x?y=/wiki/"), (b"/wiki/deep", b"/base/"), (b"/wiki/deep?q", b"/base/?q")],
)
def test_paths_are_mapped(target: bytes, internal: bytes) -> None:
    """The application sees its own path; the query is left alone."""
    assert internal_target(ROUTER.find("intra.example.com", target), target) == internal


def test_equal_paths_are_not_touched() -> None:
    """Byte for byte, also what is unusual."""
    assert internal_target(ROUTER.find("mail.example.com", b"/a//b?c"), b"/a//b?c") == b"/a//b?c"


def test_ten_thousand_applications_cost_no_more_than_one() -> None:
    """A look-up compares a path only with those of its own host."""
    router = Router([application(str(n), f"https://a{n}.example.com/") for n in range(10_000)])
    assert len(router) == 10_000
    assert len(router.routes_of("a77.example.com")) == 1
    assert router.find("a77.example.com", b"/x").application.name == "77"


@given(st.binary(max_size=30))
def test_what_is_found_lies_below_the_prefix(path: bytes) -> None:
    """A route's target always begins with the internal path of its own application."""
    try:
        route = ROUTER.find("intra.example.com", b"/" + path)
    except RequestError as error:
        assert error.code is Code.AMBIGUOUS_PATH
        return
    assert internal_target(route, b"/" + path).startswith(route.internal)
