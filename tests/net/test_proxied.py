"""Connections of front proxies that speak the PROXY protocol."""

from __future__ import annotations

import pytest
from twisted.internet.address import IPv4Address, IPv6Address
from twisted.internet.interfaces import IAddress, IProtocolFactory
from twisted.internet.protocol import Factory, Protocol
from twisted.internet.task import Clock
from twisted.internet.testing import StringTransport
from twisted.logger import capturedLogs
from zope.interface.verify import verifyClass

from appproxy.net.proxied import HEADER_SECONDS, ProxiedFactory

LINE = b"PROXY TCP4 203.0.113.9 198.51.100.1 56324 443\r\n"
PROXY = IPv4Address("TCP", "10.0.0.1", 4000)
USER = IPv4Address("TCP", "198.51.100.7", 4000)

assert verifyClass(IProtocolFactory, ProxiedFactory)


class Inner(Protocol):
    """What lies above: keeps what it is told."""

    def __init__(self, address: IAddress | None) -> None:
        self.address = address
        self.received = b""
        self.lost = False

    def dataReceived(self, data: bytes) -> None:
        self.received += data

    def connectionLost(self, reason: object = None) -> None:
        self.lost = True


class Inners(Factory):
    """Makes them, or nothing."""

    full = False

    def __init__(self) -> None:
        self.made: list[Inner] = []
        self.starts = 0

    def startFactory(self) -> None:
        self.starts += 1

    def buildProtocol(self, addr: IAddress | None) -> Inner | None:
        if self.full:
            return None
        self.made.append(Inner(addr))
        return self.made[-1]


class Wire(StringTransport):
    """TCP, which gives what comes to whatever `protocol` is."""

    def __init__(self, factory: ProxiedFactory, address: IAddress) -> None:
        super().__init__()
        self.aborted = False
        made = factory.buildProtocol(address)
        assert isinstance(made, Protocol)
        self.protocol: Protocol = made
        made.makeConnection(self)

    def abortConnection(self) -> None:
        self.aborted = True


class World:
    """One listener behind proxies at 10.0.0.1."""

    def __init__(self) -> None:
        self.clock = Clock()
        self.inners = Inners()
        self.factory = ProxiedFactory(self.inners, lambda host: host == "10.0.0.1", self.clock)

    def connect(self, address: IAddress = PROXY) -> Wire:
        return Wire(self.factory, address)


def test_a_connection_is_its_clients() -> None:
    """The header is taken off; what follows, TLS, goes to the protocol that was made for the client's address."""
    world = World()
    wire = world.connect()
    assert not world.inners.made
    wire.protocol.dataReceived(LINE + b"hello")
    (inner,) = world.inners.made
    assert wire.protocol is inner
    assert (inner.address, inner.received, inner.transport) == (IPv4Address("TCP", "203.0.113.9", 0), b"hello", wire)
    wire.protocol.dataReceived(b" again")
    assert inner.received == b"hello again"
    assert not world.clock.getDelayedCalls()


def test_however_it_is_cut() -> None:
    """Byte by byte it is the same, and nothing is given on before its time."""
    world = World()
    wire = world.connect()
    for byte in LINE + b"hello":
        wire.protocol.dataReceived(bytes([byte]))
    assert [inner.received for inner in world.inners.made] == [b"hello"]


def test_version_six() -> None:
    """Of addresses too."""
    world = World()
    world.connect().protocol.dataReceived(b"PROXY TCP6 2001:db8::9 ::1 1 1\r\n")
    assert world.inners.made[0].address == IPv6Address("TCP", "2001:db8::9", 0)


def test_a_health_check_is_the_proxys_own() -> None:
    """It says so, and its connection has the proxy's address."""
    world = World()
    world.connect().protocol.dataReceived(b"PROXY UNKNOWN\r\n")
    assert world.inners.made[0].address == PROXY


@pytest.mark.parametrize("data", [b"GET / HTTP/1.1\r\n", b"\x16\x03\x01\x00\x05", b"PROXY TCP4 evil\r\n"])
def test_a_trusted_proxy_without_the_header_is_refused(data: bytes) -> None:
    """Otherwise all its users would have its address. The log says why, and where to look."""
    with capturedLogs() as events:
        world = World()
        wire = world.connect()
        wire.protocol.dataReceived(data)
    assert wire.aborted
    assert not world.inners.made
    assert not world.clock.getDelayedCalls()
    assert [event["address"] for event in events if "why" in event] == ["10.0.0.1"]


def test_a_trusted_proxy_that_is_silent_is_cut() -> None:
    """The header is the first thing to be sent."""
    world = World()
    wire = world.connect()
    wire.protocol.dataReceived(LINE[:7])
    world.clock.advance(HEADER_SECONDS - 0.1)
    assert not wire.aborted
    world.clock.advance(0.2)
    assert wire.aborted


def test_one_that_leaves_leaves_nothing_behind() -> None:
    """No timer, and nothing was made."""
    world = World()
    wire = world.connect()
    wire.protocol.connectionLost()
    assert not world.clock.getDelayedCalls()
    assert not world.inners.made


def test_a_header_of_anybody_else_is_no_header() -> None:
    """It reaches TLS as what it is, bytes that no handshake begins with."""
    world = World()
    wire = world.connect(USER)
    wire.protocol.dataReceived(LINE)
    (inner,) = world.inners.made
    assert (inner.address, inner.received) == (USER, LINE)


def test_where_nothing_is_made_the_connection_is_closed() -> None:
    """As a port does."""
    world = World()
    world.inners.full = True
    wire = world.connect()
    wire.protocol.dataReceived(LINE)
    assert wire.aborted


def test_ports_start_and_stop_the_factory_behind() -> None:
    """It is told once."""
    world = World()
    world.factory.doStart()
    assert (world.inners.starts, world.inners.numPorts) == (1, 1)
    world.factory.doStop()
    assert world.inners.numPorts == 0


def test_a_drain_knows_of_those_whose_header_has_not_come() -> None:
    """They are users of the proxy, who may have asked; each is counted once, until it is known whose it is, or gone."""
    world = World()
    handed, refused, left, late = (world.connect() for _ in range(4))
    world.connect(USER)
    assert world.factory.waiting == 4
    handed.protocol.dataReceived(LINE)
    refused.protocol.dataReceived(b"GET / HTTP/1.1\r\n")
    refused.protocol.connectionLost()
    left.protocol.connectionLost()
    assert world.factory.waiting == 1
    world.clock.advance(HEADER_SECONDS)
    late.protocol.connectionLost()
    assert world.factory.waiting == 0
