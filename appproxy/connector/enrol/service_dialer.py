"""How connections to the service are made: with the connector's certificate, and with the service's authority alone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.endpoints import HostnameEndpoint
from twisted.internet.interfaces import IProtocol, IProtocolFactory, IStreamClientEndpoint

from appproxy.config.outbound_proxy import OutboundProxies
from appproxy.connector.enrol.identity import Identity
from appproxy.net.secure.contexts import HTTP, TUNNEL_PROTOCOLS, ClientContext
from appproxy.net.secure.tls import connector_context, negotiated, wrap_client
from appproxy.net.through_proxy import ThroughProxy
from appproxy.tunnel.asked_node import is_label

#: For the service: a dead address of its name must not hold up the next one for long.
CONNECT_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class ServiceAddress:
    """Where the service is dialled; `node`: the id of the node that is meant, "" for whichever answers there."""

    host: str
    port: int
    node: str = ""


def place_of(address: str) -> ServiceAddress:
    """From `host:port`, checked before; an IPv6 host is in brackets."""
    host, _, port = address.rpartition(":")
    return ServiceAddress(host.strip("[]"), int(port))


def way_to(reactor: Any, place: ServiceAddress, proxies: OutboundProxies, timeout: float) -> IStreamClientEndpoint:
    """How this place is connected to: straight, or through a proxy."""
    proxy = proxies.towards(place.host, place.port)
    if proxy is None:
        return HostnameEndpoint(reactor, place.host, place.port, timeout)
    return ThroughProxy(reactor, proxy, place.host, place.port, timeout)


class ServiceDialler:
    """Dials the service with the newest certificate; one context for each protocol until that changes."""

    def __init__(
        self, reactor: Any, name: str, identity: Identity, proxies: OutboundProxies, timeout: float = CONNECT_SECONDS
    ) -> None:
        self._proxies = proxies
        self._reactor = reactor
        self._name = name
        self._timeout = timeout
        self._contexts: dict[bytes, ClientContext] = {}
        self.use(identity)

    def use(self, identity: Identity) -> None:
        """Take this certificate, and these anchors, from now on. Raises ConfigError when they cannot be used."""
        self._contexts = {
            protocol: connector_context(identity.trust, self._name, identity.credential, [protocol])
            for protocol in (*TUNNEL_PROTOCOLS, HTTP)
        }

    def negotiated(self, transport: object) -> bytes | None:
        """What a connection that was dialled is for (ALPN), once its handshake is done."""
        return negotiated(transport)

    def __call__(self, place: ServiceAddress, alpn: bytes, factory: IProtocolFactory) -> Deferred[IProtocol]:
        context = self._contexts[alpn]
        if is_label(place.node):
            context = context.asking_for(f"{place.node}.{self._name}")
        layer = wrap_client(context, factory, self._reactor, self._timeout)
        return way_to(self._reactor, place, self._proxies, self._timeout).connect(layer)
