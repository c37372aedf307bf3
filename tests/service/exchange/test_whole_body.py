"""A body that is read whole: all of it or nothing, in whatever pieces it comes."""

from __future__ import annotations

from typing import Any

import pytest

from appproxy.errors import Code
from appproxy.service.exchange.whole_body import WholeBody

BODY_LIMIT = 1000


class Stopped:
    """An exchange that is told to read no more."""

    stopped = 0
    reader: object = None
    responder: object = None

    def read_body(self, reader: object) -> None:
        self.reader = reader

    def stop_body(self) -> None:
        self.stopped += 1


@pytest.mark.parametrize(("pieces", "is_done"), [
    ([BODY_LIMIT], True), ([BODY_LIMIT - 1, 1], True), ([], True),
    ([BODY_LIMIT + 1], False), ([BODY_LIMIT, 1], False), ([1, BODY_LIMIT, 5, 7], False), ([BODY_LIMIT + 1, 3], False),
])
def test_a_body_is_answered_once(pieces: list[int], is_done: bool) -> None:
    """Either it is taken, or it is too large; also where its first piece alone is."""
    heard: list[object] = []
    exchange: Any = Stopped()
    body = WholeBody(exchange, BODY_LIMIT, lambda data: heard.append(len(data)), lambda: heard.append("too large"))
    body.read()
    assert exchange.reader is exchange.responder is body
    for size in pieces:
        body.body_received(b"x" * size)
    body.body_ended([])
    assert heard == ([sum(pieces)] if is_done else ["too large"])
    assert exchange.stopped == (not is_done)


def test_who_leaves_is_not_answered() -> None:
    """Nothing was done yet, and what still comes of the body changes nothing."""
    heard: list[object] = []
    exchange: Any = Stopped()
    body = WholeBody(exchange, BODY_LIMIT, heard.append, lambda: heard.append("too large"))
    body.body_received(b"x" * BODY_LIMIT)
    body.user_left(Code.CANCELLED)
    body.body_received(b"x")
    body.body_ended([])
    assert heard == [] and exchange.stopped == 0
