"""How connections to the service are made."""

from __future__ import annotations

from typing import Any

import pytest
from twisted.internet.protocol import Factory, Protocol
from twisted.internet.testing import MemoryReactorClock, StringTransport

from appproxy.config.outbound_proxy import OutboundProxies
from appproxy.connector.enrol.identity import Identity
from appproxy.connector.enrol.service_dialer import ServiceAddress, ServiceDialler
from appproxy.tunnel.asked_node import asked_node
from tests.pki.authorities import CONNECTOR, OURS


@pytest.mark.parametrize(("node", "asked"), [("0011223344556677", "0011223344556677"), ("", "connect"), ("Node 1", "connect")])
def test_the_node_that_is_meant_is_in_the_server_name(node: str, asked: str) -> None:
    """So that whoever has one address for several nodes can tell; one whose id is no name is dialled without."""
    reactor: Any = MemoryReactorClock()
    identity = Identity(CONNECTOR, (OURS.certificate,))
    dialler = ServiceDialler(reactor, "connect.example.com", identity, OutboundProxies())
    dialler(ServiceAddress("192.0.2.7", 8443, node), b"appproxy-signal/1", Factory.forProtocol(Protocol))
    protocol = reactor.tcpClients[0][2].buildProtocol(None)
    transport = StringTransport()
    protocol.makeConnection(transport)
    reactor.advance(0)
    assert asked_node(transport.value()) == asked
