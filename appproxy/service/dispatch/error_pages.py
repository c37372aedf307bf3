"""The service's own answers to a request that does not reach its application."""

from __future__ import annotations

from collections.abc import Callable

from appproxy.branding import PLAIN, Brand
from appproxy.errors import Code
from appproxy.pages import accepts_json, error_page
from appproxy.service.exchange.exchange import Exchange


def failure_answer(
    code: Code, exchange: Exchange, brand: Brand = PLAIN, notice: str = "", retry_after: int | None = None
) -> tuple[int, bytes, bytes]:
    """The page of a failure, or its JSON, as the request asks for."""
    accept_json = accepts_json(exchange.head.get(b"accept"))
    status, block, body = error_page(
        code, exchange.id, accept_json, brand=brand, notice=notice, retry_after=retry_after)
    return status, block + exchange.own_fields, body


class ErrorPages:
    """Gives them. `brand`: how pages look now."""

    __slots__ = ("_brand",)

    def __init__(self, brand: Callable[[], Brand] = lambda: PLAIN) -> None:
        self._brand = brand

    def page(self, code: Code, exchange: Exchange, notice: str = "") -> tuple[int, bytes, bytes]:
        """Status, fields and body of a failure (`service.relay.relay.Page`)."""
        return failure_answer(code, exchange, self._brand(), notice)

    def refuse(
        self, exchange: Exchange, code: Code, detail: str = "", notice: str = "", retry_after: int | None = None
    ) -> None:
        """Answer with the failure, or break off an answer that has begun. `detail` is for the admin's logs, `notice` for the
        user in place of the usual advice, `retry_after` (seconds) in place of the failure's own.
        """
        exchange.failure = code
        if detail:
            exchange.detail = detail
        if exchange.begun:
            exchange.abort()
        else:
            exchange.answer(*failure_answer(code, exchange, self._brand(), notice, retry_after))
