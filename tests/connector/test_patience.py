"""How long an application may be silent."""

from __future__ import annotations

import pytest

from appproxy.connector.configuration import OriginAddress, Target
from appproxy.connector.patience import SILENCE_SECONDS, is_excused, silence_of

TARGET = Target("wiki", OriginAddress("http", "wiki.corp", 80), b"wiki.corp", False, 10.0, 18000.0, frozenset())


@pytest.mark.parametrize(("block", "seconds"), [
    (b"", SILENCE_SECONDS),
    (b"content-type: text/html\n", SILENCE_SECONDS),
    (b"content-type: text/event-stream\n", 18000.0),
    (b"server: x\ncontent-type: text/event-stream; charset=utf-8\n", 18000.0),
    (b"x-content-type: text/event-stream\n", SILENCE_SECONDS),
])
def test_event_streams_may_be_silent(block: bytes, seconds: float) -> None:
    """As long as a WebSocket may; other answers for 10 minutes."""
    assert silence_of(block, TARGET) == seconds


def test_without_a_connection_there_is_no_excuse() -> None:
    """Waiting for a connection has limits of its own."""
    assert not is_excused(None, None, None)
