"""PING, PONG and silence of one connection: who is alive."""

from __future__ import annotations

from appproxy.errors import Code, LocalProtocolError, RemoteProtocolError
from appproxy.tunnel.frames import Frame, Kind, encode
from appproxy.tunnel.limits import TunnelLimits
from appproxy.tunnel.token_bucket import TokenBucket

_SIZE = 8


class Heartbeat:
    """Numbers our PINGs, answers the peer's, and keeps what is to be written until it is taken.

    Any byte counts as life: set `heard` when some arrive. Silence before `excused` proves nothing.

    The 8 bytes of our PINGs are a counter; a PONG must bring back one that was sent and is newer than the last.
    """

    __slots__ = ("_allowance", "_answered", "_asked", "_burst", "_every", "_most", "_output", "_sent", "_steady",
                 "dead_after", "excused", "heard", "ping_after")

    def __init__(
        self, limits: TunnelLimits, now: float, *, burst: int, every: float, ping_after: float, dead_after: float,
        steady: bool = False,
    ) -> None:
        self.ping_after = ping_after
        self.dead_after = dead_after
        self.heard = now
        self.excused = now
        self._asked = now
        # Not only after silence: the PONG tells more than that the peer is alive.
        self._steady = steady
        self._most = limits.unsent_control
        # Made for the first PING: there are very many idle connections that have never seen one.
        self._allowance: TokenBucket | None = None
        self._burst, self._every = burst, every
        self._sent = 0
        self._answered = 0
        self._output = b""

    def ping_at(self) -> float:
        """When the next PING is due."""
        return (self._asked if self._steady else max(self.heard, self._asked)) + self.ping_after

    def dead_at(self) -> float:
        """When the silence is too long."""
        return max(self.heard, self.excused) + self.dead_after

    def tick(self, now: float) -> None:
        """Queue a PING when it is due."""
        if now >= self.ping_at():
            self._asked = now
            self.queue(self.ping())

    def ping(self) -> bytes:
        """A PING to be written."""
        self._sent += 1
        return encode(Kind.PING, 0, b"", self._sent.to_bytes(_SIZE))

    @property
    def caught_up(self) -> bool:
        """Has the peer answered the last PING, and so read all that was written before it?"""
        return self._answered == self._sent

    def answer(self, frame: Frame, load: bytes, now: float) -> None:
        """Queue the PONG to a PING. Raises RemoteProtocolError, also when there are too many."""
        _, _, request_id, head, tail = frame
        if request_id or head or len(tail) != _SIZE:
            raise RemoteProtocolError("a PING must have id 0 and 8 bytes")
        if self._allowance is None:
            self._allowance = TokenBucket("PINGs", self._burst, self._every, now)
        self._allowance.take(now)
        if len(self._output) > self._most:
            raise RemoteProtocolError("more PINGs than can be answered", Code.OVERLOADED)
        self.queue(encode(Kind.PONG, 0, b"", tail + load))

    def answered(self, frame: Frame) -> bytes:
        """Take a PONG; what follows its 8 bytes. Raises RemoteProtocolError."""
        _, _, request_id, head, tail = frame
        number = int.from_bytes(tail[:_SIZE])
        if request_id or head or len(tail) < _SIZE or not self._answered < number <= self._sent:
            raise RemoteProtocolError("a PONG that answers no PING")
        self._answered = number
        return tail[_SIZE:]

    def queue(self, data: bytes) -> None:
        """Add to what is to be written. Raises LocalProtocolError when nobody ever takes it."""
        if len(self._output) > 2 * self._most:
            raise LocalProtocolError("the session's output is never taken", Code.INTERNAL)
        self._output += data

    def take_output(self) -> bytes:
        """What is to be written, once."""
        if not self._output:
            return b""
        data, self._output = self._output, b""
        return data
