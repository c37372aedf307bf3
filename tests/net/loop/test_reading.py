"""Connections that read into one buffer give what Twisted's own give."""

from __future__ import annotations

import socket
import struct
from collections.abc import Iterator
from typing import Any, cast

import pytest
from twisted.internet import tcp
from twisted.internet.main import CONNECTION_DONE, CONNECTION_LOST
from twisted.internet.protocol import ClientFactory, Factory, Protocol
from twisted.internet.testing import MemoryReactorClock

from appproxy.net.loop.reactor import RelayReactor
from appproxy.net.loop.reading import ReadingClient, ReadingServer, _Reading


class Hearing(Protocol):
    """Keeps each read."""

    def __init__(self) -> None:
        self.got: list[bytes] = []

    def dataReceived(self, data: bytes) -> None:
        self.got.append(data)


class Pair:
    """A connection of ours over TCP, and the peer's socket."""

    def __init__(self) -> None:
        with socket.create_server(("127.0.0.1", 0)) as server:
            self.peer = socket.create_connection(server.getsockname())
            ours, _ = server.accept()
        self.peer.settimeout(5)
        ours.setblocking(False)
        self.protocol = Hearing()
        self.transport = _Reading(ours, self.protocol, cast("None", MemoryReactorClock()))
        self.transport.connected = True
        self.protocol.makeConnection(self.transport)

    def say(self, data: bytes) -> None:
        """The peer sends, and all of it has arrived."""
        self.peer.sendall(data)
        assert len(self.transport.socket.recv(1 << 20, socket.MSG_PEEK)) or not data

    def close(self) -> None:
        self.peer.close()
        self.transport.socket.close()


@pytest.fixture
def pair() -> Iterator[Pair]:
    """One, closed in the end."""
    made = Pair()
    yield made
    made.close()


def test_what_was_given_stays_as_it_is(pair: Pair) -> None:
    """The buffer is for the next read, of this connection or another; what a protocol has got is its own."""
    other = Pair()
    pair.say(b"first")
    assert pair.transport.doRead() is None
    other.say(b"other")
    assert other.transport.doRead() is None
    pair.say(b"x")
    assert pair.transport.doRead() is None
    assert (pair.protocol.got, other.protocol.got) == ([b"first", b"x"], [b"other"])
    assert all(type(data) is bytes for data in pair.protocol.got)
    other.close()


def test_much_and_little_in_turn(pair: Pair) -> None:
    """A stream is read Twisted's way, at most 64 KiB at once, and a message behind it ours again; not a byte is lost."""
    sent = b""
    for size in (10, 20_000, 20_000, 10, 10, 16_384, 16_385, 5):
        data = bytes([len(sent) % 251]) * size
        sent += data
        pair.say(data)
        while b"".join(pair.protocol.got) != sent:
            assert pair.transport.doRead() is None
            assert pair.transport._much is (len(pair.protocol.got[-1]) > 16_384)
    assert not pair.transport._much
    assert max(map(len, pair.protocol.got)) <= 65_536


@pytest.mark.parametrize("much", [False, True])
def test_nothing_the_end_and_a_break(pair: Pair, much: bool) -> None:
    """Each is what it is in Twisted: nothing, CONNECTION_DONE, CONNECTION_LOST."""
    pair.transport._much = much
    assert pair.transport.doRead() is None
    pair.peer.shutdown(socket.SHUT_WR)
    assert pair.transport.doRead() is CONNECTION_DONE
    broken = Pair()
    broken.transport._much = much
    broken.peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    broken.peer.close()
    assert broken.transport.doRead() is CONNECTION_LOST
    broken.close()
    assert pair.protocol.got == broken.protocol.got == []


def test_nothing_is_read_after_an_abort(pair: Pair) -> None:
    """Twisted takes the method away then."""
    pair.say(b"late")
    pair.transport.abortConnection()
    pair.transport.doRead()
    assert pair.protocol.got == []


def test_the_reactor_makes_such_connections() -> None:
    """Those that it accepts, and those that it dials."""
    reactor = RelayReactor()
    made: dict[str, Any] = {}

    class Made(Protocol):
        def __init__(self, side: str) -> None:
            self._side = side

        def connectionMade(self) -> None:
            made[self._side] = self.transport
            if len(made) == 2:
                reactor.stop()

    server, client = Factory(), ClientFactory()
    client.noisy = False
    server.buildProtocol = lambda addr: Made("server")  # type: ignore[method-assign]
    client.buildProtocol = lambda addr: Made("client")  # type: ignore[method-assign]
    port = reactor.listenTCP(0, server, interface="127.0.0.1")
    reactor.connectTCP("127.0.0.1", port.getHost().port, client)
    reactor.callLater(20, reactor.crash)
    reactor.run(installSignalHandlers=False)
    assert type(made["server"]) is ReadingServer and type(made["client"]) is ReadingClient
    assert isinstance(made["server"], tcp.Server) and isinstance(made["client"], tcp.Client)
    reactor._poller.close()
