"""Lists of origins that a policy allows."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from appproxy.publish.application import Application, Url
from appproxy.publish.fields.headers import AnswerUrls
from appproxy.publish.urls import Translation
from tests.cost.growth import MOST, growth
from tests.publish.fields.test_headers import BOOKS, SHOP, TOP, URLS, WIKI, application, outward

WILD = application("wild", "https://*.example.com:8443/", "http://*.internal:8080/")
SECURE = application("secure", "https://secure.example.com/", "https://secure.corp/")
CSP = b"content-security-policy"


def policy(one: Application, source: bytes, *, keeps_host: bool = False) -> bytes:
    """What becomes of one source."""
    value = outward(one, keeps_host=keeps_host).field(CSP, b"img-src " + source)
    assert value.startswith(b"img-src ")
    return value.removeprefix(b"img-src ")


@pytest.mark.parametrize(("one", "source", "seen"), [
    (WIKI, b"http://wiki.corp:8080", b"https://wiki.example.com:8443"),
    (WIKI, b"HTTP://Wiki.CORP:8080", b"https://wiki.example.com:8443"),
    (WIKI, b"http://wiki.corp:8080/", b"https://wiki.example.com:8443/"),
    (WIKI, b"http://wiki.corp:8080/i/", b"https://wiki.example.com:8443/i/"),
    (WIKI, b"https://wiki.corp:8080/i", b"https://wiki.example.com:8443/i"),
    (WIKI, b"wiki.corp:8080", b"wiki.example.com:8443"), (WIKI, b"wiki.corp:8080/i/", b"wiki.example.com:8443/i/"),
    (WIKI, b"wiki.corp:*", b"wiki.example.com:8443"), (WIKI, b"http://wiki.corp:*", b"https://wiki.example.com:8443"),
    (WIKI, b"ws://wiki.corp:8080", b"wss://wiki.example.com:8443"), (WIKI, b"wss://wiki.corp:8080", b"wss://wiki.example.com:8443"),
    (WIKI, b"https://[2001:DB8::7]:9443", b"https://six.example.com:8443"),
    (WIKI, b"http://[2001:db8::7]:9443", b"https://six.example.com:8443"), (WIKI, b"top.corp", b"top.example.com:8443"),
    (WIKI, b"http://top.corp", b"https://top.example.com:8443"), (TOP, b"top.corp/app/x/", b"top.example.com:8443/x/"),
    (WIKI, b"http://intra/books/i/", b"https://x.example.com:8443/library/i/"),
    # One place inside, two hosts outside: one's own, or the first.
    (SHOP, b"http://intra", b"https://shop.example.com:8443"), (BOOKS, b"intra:80", b"x.example.com:8443"),
    (BOOKS, b"http://intra/", b"https://x.example.com:8443/"), (WIKI, b"intra", b"x.example.com:8443"),
    # A wildcard that allows more than is published, and the application itself.
    (WIKI, b"*.corp:8080", b"*.corp:8080 wiki.example.com:8443"),
    (WIKI, b"http://*.corp:*", b"http://*.corp:* https://wiki.example.com:8443"),
    (WIKI, b"*.corp", b"*.corp"), (TOP, b"*.corp", b"*.corp top.example.com:8443"), (WIKI, b"*.elsewhere", b"*.elsewhere"),
])
def test_internal_sources_become_public(one: Application, source: bytes, seen: bytes) -> None:
    """With a scheme or without, with a port, any port or none, with a path or a wildcard; of every application."""
    assert policy(one, source) == seen


@pytest.mark.parametrize("source", [
    b"'self'", b"'none'", b"'unsafe-inline'", b"'nonce-d2lraS5jb3JwOjgwODA='", b"'sha256-wiki.corp:8080'", b"*", b"data:",
    b"http:", b"https:", b"blob:", b"https://cdn.example", b"cdn.example", b"wiki.corp", b"http://wiki.corp",
    b"wiki.corp:80801",
    b"wiki.corp:8080.evil.example", b"http://wiki.corp:8080@evil.example", b"http://evil.example/wiki.corp:8080",
    b"xwiki.corp:8080", b"wiki.corp.evil.example:8080", b"http://wiki.corp:8080?x", b"http:wiki.corp:8080", b"*wiki.corp:8080",
    b"*.a-.corp:8081", b"http://-.corp:8080",
    b"'wiki.corp:8080'", b"WIKI.example.com:8443", b"https://WIKI.example.com:8443", b"https://wiki.example.com:8443/i",
    b"\xff",
])
def test_other_sources_stay(source: bytes) -> None:
    """Keywords, nonces, hashes, schemes, what is public or nobody's, and what is no source."""
    assert policy(WIKI, source) == source
    assert policy(WIKI, source, keeps_host=True) == source


