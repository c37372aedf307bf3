"""The open ports of one node: TLS and front proxies before what answers, and the order in which they close."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterable
from typing import Any

from twisted.internet.defer import Deferred, succeed
from twisted.internet.interfaces import IListeningPort, IProtocolFactory
from twisted.internet.task import deferLater

from appproxy.config.service import ServiceSettings
from appproxy.config.values import Address
from appproxy.http.proxies.trusted_proxies import PROXY_PROTOCOL, TrustedProxies
from appproxy.net.descriptors.inherited import Inherited, family_of, listener_name
from appproxy.net.descriptors.last_arrivals import HANDSHAKE_SECONDS, hear_again, take_rest, turn_deaf
from appproxy.net.proxied import ProxiedFactory
from appproxy.net.secure.contexts import TunnelContext, UserContext
from appproxy.net.secure.sockets import prepare_listener, socket_of
from appproxy.net.secure.tls import wrap_server

#: Twisted's default of 50 made 1,000 connects at once take 17 s; with this they took 0.02 s.
BACKLOG = 4096


class Listeners:
    """Where the node listens, by its settings. `most_handshakes`: of each TLS listener, under way at the same time.

    A socket that was inherited for an address is used in place of a new one.
    """

    def __init__(
        self, settings: ServiceSettings, reactor: Any, most_handshakes: int, inherited: Inherited | None = None
    ) -> None:
        self._settings = settings
        self._reactor = reactor
        self._inherited = inherited or Inherited()
        self._most_handshakes = most_handshakes
        self._proxies = TrustedProxies(settings.trusted_proxies, settings.trusted_proxies_say)
        self._users: IListeningPort | None = None
        self._tunnel: IListeningPort | None = None
        #: Those that stay open while the node drains.
        self._others: list[IListeningPort] = []
        #: All, by the names that a successor looks for.
        self._named: dict[str, Any] = {}
        self._proxied: list[ProxiedFactory] = []

    @property
    def waiting(self) -> int:
        """Connections of which it is not known yet whose they are."""
        return sum(one.waiting for one in self._proxied)

    @property
    def user_port(self) -> int:
        """The port on which users are answered now (of interest when the settings say 0)."""
        return _number(self._users)

    @property
    def tunnel_port(self) -> int:
        """The port on which connectors are answered now."""
        return _number(self._tunnel)

    def open_users(self, factory: IProtocolFactory, context: UserContext, plain: IProtocolFactory) -> None:
        """`listen`: HTTPS, perhaps behind a load balancer. Who comes there with `http://` is answered by `plain`."""
        self._users = self._listen("listen", self._settings.listen, self._behind_proxies(self._tls(context, factory, plain)))

    def open_tunnel(self, factory: IProtocolFactory, context: TunnelContext) -> None:
        """`tunnel_listen`: connectors, whose TLS ends here and nowhere else."""
        self._tunnel = self._listen("tunnel_listen", self._settings.tunnel_listen, self._tls(context, factory))

    def open_metrics(self, factory: IProtocolFactory) -> None:
        """`metrics_listen`, where the settings have it."""
        if self._settings.metrics_listen is not None:
            self._others.append(self._listen("metrics_listen", self._settings.metrics_listen, factory))

    def open_plain(self, factory: IProtocolFactory) -> None:
        """`acme_listen`, where the settings have it; perhaps behind a load balancer."""
        if self._settings.acme_listen is not None:
            self._others.append(self._listen("acme_listen", self._settings.acme_listen, self._behind_proxies(factory)))

    def descriptors(self) -> dict[str, int]:
        """The listening sockets, for a successor."""
        return {name: port.fileno() for name, port in self._named.items()}

    def leave(self) -> None:
        """A successor has the same sockets: accept nothing more, and leave them open, for closing would end their queues."""
        for port in self._named.values():
            port.stopReading()
        self._named.clear()
        self._others.clear()
        self._users = self._tunnel = None

    async def close_entrances(self) -> None:
        """Take no more users and connectors. Whoever watches the drain still sees it: metrics are the last to go.

        One of several workers still gets what connectors dial for requests that it has under way, and nothing else.
        Who was let in by the kernel before that is taken.
        """
        ports: list[IListeningPort | None] = []
        ports.append(self._users)
        self._users = None
        if self._inherited.parent is None:
            ports.append(self._tunnel)
            self._tunnel = None
        await self._take_rest(ports)
        for port in ports:
            await _closed(port)

    async def _take_rest(self, ports: Iterable[Any]) -> None:
        """Accept who has connected before these are closed. A socket of systemd keeps them for the next start."""
        stay = self._inherited.stay_open
        found = [(port, one) for port in ports if (one := socket_of(port)) is not None and _address(one) not in stay]
        if [one for _, one in found if turn_deaf(one)]:
            await deferLater(self._reactor, HANDSHAKE_SECONDS)
        for port, one in found:
            take_rest(one, port.doRead)

    async def close(self) -> None:
        """Close all that is open."""
        await self.close_entrances()
        tunnel, self._tunnel = self._tunnel, None
        others, self._others = self._others, []
        for port in (tunnel, *others):
            await _closed(port)

    def _tls(
        self, context: UserContext | TunnelContext, factory: IProtocolFactory, plain: IProtocolFactory | None = None
    ) -> IProtocolFactory:
        return wrap_server(
            context, factory, self._reactor, self._settings.limits.handshake_seconds, self._most_handshakes, plain
        )

    def _behind_proxies(self, factory: IProtocolFactory) -> IProtocolFactory:
        """For listeners that load balancers may stand in front of."""
        if self._proxies.networks and self._proxies.says == PROXY_PROTOCOL:
            self._proxied.append(ProxiedFactory(factory, self._proxies.trusts, self._reactor))
            return self._proxied[-1]
        return factory

    def _listen(self, setting: str, address: Address, factory: IProtocolFactory) -> IListeningPort:
        port: IListeningPort
        if self._inherited.parent is not None:
            return self._inherited.parent.open(setting, address, factory)
        descriptor = self._inherited.listening(setting, address)
        if descriptor is None:
            port = self._reactor.listenTCP(address.port, factory, backlog=BACKLOG, interface=address.host)
        else:
            port = self._reactor.adoptStreamPort(descriptor, family_of(descriptor), factory)
            os.close(descriptor)  # the port has one of its own
            if (found := socket_of(port)) is not None:
                hear_again(found)
        prepare_listener(port)
        self._named[listener_name(setting, address)] = port
        return port


def _number(port: IListeningPort | None) -> int:
    number: int = getattr(port.getHost(), "port", 0) if port is not None else 0
    return number


def _address(found: socket.socket) -> str:
    host, port = found.getsockname()[:2]
    return str(Address(host, port))


def _closed(port: IListeningPort | None) -> Deferred[None]:
    """When the port is closed; some close at once, and give nothing to wait for."""
    result = port.stopListening() if port is not None else None
    return result if isinstance(result, Deferred) else succeed(None)
