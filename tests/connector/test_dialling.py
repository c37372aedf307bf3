"""Which failure has which code, and what is dialled."""

from __future__ import annotations

import pytest
from OpenSSL import SSL
from twisted.internet import error
from twisted.internet.interfaces import IHalfCloseableProtocol
from twisted.internet.test.test_endpoints import deterministicResolvingReactor
from twisted.internet.testing import MemoryReactorClock
from twisted.python.failure import Failure

from appproxy.connector.configuration import OriginAddress
from appproxy.connector.dialling import OriginDialler, Place, failure_code, place_of
from appproxy.connector.origin import Origin, OriginConnection
from appproxy.errors import Code, RequestError
from appproxy.http.client import Event
from appproxy.net.contexts import CertificateRefused
from appproxy.net.deadlines import Deadlines


@pytest.mark.parametrize(("reason", "code"), [
    (error.ConnectionRefusedError(), Code.ORIGIN_REFUSED),
    (error.DNSLookupError(), Code.ORIGIN_DNS),
    (error.TimeoutError(), Code.ORIGIN_CONNECT_TIMEOUT),
    (error.TCPTimedOutError(), Code.ORIGIN_CONNECT_TIMEOUT),
    (error.NoRouteError(), Code.ORIGIN_UNREACHABLE),
    (error.ConnectError(), Code.ORIGIN_UNREACHABLE),
    (error.ConnectionLost(), Code.ORIGIN_CLOSED),
    (SSL.Error(), Code.ORIGIN_TLS),
    (CertificateRefused("the peer's certificate is refused"), Code.ORIGIN_TLS),
    (OSError(), Code.ORIGIN_UNREACHABLE),
])
def test_codes(reason: Exception, code: Code) -> None:
    """The user's page tells a refused connection from a wrong certificate."""
    assert failure_code(Failure(reason), False) == code


def test_in_the_handshake() -> None:
    """An application that closes inside the handshake has a fault with TLS."""
    assert failure_code(Failure(error.ConnectionLost()), True) == Code.ORIGIN_TLS


def test_places() -> None:
    """Names, IPv4 and bracketed IPv6."""
    assert place_of("connect.example.com:8443") == Place("connect.example.com", 8443)
    assert place_of("[2001:db8::1]:443") == Place("2001:db8::1", 443)


def test_a_half_close_passes_through_the_end_point() -> None:
    """An application that closes its direction of a stream is heard, with TLS and without."""
    clock = MemoryReactorClock()
    reactor = deterministicResolvingReactor(clock, ["192.0.2.7"])
    deadlines = Deadlines(clock)
    dialler = OriginDialler(reactor)
    for scheme in ("http", "https"):
        origin = Origin(OriginAddress(scheme, "wiki.corp", 80), clock, deadlines, dialler)
        origin.dial(Nobody(), 10.0)
        clock.advance(0)
        _, _, factory, _, _ = clock.tcpClients.pop()
        protocol = factory.buildProtocol(None)
        assert IHalfCloseableProtocol.providedBy(protocol)


class Nobody:
    """Wants a connection, and does nothing with it."""

    def origin_ready(self, connection: OriginConnection) -> None: ...

    def origin_failed(self, error: RequestError) -> None: ...

    def answer_received(self, events: list[Event]) -> None: ...

    def origin_lost(self, error: RequestError) -> None: ...
