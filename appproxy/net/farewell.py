"""The end of a connection that we end: what was written leaves, and a moment later nothing is left of it.

`loseConnection` alone leaves the end to the peer: a transport waits for its producer and until its buffer is empty, and TLS
waits for the peer's close_notify. A peer that reads nothing and answers nothing would keep the descriptor.
"""

from __future__ import annotations

from typing import Protocol

from twisted.internet.interfaces import IDelayedCall, IReactorTime

#: Seconds: a last frame has reached a peer anywhere on Earth in a quarter of it, and all is over within a second.
FAREWELL_SECONDS = 0.75


class Closable(Protocol):
    """What a farewell needs of a transport."""

    def unregisterProducer(self) -> None: ...

    def loseConnection(self) -> None: ...

    def abortConnection(self) -> None: ...


class Farewell:
    """Of one connection. Call `over` when the connection is lost."""

    __slots__ = ("_call", "_over")

    def __init__(self) -> None:
        self._call: IDelayedCall | None = None
        self._over = False

    def say(self, clock: IReactorTime, transport: Closable) -> None:
        """Close `transport` once what was written has left, and at the latest after `FAREWELL_SECONDS`; twice is as once."""
        if self._call is None and not self._over:
            self._call = clock.callLater(FAREWELL_SECONDS, self._cut, transport)
            transport.unregisterProducer()
            transport.loseConnection()

    def over(self) -> None:
        """The connection is gone."""
        self._over = True
        if self._call is not None and self._call.active():
            self._call.cancel()
        self._call = None

    def _cut(self, transport: Closable) -> None:
        transport.abortConnection()
