"""Which application a host and a path belong to."""

from __future__ import annotations

import sys
from dataclasses import replace
from functools import cache
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appproxy.errors import Code, ConfigError, RequestError
from appproxy.paths import is_ambiguous
from appproxy.publish.application import Application, Segment, Url
from appproxy.publish.routing import Router, internal_target, lacks_slash, with_slash


def application(name: str, external: str, internal: str = "http://internal/", **more: Any) -> Application:
    return Application(name, name, Url.parse(external), Url.parse(internal), **more)


def segment(external: str, internal: str, id: str = "s1") -> Segment:
    return Segment(Url.parse(external), Url.parse(internal), id)


def answer(router: Router, host: str, target: bytes = b"/") -> str:
    """The application and the internal URL that a request goes to; or the refusal."""
    try:
        route = router.find(host, target)
    except RequestError as error:
        return error.code.name
    path = internal_target(route, target).decode("latin-1")
    return f"{route.application.name} {route.segment.internal.origin}{path}"


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


TEAM = application("team", "https://*.example.com/", "http://*.corp:8080/", excluded_hosts=frozenset({"no.example.com"}))
LAB = application("lab", "https://*.lab.example.com/", "http://*.lab/")
LAB_API = application("lab-api", "https://*.lab.example.com/api/", "http://*.api/v1/")
WILD = Router([TEAM, LAB, LAB_API, MAIL], reserved=["connect.example.com"])


@pytest.mark.parametrize(
    ("host", "target", "internal"),
    [
        ("wiki.example.com", b"/a?b", "team http://wiki.corp:8080/a?b"),
        ("a.b.example.com", b"/", "team http://a.b.corp:8080/"),
        ("mail.example.com", b"/", "mail http://internal/"),
        ("x.mail.example.com", b"/", "team http://x.mail.corp:8080/"),
        ("x.lab.example.com", b"/", "lab http://x.lab/"),
        ("x.lab.example.com", b"/api/x", "lab-api http://x.api/v1/x"),
        ("lab.example.com", b"/", "team http://lab.corp:8080/"),
        ("no.example.com", b"/", "UNKNOWN_HOST"),
        ("connect.example.com", b"/", "UNKNOWN_HOST"),
        ("example.com", b"/", "UNKNOWN_HOST"),
        ("evilexample.com", b"/", "UNKNOWN_HOST"),
        ("com", b"/", "UNKNOWN_HOST"),
        ("*.example.com", b"/", "team http://*.corp:8080/"),
    ],
)
def test_wildcards(host: str, target: bytes, internal: str) -> None:
    """What the user types for the star is carried over; the more specific host wins; exclusions and ours stay out."""
    assert answer(WILD, host, target) == internal
    assert WILD.knows_host(host) is (internal != "UNKNOWN_HOST")


def test_an_exclusion_does_not_fall_to_a_wider_wildcard() -> None:
    """The most specific wildcard decides alone: an excluded host is published nowhere, unless by its own name."""
    lab = application("lab", "https://*.lab.example.com/", "http://*.lab/", excluded_hosts=frozenset({"x.lab.example.com"}))
    assert answer(Router([TEAM, lab]), "x.lab.example.com") == "UNKNOWN_HOST"
    own = application("own", "https://x.lab.example.com/")
    assert answer(Router([TEAM, lab, own]), "x.lab.example.com") == "own http://internal/"


def test_a_wildcard_remembers_few_hosts() -> None:
    """A flood of invented names fills no memory, and each of them keeps its own route while it is remembered."""
    router = Router([TEAM])
    assert router.find("a.example.com", b"/") is router.find("a.example.com", b"/x")
    for number in range(10_000):
        router.find(f"a{number}.example.com", b"/")
    assert len(router._remembered) <= 4096


SHOP = application(
    "shop", "https://shop.example.com/", "http://shop/", alternate_hosts=("store.example.com",),
    segments=(segment("https://shop.example.com/img/", "http://cdn:81/shop/"),
              segment("https://api.example.com/v2/", "https://api.corp/", "s2"),
              segment("https://*.shop.example.com/", "http://*.tenants/", "s3")),
)


@pytest.mark.parametrize(
    ("host", "target", "internal", "name"),
    [
        ("shop.example.com", b"/x", "shop http://shop/x", "shop"),
        ("store.example.com", b"/x", "shop http://shop/x", "shop"),
        ("shop.example.com", b"/img/1.png", "shop http://cdn:81/shop/1.png", "shop.s1"),
        ("api.example.com", b"/v2/x?y", "shop https://api.corp/x?y", "shop.s2"),
        ("t1.shop.example.com", b"/x", "shop http://t1.tenants/x", "shop.s3"),
        ("api.example.com", b"/v1/x", "UNKNOWN_HOST", ""),
        ("store.example.com", b"/img/1.png", "shop http://shop/img/1.png", "shop"),
    ],
)
def test_segments_and_alternate_hosts(host: str, target: bytes, internal: str, name: str) -> None:
    """One application may have any number of pairs of URLs, and connectors know each by a name of its own."""
    router = Router([SHOP])
    assert answer(router, host, target) == internal
    assert not name or router.find(host, target).target == name


def test_which_applications_a_host_serves() -> None:
    """All of its hosts, also those of a wildcard, and no other."""
    router = Router([SHOP, MAIL])
    hosts = ("shop.example.com", "store.example.com", "api.example.com", "t.shop.example.com")
    assert all(router.serves("shop", host) for host in hosts)
    assert not router.serves("shop", "mail.example.com") and not router.serves("mail", "shop.example.com")


