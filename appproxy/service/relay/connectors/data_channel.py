"""What a request asks of the data connection that it is attached to: `service.tunnel.data_link.DataLink` in the service."""

from __future__ import annotations

from typing import Protocol

from twisted.internet.interfaces import IPushProducer

from appproxy.net.read_gate import ReadGate


class DataChannel(Protocol):
    """A data connection while it is a request's. What is asked of one that is gone does nothing."""

    #: The reading side.
    read_gate: ReadGate

    @property
    def paused(self) -> bool:
        """Does the connector read slowly?"""

    @property
    def answer_over(self) -> bool:
        """Has the application's direction ended?"""

    def feed(self, source: IPushProducer) -> None:
        """Pause this source of bytes while the connector reads slowly."""

    def rest(self) -> None:
        """What it carries goes on for long."""

    def go(self) -> None:
        """The user waits for the application to speak first."""

    def body(self, data: bytes) -> None:
        """Pass on what the user sent."""

    def end(self, trailers: bytes) -> None:
        """The user has sent all."""

    def cancel(self) -> None:
        """Nobody wants either direction any more."""

    def answer_elsewhere(self) -> None:
        """The answer has come whole on a signal connection."""

    def let_go(self) -> None:
        """The request is over here; what is left of it on this connection is thrown away until it is idle."""
