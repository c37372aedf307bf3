"""The stages of our own paths, each by itself."""

from __future__ import annotations

from base64 import b64encode
from dataclasses import replace

import pytest

from appproxy.branding import BRAND_START, make_brand, read_logo
from appproxy.errors import Code, RequestError
from appproxy.pages import STYLE, STYLE_PATH, sheet_of
from appproxy.publish.application import Url
from appproxy.service.dispatch.error_pages import ErrorPages
from appproxy.service.dispatch.stages.own_pages import Branding, OwnPaths, Robots
from tests.service.dispatch.stage_fakes import BELOW, WIKI, asked, exchange_of, ours, passes

SVG = b64encode(b'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 1 1"/>').decode()


def test_the_branded_sheet_is_kept_for_ever_and_an_older_one_is_not() -> None:
    """A page from before a change gets the sheet of now."""
    stage = Branding(ErrorPages())
    brand = make_brand({"accent": "#0b5cad"})
    path, sheet = sheet_of(brand)
    for target, kept in ((path, b"immutable"), (f"{BRAND_START}0.css", b"no-store")):
        request = asked(f"https://any.example.com{target}")
        request.snapshot = replace(request.snapshot, brand=brand)
        assert not passes(stage, request) and exchange_of(request).content == sheet
        assert kept in (exchange_of(request).field(b"cache-control") or b"")


def test_a_logo_is_what_the_brand_has() -> None:
    """Any other picture is 404, and other paths go on."""
    logo = read_logo(SVG)
    stage, brand = Branding(ErrorPages()), replace(make_brand({}), logo=logo)
    for path, status in ((logo.path, 200), (f"{BRAND_START}other", 404)):
        request = asked(f"https://any.example.com{path}")
        request.snapshot = replace(request.snapshot, brand=brand)
        assert not passes(stage, request) and exchange_of(request).status == status
    assert passes(stage, asked("https://any.example.com/.appproxy/finish"))


@pytest.mark.parametrize(("url", "content"), [
    ("https://wiki.example.com/.appproxy/finish", b"page"), (f"https://wiki.example.com{STYLE_PATH}", STYLE),
    (f"https://nobody.example.com{STYLE_PATH}", STYLE), ("https://nobody.example.com/.appproxy/finish", None),
    ("https://wiki.example.com/page", None)])
def test_own_paths(url: str, content: bytes | None) -> None:
    """Ours on hosts where something is published; the style sheet on all."""
    request = asked(url)
    assert passes(OwnPaths(ours(b"page")), request) is (content is None)
    assert exchange_of(request).content == (content or b"")


def test_robots() -> None:
    """Answered where an application is to be in no search engine."""
    hidden = replace(WIKI, robots_disallow=True)
    request = asked("https://wiki.example.com/robots.txt", hidden)
    assert not passes(Robots(), request) and exchange_of(request).content == b"User-agent: *\nDisallow: /\n"
    assert passes(Robots(), asked("https://wiki.example.com/robots.txt"))
    assert passes(Robots(), asked("https://wiki.example.com/robots.txt?x", hidden))
    assert passes(Robots(), asked("https://wiki.example.com/robots.txt", BELOW))


@pytest.mark.parametrize(("port", "is_ours"), [("", True), (":", True), (":443", True), (":8443", True), (":9443", True),
                                               (":0", False), (":1", False), (":80", False)])
@pytest.mark.parametrize("path", ["/.appproxy/session", "/robots.txt"])
def test_only_at_our_ports_and_those_of_the_applications(path: str, port: str, is_ours: bool) -> None:
    """A foreign port is refused, as everywhere else on the host."""
    there = replace(WIKI, external=Url.parse("https://wiki.example.com:9443/"), robots_disallow=True)
    request = asked(f"https://wiki.example.com{path}", there)
    request.head.authority = b"wiki.example.com" + port.encode()
    stage = OwnPaths(ours(b"page"), {443, 8443}) if path.startswith("/.") else Robots({443, 8443})
    if is_ours:
        assert not passes(stage, request) and exchange_of(request).status == 200
        return
    with pytest.raises(RequestError) as caught:
        stage.handle(request)
    assert caught.value.code is Code.UNKNOWN_HOST


@pytest.mark.parametrize("stage", [Branding(ErrorPages()), OwnPaths(ours(b"")), Robots()], ids=lambda stage: stage.name)
def test_only_their_targets_concern_them(stage: Branding | OwnPaths | Robots) -> None:
    """What begins otherwise is passed on, so that it may be left out."""
    assert stage.targets
    for target in ("/", "/page", "/x/.appproxy/finish", "/robots", "/.appproxy"):
        assert not target.encode().startswith(stage.targets)
        assert passes(stage, asked(f"https://wiki.example.com{target}", replace(WIKI, robots_disallow=True)))
