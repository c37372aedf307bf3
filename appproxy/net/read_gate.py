"""The one object that pauses.

The bridge rule: each side's transport is the other's producer. When bytes go from transport A to transport B, the `ReadGate`
of A is registered with B as its push producer; B pauses the tap when its own buffer is full and resumes it when that
has drained. Nothing else in appproxy decides when to pause because of a slow peer.

A transport that is read may also have to wait for other reasons (a pipelined request that is not yet to be read, a body
that nobody has asked for). So a tap counts reasons, and its transport reads only while there is none.
"""

from __future__ import annotations

from enum import IntFlag
from typing import Protocol

from twisted.internet.interfaces import IPushProducer
from zope.interface import implementer


class HoldReason(IntFlag):
    """Why a transport is not read."""

    #: The peer of the bridge is slow: the only reason that Twisted itself sets and clears.
    SLOW_PEER = 1
    #: What has been read has to be used first.
    BACKLOG = 2


class Bridged(Protocol):
    """What `bridge` needs of a transport."""

    def pauseProducing(self) -> None: ...

    def resumeProducing(self) -> None: ...

    def registerProducer(self, producer: IPushProducer, streaming: bool) -> None: ...


class Pausable(Protocol):
    """What a tap needs of a transport."""

    def pauseProducing(self) -> None: ...

    def resumeProducing(self) -> None: ...


@implementer(IPushProducer)
class ReadGate:
    """The reading side of one transport: open while nobody holds it.

    It pauses its transport once for the first reason, and resumes it once after the last. `close` makes every later
    call do nothing: the transport has gone.
    """

    __slots__ = ("_held", "_transport")

    def __init__(self, transport: Pausable) -> None:
        self._transport: Pausable | None = transport
        self._held = 0

    @property
    def held(self) -> int:
        """The reasons, a sum of `HoldReason` values; 0: the transport is read."""
        return self._held

    def hold(self, reason: int) -> None:
        """Do not read, for this reason; saying so twice is the same as once."""
        before = self._held
        self._held = before | reason
        if not before and self._transport is not None:
            self._transport.pauseProducing()

    def release(self, reason: int) -> None:
        """This reason has gone."""
        before = self._held
        if not before:  # nearly always, and arithmetic with flags is slow
            return
        self._held = before & ~reason
        if not self._held and self._transport is not None:
            self._transport.resumeProducing()

    def close(self) -> None:
        """The transport has gone; it is never paused or resumed again."""
        self._transport = None

    def pauseProducing(self) -> None:
        """The consumer's buffer is full."""
        self.hold(HoldReason.SLOW_PEER)

    def resumeProducing(self) -> None:
        """The consumer's buffer has drained."""
        self.release(HoldReason.SLOW_PEER)

    def stopProducing(self) -> None:
        """The consumer has gone. Its owner hears that from Twisted too, and decides; reading must go on to hear more."""
        self.release(HoldReason.SLOW_PEER)


def bridge(one: Bridged, other: Bridged) -> tuple[ReadGate, ReadGate]:
    """Make each of two transports the other's producer: a slow reader at one end then pauses the sender at the other.

    Gives the taps of `one` and of `other`. Whoever relays the bytes calls `unregisterProducer` on a transport that gets no
    more of them, and `close` on the tap of one that has gone. Raises RuntimeError when a transport has a producer already.
    """
    of_one, of_other = ReadGate(one), ReadGate(other)
    other.registerProducer(of_one, True)
    one.registerProducer(of_other, True)
    return of_one, of_other
