"""Internal URLs as public ones, and back."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from appproxy.errors import RequestError
from appproxy.publish.application import Application, Segment, Url
from appproxy.publish.routing import Router, internal_target
from appproxy.publish.urls import Translation


def application(name: str, external: str, internal: str, **more: object) -> Application:
    return Application(name, name, Url.parse(external), Url.parse(internal), **more)  # type: ignore[arg-type]


def segment(external: str, internal: str) -> Segment:
    return Segment(Url.parse(external), Url.parse(internal), "s")


APPLICATIONS = (
    application("wiki", "https://wiki.example.com/", "http://wiki:8080/", alternate_hosts=("kb.example.com",)),
    application("app", "https://x.example.com/ext/", "https://intra/app/",
                segments=(segment("https://x.example.com/ext/deep/", "https://intra2/"),)),
    application("wild", "https://*.example.com/", "http://*.corp/", excluded_hosts=frozenset({"no.example.com"})),
    application("lab", "https://*.lab.example.com/", "http://*.l.corp:81/"),
    application("odd", "https://odd.example.com:8443/", "http://[fd00::1]:90/"),
)  # fmt: skip
TABLE = Translation(APPLICATIONS)


@pytest.mark.parametrize(
    ("internal", "public"),
    [
        (b"http://wiki:8080/a?b#c", b"https://wiki.example.com/a?b#c"),
        (b"HTTP://Wiki:8080/A", b"https://wiki.example.com/A"),
        (b"http://wiki.:8080/a", b"https://wiki.example.com/a"),
        (b"http://wiki:8080", b"https://wiki.example.com"),
        (b"http://wiki:8080?q", b"https://wiki.example.com?q"),
        (b"ws://wiki:8080/live", b"wss://wiki.example.com/live"),
        (b"//wiki:8080/a", b"//wiki.example.com/a"),
        (b"//intra/app/a", b"//x.example.com/ext/a"),
        (b"https://intra/app/", b"https://x.example.com/ext/"),
        (b"https://intra:443/app/a", b"https://x.example.com/ext/a"),
        (b"https://intra/app", b"https://x.example.com/ext/"),
        (b"https://intra/app?q", b"https://x.example.com/ext/?q"),
        (b"https://intra2", b"https://x.example.com/ext/deep/"),
        (b"http://any.corp/x", b"https://any.example.com/x"),
        (b"http://a.b.corp:80/x", b"https://a.b.example.com/x"),
        (b"http://q.l.corp:81/", b"https://q.lab.example.com/"),
        (b"http://[FD00::1]:90/x", b"https://odd.example.com:8443/x"),
    ],
)
def test_internal_urls_as_public_ones(internal: bytes, public: bytes) -> None:
    """Every published pair of URLs counts, whoever says them, with the port filled in and capitals put aside."""
    assert TABLE.to_public(internal) == public


@pytest.mark.parametrize(
    "url",
    [
        b"https://any.corp/", b"https://any.corp:443/", b"http://wiki/", b"https://wiki/",
        b"http://intra:443/app/", b"http://wiki:80801/", b"http://wiki:8080.evil.example/",
        b"http://wiki:8080@evil.example/", b"http://user@wiki:8080/", b"http://wiki:8080\\@evil.example/",
        b"https://intra/application", b"https://intra/", b"http://corp/", b"http://evilcorp/", b"http://wiki%3a8080/",
        b"/app/page", b"app/page", b"mailto:a@wiki", b"http:wiki:8080/", b"http:///wiki:8080/", b"", b"//", b"http://",
        b"https://wiki.example.com/", b"http://wiki:8080\n", b" http://wiki:8080/", b"http://no.corp/",
        b"http://wiki.corp/", b"http://q.lab.corp/", b"https://intra/app/deep/x",
    ],
)
def test_what_is_not_published_is_left_alone(url: bytes) -> None:
    """Nearly the same is not the same; nor is a public URL that belongs to a more specific application or to none."""
    assert TABLE.to_public(url) is None


@pytest.mark.parametrize(
    ("public", "internal"),
    [
        (b"https://wiki.example.com/a?b", b"http://wiki:8080/a?b"),
        (b"https://kb.example.com:443/a", b"http://wiki:8080/a"),
        (b"https://wiki.example.com", b"http://wiki:8080"),
        (b"wss://wiki.example.com/", b"ws://wiki:8080/"),
        (b"https://x.example.com/ext/a", b"https://intra/app/a"),
        (b"https://x.example.com/ext/deep/a", b"https://intra2/a"),
        (b"https://a.b.example.com/", b"http://a.b.corp/"),
        (b"https://odd.example.com:8443/", b"http://[fd00::1]:90/"),
        (b"http://wiki.example.com/", None),
        (b"https://odd.example.com/", b"http://odd.corp/"),
        (b"https://no.example.com/", None),
        (b"https://x.example.com/", None),
        (b"https://x.example.com/ext/../other", None),
        (b"https://wiki.example.com/a/../b", b"http://wiki:8080/a/../b"),
        (b"null", None),
    ],
)
def test_public_urls_as_internal_ones(public: bytes, internal: bytes | None) -> None:
    """The same table backwards; a path that could leave what is published is not translated."""
    assert TABLE.to_internal(public) == internal


def test_the_host_that_the_user_is_on_comes_first() -> None:
    """On an alternate host links stay there."""
    assert TABLE.to_public(b"http://wiki:8080/a", "kb.example.com") == b"https://kb.example.com/a"
    assert TABLE.to_public(b"http://wiki:8080/a", "other.example.com") == b"https://wiki.example.com/a"


def test_the_services_own_hosts_are_not_a_wildcards() -> None:
    """A link to an internal host that would be called like one of them stays as it is."""
    table = Translation(APPLICATIONS, ["signin.example.com"])
    assert table.to_public(b"http://signin.corp/") is None and table.to_internal(b"https://signin.example.com/") is None
    assert TABLE.to_public(b"http://signin.corp/") == b"https://signin.example.com/"


@pytest.mark.parametrize("turned", [1, -1])
def test_of_two_applications_with_one_internal_url_the_first_counts(turned: int) -> None:
    """By name, whichever was published first; unless the user is at the other."""
    table = Translation([
        application("a", "https://a.example.com/", "http://same/"), application("b", "https://b.example.com/", "http://same/")
    ][::turned])
    assert table.to_public(b"http://same/x") == b"https://a.example.com/x"
    assert table.to_public(b"http://same/x", "b.example.com") == b"https://b.example.com/x"


@pytest.mark.parametrize(("internal", "public"), [
    (b"https://wiki:8080/a?b", b"https://wiki.example.com/a?b"), (b"wss://wiki:8080/live", b"wss://wiki.example.com/live"),
    (b"https://q.l.corp:81/", b"https://q.lab.example.com/"), (b"https://any.corp:80/x", b"https://any.example.com/x")])
def test_an_application_that_believes_it_was_called_by_https(internal: bytes, public: bytes) -> None:
    """`X-Forwarded-Proto` says so; the port is the one that was called, and it speaks http."""
    assert TABLE.to_public(internal) == public


def test_a_port_at_which_https_is_published_is_that() -> None:
    """What is said counts before what is meant."""
    table = Translation([
        application("a", "https://a.example.com/", "http://same:81/"),
        application("b", "https://b.example.com/", "https://same:81/x/")])
    assert table.to_public(b"https://same:81/x/") == b"https://b.example.com/"
    assert table.to_public(b"https://same:81/y/") is None


LABEL = st.sampled_from(["a", "b", "wiki", "lab", "no", "x"])
HOST = st.lists(LABEL, min_size=1, max_size=2).map(".".join)
PATH = st.lists(st.sampled_from(["ext", "deep", "app", "", "z"]), max_size=3).map(lambda parts: "/" + "/".join(parts))
ROUTER = Router(APPLICATIONS)


@given(HOST, st.sampled_from([".example.com", ".lab.example.com"]), PATH)
@example("x", ".example.com", "/ext")
@example("x", ".example.com", "/ext/deep")
def test_it_says_what_routing_does(labels: str, suffix: str, path: str) -> None:
    """A public URL stands for the internal one that a request to it goes to, and the other way round."""
    public = f"https://{labels}{suffix}{path}".encode()
    try:
        route = ROUTER.find(labels + suffix, path.encode())
    except RequestError:
        assert TABLE.to_internal(public) is None
        return
    internal = TABLE.to_internal(public)
    if route.segment.external.port != 443:  # URLs have a port, routes have not
        return
    assert internal == route.segment.internal.origin.encode() + internal_target(route, path.encode())
    # The path of an external URL without its last slash is that URL, and comes back with it.
    slash = b"/" if path + "/" == route.segment.external.path else b""
    assert TABLE.to_public(internal, route.host) == public + slash


@given(HOST, st.sampled_from([".corp", ".l.corp:81", ":8080"]), PATH)
def test_there_and_back(labels: str, suffix: str, path: str) -> None:
    """What was translated is the same when it comes back."""
    internal = f"http://{labels}{suffix}{path}".encode()
    public = TABLE.to_public(internal)
    assert public is None or TABLE.to_internal(public) == internal


@given(st.binary(max_size=80))
def test_no_bytes_break_it(url: bytes) -> None:
    """Whatever stands where a URL could be."""
    TABLE.to_public(url)
    TABLE.to_internal(url)
    TABLE.to_public(b"http://" + url)
