"""Whoever answers, for tests of users' connections."""

from __future__ import annotations

from appproxy.errors import Code
from appproxy.http.head import Fields
from appproxy.service.exchange.exchange import Exchange


class RecordingResponder:
    """Keeps the exchange, its body, and what it is told."""

    def __init__(self) -> None:
        self.exchanges: list[Exchange] = []
        self.left: list[Code] = []
        self.body = b""
        self.ended = False
        self.trailers: Fields = []
        self.answer_at_once: bytes | None = None

    def __call__(self, exchange: Exchange) -> None:
        exchange.responder = self
        self.exchanges.append(exchange)
        if self.answer_at_once is not None:
            exchange.answer(200, b"", self.answer_at_once)

    def user_left(self, code: Code) -> None:
        self.left.append(code)

    def body_received(self, data: bytes) -> None:
        self.body += data

    def body_ended(self, trailers: Fields) -> None:
        self.ended = True
        self.trailers = trailers

    @property
    def last(self) -> Exchange:
        return self.exchanges[-1]
