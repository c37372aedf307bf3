"""Which failure has which code, and what is dialled."""

from __future__ import annotations

import pytest
from OpenSSL import SSL
from twisted.internet import error
from twisted.python.failure import Failure

from appproxy.connector.dialling import Place, failure_code, place_of
from appproxy.errors import Code
from appproxy.net.contexts import CertificateRefused


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
