"""What only the socket under a transport can tell."""

from __future__ import annotations

import socket
import struct
import sys
import termios
from collections.abc import Callable
from contextlib import suppress
from enum import IntEnum
from fcntl import ioctl
from typing import Any

from twisted.internet import tcp
from twisted.internet.endpoints import _WrappingProtocol
from twisted.internet.interfaces import IProtocol

#: Offset of `tcpi_bytes_acked` in Linux's struct tcp_info (since 4.1): 8 + 24 * 4 + 2 * 8 bytes come before it.
_BYTES_ACKED = 8 + 24 * 4 + 2 * 8
#: That of `tcpi_last_ack_recv`: 8 + 12 * 4 bytes come before it. Milliseconds.
_LAST_ACK = 8 + 12 * 4
#: `tcpi_state`, its first byte: TCP_ESTABLISHED.
_ESTABLISHED = 1
#: Linux's TCP_THIN_LINEAR_TIMEOUTS, which Python does not name.
_THIN_LINEAR_TIMEOUTS = 16
#: Members of an IntFlag cost three calls to combine.
_PEEK = int(socket.MSG_PEEK | socket.MSG_DONTWAIT)


def socket_of(transport: object) -> socket.socket | None:
    """The TCP socket under a transport, however many wrappers (TLS) lie over it; None when there is none (tests)."""
    seen = 0
    layer: object | None = transport
    while layer is not None and seen < 5:
        found = getattr(layer, "socket", None)
        if isinstance(found, socket.socket):
            return found
        layer = getattr(layer, "transport", None)
        seen += 1
    return None


class UnreadBytes(IntEnum):
    """What a socket holds of its peer's that nobody has read."""

    NOTHING = 0
    BYTES = 1
    #: End of file, or an error: nothing that is written will be answered.
    END = 2


def pending(found: socket.socket | None) -> UnreadBytes:
    """Look at what comes next from the peer, without taking it; NOTHING where there is no socket (tests).

    The reactor learns of an end of file when it polls, and calls in any order what one poll has found: a connection
    that it still takes for open may have ended long ago, above all after this process was stopped for a while.
    """
    if found is None:
        return UnreadBytes.NOTHING
    try:
        return UnreadBytes.BYTES if found.recv(1, _PEEK) else UnreadBytes.END
    except BlockingIOError:
        return UnreadBytes.NOTHING
    except OSError:
        return UnreadBytes.END


def is_ended(found: socket.socket | None) -> bool:
    """Has the peer closed its direction, or reset the connection, whatever else is still to be read?"""
    if found is None or found.family not in (socket.AF_INET, socket.AF_INET6):
        return False
    try:
        return found.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 1)[0] != _ESTABLISHED
    except OSError:
        return True


def prepare_listener(port: object, size: int = 262_144) -> None:
    """What a listening socket hands down to each connection that it accepts (Linux): no delay, and bounded buffers.

    256 KiB each way: left alone, the kernel takes in 4 MB from a user for an application that has stopped reading.
    No delay: an event of an event stream must not wait for the acknowledgement of the one before.
    """
    found = socket_of(port)
    if found is not None and found.family in (socket.AF_INET, socket.AF_INET6):
        found.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        found.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, size)
        found.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, size)


def retry_evenly(found: socket.socket | None) -> None:
    """While few packets are on their way, send lost ones again at even intervals, instead of twice as late each time (Linux,
    Documentation/networking/tcp-thin.rst).

    Small messages that share a full link with downloads lose a packet now and then. A connection that has others on their
    way hears of it by their acknowledgements; one that has none waits, after three losses for ten seconds.
    """
    if found is not None and found.family in (socket.AF_INET, socket.AF_INET6):
        with suppress(OSError):  # an older kernel, or another system
            found.setsockopt(socket.IPPROTO_TCP, _THIN_LINEAR_TIMEOUTS, 1)


#: Questions of the kernel that stay without an answer until a connection is given up, and seconds between them.
_PROBES, _PROBES_EVERY = 3, 5


def keep_alive(transport: object, seconds: int) -> None:
    """Have the kernel ask the peer's for life after so many seconds of silence (RFC 9293 section 3.8.4): a NAT on the way does
    not forget the connection, and one that leads nowhere any more ends. It costs neither program anything.
    """
    found = socket_of(transport)
    if found is not None and found.family in (socket.AF_INET, socket.AF_INET6):
        found.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        found.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, seconds)
        found.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, _PROBES_EVERY)
        found.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPCNT, _PROBES)


