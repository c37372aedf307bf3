"""Pages that a coroutine answers."""

from __future__ import annotations

import pytest
from twisted.internet.defer import Deferred
from twisted.web.iweb import IRequest
from twisted.web.resource import Resource

from appproxy.errors import Code, RequestError, StoreError
from appproxy.http.fields import check_block, values
from appproxy.service.page import HTML, Answer, Page, redirect
from appproxy.service.resources import ResourceHandler
from tests.service.exchanges import FakeExchange, head_for


def ask(page: Page, path: str = "/page", method: bytes = b"GET") -> FakeExchange:
    """One request to a page."""
    root = Resource()
    root.putChild(b"page", page)
    exchange = FakeExchange(head_for(f"https://signin.example.com{path}", method))
    ResourceHandler(root)(exchange)
    return exchange


async def fine(request: IRequest) -> Answer:
    """A page that works."""
    return 200, HTML, b"fine"


def failing(error: Exception) -> Page:
    """A page that does not."""

    async def fail(request: IRequest) -> Answer:
        raise error

    return Page(fail)


def test_an_answer() -> None:
    """Status, fields and body arrive; HEAD gets no body."""
    exchange = ask(Page(fine))
    assert (exchange.status, exchange.content) == (200, b"fine")
    assert exchange.fields(b"cache-control") == [b"no-store"]
    assert len(exchange.fields(b"content-security-policy")) == 1
    assert ask(Page(fine), method=b"HEAD").content == b""


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (RequestError(Code.THROTTLED, "canary"), Code.THROTTLED),
        (StoreError("canary"), Code.STORE_UNAVAILABLE),
        (ZeroDivisionError("canary"), Code.INTERNAL),
    ],
)
def test_failures(error: Exception, code: Code) -> None:
    """Each failure becomes its own page; why it failed stands in the log only."""
    exchange = ask(failing(error))
    assert exchange.failure is code
    assert b"canary" not in exchange.content


@pytest.mark.parametrize(
    ("page", "path", "method", "status"),
    [
        (Page(fine), "/page/below", b"GET", 404),
        (Page(fine), "/page", b"POST", 405),
        (Page(fine, side_effects=True), "/page", b"HEAD", 405),
        (Page(fine, methods=(b"POST",)), "/page", b"GET", 405),
        (Page(fine, methods=None), "/page/below", b"PUT", 200),
    ],
)
def test_what_a_page_answers(page: Page, path: str, method: bytes, status: int) -> None:
    """Only its own address and methods; HEAD only where it does no harm."""
    exchange = ask(page, path, method)
    assert exchange.status == status
    assert (exchange.field(b"allow") is not None) == (status == 405)


def test_the_user_leaves_meanwhile() -> None:
    """An answer that comes too late goes nowhere and raises nothing."""
    waiting: Deferred[Answer] = Deferred()

    async def late(request: IRequest) -> Answer:
        return await waiting

    exchange = ask(Page(late))
    exchange.leave()
    waiting.callback((200, HTML, b"late"))
    assert exchange.pieces == []


def test_redirects() -> None:
    """The browser goes on with GET, keeps nothing, and gets each cookie in a line of its own."""
    status, block, body = redirect("https://x/", b"a=1", b"b=2")
    check_block(block)
    assert (status, body) == (303, b"")
    assert values(block, b"set-cookie") == [b"a=1", b"b=2"]
    assert values(block, b"cache-control") == [b"no-store"]
