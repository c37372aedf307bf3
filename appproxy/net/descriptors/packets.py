"""Packets between two processes of one machine, each of which may bring a descriptor along (SCM_RIGHTS, unix(7))."""

from __future__ import annotations

import socket
import sys
from collections import deque
from collections.abc import Callable
from errno import ENOBUFS, ENOMEM, ETOOMANYREFS
from typing import Any

from twisted.internet.interfaces import IDelayedCall, IReadWriteDescriptor
from twisted.python.failure import Failure
from zope.interface import implementer

#: Bytes of one packet.
LONGEST = 4096
#: Packets that are read in one turn of the reactor: as many connections may begin in it.
_IN_A_TURN = 16
#: What the kernel says while it has no memory, or too many descriptors under way; and seconds until it is asked again.
_NOT_NOW, _AGAIN = frozenset({ENOMEM, ENOBUFS, ETOOMANYREFS}), 0.2
#: For one descriptor, an int of C.
_ROOM = socket.CMSG_LEN(4)
#: What a packet has to say, and the descriptor that it brings: the receiver's from then on. None: there is none, also where
#: it was lost because this process may not have one more.
Received = Callable[[bytes, int | None], None]


def pair() -> tuple[socket.socket, socket.socket]:
    """Both ends, for `PacketPipe`."""
    return socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)


@implementer(IReadWriteDescriptor)
class PacketPipe:
    """One end, which is read from the beginning. `lost` is called once, when the other end is gone."""

    def __init__(self, reactor: Any, end: socket.socket, received: Received, lost: Callable[[], None]) -> None:
        end.setblocking(False)
        self._reactor = reactor
        self._end = end
        self._received = received
        self._lost: Callable[[], None] | None = lost
        self._waiting: deque[tuple[bytes, int | None]] = deque()
        self._later: IDelayedCall | None = None
        reactor.addReader(self)

    def send(self, packet: bytes, descriptor: int | None = None) -> None:
        """Send it, now or when there is room. The descriptor must stay open until the other end has said that it has it.

        What is sent to who is gone is lost.
        """
        if self._lost is None:
            return
        self._waiting.append((packet, descriptor))
        if len(self._waiting) == 1:
            self._go_on()

    def close(self) -> None:
        """Close at once; `lost` is not called."""
        if self._lost is not None:
            self._lost = None
            self._waiting.clear()
            if self._later is not None:
                self._later.cancel()
                self._later = None
            self._reactor.removeReader(self)
            self._reactor.removeWriter(self)
            self._end.close()

    def _go_on(self) -> None:
        self._later = None
        if not self._write():
            self._reactor.addWriter(self)

    def _write(self) -> bool:
        """Send what waits; False while there is no room for all of it, which the reactor tells of."""
        while self._waiting:
            packet, descriptor = self._waiting[0]
            try:
                socket.send_fds(self._end, [packet], [] if descriptor is None else [descriptor])
            except BlockingIOError:
                return False
            except OSError as error:
                if error.errno in _NOT_NOW:  # of which nothing tells when it is over
                    self._later = self._reactor.callLater(_AGAIN, self._go_on)
                else:  # it is gone, which reading tells
                    self._waiting.clear()
                break
            self._waiting.popleft()
        return True

    # Called by the reactor.

    def logPrefix(self) -> str:
        """For Twisted's log."""
        return "packets"

    def fileno(self) -> int:
        """-1 when it is closed."""
        return self._end.fileno()

    def doRead(self) -> None:
        """Packets have come, or the end."""
        for _ in range(_IN_A_TURN):
            if self._lost is None:
                return
            try:
                # Not recv_fds: in Python 3.11 it forgets the flags.
                packet, ancillary, _, _ = self._end.recvmsg(LONGEST, _ROOM, socket.MSG_CMSG_CLOEXEC)
            except BlockingIOError:
                return
            except OSError:
                packet, ancillary = b"", []
            if not packet:
                self._over()
                return
            self._received(packet, int.from_bytes(ancillary[0][2], sys.byteorder) if ancillary else None)

    def doWrite(self) -> None:
        """There is room."""
        if self._write():
            self._reactor.removeWriter(self)

    def connectionLost(self, reason: Failure) -> None:
        """The reactor has found it broken, or stops."""
        self._over()

    def _over(self) -> None:
        lost = self._lost
        self.close()
        if lost is not None:
            lost()
