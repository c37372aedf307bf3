"""The administration's host: a body is whole and bounded, in whatever pieces it comes."""

from __future__ import annotations

from typing import Any

import pytest

from appproxy.service.own.admin_host import BODY_LIMIT, _Body


class Stopped:
    """An exchange that is told to read no more."""

    stopped = 0

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
    body = _Body(exchange, lambda data: heard.append(len(data)), lambda: heard.append("too large"))
    for size in pieces:
        body.body_received(b"x" * size)
    body.body_ended([])
    assert heard == ([sum(pieces)] if is_done else ["too large"])
    assert exchange.stopped == (not is_done)