@pytest.mark.parametrize(("value", "seen"), [
    (b"default-src 'self' X; img-src\tX  data:;script-src 'nonce-X' X",
     b"default-src 'self' Y; img-src\tY  data:;script-src 'nonce-X' Y"),
    (b"IMG-SRC X, form-action X", b"IMG-SRC Y, form-action Y"), (b"img-src X,X", b"img-src Y,X"),
    (b"frame-ancestors X; base-uri X; navigate-to X", b"frame-ancestors Y; base-uri Y; navigate-to Y"),
    (b"script-src-elem X; style-src-attr X; worker-src X; fenced-frame-src X",
     b"script-src-elem Y; style-src-attr Y; worker-src Y; fenced-frame-src Y"),
    (b"report-uri X/r?a=X /r; report-to wiki.corp:8080", b"report-uri Y/r?a=X /r; report-to wiki.corp:8080"),
    (b"trusted-types wiki.corp:8080; sandbox X; x-unknown X; upgrade-insecure-requests", None),
    (b";; ,img-src", None), (b"", None), (b"X", None), (b"img-src", None), (b"  img-src X ;", b"  img-src Y ;"),
])
def test_only_directives_that_list_sources_are_read(value: bytes, seen: bytes | None) -> None:
    """Names of groups and policies may look like hosts; every byte around a source stays."""
    for name in (CSP, CSP + b"-report-only"):
        said = value.replace(b"X", b"http://wiki.corp:8080")
        public = (value if seen is None else seen).replace(b"X", b"http://wiki.corp:8080")
        assert outward(WIKI).field(name, said) == public.replace(b"Y", b"https://wiki.example.com:8443")


def test_a_report_of_a_violation_goes_to_the_public_path() -> None:
    """`report-uri` holds URLs, paths among them."""
    seen = outward(BOOKS).field(CSP, b"report-uri /books/csp?a; img-src /books/x")
    assert seen == b"report-uri /library/csp?a; img-src /books/x"


@pytest.mark.parametrize(("source", "seen"), [
    (b"http://*.internal:8080", b"https://*.example.com:8443"), (b"*.internal:8080/i/", b"*.example.com:8443/i/"),
    (b"*.lab.internal:8080", b"*.lab.example.com:8443"), (b"b.internal:8080", b"b.example.com:8443"),
    (b"http://a.internal:8080", b"https://a.example.com:8443"), (b"*.internal", b"*.internal"),
    (b"*.ternal:8080", b"*.ternal:8080"),
])
def test_wildcards_that_are_published(source: bytes, seen: bytes) -> None:
    """The public wildcard takes their place; what is carried over from a host stays."""
    here = AnswerUrls(Translation([WILD]), Url.parse("https://a.example.com:8443/"), Url.parse("http://a.internal:8080/"),
                   keeps_host=False)
    assert here.field(CSP, b"img-src " + source) == b"img-src " + seen


@pytest.mark.parametrize("source", [b"http://secure.corp", b"https://secure.corp", b"https://secure.corp:443"])
def test_what_is_allowed_by_http_is_allowed_by_https(source: bytes) -> None:
    """CSP 3 section 6.7.2.9; for oneself and for neighbours."""
    for one in (SECURE, WIKI):
        here = AnswerUrls(Translation([WIKI, SECURE]), one.external, one.internal, keeps_host=False)
        assert here.sources.public(source) == [b"https://secure.example.com"]


@pytest.mark.parametrize(("source", "seen"), [
    (b"http://wiki.example.com:8443", b"https://wiki.example.com:8443"), (b"wiki.example.com:8443", b"wiki.example.com:8443"),
    (b"https://wiki.example.com:8443", b"https://wiki.example.com:8443"), (b"ws://wiki.example.com:8443", b"wss://wiki.example.com:8443"),
    (b"wiki.corp:8080", b"wiki.example.com:8443"),
])
def test_in_the_public_view_public_sources_stay(source: bytes, seen: bytes) -> None:
    """Its own scheme beside the public host becomes ours, as in Location; what is public is not touched."""
    assert policy(WIKI, source, keeps_host=True) == seen


def test_what_is_remembered_is_bounded() -> None:
    """A stream of ever new sources does not fill the memory, and nonces are not remembered."""
    sources = outward(WIKI).sources
    for number in range(2_000):
        sources.public(b"a%d.example" % number)
        sources.public(b"'nonce-%d'" % number)
    sources.public(b"x" * 10_000)
    assert len(sources._known) <= 256 and max(map(len, sources._known)) <= 256
    assert not [one for one in sources._known if one.startswith(b"'")]


def test_an_internal_origin_with_many_applications() -> None:
    """Its public origin is one's own, however many there are; others' is that of the first."""
    apps = [application(f"a{n:03}", f"https://a{n:03}.example.com/", f"http://intra/a{n:03}/") for n in range(100)]
    many = Translation([*apps, WIKI])
    for one, seen in ((apps[50], b"https://a050.example.com"), (WIKI, b"https://a000.example.com")):
        here = AnswerUrls(many, one.external, one.internal, keeps_host=False)
        assert here.field(CSP, b"img-src http://intra") == b"img-src " + seen
    assert URLS.origin(b"http://nobody") is URLS.origin(b"mailto:a") is None


def test_cost_grows_with_the_field() -> None:
    """Also when it names another host each time, so that nothing is remembered."""
    def work(size: int) -> Callable[[], object]:
        value = b"img-src " + b" ".join(b"a%d.b" % number for number in range(size))
        return lambda: outward(WIKI).field(CSP, value)

    assert growth(work, 1000) <= MOST
