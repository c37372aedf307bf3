"""What answers show of how an application sees itself."""

from __future__ import annotations

from dataclasses import replace

import pytest

from appproxy.publish.application import Application, Url
from appproxy.service.plan import Plan
from appproxy.service.symptoms import examined
from tests.service.exchanges import head_for

BELOW = Application("a", "a", Url.parse("https://a.example.com/wiki/"), Url.parse("http://internal/"))


@pytest.mark.parametrize(("location", "bare"), [
    (b"/wiki", True), (b"/wiki?a=1", True), (b"https://a.example.com/wiki#x", True), (b"/wiki/", False), (b"/", False),
    (b"https://a.example.com", False), (b"https://a.example.com.evil.example/wiki", False), (b"//a.example.com/wiki", False),
    (b"wiki", False), (b"", False)])
def test_an_application_that_wants_no_last_slash(location: bytes, bare: bool) -> None:
    """It redirects from its path to the same without the slash, on its own host."""
    plan = Plan.of(BELOW)
    fields = b"location: %b\n" % location
    assert examined(plan, head_for("https://a.example.com/wiki/?q"), 302, fields, fields) == fields
    assert plan.learned.bare is bare


@pytest.mark.parametrize(("url", "method", "status"), [
    ("https://a.example.com/wiki/x", b"GET", 302), ("https://a.example.com/wiki", b"GET", 302),
    ("https://a.example.com/wiki/", b"POST", 303)])
def test_other_requests_show_nothing(url: str, method: bytes, status: int) -> None:
    """A page below, the bare path itself, and a form that leads somewhere."""
    plan = Plan.of(BELOW)
    assert examined(plan, head_for(url, method=method), status, b"location: /wiki\n", b"location: /wiki\n")
    assert not plan.learned.bare


@pytest.mark.parametrize(("raw", "public", "seen", "bare"), [
    (b"/int", b"/wiki/", b"/wiki", True), (b"/int?a=/", b"/wiki/?a=/", b"/wiki?a=/", True),
    (b"http://internal/int#/wiki/", b"https://a.example.com/wiki/#/wiki/", b"https://a.example.com/wiki#/wiki/", True),
    (b"/int/", b"/wiki/", b"/wiki/", False), (b"/int/?a", b"/wiki/?a", b"/wiki/?a", False)])
def test_what_translation_would_send_in_a_circle(raw: bytes, public: bytes, seen: bytes, bare: bool) -> None:
    """An internal path comes back with its last slash, but not as the way from that very path."""
    plan = Plan.of(replace(BELOW, internal=Url.parse("http://internal/int/")))
    block, fields = b"a: 1\nlocation: %b\n" % raw, b"a: 1\nlocation: %b\n" % public
    assert examined(plan, head_for("https://a.example.com/wiki/"), 308, block, fields) == b"a: 1\nlocation: %b\n" % seen
    assert plan.learned.bare is bare
