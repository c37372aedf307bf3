"""What only the socket under a transport can tell."""

from __future__ import annotations

import socket
from typing import cast

from twisted.internet import tcp
from twisted.internet.defer import Deferred
from twisted.internet.endpoints import _WrappingProtocol
from twisted.internet.protocol import Factory, Protocol
from twisted.internet.task import Clock
from twisted.internet.testing import MemoryReactor, MemoryReactorClock

from appproxy.net.secure.contexts import origin_context
from appproxy.net.secure.sockets import (
    Unreachable,
    UnreadBytes,
    acknowledged,
    is_ended,
    keep_alive,
    pending,
    prepare_listener,
    retry_evenly,
    send_now,
    socket_of,
    step_past_endpoint,
    unacknowledged,
)
from appproxy.net.secure.tls import wrap_client


class Layer:
    """A wrapper like TLS: its transport lies under it."""

    def __init__(self, transport: object) -> None:
        self.transport = transport


class Bottom:
    """A transport with a socket."""

    def __init__(self, found: socket.socket) -> None:
        self.socket = found


def test_acknowledged_bytes_tell_a_reader_from_one_who_stopped() -> None:
    """The count rises when the peer's kernel takes bytes, and never without."""
    with socket.create_server(("127.0.0.1", 0)) as server, socket.create_connection(server.getsockname()) as client:
        other, _ = server.accept()
        with other:
            transport = Layer(Layer(Bottom(client)))
            before = acknowledged(transport)
            client.sendall(b"x" * 1000)
            assert len(other.recv(1000, socket.MSG_WAITALL)) == 1000
            after = acknowledged(transport)
            assert before is not None and after is not None
            assert after - before == 1000


def test_unacknowledged_bytes_tell_a_slow_link() -> None:
    """None while the peer's kernel takes all, more than nothing when it takes no more."""
    with socket.create_server(("127.0.0.1", 0)) as server, socket.create_connection(server.getsockname()) as client:
        other, _ = server.accept()
        with other:
            client.sendall(b"x" * 1000)
            assert len(other.recv(1000, socket.MSG_WAITALL)) == 1000
            assert unacknowledged(client) == 0
            client.setblocking(False)
            sent = 0
            while True:
                try:
                    sent += client.send(bytes(65_536))
                except BlockingIOError:
                    break
            assert 0 < unacknowledged(client) <= sent
    assert (unacknowledged(client), unacknowledged(None)) == (0, 0)


def test_lost_packets_are_sent_again_at_even_intervals() -> None:
    """The kernel is told so; where there is no TCP, nothing happens."""
    with socket.create_server(("127.0.0.1", 0)) as server, socket.create_connection(server.getsockname()) as client:
        assert client.getsockopt(socket.IPPROTO_TCP, 16) == 0
        retry_evenly(client)
        assert client.getsockopt(socket.IPPROTO_TCP, 16) == 1
    retry_evenly(client)
    with socket.socket(socket.AF_UNIX) as local:
        retry_evenly(local)
    retry_evenly(None)


def test_a_path_that_swallows_packets() -> None:
    """Only the time counts for which something was on its way, and no acknowledgement of any kind came."""
    path = Unreachable()
    # Idle for a minute, then something is sent: the last acknowledgement is old, and proves nothing.
    assert [path.judge(100, 60.0 + second, 1000.0 + second) for second in range(12)] == [float(second) for second in range(12)]
    # Progress begins it again.
    assert path.judge(101, 0.1, 1012.0) == 0.0 and path.judge(101, 1.1, 1013.0) == 1.0
    # Packets behind a lost one are acknowledged, though nothing is taken.
    assert [path.judge(101, 0.2, 1013.0 + second) for second in (5, 20, 60)] == [0.2] * 3


def test_a_peer_that_does_not_read_can_be_reached() -> None:
    """Its kernel takes bytes, or at least says that there is no room."""
    path = Unreachable()
    with socket.create_server(("127.0.0.1", 0)) as server, socket.create_connection(server.getsockname()) as client:
        other, _ = server.accept()
        with other:
            client.sendall(b"x")
            other.recv(1)
            assert path.look(client, 0.0) == path.look(client, 100.0) == 0.0
            client.setblocking(False)
            try:
                while True:
                    client.send(bytes(65_536))
            except BlockingIOError:
                pass
            assert unacknowledged(client) and path.look(client, 101.0) == 0.0
            assert path.look(client, 201.0) < 60.0  # by the kernel's clock, which has seen an acknowledgement just now
    assert path.look(client, 300.0) == path.look(None, 300.0) == path.seconds == 0.0


def test_a_transport_without_a_socket_is_no_error() -> None:
    """In memory there is nothing to ask."""
    assert socket_of(Layer(object())) is None
    assert acknowledged(Layer(object())) is None


def test_a_closed_socket_is_no_error() -> None:
    """The connection may be gone by the time we ask."""
    with socket.socket() as closed:
        pass
    assert acknowledged(Bottom(closed)) is None


