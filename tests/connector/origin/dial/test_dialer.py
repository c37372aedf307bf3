"""Which failure has which code, and what is dialled."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from OpenSSL import SSL
from twisted.internet import error
from twisted.internet.address import IPv4Address
from twisted.internet.interfaces import IHalfCloseableProtocol, IResolutionReceiver
from twisted.internet.protocol import Factory
from twisted.internet.test.test_endpoints import deterministicResolvingReactor
from twisted.internet.testing import MemoryReactorClock
from twisted.python.failure import Failure

from appproxy.connector.config.client_certificates import ClientCertificates
from appproxy.connector.config.configuration import OriginAddress
from appproxy.connector.config.files import write_private
from appproxy.connector.enrol.service_dialer import ServiceAddress, place_of
from appproxy.connector.origin.bindings import NOBODY
from appproxy.connector.origin.dial.dialer import OriginDialler, failure_code
from appproxy.connector.origin.origin_stream import OriginStream
from appproxy.connector.origin.origins import Origin
from appproxy.errors import Code, RequestError
from appproxy.http.connection_authentication import Leg
from appproxy.http.h1.client import Event
from appproxy.net.loop.deadlines import Deadlines
from appproxy.net.secure.peer_verdict import CertificateRefused
from tests.pki.authorities import CONNECTOR, OURS, connector

NO_CERTIFICATES = ClientCertificates(Path("/nowhere"))


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
    assert place_of("connect.example.com:8443") == ServiceAddress("connect.example.com", 8443)
    assert place_of("[2001:db8::1]:443") == ServiceAddress("2001:db8::1", 443)


def test_a_half_close_passes_through_the_end_point() -> None:
    """An application that closes its direction of a stream is heard, with TLS and without."""
    clock = MemoryReactorClock()
    reactor = deterministicResolvingReactor(clock, ["192.0.2.7"])
    deadlines = Deadlines(clock)
    dialler = OriginDialler(reactor, NO_CERTIFICATES)
    for scheme in ("http", "https"):
        origin = Origin(OriginAddress(scheme, "wiki.corp", 80), clock, deadlines, dialler)
        origin.dial(Nobody(), 10.0, 85.0)
        clock.advance(0)
        _, _, factory, _, _ = clock.tcpClients.pop()
        protocol = factory.buildProtocol(None)
        assert IHalfCloseableProtocol.providedBy(protocol)


class Asking(MemoryReactorClock):
    """A reactor whose look-ups never end, unless `answer` is called."""

    nameResolver: Any

    def __init__(self) -> None:
        super().__init__()
        self.nameResolver = self
        self.asked: list[IResolutionReceiver] = []

    def resolveHostName(self, receiver: IResolutionReceiver, *arguments: object, **named: object) -> None:
        self.asked.append(receiver)

    def answer(self, host: str) -> None:
        """The name has this address."""
        receiver = self.asked.pop()
        receiver.addressResolved(IPv4Address("TCP", host, 80))
        receiver.resolutionComplete()


def test_a_look_up_that_hangs() -> None:
    """When the time for connecting is over while the name is still looked up, that is what the user hears."""
    reactor = Asking()
    dialler = OriginDialler(reactor, NO_CERTIFICATES)
    origin = Origin(OriginAddress("http", "wiki.corp", 80), reactor, Deadlines(reactor), dialler)
    nobody = Nobody()
    origin.dial(nobody, 10.0, 85.0)
    reactor.advance(10.5)
    assert nobody.failed == [Code.ORIGIN_DNS_TIMEOUT]


def test_an_application_that_does_not_answer() -> None:
    """The name was found, so the address is what is silent."""
    reactor = Asking()
    dialler = OriginDialler(reactor, NO_CERTIFICATES)
    origin = Origin(OriginAddress("http", "wiki.corp", 80), reactor, Deadlines(reactor), dialler)
    nobody = Nobody()
    origin.dial(nobody, 10.0, 85.0)
    reactor.answer("192.0.2.7")
    reactor.advance(0)
    assert [client[0] for client in reactor.tcpClients] == ["192.0.2.7"]
    reactor.advance(10.5)
    assert nobody.failed == [Code.ORIGIN_CONNECT_TIMEOUT]


def test_a_client_certificate_that_is_not_there(tmp_path: Path) -> None:
    """The application is not even dialled, and the reason names the file."""
    reactor = Asking()
    dialler = OriginDialler(reactor, ClientCertificates(tmp_path))
    address = OriginAddress("https", "wiki.corp", 443, client_certificate="wiki")
    reasons: list[Failure] = []
    dialler(address, Factory(), 10.0).addErrback(reasons.append)
    assert failure_code(reasons[0], False) == Code.ORIGIN_TLS
    assert str(tmp_path / "wiki.pem") in reasons[0].getErrorMessage()
    assert reactor.asked == []


def test_a_renewed_client_certificate_is_taken_up(tmp_path: Path) -> None:
    """By the next connection; until the file changes, the context is kept."""
    reactor = Asking()
    made = [CONNECTOR, connector(OURS, "c2")]
    dialler = OriginDialler(reactor, ClientCertificates(tmp_path))
    address = OriginAddress("https", "wiki.corp", 443, client_certificate="wiki")
    contexts = []
    for credential in (made[0], None, made[1]):
        if credential is not None:
            write_private(tmp_path / "wiki.pem", (credential.certificate + credential.key).encode())
        contexts.append(dialler._context(address))
    assert contexts[0] is contexts[1]
    assert contexts[1] is not contexts[2]


class Nobody:
    """Wants a connection, and does nothing with it."""

    def __init__(self) -> None:
        self.failed: list[Code] = []

    owner = NOBODY
    share = NOBODY
    leg = Leg.NONE

    def look(self, now: float) -> None: ...

    def origin_ready(self, connection: OriginStream) -> None: ...

    def origin_failed(self, error: RequestError) -> None:
        self.failed.append(error.code)

    def answer_received(self, events: list[Event]) -> None: ...

    def would_repeat(self, origin_stream: OriginStream) -> bool:
        return False

    def origin_lost(self, error: RequestError) -> None: ...
