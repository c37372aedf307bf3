"""What only the socket under a transport can tell."""

from __future__ import annotations

import socket
from typing import cast

from twisted.internet import tcp
from twisted.internet.protocol import Protocol
from twisted.internet.testing import MemoryReactor

from appproxy.net.sockets import (
    UnreadBytes,
    acknowledged,
    is_ended,
    pending,
    prepare_listener,
    send_now,
    socket_of,
    unacknowledged,
)


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
