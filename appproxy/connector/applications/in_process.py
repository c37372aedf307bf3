"""Applications that are part of this very process: a connection to one opens no socket."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from twisted.internet.defer import Deferred, fail, succeed
from twisted.internet.error import ConnectionRefusedError
from twisted.internet.interfaces import IProtocol, IProtocolFactory, IReactorTime

from appproxy.connector.applications.route import OriginRoute
from appproxy.connector.config.configuration import OriginAddress
from appproxy.errors import ConfigError
from appproxy.net.descriptors.in_process import InProcessAddress, connect

#: What such an application's server sees as its peer.
CONNECTOR = InProcessAddress("appproxy-connector")


class InProcess:
    """Server factories by application name; `routes` gives the applications by id as they are now."""

    def __init__(
        self, clock: IReactorTime, factories: Mapping[str, IProtocolFactory], routes: Callable[[], Mapping[str, OriginRoute]]
    ) -> None:
        self._clock = clock
        self._factories = factories
        self._routes = routes

    def dial(self, address: OriginAddress, factory: IProtocolFactory) -> Deferred[IProtocol] | None:
        """Connect a protocol of `factory` to the application of this address; None when it is not one of ours.

        Fails with ConnectionRefusedError when the application's factory wants no connection.
        """
        if not self._factories:
            return None
        route = self._routes().get(address.application)
        if route is None:
            return None
        server = self._factories.get(route.target.name)
        if server is None:
            return None
        place = InProcessAddress(route.target.name, address.host, address.port)
        serving = server.buildProtocol(CONNECTOR)
        if serving is None:
            return fail(ConnectionRefusedError("the application's factory has built no protocol"))
        client = factory.buildProtocol(place)
        if client is None:
            return fail(ConnectionRefusedError("nobody wants the connection any more"))
        connect(self._clock, client, serving, CONNECTOR, place)
        return succeed(client)

    def check(self) -> None:
        """Can each of them be reached? Raises ConfigError that names the command that fixes it."""
        every = [route.target for route in self._routes().values()]
        for name in self._factories:
            targets = [target for target in every if target.name == name]
            if not targets:
                there = ", ".join(sorted({target.name for target in every})) or "none"
                raise ConfigError(
                    f"application {name!r} is not published in this connector's group (there: {there}); publish it with "
                    f"`appproxy app publish {name} --external URL --internal http://{name}.internal/`"
                )
            if any(address.secure for each in targets for address in (each.address, *each.others)):
                raise ConfigError(
                    f"application {name!r}: its internal URL is https, and within one process there is no TLS; use "
                    f"`appproxy app set {name} internal=http://...`"
                )
