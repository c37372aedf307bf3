"""How connections to applications are made, and which failure has which code."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from OpenSSL import SSL
from service_identity.exceptions import VerificationError
from twisted.internet import error
from twisted.internet.defer import Deferred, fail
from twisted.internet.endpoints import HostnameEndpoint
from twisted.internet.interfaces import IProtocol, IProtocolFactory
from twisted.python.failure import Failure

from appproxy.connector.config.client_certificates import ClientCertificates
from appproxy.connector.config.configuration import OriginAddress
from appproxy.connector.origin.dial.lookup import LookupTimedOut, WatchedLookup, addresses_of
from appproxy.errors import Code, ConfigError
from appproxy.net.loop.exhaustion import EXHAUSTION, NO_FILE, is_exhausted
from appproxy.net.secure.contexts import HTTP, HTTP2, ClientContext
from appproxy.net.secure.peer_verdict import CertificateRefused
from appproxy.net.secure.tls import origin_context, wrap_client

_CODES: list[tuple[type[BaseException], Code]] = [
    (SSL.Error, Code.ORIGIN_TLS),
    (VerificationError, Code.ORIGIN_TLS),
    (CertificateRefused, Code.ORIGIN_TLS),
    (ConfigError, Code.ORIGIN_TLS),
    (LookupTimedOut, Code.ORIGIN_DNS_TIMEOUT),
    (error.DNSLookupError, Code.ORIGIN_DNS),
    (error.UnknownHostError, Code.ORIGIN_DNS),
    (error.ConnectionRefusedError, Code.ORIGIN_REFUSED),
    (error.TimeoutError, Code.ORIGIN_CONNECT_TIMEOUT),
    (error.TCPTimedOutError, Code.ORIGIN_CONNECT_TIMEOUT),
]


#: What a look-up ends with, also where it could open no socket.
_NO_NAME = (error.DNSLookupError, error.UnknownHostError)


def failure_code(reason: Failure, in_handshake: bool) -> Code:
    """Which code a failed connection has. A connection that ends inside the TLS handshake failed because of TLS."""
    if getattr(reason.value, "osError", None) in NO_FILE or (reason.check(*_NO_NAME) and is_exhausted()):
        EXHAUSTION.met("connections to applications")
        return Code.CONNECTOR_BUSY
    for kind, code in _CODES:
        if reason.check(kind):
            return code
    if in_handshake:
        return Code.ORIGIN_TLS
    if reason.check(error.ConnectionClosed):
        return Code.ORIGIN_CLOSED
    return Code.ORIGIN_UNREACHABLE


#: TLS contexts that are kept: a wildcard has endlessly many hosts, and each takes memory for its authorities.
MOST_CONTEXTS = 2000


def _place(address: OriginAddress) -> OriginAddress:
    """What TLS depends on, and not whose connections they are and how many there may be."""
    return replace(address, application="", connection_authentication="auto", max_connections=0)


#: Connects to an application that is part of this process; None for one that is not.
DialHere = Callable[[OriginAddress, IProtocolFactory], Deferred[IProtocol] | None]


class OriginDialler:
    """Dials applications: each of the name's addresses in turn, the next one 0.3 s later (RFC 8305)."""

    def __init__(self, reactor: Any, certificates: ClientCertificates, here: DialHere = lambda address, factory: None) -> None:
        self._here = here
        self._reactor = reactor
        self._certificates = certificates
        #: By place, with what tells the client certificate of today from that of yesterday.
        self._contexts: dict[OriginAddress, tuple[object, ClientContext]] = {}

    def __call__(self, address: OriginAddress, factory: IProtocolFactory, timeout: float) -> Deferred[IProtocol]:
        here = self._here(address, factory)
        if here is not None:
            return here
        if address.secure:
            try:
                factory = wrap_client(self._context(address), factory, self._reactor, timeout)
            except ConfigError as error:
                return fail(error)
        watched = WatchedLookup(self._reactor)
        return HostnameEndpoint(watched, address.host, address.port, timeout).connect(factory).addErrback(watched.explain)

    def resolve(self, host: str) -> Deferred[frozenset[str]]:
        """All addresses that a name has now; an empty set when nobody can say."""
        return addresses_of(self._reactor, host)

    def retain(self, addresses: set[OriginAddress]) -> None:
        """Forget the contexts of all others."""
        places = {_place(address) for address in addresses}
        for address in [address for address in self._contexts if address not in places]:
            del self._contexts[address]

    def _context(self, address: OriginAddress) -> ClientContext:
        name = address.client_certificate
        stamp = self._certificates.stamp(name) if name else None
        address = _place(address)
        known = self._contexts.get(address)
        if known is not None and known[0] == stamp:
            return known[1]
        client = self._certificates.load(name) if name else None
        context = origin_context(address.host, address.ca_bundle, address.server_name, address.verify_tls, client,
                                 HTTP2 if address.protocol == "h2" else HTTP)
        if len(self._contexts) >= MOST_CONTEXTS:
            del self._contexts[next(iter(self._contexts))]
        self._contexts[address] = stamp, context
        return context
