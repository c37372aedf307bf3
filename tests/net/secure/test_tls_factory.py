"""What the TLS connections of one listener have in common: how long a handshake may take, and how many there may be."""

from __future__ import annotations

from twisted.internet.address import IPv4Address
from twisted.internet.protocol import Factory, Protocol
from twisted.internet.task import Clock

from appproxy.net.secure.contexts import connector_context, tunnel_context
from appproxy.net.secure.half_close import HandshakeTimeout, TooManyHandshakes
from appproxy.net.secure.tls_factory import HalfCloseTLSFactory
from tests.net.wire import End, Talker, network
from tests.pki.authorities import CONNECT, CONNECTOR, OURS, SERVICE

SERVER = tunnel_context(SERVICE, [OURS.certificate])
CLIENT = connector_context([OURS.certificate], CONNECT, CONNECTOR, [b"appproxy-data/1"])


def test_a_handshake_must_end() -> None:
    """A client that connects and says nothing is gone after 30 s."""
    clock = Clock()
    talker = Talker()
    factory = HalfCloseTLSFactory(SERVER, False, Factory.forProtocol(lambda: talker), clock)
    tls = factory.buildProtocol(None)
    assert tls is not None
    end = End(clock)
    end.protocol = tls
    tls.makeConnection(end)
    clock.advance(29.9)
    assert not end.aborted
    clock.advance(0.2)
    clock.advance(0)
    assert isinstance(talker.reason, HandshakeTimeout)


def test_the_oldest_of_too_many_handshakes_gives_way() -> None:
    """Who is quicker is not kept out by those who say nothing."""
    clock = Clock()
    factory = HalfCloseTLSFactory(SERVER, False, Factory.forProtocol(Talker), clock, most_handshakes=2)
    begun = []
    for _ in range(4):
        tls = factory.buildProtocol(None)
        assert tls is not None
        end = End(clock)
        end.protocol = tls
        tls.makeConnection(end)
        begun.append(end)
    assert [end.aborted for end in begun] == [True, True, False, False]


def test_an_address_with_many_handshakes_cuts_off_its_own() -> None:
    """As soon as there is no room its oldest goes for its newest; those of others stay, however many it begins."""
    clock = Clock()
    factory = HalfCloseTLSFactory(SERVER, False, Factory.forProtocol(Talker), clock, most_handshakes=8)
    begun = []
    for host in ["192.0.2.1", *["192.0.2.66"] * 20]:
        tls = factory.buildProtocol(IPv4Address("TCP", host, 1))
        assert tls is not None
        end = End(clock)
        end.protocol = tls
        tls.makeConnection(end)
        begun.append(end)
    assert [end.aborted for end in begun] == [False, *[True] * 13, *[False] * 7]


def test_one_that_gave_way_says_why() -> None:
    """And the place of one that has gone is free."""
    clock, talkers = Clock(), [Talker() for _ in range(3)]
    kinds = iter(talkers)
    factory = HalfCloseTLSFactory(SERVER, False, Factory.forProtocol(lambda: next(kinds)), clock, most_handshakes=1)
    for number, end in enumerate(End(clock) for _ in range(3)):
        tls = factory.buildProtocol(None)
        assert tls is not None
        end.protocol = tls
        tls.makeConnection(end)
        clock.advance(0)
        if number == 1:
            end.abortConnection()
            clock.advance(0)
    assert isinstance(talkers[0].reason, TooManyHandshakes)
    assert not isinstance(talkers[1].reason, TooManyHandshakes)
    assert not talkers[2].lost


def test_a_handshake_that_succeeds_frees_its_place() -> None:
    """The factories of a connection that is up, or has ended, count nothing."""
    net = network(SERVER, CLIENT, Talker)
    assert net.server.ready and net.client.ready
    assert all(not factory._handshakes for factory in net.factories)
    net.client.tls.abortConnection()
    net.flush()
    assert all(not factory._handshakes for factory in net.factories)


def test_a_factory_that_declines() -> None:
    """When the wrapped factory refuses a connection, so does this one."""

    class Full(Factory):
        def buildProtocol(self, addr: object) -> Protocol | None:
            return None

    assert HalfCloseTLSFactory(SERVER, False, Full(), Clock()).buildProtocol(None) is None
