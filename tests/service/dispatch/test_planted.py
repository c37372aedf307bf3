"""A second access cookie of the same name."""

from __future__ import annotations

from dataclasses import replace
from urllib.parse import urlsplit

import pytest

from appproxy.errors import Code
from appproxy.service.dispatch.planted import deletions, is_doubled
from tests.service.exchanges import head_for
from tests.service.sign_in_world import NAVIGATION, WIKI, Browser, World

PAGE = "https://wiki.example.com/team/page?x=1"


class Planted(Browser):
    """A browser in which a sibling has set a cookie for a domain and a path."""

    planted: tuple[bytes, str, str] | None = (b"appproxy", "example.com", "/team")

    def send(self, url, method=b"GET", form=None, fields=NAVIGATION):  # type: ignore[no-untyped-def]
        """With the sibling's cookie first, whose path is longer (RFC 6265 section 5.4)."""
        path = urlsplit(url).path
        if self.planted is not None and urlsplit(url).hostname != "signin.example.com" and path.startswith(self.planted[2]):
            fields = [*fields, (b"cookie", self.planted[0] + b"=planted")]
        return super().send(url, method, form, fields)

    def _keep(self, host: str, line: bytes) -> None:
        if self.planted is not None and line == b"%b=; Path=%b; Domain=%b; Max-Age=0" % (
            self.planted[0], self.planted[2].encode(), self.planted[1].encode()
        ):
            self.planted = None
        if b"Domain=" not in line and b"Path=/;" in line:
            super()._keep(host, line)


@pytest.fixture
def world() -> World:
    """An application whose cookie has no Secure."""
    return World(applications=(replace(WIKI, cookie_secure=False),))


def test_the_round_ends_with_a_page(world: World) -> None:
    """It says what is wrong and deletes the cookies; its link leads to the page, which is there then."""
    browser = Planted(world, strict=False)
    exchange = browser.open(PAGE)
    assert exchange.status == 400
    assert Code.COOKIE_DOUBLED.name.encode() in exchange.content
    assert b'<a href="%b">Open the page again</a>' % PAGE.encode() in exchange.content
    assert sum(seen.startswith(PAGE) for seen in browser.seen) == 2, "before the sign-in, and after it"
    assert browser.planted is None
    assert browser.open(PAGE).status == 200
    assert world.reached == [("wiki", "ann")]


def test_one_that_stays(world: World) -> None:
    """Where it cannot be deleted each visit ends with the page, and none begins a sign-in."""
    browser = Planted(world, strict=False)
    browser.planted = (b"appproxy", "sub.example.com", "/")
    browser.open(PAGE)
    browser.jars["wiki.example.com"][b"appproxy"] = b"ours"
    browser.seen.clear()
    assert browser.open(PAGE).status == 400
    assert browser.seen == [PAGE]


def test_programs_get_no_cookies(world: World) -> None:
    """They are told that they are not signed in, as ever."""
    browser = Planted(world, strict=False)
    browser.jars["wiki.example.com"] = {b"appproxy": b"ours"}
    exchange = browser.request(PAGE, fields=[(b"sec-fetch-mode", b"cors")])
    assert (exchange.status, exchange.fields(b"set-cookie")) == (401, [])


def test_others_are_left_alone() -> None:
    """With Secure the cookie's name cannot be planted: two of the bare name are nobody's."""
    world = World()
    browser = Planted(world)
    browser.jars["wiki.example.com"] = {b"appproxy": b"theirs"}
    browser.strict = False
    assert browser.open(PAGE).status == 200


def test_where_it_is_deleted() -> None:
    """On each part of the path, with and without its slash, for the host alone, the host and its parents."""
    lines = deletions(b"appproxy", "wiki.example.com", b"/a/b?c")
    places = {tuple(part.strip() for part in line.split(b";")[1:-1]) for line in lines}
    assert len(places) == len(lines) == 5 * 3
    assert {place[0] for place in places} == {b"Path=/", b"Path=/a", b"Path=/a/", b"Path=/a/b", b"Path=/a/b/"}
    assert {place[1:] for place in places} == {(), (b"Domain=wiki.example.com",), (b"Domain=example.com",)}
    assert {line.rpartition(b";")[2] for line in lines} == {b" Max-Age=0"}


@pytest.mark.parametrize("target", [b"/a;Domain=x/b", b"/" + b"a/" * 900, b"/%0d%0ax/\xff", b"*", b"//evil/"])
def test_odd_paths(target: bytes) -> None:
    """Nothing of an address gets into a line but a plain path, and the lines are bounded."""
    lines = deletions(b"appproxy", "wiki.example.com", target)
    assert 3 <= len(lines) <= 64
    for line in lines:
        _, path, *rest = line.split(b"; ")
        assert path.startswith(b"Path=/") and b";" not in path and b"\xff" not in path
        assert rest[-1] == b"Max-Age=0"


@pytest.mark.parametrize(("lines", "doubled"), [
    ([b"appproxy=1"], False), ([b"appproxy=1; appproxy=2"], True), ([b"appproxy=1", b"appproxy=1"], True),
    ([b"appproxy=1; appproxy-x=1"], False), ([], False)])
def test_two_of_one_name(lines: list[bytes], doubled: bool) -> None:
    """In one Cookie field or in two."""
    head = head_for(PAGE, fields=[(b"cookie", line) for line in lines])
    assert is_doubled(head, [b"appproxy"]) is doubled
