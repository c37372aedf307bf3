"""What all exchanges have in common."""

from __future__ import annotations

from appproxy.errors import Code
from appproxy.service.exchange.state import ExchangeState
from tests.service.exchanges import head_for


class RecordingResponder:
    """Whoever answers; may do so when they are told."""

    def __init__(self, exchange: ExchangeState, ends: bool) -> None:
        self.told: list[Code] = []
        self._exchange = exchange
        self._ends = ends

    def user_left(self, code: Code) -> None:
        self.told.append(code)
        self._exchange._over = self._ends


def told(ends: bool) -> tuple[bool, list[Code]]:
    exchange = ExchangeState(head_for("https://a.example.com/"), "0" * 32, "192.0.2.1", "https", 0.0)
    responder = RecordingResponder(exchange, ends)
    exchange.responder = responder
    first = exchange.tell(Code.BAD_REQUEST)
    exchange.tell(Code.BAD_REQUEST)
    return first, responder.told


def test_whoever_answers_is_told_once() -> None:
    """Then it is for the front to answer, unless they have ended it."""
    assert told(ends=False) == (True, [Code.BAD_REQUEST])
    assert told(ends=True) == (False, [Code.BAD_REQUEST])
