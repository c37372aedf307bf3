"""How connections to applications come to stand, and which failure has which code."""

from __future__ import annotations

from collections.abc import Callable

from OpenSSL import SSL
from service_identity.exceptions import VerificationError
from twisted.internet import error
from twisted.internet.defer import Deferred
from twisted.internet.endpoints import HostnameEndpoint
from twisted.internet.interfaces import IProtocol, IProtocolFactory
from twisted.python.failure import Failure

from appproxy.connector.configuration import OriginAddress
from appproxy.errors import Code

_CODES: list[tuple[type[BaseException], Code]] = [
    (SSL.Error, Code.ORIGIN_TLS),
    (VerificationError, Code.ORIGIN_TLS),
    (error.DNSLookupError, Code.ORIGIN_DNS),
    (error.UnknownHostError, Code.ORIGIN_DNS),
    (error.ConnectionRefusedError, Code.ORIGIN_REFUSED),
    (error.TimeoutError, Code.ORIGIN_CONNECT_TIMEOUT),
    (error.TCPTimedOutError, Code.ORIGIN_CONNECT_TIMEOUT),
]


def failure_code(reason: Failure, in_handshake: bool) -> Code:
    """Which code a failed connection has. A connection that ends inside the TLS handshake failed because of TLS."""
    for kind, code in _CODES:
        if reason.check(kind):
            return code
    if in_handshake:
        return Code.ORIGIN_TLS
    if reason.check(error.ConnectionClosed):
        return Code.ORIGIN_CLOSED
    return Code.ORIGIN_UNREACHABLE


#: Puts TLS over a factory, as an address wants it.
Secure = Callable[[OriginAddress, IProtocolFactory], IProtocolFactory]


class NetworkConnect:
    """Dials applications for real: each of the name's addresses in turn, the next one 0.3 s later (RFC 8305)."""

    def __init__(self, reactor: object, secure: Secure) -> None:
        self._reactor = reactor
        self._secure = secure

    def __call__(self, address: OriginAddress, factory: IProtocolFactory, timeout: float) -> Deferred[IProtocol]:
        if address.secure:
            factory = self._secure(address, factory)
        endpoint = HostnameEndpoint(self._reactor, address.host, address.port, timeout)
        return endpoint.connect(factory)