def test_accepted_connections_inherit_what_the_listener_was_given() -> None:
    """Nothing has to be set for each user."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        prepare_listener(Bottom(server), 65536)
        with socket.create_connection(server.getsockname()):
            accepted, _ = server.accept()
            with accepted:
                assert accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
                # Linux doubles the number for its own books.
                assert accepted.getsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF) <= 131072
                assert accepted.getsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF) <= 131072


class Epoll(MemoryReactor):
    """Notes which descriptors want to write."""

    def __init__(self) -> None:
        super().__init__()
        self.writers: set[object] = set()

    def addWriter(self, writer: object) -> None:
        self.writers.add(writer)

    def removeWriter(self, writer: object) -> None:
        self.writers.discard(writer)


def test_what_the_kernel_takes_is_sent_at_once_and_nothing_is_overtaken() -> None:
    """The transport is asked only for the rest, which follows in its order."""
    ours, theirs = socket.socketpair()
    with theirs:
        ours.setblocking(False)
        theirs.settimeout(5)
        reactor = Epoll()
        transport = tcp.Connection(ours, Protocol(), cast("None", reactor))
        transport.connected = True
        send_now(transport, b"first")
        assert not reactor.writers
        assert theirs.recv(100) == b"first"
        lots = bytes(range(256)) * 20_000
        for start in range(0, len(lots), 65_536):
            send_now(transport, lots[start : start + 65_536])
        assert reactor.writers == {transport}
        send_now(transport, b"last")
        got = b""
        while len(got) < len(lots) + 4:
            if reactor.writers:
                transport.doWrite()
            got += theirs.recv(1_000_000)
        assert got == lots + b"last"
        assert not reactor.writers
        ours.close()


def test_what_was_sent_is_not_looked_at_again() -> None:
    """The caller's buffer may be another's by the time that the rest is sent; a connection that is lost is no error here."""
    ours, theirs = socket.socketpair()
    ours.setblocking(False)
    reactor = Epoll()
    transport = tcp.Connection(ours, Protocol(), cast("None", reactor))
    transport.connected = True
    buffer = bytearray(b"a" * 4_000_000)
    with memoryview(buffer) as view:
        send_now(transport, view)
        buffer[:] = b"b" * len(buffer)
        send_now(transport, view[:1])
    got = b""
    with theirs:
        theirs.settimeout(5)
        while len(got) < len(buffer) + 1:
            if reactor.writers:
                transport.doWrite()
            got += theirs.recv(1_000_000)
    assert got == b"a" * len(buffer) + b"b"
    send_now(transport, memoryview(b"to nobody"))
    assert reactor.writers == {transport}, "the reactor will find out"
    ours.close()


class Past(Protocol):
    """Steps past the end point that has connected it."""

    def connectionMade(self) -> None:
        step_past_endpoint(self.transport, self)


def test_a_client_end_point_is_gone_once_it_has_connected() -> None:
    """It hears of the connection, and of nothing that comes; a wrapper of another protocol stays."""
    ours, theirs = socket.socketpair()
    with theirs:
        ours.setblocking(False)
        connected: Deferred[object] = Deferred()
        protocol, other = Past(), Past()
        transport = tcp.Connection(ours, _WrappingProtocol(connected, protocol), cast("None", Epoll()))
        step_past_endpoint(transport, other)
        assert transport.protocol is not other
        transport.protocol.makeConnection(transport)
        assert (transport.protocol, connected.result) == (protocol, protocol)
        step_past_endpoint(object(), protocol)
        ours.close()


def test_tls_steps_past_it_too() -> None:
    """The layer that is closest to the socket does."""
    ours, theirs = socket.socketpair()
    with theirs:
        ours.setblocking(False)
        clock = Clock()
        factory = wrap_client(origin_context("localhost", "", "", False), Factory.forProtocol(Protocol), clock)
        layer = factory.buildProtocol(None)
        assert layer is not None
        transport = tcp.Connection(ours, _WrappingProtocol(Deferred(), layer), cast("None", MemoryReactorClock()))
        transport.connected = True
        transport.protocol.makeConnection(transport)
        assert transport.protocol is layer
        layer.abortConnection()
        ours.close()


def test_what_is_pending_is_seen_and_stays() -> None:
    """A byte, then the end behind it; looking takes nothing away."""
    near, far = socket.socketpair()
    with near:
        assert pending(near) is UnreadBytes.NOTHING
        with far:
            far.sendall(b"x")
            assert [pending(near), pending(near)] == [UnreadBytes.BYTES] * 2
        assert pending(near) is UnreadBytes.BYTES
        assert near.recv(1) == b"x"
        assert pending(near) is UnreadBytes.END
    assert pending(near) is UnreadBytes.END, "one that is closed"
    assert pending(None) is UnreadBytes.NOTHING


def test_an_end_is_seen_behind_bytes() -> None:
    """HTTP/2 connections have bytes pending as a rule."""
    with socket.create_server(("127.0.0.1", 0)) as server, socket.create_connection(server.getsockname()) as client:
        other, _ = server.accept()
        with other:
            other.sendall(b"x")
            assert not is_ended(client)
        client.settimeout(5)
        assert client.recv(1, socket.MSG_PEEK) == b"x"
        assert is_ended(client)
    assert is_ended(client)
    assert not is_ended(None)


def test_a_silent_connection_is_kept_alive_by_the_kernel() -> None:
    """It asks after the seconds that are said, and gives up after three questions; what has no socket is left as it is."""
    with socket.create_server(("127.0.0.1", 0)) as server, socket.create_connection(server.getsockname()) as client:
        keep_alive(Layer(Bottom(client)), 30)
        assert client.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE) == 1
        told = [client.getsockopt(socket.IPPROTO_TCP, one)
                for one in (socket.TCP_KEEPIDLE, socket.TCP_KEEPINTVL, socket.TCP_KEEPCNT)]
        assert told == [30, 5, 3]
    keep_alive(Layer(object()), 30)