def test_cookies_of_one_host_have_names_of_their_own() -> None:
    """Each application on a host has one path there that names its cookie, whatever its paths elsewhere are."""
    guest = application("guest", "https://other.example.com/", segments=(
        segment("https://shop.example.com/guest/", "http://guest/"),
        segment("https://shop.example.com/guest/deep/", "http://guest/", "s2"),
    ))  # fmt: skip
    routes = Router([SHOP, guest]).routes_of("shop.example.com")
    assert {(route.application.name, route.cookie_path) for route in routes} == {("shop", "/"), ("guest", "/guest/")}


def test_an_external_url_is_one_applications() -> None:
    """Segments and alternate hosts count too."""
    for other in ("https://store.example.com/", "https://api.example.com/v2/", "https://*.shop.example.com/"):
        with pytest.raises(ConfigError, match="two applications"):
            Router([SHOP, application("other", other)])


@pytest.mark.parametrize("path", [b"/%77iki/x", b"/WIKI/x", b"/wiki%3fx", b"/wiki./x", b"/wiki%20/x", b"/%EF%BD%97iki/"])
def test_a_path_spelled_in_another_way_does_not_reach_another_application(path: bytes) -> None:
    """An application that takes the spelling for `/wiki/` must not be asked under the policy of `/`."""
    assert not is_ambiguous(path)
    assert answer(ROUTER, "intra.example.com", path) == "AMBIGUOUS_PATH"
    assert answer(ROUTER, "mail.example.com", path) == "mail http://internal" + path.decode("latin-1")


def test_spelling_does_not_matter_where_it_decides_nothing() -> None:
    """Capitals and escapes below the same path are the application's own affair."""
    assert answer(ROUTER, "intra.example.com", b"/wiki/%41/B%7e?C") == "wiki http://wiki/%41/B%7e?C"


@cache
def many_routes(count: int) -> Router:
    """So many hosts, paths on one host, and wildcards."""
    return Router([
        application(f"{kind}{number}", url.format(number), inner)
        for number in range(count)
        for kind, url, inner in (
            ("host", "https://a{}.example.com/", "http://internal/"),
            ("path", "https://paths.example.com/p{}/", "http://internal/"),
            ("wild", "https://*.wild{}.example.com/", "http://*.internal/"),
        )
    ])


def calls_of(router: Router, host: str, target: bytes) -> int:
    """How many calls, of Python and of C, finding this route takes."""
    count = 0

    def counted(frame: object, event: str, argument: object) -> None:
        nonlocal count
        count += event in ("call", "c_call")

    router.find(host, target)
    sys.setprofile(counted)
    try:
        router.find(host, target)
    finally:
        sys.setprofile(None)
    return count


@pytest.mark.parametrize(
    ("host", "target"), [("a7.example.com", b"/x"), ("paths.example.com", b"/p7/x"), ("t7.wild7.example.com", b"/x")],
)
def test_two_thousand_applications_cost_no_more_than_ten(host: str, target: bytes) -> None:
    """A look-up takes as many steps among many hosts, paths of one host and wildcards as among few."""

    few, many = many_routes(10), many_routes(2_000)
    assert len(many) == 6_000
    assert calls_of(few, host, target) == calls_of(many, host, target) > 0
    assert many.find(host, target).application.name.endswith("7")


def test_equal_answers_are_one_object() -> None:
    """What is worked out for a route is kept beside it."""
    assert ROUTER.find("intra.example.com", b"/wiki/a") is ROUTER.find("intra.example.com", b"/wiki/b")


@given(st.binary(max_size=30))
def test_what_is_found_lies_below_the_prefix(path: bytes) -> None:
    """A route's target always begins with the internal path of its own application."""
    try:
        route = ROUTER.find("intra.example.com", b"/" + path)
    except RequestError as error:
        assert error.code is Code.AMBIGUOUS_PATH
        return
    assert internal_target(route, b"/" + path).startswith(route.internal)


@pytest.mark.parametrize(("target", "lacks"), [
    (b"/deep/wiki", True), (b"/deep/wiki?", True), (b"/deep/wiki?a=/", True), (b"/deep/wiki/", False), (b"/deep/wikis", False),
    (b"/deep/wik", False), (b"/deep/wiki/?a", False), (b"/", False), (b"*", False), (b"", False), (b"/DEEP/wiki", False)])
def test_the_external_path_without_its_last_slash(target: bytes, lacks: bool) -> None:
    """With it, it is still the same path, and never the beginning of another host."""
    one = Application("a", "a", Url.parse("https://a.example.com/deep/wiki/"), Url.parse("http://internal/x/"))
    route = Router([one]).routes_of("a.example.com")[0]
    assert lacks_slash(route, target) is lacks
    if lacks:
        assert with_slash(route, target).replace(b"/deep/wiki/", b"/deep/wiki", 1) == target
        assert internal_target(route, target, bare=True) == target.replace(b"/deep/wiki", b"/x", 1)
        assert internal_target(route, target) == target.replace(b"/deep/wiki", b"/x/", 1)
    root = Router([replace(one, external=Url.parse("https://a.example.com/"))]).routes_of("a.example.com")[0]
    assert not lacks_slash(root, target)
