"""Our own answers."""

from __future__ import annotations

from appproxy.branding import make_brand
from appproxy.errors import Code
from appproxy.service.dispatch.error_pages import ErrorPages
from tests.service.dispatch.stage_fakes import asked, exchange_of


def test_a_refusal_is_a_page_with_the_brand_of_now() -> None:
    """The reason is for the log alone; the fields for other origins are in it."""
    request = asked()
    request.exchange.own_fields = b"vary: origin\n"
    ErrorPages(lambda: make_brand({"name": "Example Corp"})).refuse(request.exchange, Code.NOT_FOUND, "because")
    exchange = exchange_of(request)
    assert (exchange.status, exchange.failure, exchange.detail) == (404, Code.NOT_FOUND, "because")
    assert b"Example Corp" in exchange.content and b"because" not in exchange.content
    assert exchange.field(b"vary") == b"origin"


def test_an_answer_that_has_begun_is_broken_off() -> None:
    """It must not look complete."""
    request = asked()
    request.exchange.start(200, b"", None)
    ErrorPages().refuse(request.exchange, Code.INTERNAL)
    assert exchange_of(request).state == "aborted"
