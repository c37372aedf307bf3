"""PING and PONG of one connection: who is alive."""

from __future__ import annotations

from appproxy.errors import Code, LocalProtocolError, RemoteProtocolError
from appproxy.tunnel.allowance import Allowance
from appproxy.tunnel.frames import Frame, Kind, encode
from appproxy.tunnel.limits import TunnelLimits

_SIZE = 8


class Pings:
    """Numbers our PINGs, answers the peer's, and collects both until they are taken.

    The 8 bytes of our PINGs are a counter; a PONG must bring back one that was sent and is newer than the last.
    """

    __slots__ = ("_allowance", "_answered", "_limits", "_output", "_sent")

    def __init__(self, limits: TunnelLimits, burst: int, now: float) -> None:
        self._limits = limits
        self._allowance = Allowance("PINGs", burst, limits.ping_every, now)
        self._sent = 0
        self._answered = 0
        self._output = bytearray()

    def ask(self) -> None:
        """Queue a PING."""
        self._sent += 1
        self.queue(encode(Kind.PING, tail=self._sent.to_bytes(_SIZE)))

    def answer(self, frame: Frame, load: bytes, now: float) -> None:
        """Queue the PONG to a PING. Raises RemoteProtocolError."""
        _, _, _, head, tail = frame
        if head or len(tail) != _SIZE:
            raise RemoteProtocolError("a PING must have 8 bytes")
        self._allowance.take(now)
        if len(self._output) > self._limits.unsent_control:
            raise RemoteProtocolError("more PINGs than can be answered", Code.OVERLOADED)
        self.queue(encode(Kind.PONG, tail=tail + load))

    def answered(self, frame: Frame) -> bytes:
        """Take a PONG; what follows its 8 bytes. Raises RemoteProtocolError."""
        _, _, _, head, tail = frame
        number = int.from_bytes(tail[:_SIZE])
        if head or len(tail) < _SIZE or not self._answered < number <= self._sent:
            raise RemoteProtocolError("a PONG that answers no PING")
        self._answered = number
        return tail[_SIZE:]

    def queue(self, data: bytes) -> None:
        """Add to what is to be written. Raises LocalProtocolError when nobody takes it."""
        if len(self._output) > 2 * self._limits.unsent_control:
            raise LocalProtocolError("the session's output is never taken", Code.INTERNAL)
        self._output += data

    def take_output(self) -> bytes:
        """What is to be written, once."""
        if not self._output:
            return b""
        data = bytes(self._output)
        self._output.clear()
        return data
