"""Which application a host and a path belong to: the more specific host wins, then the more granular path.

A look-up costs the same with one application and with ten thousand: one dict look-up for a host, one more for each
length that a wildcard has, and on a host with several paths one for each depth that a path has there.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from appproxy.errors import Code, ConfigError, RequestError
from appproxy.paths import Prefixes, is_ambiguous, loose
from appproxy.publish.application import Application, Segment
from appproxy.publish.incremental_index import IncrementalIndex, Pair

#: Hosts of wildcards whose routes are remembered; a flood of invented names must not grow it.
_REMEMBERED = 4096


#: A name with an ending: a letter, then letters and digits. `/v1.2/` is none.
_FILE = re.compile(r"/[^/]*\.[A-Za-z][A-Za-z0-9]{0,15}/\Z")


@dataclass(frozen=True, slots=True, eq=False)
class ApplicationRoute:
    """Where a request goes: to one pair of URLs of an application. The same object as long as nothing is published.

    `segment` has the very hosts, also of a wildcard. `prefix` is the external path, `internal` the application's, both
    ending in `/`. `cookie_path` names the application's access cookie on this host.
    """

    application: Application
    segment: Segment
    prefix: bytes
    internal: bytes
    cookie_path: str
    #: Host of a request as the external URL says it: without the scheme's own port.
    authority: bytes

    @property
    def host(self) -> str:
        """The host that the user typed."""
        return self.segment.external.host

    @property
    def origin(self) -> str:
        """Scheme and authority of the external URL."""
        return self.segment.external.origin

    @property
    def target(self) -> str:
        """The name by which connectors know the internal URL."""
        return target_name(self.application, self.segment)

    @property
    def depends_on_path(self) -> bool:
        """Is the path needed to tell this application from another, or from what is not published?"""
        return self.prefix != b"/" or self.internal != b"/"


def target_name(application: Application, segment: Segment) -> str:
    """The name of an internal URL between service and connector."""
    return f"{application.id}.{segment.id}" if segment.id else application.id


class _Host:
    """What is published on one host."""

    __slots__ = ("_exact", "_loose", "only", "routes")

    def __init__(self, pairs: list[Pair]) -> None:
        if len(pairs) > 1:
            # The shortest path of an application on this host names its cookie there.
            pairs = sorted(pairs, key=lambda pair: (len(pair[1].external.path), pair[1].external.path), reverse=True)
        cookies = {application.id: segment.external.path for application, segment in pairs}
        self.routes = [
            ApplicationRoute(application, segment,
                             segment.external.path.encode("ascii"), segment.internal.path.encode("ascii"),
                  cookies[application.id], segment.external.authority.encode("ascii"))
            for application, segment in pairs
        ]
        first = self.routes[0]
        #: The only route, when the path does not matter.
        self.only = first if len(pairs) == 1 and not first.depends_on_path else None
        if self.only is None:
            self._exact = Prefixes((route.prefix, route) for route in self.routes)
            self._loose = Prefixes((loose(route.prefix), route) for route in self.routes)

    def find(self, target: bytes) -> ApplicationRoute | None:
        """The route of a target, where the path matters.

        Raises RequestError(AMBIGUOUS_PATH) when another reading of the path has another.
        """
        path = target.partition(b"?")[0]
        route = self._exact.longest(path)
        if is_ambiguous(path) or self._loose.longest(loose(path)) is not route:
            raise RequestError(Code.AMBIGUOUS_PATH, "the path can be read in more than one way")
        return route


def _host_of(segment: Segment) -> str:
    return segment.external.host


def _made(pairs: list[Pair]) -> _Host | list[Pair]:
    """What is published on a host; of a wildcard, whose routes are made for each host, the pairs alone."""
    if len(pairs) > 1:
        seen: set[str] = set()
        for _, segment in pairs:
            if segment.external.path in seen:
                raise ConfigError(f"{segment.external}: two applications have this external URL")
            seen.add(segment.external.path)
    return pairs if pairs[0][1].external.is_wildcard else _Host(pairs)


class Router:
    """The published applications. `reserved`: hosts that no wildcard stands for.

    `before`: a router of many of the same applications, to share with. Raises ConfigError when two applications have the
    same external URL.
    """

    def __init__(
        self, applications: Iterable[Application] = (), reserved: Iterable[str] = (), before: Router | None = None
    ) -> None:
        self._table: IncrementalIndex[str, _Host | list[Pair]] = IncrementalIndex(
            applications, _host_of, _made, None if before is None else before._table)
        table = self._table
        self._reserved = frozenset(reserved)
        self._hosts = {host: found for host, found in table.made.items() if isinstance(found, _Host)}
        #: By suffix, such as `example.com`.
        self._wildcards = {host[2:]: found for host, found in table.made.items() if isinstance(found, list)}
        #: How many labels the suffixes have, the longest first.
        self._depths = sorted({suffix.count(".") + 1 for suffix in self._wildcards}, reverse=True)
        self._remembered: dict[str, _Host] = {}

    def __len__(self) -> int:
        return len(self._table)

    def knows_host(self, host: str) -> bool:
        """Is anything published on this host (lower case, no port)?"""
        return self._on(host) is not None

    def routes_of(self, host: str) -> list[ApplicationRoute]:
        """All routes of one host, the most granular first."""
        found = self._on(host)
        return [] if found is None else list(found.routes)

    def serves(self, application: str, host: str) -> bool:
        """Is the application of this id published on this host?"""
        found = self._on(host)
        return found is not None and any(route.application.id == application for route in found.routes)

    def find(self, host: str, target: bytes) -> ApplicationRoute:
        """The route of a request to `host` (lower case, no port) with the origin-form `target`.

        Raises RequestError: UNKNOWN_HOST when nothing is published there, AMBIGUOUS_PATH when the answer depends on
        the path and the path can be read in more than one way.
        """
        found = self._hosts.get(host) or self._on(host)
        if found is None:
            raise RequestError(Code.UNKNOWN_HOST, f"nothing is published on {host}")
        route = found.only or found.find(target)
        if route is None:
            raise RequestError(Code.UNKNOWN_HOST, f"nothing is published at this path of {host}")
        return route

    def _on(self, host: str) -> _Host | None:
        """What is published on a host; of several wildcards the one with the longest suffix decides alone."""
        found = self._hosts.get(host) or self._remembered.get(host)
        if found is not None or not self._depths or host in self._reserved:
            return found
        labels = host.split(".")
        for depth in self._depths:
            pairs = self._wildcards.get(".".join(labels[-depth:])) if depth < len(labels) else None
            if pairs is not None:
                return self._of_wildcard(host, pairs)
        return None

    def _of_wildcard(self, host: str, pairs: list[Pair]) -> _Host | None:
        there = [(one, segment.on(host)) for one, segment in pairs if host not in one.excluded_hosts]
        if not there:
            return None
        if len(self._remembered) >= _REMEMBERED:
            self._remembered.clear()
        found = self._remembered[host] = _Host(there)
        return found


def names_file(path: str) -> bool:
    """Is an external path that of one file, such as `/manifest.webmanifest/`? Then its last slash is only our spelling."""
    return _FILE.search(path) is not None


def lacks_slash(route: ApplicationRoute, target: bytes) -> bool:
    """Is the target's path the external one without its last slash? From there relative links lead beside it."""
    size = len(route.prefix) - 1
    return size > 0 and target[size:size + 1] in (b"", b"?") and target[:size] == route.prefix[:size]


def with_slash(route: ApplicationRoute, target: bytes) -> bytes:
    """A target that lacks the last slash of the external path, with it; the query stays."""
    return route.prefix + target[len(route.prefix) - 1:]


def internal_target(route: ApplicationRoute, target: bytes, *, bare: bool = False) -> bytes:
    """The target as the application is to see it: external prefix taken off, internal one put on.

    `bare`: where the external path lacks its last slash, the internal one does too.
    """
    if route.prefix == route.internal:
        return target
    if bare and lacks_slash(route, target):
        return (route.internal[:-1] or b"/") + target[len(route.prefix) - 1:]
    path, mark, query = target.partition(b"?")
    rest = path[len(route.prefix):] if len(path) >= len(route.prefix) else b""
    return route.internal + rest + mark + query
