"""The end of a connection that we end comes within a second, whatever the peer does."""

from __future__ import annotations

from twisted.internet.task import Clock

from appproxy.net.farewell import FAREWELL_SECONDS, Farewell
from appproxy.net.secure.contexts import connector_context, tunnel_context
from tests.net.wire import Talker, network
from tests.pki.authorities import CONNECT, CONNECTOR, OURS, SERVICE

SERVER = tunnel_context(SERVICE, [OURS.certificate])
CLIENT = connector_context([OURS.certificate], CONNECT, CONNECTOR, [b"appproxy-data/1"])


class Transport:
    """Writes down what it is asked for."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def unregisterProducer(self) -> None:
        self.asked.append("unregister")

    def loseConnection(self) -> None:
        self.asked.append("lose")

    def abortConnection(self) -> None:
        self.asked.append("abort")


def test_it_is_polite_first() -> None:
    """What was written may leave; then the connection is cut."""
    clock, transport, farewell = Clock(), Transport(), Farewell()
    farewell.say(clock, transport)
    farewell.say(clock, transport)
    assert transport.asked == ["unregister", "lose"]
    clock.advance(FAREWELL_SECONDS)
    assert transport.asked == ["unregister", "lose", "abort"]


def test_a_connection_that_is_gone_needs_none() -> None:
    """Nothing is left to be done later."""
    clock, transport, farewell = Clock(), Transport(), Farewell()
    farewell.say(clock, transport)
    farewell.over()
    farewell.say(clock, transport)
    assert clock.getDelayedCalls() == []
    assert transport.asked == ["unregister", "lose"]


def test_a_peer_that_reads_nothing_is_cut_off() -> None:
    """Under real TLS: with bytes that it never takes, and without its close_notify."""
    net = network(SERVER, CLIENT, Talker)
    net.flush()
    tls = net.server.tls
    net.client.tls.transport.pauseProducing()
    tls.write(b"x" * 1_000_000)
    Farewell().say(net.clock, tls)
    net.clock.advance(FAREWELL_SECONDS)
    assert tls.transport.aborted
