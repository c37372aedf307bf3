"""Error answers: whose fault, what to do, the request id; as a page or as JSON; nothing of the request in them."""

from __future__ import annotations

import json

import pytest

from appproxy.errors import FAILURES, Code
from appproxy.http.fields import check_block, values
from appproxy.pages import accepts_json, error_page, refusal_page

ID = "0123456789abcdef0123456789abcdef"


@pytest.mark.parametrize("code", list(Code))
@pytest.mark.parametrize("as_json", [False, True])
def test_every_failure_has_its_page(code: Code, as_json: bool) -> None:
    """Each failure says its title, its source, what to do and the request id, under the right status."""
    failure = FAILURES[code]
    status, block, body = error_page(code, ID, as_json)
    check_block(block)
    assert status == failure.status
    assert values(block, b"proxy-status") == [
        f'appproxy; error={failure.proxy_status}; details="{code.name}"'.encode()
    ]
    assert values(block, b"cache-control") == [b"no-store"]
    assert values(block, b"x-request-id") == [ID.encode()]
    assert len(values(block, b"content-security-policy")) == 1
    if as_json:
        said = json.loads(body)
        assert values(block, b"content-type") == [b"application/problem+json"]
        assert (said["status"], said["title"], said["code"]) == (failure.status, failure.title, code.name)
        assert (said["source"], said["request_id"]) == (failure.source.value, ID)
        assert said["detail"] == failure.advice
    else:
        text = body.decode().replace("&#39;", "'")
        assert values(block, b"content-type") == [b"text/html; charset=utf-8"]
        for part in (failure.title, failure.source.value, ID, code.name):
            assert part in text


def test_when_to_come_back() -> None:
    """A failure that passes by itself says when to try again."""
    assert values(error_page(Code.NO_CONNECTOR, ID, False)[1], b"retry-after") == [b"10"]
    assert values(error_page(Code.NOT_ASSIGNED, ID, False)[1], b"retry-after") == []


def test_a_way_out() -> None:
    """A page can offer a link; the next page of the same failure does not have it."""
    assert b'<a href="https://x/?a=1&amp;b">Go</a>' in error_page(
        Code.NOT_ASSIGNED, ID, False, link="https://x/?a=1&b", link_text="Go"
    )[2]
    assert b"<a " not in error_page(Code.NOT_ASSIGNED, ID, False)[2]


def test_401_challenges() -> None:
    """A 401 names the scheme, as RFC 9110 wants; no password prompt of the browser pops up. What the cookie is called depends
    on the application, so no name is given.
    """
    [challenge] = values(error_page(Code.SIGN_IN_REQUIRED, ID, True)[1], b"www-authenticate")
    assert challenge == b'Cookie realm="appproxy"'


@pytest.mark.parametrize("id", ["<script>", "a\r\nset-cookie: x=y", "", "é", "a" * 65, 'x"'])
def test_nothing_foreign_is_echoed(id: str) -> None:
    """What is not the form of our ids appears neither in the page nor in a field."""
    for as_json in (False, True):
        _, block, body = error_page(Code.BAD_REQUEST, id, as_json)
        check_block(block)
        assert values(block, b"x-request-id") == []
        assert b"<script" not in body
        assert "\ue000".encode() not in body
        if as_json:
            assert json.loads(body)["request_id"] == ""


@pytest.mark.parametrize(
    ("accept", "expected"),
    [
        (None, False),
        (b"", False),
        (b"*/*", False),
        (b"application/json", True),
        (b"application/problem+json, */*;q=0.1", True),
        (b"APPLICATION/JSON", True),
        (b"text/html,application/xhtml+xml,application/json;q=0.9", False),
        (b"application/json," * 1000, False),
    ],
)
def test_who_wants_json(accept: bytes | None, expected: bool) -> None:
    """Scripts get JSON, browsers get a page."""
    assert accepts_json(accept) is expected


@pytest.mark.parametrize("as_json", [False, True])
def test_an_admin_can_say_why_and_for_how_long(as_json: bool) -> None:
    """The text takes the place of the advice, escaped; the next page of the same failure does not have it."""
    notice = 'Moving <b>"house"</b> & home'
    _, block, body = error_page(Code.MAINTENANCE, ID, as_json, notice=notice, retry_after=77)
    assert values(block, b"retry-after") == [b"77"]
    if as_json:
        assert json.loads(body)["detail"] == notice
    else:
        assert b"<p>Moving &lt;b&gt;&#34;house&#34;&lt;/b&gt; &amp; home</p>" in body
    _, block, body = error_page(Code.MAINTENANCE, ID, as_json)
    assert b"Moving" not in body and values(block, b"retry-after") == [b"300"]


def test_a_method_that_is_refused_everywhere_gets_those_that_are_not() -> None:
    """RFC 9110 section 15.5.6: 405 has Allow. No other failure has."""
    status, block, body = refusal_page(Code.METHOD_NOT_ALLOWED, ID, b"application/json")
    check_block(block)
    assert status == 405 and values(block, b"allow") == [b"DELETE, GET, HEAD, OPTIONS, PATCH, POST, PUT"]
    assert json.loads(body)["status"] == 405
    status, block, body = refusal_page(Code.BAD_REQUEST, ID, None)
    assert status == 400 and not values(block, b"allow") and body.startswith(b"<!doctype html>")
