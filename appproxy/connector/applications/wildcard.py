"""Targets with a wildcard: the host is worked out here, from what the user typed and from the configuration alone.

A request names no host to dial. It says which Host the user typed; only when that is below the external wildcard, what
stands for its star is put before the internal suffix.
"""

from __future__ import annotations

from dataclasses import replace

from appproxy.connector.applications.origin_auth import OriginAuths, authenticated, nobody
from appproxy.connector.applications.route import OriginRoute
from appproxy.connector.config.configuration import OriginAddress, Target
from appproxy.connector.origin.origins import Origins
from appproxy.http.host import parse_host

#: Hosts of one wildcard whose connections are kept; users may type endlessly many.
MOST_HOSTS = 1000
#: RFC 1035 section 2.3.4.
_LONGEST_HOST = 253


class WildcardHosts:
    """The routes of one wildcard, by the host that the user typed (`requests.WildcardRoutes`)."""

    def __init__(self, target: Target, origins: Origins, auths: OriginAuths = nobody) -> None:
        self.target = target
        self._origins = origins
        self._auths = auths
        self._routes: dict[str, OriginRoute] = {}

    def of(self, authority: bytes) -> OriginRoute | None:
        """The route for this Host; None when the wildcard does not stand for it."""
        try:
            host = parse_host(authority)
        except ValueError:
            return None
        route = self._routes.pop(host, None) or self._new(host)
        if route is not None:
            self._routes[host] = route  # the one used last is the last to go
        return route

    def addresses(self) -> set[OriginAddress]:
        """The addresses in use."""
        return {route.target.address for route in self._routes.values()}

    def _new(self, host: str) -> OriginRoute | None:
        pair, target = self.target.wildcard, self.target
        if pair is None or host in target.excluded_hosts or not pair.covers(host):
            return None
        internal = pair.on(host).internal
        if len(internal.host) > _LONGEST_HOST:
            return None
        if len(self._routes) >= MOST_HOSTS:
            self._origins.forget(self._routes.pop(next(iter(self._routes))).target.address)
        address = replace(target.address, host=internal.host)
        found = replace(target, address=address, authority=internal.authority.encode("ascii"))
        return OriginRoute(found, authenticated(self._origins.of(address), found, self._auths))
