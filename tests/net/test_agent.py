"""What calls to others share."""

from __future__ import annotations

from typing import Any, cast

from appproxy.net.agent import BytesProducer, UnreadAnswer


class Transport:
    """Takes what is written, and remembers that it was stopped."""

    def __init__(self) -> None:
        self.written: list[bytes] = []
        self.stopped = False

    def write(self, data: bytes) -> None:
        self.written.append(data)

    def stopProducing(self) -> None:
        self.stopped = True


def test_a_body_is_written_at_once() -> None:
    """Whole, whatever the transport says; its length is known before."""
    transport, body = Transport(), BytesProducer(b"body")
    assert body.length == 4
    done = body.startProducing(cast("Any", transport))
    body.pauseProducing()
    body.resumeProducing()
    body.stopProducing()
    assert done.called and transport.written == [b"body"]


def test_nobody_reads_an_answer() -> None:
    """However much it is."""
    transport = Transport()
    UnreadAnswer().makeConnection(cast("Any", transport))
    assert transport.stopped
