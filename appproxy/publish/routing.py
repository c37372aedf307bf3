"""Which application a host and a path belong to: the most granular path wins; a look-up never walks the list."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from appproxy.errors import Code, ConfigError, RequestError
from appproxy.publish.application import Application

#: What servers read in different ways: dot segments (also encoded), empty segments, encoded or turned slashes,
#: path parameters, encoded NUL and percent signs. Checked on the raw path (threat: policy and origin disagree).
_AMBIGUOUS = re.compile(rb"//|\\|;|%(?:2[fF]|5[cC]|00|25|3[bB])|/(?:\.|%2[eE]){1,2}(?:/|$)")


def is_ambiguous(path: bytes) -> bool:
    """Could the application read this raw path in another way than we do?"""
    return _AMBIGUOUS.search(path) is not None


@dataclass(frozen=True, slots=True)
class Route:
    """Where a request goes. `prefix` is the external path, `internal` the application's, both ending in `/`."""

    application: Application
    prefix: bytes
    internal: bytes

    @property
    def depends_on_path(self) -> bool:
        """Is the path needed to tell this application from another, or from what is not published?"""
        return self.prefix != b"/" or self.internal != b"/"


class Router:
    """The published applications by host, each host's by path, longest first."""

    def __init__(self, applications: Iterable[Application] = ()) -> None:
        hosts: dict[str, list[Route]] = {}
        for application in applications:
            external = application.external
            routes = hosts.setdefault(external.host, [])
            prefix = external.path.encode("ascii")
            if any(route.prefix == prefix for route in routes):
                raise ConfigError(f"{external}: two applications have this external URL")
            routes.append(Route(application, prefix, application.internal.path.encode("ascii")))
        for routes in hosts.values():
            routes.sort(key=lambda route: len(route.prefix), reverse=True)
        self._hosts: Mapping[str, list[Route]] = hosts

    def __len__(self) -> int:
        return sum(map(len, self._hosts.values()))

    def knows_host(self, host: str) -> bool:
        """Is anything published on this host (lower case, no port)?"""
        return host in self._hosts

    def routes_of(self, host: str) -> list[Route]:
        """All routes of one host, the most granular first."""
        return list(self._hosts.get(host, ()))

    def find(self, host: str, target: bytes) -> Route:
        """The route of a request to `host` (lower case, no port) with the origin-form `target`.

        Raises RequestError: UNKNOWN_HOST when nothing is published there, AMBIGUOUS_PATH when the answer depends on
        the path and the path can be read in more than one way.
        """
        routes = self._hosts.get(host)
        if routes is None:
            raise RequestError(Code.UNKNOWN_HOST, f"nothing is published on {host}")
        if len(routes) == 1 and not routes[0].depends_on_path:
            return routes[0]
        path = target.partition(b"?")[0]
        if is_ambiguous(path):
            raise RequestError(Code.AMBIGUOUS_PATH, f"ambiguous path on {host}")
        for route in routes:
            if path.startswith(route.prefix) or path == route.prefix[:-1]:
                return route
        raise RequestError(Code.UNKNOWN_HOST, f"nothing is published at this path of {host}")


def internal_target(route: Route, target: bytes) -> bytes:
    """The target as the application is to see it: external prefix taken off, internal one put on."""
    if route.prefix == route.internal:
        return target
    path, mark, query = target.partition(b"?")
    rest = path[len(route.prefix):] if len(path) >= len(route.prefix) else b""
    return route.internal + rest + mark + query
