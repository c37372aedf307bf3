"""The host of the administration: which requests are nobody's own doing there, and how they are answered. As values."""

from __future__ import annotations

import pytest

from appproxy.errors import Code, RequestError
from appproxy.service.own.admin_host import (
    BODY_LIMIT,
    CONFIGURATION_LIMIT,
    body_limit,
    check_head,
    check_own_page,
    send,
)
from tests.service.exchanges import FakeExchange, head_for

ORIGIN = "https://admin.example.com"
OURS = (b"origin", ORIGIN.encode())
Fields = list[tuple[bytes, bytes]]


def sec(site: str, mode: str = "cors", dest: str = "empty") -> Fields:
    """What a browser says of whose doing a request is."""
    return [(b"sec-fetch-site", site.encode()), (b"sec-fetch-mode", mode.encode()), (b"sec-fetch-dest", dest.encode())]


@pytest.mark.parametrize(("method", "fields", "is_own"), [
    (b"GET", [], True), (b"HEAD", [], True), (b"GET", [OURS], True), (b"POST", [OURS], True), (b"DELETE", [OURS], True),
    (b"POST", [], False), (b"OPTIONS", [], False), (b"POST", [(b"origin", b"null")], False),
    (b"POST", [(b"origin", b"https://wiki.example.com")], False), (b"POST", [(b"origin", ORIGIN.encode() + b":444")], False),
    (b"POST", [(b"origin", b"https://ADMIN.example.com")], False), (b"POST", [OURS, OURS], False),
    (b"POST", [OURS, (b"origin", b"https://evil.example")], False), (b"GET", [(b"origin", b"https://evil.example")], False),
    (b"GET", sec("same-origin"), True), (b"GET", sec("none", "navigate", "document"), True),
    (b"GET", sec("cross-site", "navigate", "document"), True), (b"GET", sec("same-site", "navigate", "document"), True),
    (b"GET", sec("same-site"), False), (b"GET", sec("cross-site", "no-cors", "image"), False),
    (b"GET", sec("cross-site", "navigate", "iframe"), False), (b"POST", [OURS, *sec("same-origin")], True),
    (b"POST", [OURS, *sec("cross-site", "navigate", "document")], False), (b"GET", sec(""), False),
])  # fmt: skip
def test_whose_doing_a_request_is(method: bytes, fields: Fields, is_own: bool) -> None:
    """A change is made by this very host's pages; a link from elsewhere may be followed, and nothing else comes from there."""
    head = head_for(ORIGIN + "/", method, fields)
    if is_own:
        check_own_page(head, ORIGIN)
        return
    with pytest.raises(RequestError) as refused:
        check_own_page(head, ORIGIN)
    assert refused.value.code is Code.CROSS_SITE


@pytest.mark.parametrize("name", [b"x-http-method-override", b"x-http-method", b"x-method-override"])
def test_another_method_in_a_field(name: bytes) -> None:
    """Whoever sends one is mistaken or an attacker."""
    with pytest.raises(RequestError, match="another method in a field"):
        check_head(head_for(ORIGIN + "/api/v1/me", fields=[(name, b"DELETE")]))


def test_what_is_no_request_for_pages() -> None:
    """Upgrades, and targets that are no path; all else is looked at."""
    with pytest.raises(RequestError, match="nothing here is upgraded"):
        check_head(head_for(ORIGIN + "/", upgrade=b"websocket"))
    for target in (b"*", b"http://admin.example.com/", b"admin.example.com:443"):
        head = head_for(ORIGIN + "/")
        head.target = target
        with pytest.raises(RequestError, match="not a path"):
            check_head(head)
    check_head(head_for(ORIGIN + "/api/v1/me", fields=[(b"x-http-methods", b"DELETE")]))


@pytest.mark.parametrize(("target", "limit"), [
    (b"/api/v1/configuration", CONFIGURATION_LIMIT), (b"/api/v1/configuration/difference", CONFIGURATION_LIMIT),
    (b"/api/v1/configuration?dry_run=true", CONFIGURATION_LIMIT), (b"/api/v1/applications", BODY_LIMIT), (b"/", BODY_LIMIT),
    (b"/configuration", BODY_LIMIT), (b"/x/api/v1/configuration", BODY_LIMIT),
])  # fmt: skip
def test_how_large_a_body_may_be(target: bytes, limit: int) -> None:
    """A whole configuration is larger than anything else."""
    assert body_limit(target) == limit


@pytest.mark.parametrize("method", [b"GET", b"HEAD"])
def test_an_answer(method: bytes) -> None:
    """With the request's id and a cookie that was made again; for HEAD with the length of what is not sent."""
    exchange = FakeExchange(head_for(ORIGIN + "/", method), renewal=b"set-cookie: a=b\n")
    send(exchange, 200, b"content-type: text/plain\n", b"hello")
    assert (exchange.status, exchange.content) == (200, b"" if method == b"HEAD" else b"hello")
    assert (exchange.field(b"x-request-id"), exchange.field(b"set-cookie")) == (exchange.id.encode(), b"a=b")
    assert exchange.field(b"content-length") == (b"5" if method == b"HEAD" else None)
