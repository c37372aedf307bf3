"""What sign-in reads of a request: strictly, or not at all."""

from __future__ import annotations

from typing import Any

import pytest
from twisted.web.test.requesthelper import DummyRequest

from appproxy.errors import RequestError
from appproxy.http.head import Fields
from appproxy.net.web import cookies_of
from appproxy.service.signin.request.browser_request import (
    cookie_of,
    cookies_of_head,
    host_of,
    is_navigation,
    is_page_request,
    origin_of,
)
from tests.service.exchanges import head_for


def request(**fields: list[bytes]) -> Any:
    """A request of twisted.web with these fields."""
    made: Any = DummyRequest([])
    for name, values in fields.items():
        made.requestHeaders.setRawHeaders(name.encode(), values)
    return made


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ([(b"sec-fetch-mode", b"navigate")], True),
        ([(b"sec-fetch-mode", b"Navigate")], False),
        ([(b"sec-fetch-mode", b"no-cors"), (b"accept", b"text/html")], False),
        ([(b"sec-fetch-site", b"none"), (b"accept", b"text/html")], False),
        ([(b"accept", b"text/html;q=0.9, */*")], True),
        ([(b"accept", b"application/json"), (b"accept", b"text/html")], True),
        ([(b"accept", b"application/json")], False),
        ([], False),
    ],
)
def test_who_waits_for_a_page(fields: Fields, expected: bool) -> None:
    """Browsers that say so, and older ones that accept HTML."""
    assert is_navigation(head_for("https://a/", fields=fields)) is expected


@pytest.mark.parametrize(
    ("lines", "value"),
    [
        ([b"a=1; b=2"], b"1"),
        ([b"b=2", b"a=1"], b"1"),
        ([b"a=1; a=1"], None),
        ([b"a=1", b"a=2"], None),
        ([b"aa=1; A=1; a"], None),
        ([], None),
    ],
)
def test_a_cookie_that_is_there_once(lines: list[bytes], value: bytes | None) -> None:
    """A cookie that comes twice is nobody's."""
    assert cookie_of(request(cookie=lines), b"a") == value


def test_cookies_by_their_beginning() -> None:
    """In the order of the browser, which sends the oldest first."""
    lines = [b"x=1; p-1=a;p-2=b", b"p-3=c; p-4"]
    expected = [(b"p-1", b"a"), (b"p-2", b"b"), (b"p-3", b"c"), (b"p-4", b"")]
    assert cookies_of(request(cookie=lines), b"p-") == expected
    assert cookies_of_head(head_for("https://a/", fields=[(b"cookie", line) for line in lines]), b"p-") == expected


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"sec-fetch-mode": [b"navigate"]}, True), ({"sec-fetch-mode": [b"cors"], "accept": [b"text/html"]}, False),
        ({"accept": [b"text/html,*/*"]}, True), ({"accept": [b"application/json"]}, False), ({}, False),
    ],
)
def test_whose_request_is_led_on(fields: dict[str, list[bytes]], expected: bool) -> None:
    """Only a person's request is led elsewhere by itself."""
    assert is_page_request(request(**fields)) is expected


def test_exactly_one_host() -> None:
    """Two Host fields, or none, are refused: one of them could be somebody else's."""
    assert host_of(request(host=[b"wiki.example.com"])) == "dummy"  # what a DummyRequest always says
    for lines in ([], [b"a.example", b"b.example"]):
        with pytest.raises(RequestError):
            host_of(request(host=lines))


def test_origins() -> None:
    """Several origins are none that we know."""
    assert origin_of(request()) is None
    assert origin_of(request(origin=[b"https://a"])) == "https://a"
    assert origin_of(request(origin=[b"https://a", b"https://a"])) == "null"
