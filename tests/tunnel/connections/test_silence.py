"""How long an answer that has begun may be silent."""

from __future__ import annotations

import pytest

from appproxy.tunnel.connections.silence import SILENCE_SECONDS, is_endless, silence_of

EVENTS = b"content-type: text/event-stream"


@pytest.mark.parametrize(("block", "seconds", "endless"), [
    (b"", SILENCE_SECONDS, False),
    (b"content-type: text/html\n", SILENCE_SECONDS, False),
    (EVENTS + b"\n", 18000.0, True),
    (b"server: x\n" + EVENTS + b"; charset=utf-8\n", 18000.0, True),
    (b"content-type: application/grpc\n", SILENCE_SECONDS, True),
    (b"content-type: application/grpc+proto\n", SILENCE_SECONDS, True),
    (b"x-content-type: text/event-stream\n", SILENCE_SECONDS, False),
    (b"link: </a>; type=text/event-stream\nx: application/grpc\n", SILENCE_SECONDS, False),
])
def test_what_may_be_silent_and_what_has_no_end(block: bytes, seconds: float, endless: bool) -> None:
    """Events as long as a WebSocket may, all other answers for 10 minutes; what the type says counts, and nothing else."""
    assert (silence_of(block, 18000.0), is_endless(block)) == (seconds, endless)