def step_past_endpoint(transport: object, protocol: IProtocol) -> None:
    """To be called in connectionMade: what comes goes to this protocol without Twisted's wrapper, whose work is done.

    A client end point puts one around each protocol to hear that TCP is connected; it costs a call for each read, and memory
    for as long as the connection lasts.
    """
    if isinstance(transport, tcp.Connection):
        wrapper = transport.protocol
        if isinstance(wrapper, _WrappingProtocol) and wrapper._wrappedProtocol is protocol:
            transport.protocol = protocol


def through(transport: Any) -> Callable[[bytes], None]:
    """Writes what is all that this turn of the reactor has to say on a transport: TLS need not wait for the turn's end.

    A message on a WebSocket then costs no delayed call at each of four connections.
    """
    write: Callable[[bytes], None] = getattr(transport, "write_now", transport.write)
    return write


def send_now(transport: Any, data: bytes | memoryview) -> None:
    """Write at once what the kernel takes; only the rest is left to the transport. `data` is not kept.

    Twisted's `write` keeps the bytes, registers the descriptor with epoll, sends in the reactor's next turn and takes
    the descriptor out again: two system calls and a turn for each small message. It also pauses a producer before the
    kernel was even asked. Nothing is overtaken: while the transport has bytes of its own, this only adds to them.
    """
    if isinstance(transport, tcp.Connection) and not (
        transport.dataBuffer or transport._tempDataLen or transport._writeDisconnected or not transport.connected
    ):
        try:
            sent = transport.socket.send(data)
        except OSError:  # its buffer is full, or the connection is lost, which `write` will find out
            sent = 0
        if sent == len(data):
            return
        data = data[sent:]
    transport.write(data if data.__class__ is bytes else bytes(data))


def unacknowledged(found: socket.socket | None) -> int:
    """How many bytes the kernel still keeps because the peer's has not taken them (SIOCOUTQ); 0 without a socket (tests).

    On a fast link there are next to none, however many were written; on a slow one they are what the next byte waits for.
    """
    if found is None:
        return 0
    try:
        return int.from_bytes(ioctl(found, termios.TIOCOUTQ, bytes(4)), sys.byteorder)
    except (OSError, ValueError):
        return 0  # it is closed: nothing waits any more


class Unreachable:
    """Tells a path that swallows packets from a peer that is slow, or frozen: of the latter the kernel still acknowledges.

    To be asked about once a second. `seconds` is how long something has been on its way while no acknowledgement of any kind
    came; 0.0 where that cannot be known.
    """

    __slots__ = ("_acked", "_since", "seconds")

    def __init__(self) -> None:
        self.seconds = 0.0
        self._acked = 0
        self._since: float | None = None

    def look(self, found: socket.socket | None, now: float) -> float:
        """Look at a socket; gives `seconds`."""
        self.seconds = self._look(found, now)
        return self.seconds

    def _look(self, found: socket.socket | None, now: float) -> float:
        info = _tcp_info(found) if found is not None and unacknowledged(found) else b""
        if len(info) < _BYTES_ACKED + 8:
            self._since = None
            return 0.0
        acked, last = struct.unpack_from("=Q", info, _BYTES_ACKED)[0], struct.unpack_from("=I", info, _LAST_ACK)[0]
        return self.judge(acked, last / 1000, now)

    def judge(self, acked: int, last: float, now: float) -> float:
        """Something is on its way; the peer's kernel has taken `acked` bytes, and said something `last` seconds ago."""
        if self._since is None or acked != self._acked:
            self._since, self._acked = now, acked
        # An acknowledgement that takes nothing counts, too: of a packet behind a lost one, or of a closed window.
        return min(now - self._since, last)


def _tcp_info(found: socket.socket) -> bytes:
    """As far as it is needed here; empty without TCP."""
    if found.family not in (socket.AF_INET, socket.AF_INET6):
        return b""
    try:
        return found.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, _BYTES_ACKED + 8)
    except OSError:
        return b""


def acknowledged(transport: object) -> int | None:
    """How many bytes the peer's kernel has taken since the connection began; None where that cannot be known.

    The difference of two calls tells a slow reader from one that has stopped.
    """
    found = socket_of(transport)
    info = b"" if found is None else _tcp_info(found)
    if len(info) < _BYTES_ACKED + 8:
        return None
    return int(struct.unpack_from("=Q", info, _BYTES_ACKED)[0])
