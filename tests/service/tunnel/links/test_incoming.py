"""A connection of a connector before anybody knows what it is."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pytest
from twisted.internet.address import IPv4Address
from twisted.internet.interfaces import IAddress, IProtocol
from twisted.internet.protocol import Protocol, connectionDone
from twisted.internet.task import Clock
from twisted.python.failure import Failure

from appproxy.errors import Code
from appproxy.net.loop.deadlines import NEVER, Deadlines
from appproxy.service.tunnel.links.arrivals import Arrivals
from appproxy.service.tunnel.links.incoming import CONTROL, IncomingConnection
from appproxy.tunnel.messages import Goodbye
from tests.service.world import Wire

GOODBYE = Goodbye(Code.REVOKED, None, True, "revoked")


class Inner(Protocol):
    """What a connection turns out to be."""

    def __init__(self) -> None:
        self.got = b""
        self.lost: list[Failure] = []

    def dataReceived(self, data: bytes) -> None:
        self.got += data

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        self.lost.append(reason)


@dataclass
class Listener:
    """What connections see of the listener."""

    inner: Inner | None = field(default_factory=Inner)
    asked: list[tuple[bytes | None, bytes | None]] = field(default_factory=list)
    entries: set[IncomingConnection] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.clock: Any = Clock()
        self.arrivals = Arrivals()
        self.deadlines = Deadlines(self.clock)

    def entered(self, entry: IncomingConnection) -> None:
        """A connection has begun."""
        self.entries.add(entry)
        self.deadlines.add(entry)

    def left(self, entry: IncomingConnection) -> None:
        """It has ended, or its handshake has."""
        self.entries.discard(entry)
        self.deadlines.discard(entry)

    def protocol_for(self, alpn: bytes | None, certificate: bytes | None, addr: IAddress | None) -> IProtocol | None:
        """What it speaks from now on."""
        self.asked.append((alpn, certificate))
        return self.inner

    def connect(self, alpn: bytes = b"", host: str = "192.0.2.7") -> tuple[IncomingConnection, Wire]:
        """A connection whose handshake is not complete."""
        entry, wire = IncomingConnection(self, IPv4Address("TCP", host, 1)), Wire()
        if alpn:
            wire.negotiatedProtocol = alpn  # type: ignore[attr-defined]
        entry.makeConnection(wire)
        return entry, wire


@pytest.fixture
def listener() -> Listener:
    """One that lets everybody in."""
    return Listener()


def test_it_waits_for_the_handshake(listener: Listener) -> None:
    """Until then it counts as one that is on its way, and what comes is for nobody."""
    entry, _ = listener.connect()
    entry.dataReceived(b"x")
    assert listener.entries == {entry} and listener.asked == [] and listener.inner is not None and listener.inner.got == b""


def test_a_handshake_has_half_a_minute(listener: Listener) -> None:
    """Then the descriptor is free again; one whose handshake is complete has as long as it likes."""
    slow, wire = listener.connect()
    done, other = listener.connect()
    assert done.deadline != NEVER
    done.handshakeCompleted()
    listener.clock.advance(29.0)
    assert not wire.aborted
    for _ in range(3):
        listener.clock.advance(1.0)
    assert wire.aborted and not other.aborted
    listener.deadlines.stop()


def test_what_it_is_gets_all_that_comes(listener: Listener) -> None:
    """The same transport, each byte, and the loss."""
    entry, wire = listener.connect(b"appproxy-data/1")
    entry.handshakeCompleted()
    entry.dataReceived(b"frames")
    inner = listener.inner
    assert inner is not None and listener.asked == [(b"appproxy-data/1", None)]
    assert listener.entries == set() and inner.transport is wire and inner.got == b"frames"
    entry.connectionLost()
    assert len(inner.lost) == 1


def test_who_is_not_let_in_is_cut(listener: Listener) -> None:
    """At once, and without a word; the loss of it is nobody's."""
    listener.inner = None
    entry, wire = listener.connect()
    entry.handshakeCompleted()
    assert wire.aborted
    entry.connectionLost()
    assert listener.entries == set()


def test_a_loss_before_the_handshake(listener: Listener) -> None:
    """Nothing is kept of it."""
    entry, _ = listener.connect()
    entry.connectionLost()
    assert listener.entries == set() and listener.asked == []


def test_who_calls_is_counted_by_address(listener: Listener) -> None:
    """Somebody without a certificate may speak HTTP, to join: 256 times at once from one network, and the oldest goes."""
    wires = []
    for _ in range(257):
        listener.inner = Inner()
        entry, wire = listener.connect(CONTROL)
        entry.handshakeCompleted()
        wires.append(wire)
    elsewhere, other = listener.connect(CONTROL, "198.51.100.7")
    elsewhere.handshakeCompleted()
    assert [wire.aborted for wire in wires] == [True, *[False] * 256] and not other.aborted


def test_a_revoked_connectors_connection_ends(listener: Listener) -> None:
    """What is no signal connection is cut: nothing can be said on it."""
    entry, wire = listener.connect(b"appproxy-data/1")
    entry.handshakeCompleted()
    entry.dismiss(GOODBYE)
    assert wire.aborted
