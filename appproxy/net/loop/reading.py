"""TCP connections that read into one buffer, which lasts, and give their protocol a copy of what has come.

Twisted has each read make an object of 64 KiB, of which it gives back all but the few bytes that came: in a process that has
run for a while the C library searches its free memory for that each time. Where much has come, the next read is made
Twisted's way, which saves the copy.
"""

from __future__ import annotations

from typing import Any

from twisted.internet import tcp
from twisted.internet.error import ConnectionDone, ConnectionLost
from twisted.internet.main import CONNECTION_DONE, CONNECTION_LOST

from appproxy.net.loop.exhaustion import ListeningSocket

#: As much as Twisted reads at once.
_ROOM = 65_536
#: Bytes whose copy costs about what it saves.
_MUCH = 16_384
#: One for all: nothing else is done between reading and copying, and a reactor has one thread.
_view = memoryview(bytearray(_ROOM))


class _Reading(tcp.Connection):
    """Overrides how a connection reads, and nothing else."""

    #: The last read brought much.
    _much = False

    def doRead(self) -> ConnectionDone | ConnectionLost | None:  # type: ignore[override]  # a mixin of Twisted's says None
        """Called by the reactor: read once, give it to the protocol. Anything but None ends the connection."""
        try:
            data = self.socket.recv(_ROOM) if self._much else _view[: self.socket.recv_into(_view)].tobytes()
        except BlockingIOError:
            return None
        except OSError:
            return CONNECTION_LOST
        if not data:
            return CONNECTION_DONE
        if self._much is not (len(data) > _MUCH):
            self._much = not self._much
        self.protocol.dataReceived(data)
        return None


class ReadingServer(_Reading, tcp.Server):
    """One that was accepted. How it is called in a log is made up when somebody asks: there are very many of them."""

    def __init__(self, sock: Any, protocol: Any, client: Any, server: Any, sessionno: int, reactor: Any) -> None:
        super().__init__(sock, protocol, client, server, sessionno, reactor)
        del self.logstr
        if self.server is not None:
            del self.repstr

    def logPrefix(self) -> str:
        """As Twisted has it."""
        return f"{self._getLogPrefix(self.protocol)},{self.sessionno},{self.hostname}"

    def __repr__(self) -> str:
        if self.server is None:
            return super().__repr__()
        return f"<{type(self.protocol).__name__} #{self.sessionno} on {self.server._realPortNumber}>"


class ReadingClient(_Reading, tcp.Client):
    """One that was dialled."""


class ReadingPort(tcp.Port):
    """A listening port whose connections are such, and which says when no descriptor is free for one."""

    transport = ReadingServer

    def startListening(self) -> None:
        """Called by whoever made it."""
        super().startListening()
        self.socket = ListeningSocket(fileno=self.socket.detach())
        # As Twisted has it, of the socket that is no more.
        self.fileno = self.socket.fileno  # type: ignore[method-assign]


class ReadingConnector(tcp.Connector):
    """Dials such connections."""

    def _makeTransport(self) -> Any:
        return ReadingClient(self.host, self.port, self.bindAddress, self, self.reactor)
