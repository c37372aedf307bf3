"""The service's own answers to a request that does not reach its application."""

from __future__ import annotations

from collections.abc import Callable

from appproxy.branding import PLAIN, Brand
from appproxy.errors import Code
from appproxy.pages import accepts_json, error_page
from appproxy.service.exchange.exchange import Exchange


def failure_answer(code: Code, exchange: Exchange, brand: Brand = PLAIN) -> tuple[int, bytes, bytes]:
    """The page of a failure, or its JSON, as the request asks for."""
    status, block, body = error_page(code, exchange.id, accepts_json(exchange.head.get(b"accept")), brand=brand)
    return status, block + exchange.own_fields, body


class ErrorPages:
    """Gives them. `brand`: how pages look now."""

    __slots__ = ("_brand",)

    def __init__(self, brand: Callable[[], Brand] = lambda: PLAIN) -> None:
        self._brand = brand

    def page(self, code: Code, exchange: Exchange) -> tuple[int, bytes, bytes]:
        """Status, fields and body of a failure (`service.relay.relay.Page`)."""
        return failure_answer(code, exchange, self._brand())

    def refuse(self, exchange: Exchange, code: Code, detail: str = "") -> None:
        """Answer with the failure, or break off an answer that has begun. `detail` is for the admin's logs."""
        exchange.failure = code
        if detail:
            exchange.detail = detail
        if exchange.begun:
            exchange.abort()
        else:
            exchange.answer(*self.page(code, exchange))
