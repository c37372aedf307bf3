"""From internal URLs to public ones and back, for all published applications at once.

What an application says of itself and of its neighbours (redirects, links, cookies) names internal hosts; what a browser
says (Origin, Referer, Destination) names public ones.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import chain, islice

from appproxy.paths import Prefixes, is_ambiguous
from appproxy.publish.application import Application, Segment, Url
from appproxy.publish.incremental_index import IncrementalIndex, Pair
from appproxy.publish.url_facts import UrlFacts

#: scheme, host, port, path, and the rest. No user name, no backslash: what is read in two ways is no URL of ours.
_URL = re.compile(
    rb"(?:(https?|wss?):)?//([0-9a-z_.-]+|\[[0-9a-f:.]+\])(?::([0-9]{0,5}))?(?=[/?#]|\Z)([^?#]*)(.*)",
    re.IGNORECASE | re.DOTALL,
)
_SCHEMES = {b"http": ("http", 80), b"ws": ("http", 80), b"https": ("https", 443), b"wss": ("https", 443)}
_WEBSOCKETS = {"http": b"ws", "https": b"wss"}


@dataclass(frozen=True, slots=True, eq=False)
class _Way:
    """One pair of URLs in one direction: `there` is what a URL becomes."""

    application: Application
    segment: Segment
    there: Url
    prefix: bytes
    path: bytes


@dataclass(frozen=True, slots=True)
class _Asked:
    """A URL, taken apart. `scheme` None: it begins with `//`."""

    websocket: bool
    scheme: str | None
    host: str
    port: int | None
    path: bytes
    rest: bytes

    def keys(self, host: str) -> Iterator[tuple[str, str, int]]:
        """What it may be listed under, on this host; with the scheme and port that are not said filled in."""
        for scheme, standard in (("https", 443), ("http", 80)):
            if self.scheme in (None, scheme):
                yield scheme, host, self.port or standard


def _read(url: bytes) -> _Asked | None:
    found = _URL.fullmatch(url)
    if found is None:
        return None
    said, host, port, path, rest = found.groups()
    scheme = None if said is None else _SCHEMES[said.lower()][0]
    name = str(host, "ascii").lower().strip("[]").removesuffix(".")
    return _Asked(said is not None and said[:1] in b"wW", scheme, name, int(port) if port else None, path, rest)


#: Scheme, host and port; and what is there, by path.
_Place = tuple[str, str, int]
_Paths = Prefixes[list[_Way]]
#: Pairs of URLs that are looked at for the public origin of one internal origin: a field may name thousands.
_MOST_WAYS = 16


def _external_place(segment: Segment) -> _Place:
    url = segment.external
    return url.scheme, url.host, url.port


def _internal_place(segment: Segment) -> _Place:
    url = segment.internal
    return url.scheme, url.host, url.port


def _inward(pairs: list[Pair]) -> _Paths:
    """From external URLs to internal ones."""
    return _by_path(
        _Way(application, pair, pair.internal, pair.external.path.encode("ascii"), pair.internal.path.encode("ascii"))
        for application, pair in pairs
    )


def _outward(pairs: list[Pair]) -> _Paths:
    """From internal URLs to external ones."""
    return _by_path(
        _Way(application, pair, pair.external, pair.internal.path.encode("ascii"), pair.external.path.encode("ascii"))
        for application, pair in pairs
    )


def _by_path(ways: Iterable[_Way]) -> _Paths:
    found: dict[bytes, list[_Way]] = {}
    for way in ways:
        found.setdefault(way.prefix, []).append(way)
    return Prefixes(found.items())


class _Side:
    """All pairs of URLs by one of the two: by scheme, host and port, then by path."""

    __slots__ = ("_depths", "_hosts", "_wildcards")

    def __init__(self, table: IncrementalIndex[_Place, _Paths]) -> None:
        self._hosts = table.made
        self._wildcards = {place: found for place, found in table.made.items() if place[1][0] == "*"}
        self._depths = sorted({host.count(".") for _, host, _ in self._wildcards}, reverse=True)

    def at(self, url: Url) -> _Paths | None:
        """What is listed under the very scheme, host and port of this one."""
        return self._hosts.get((url.scheme, url.host, url.port))

    def on(self, asked: _Asked) -> Iterator[_Paths]:
        """What is listed for the URL's host: under its own name, then under wildcards, the longest suffix first."""
        for key in asked.keys(asked.host):
            found = self._hosts.get(key)
            if found is not None:
                yield found
        if not self._depths:
            return
        labels = asked.host.split(".")
        for depth in self._depths:
            if depth < len(labels):
                for key in asked.keys("*." + ".".join(labels[-depth:])):
                    found = self._wildcards.get(key)
                    if found is not None:
                        yield found


class Translation:
    """The table for these applications. A look-up costs the same however many there are.

    `reserved`: hosts that no wildcard stands for. `before`: a table of many of the same applications, to share with.
    """

    __slots__ = ("_applications", "_facts", "_inward", "_internal", "_outward", "_public", "_reserved")

    def __init__(
        self, applications: Iterable[Application] = (), reserved: Iterable[str] = (), before: Translation | None = None
    ) -> None:
        applications = tuple(applications)
        self._inward: IncrementalIndex[_Place, _Paths] = IncrementalIndex(
            applications, _external_place, _inward, None if before is None else before._inward)
        self._outward: IncrementalIndex[_Place, _Paths] = IncrementalIndex(
            applications, _internal_place, _outward, None if before is None else before._outward)
        self._public = _Side(self._inward)
        self._internal = _Side(self._outward)
        self._reserved = frozenset(reserved)
        self._applications = applications
        self._facts: UrlFacts | None = None

    @property
    def facts(self) -> UrlFacts:
        """What must be known of all URLs together; worked out when it is first asked for, which most never do."""
        if self._facts is None:
            self._facts = UrlFacts.of(self._applications)
        return self._facts

    def to_public(self, url: bytes, at: str = "") -> bytes | None:
        """What users have to type for an internal URL, absolute or beginning with `//`; None when nothing is
        published there.

        `at`: the host that the user is on now. Of several public URLs that stand for the same internal one, the one on
        that host is taken, otherwise the one that was listed first.
        """
        asked = _read(url)
        if asked is None:
            return None
        for paths in self._places_of(asked):
            ways = paths.longest(asked.path)
            for way in sorted(ways, key=lambda one: not one.segment.covers(at)) if at and ways else ways or ():
                host = _carried(asked.host, way.segment.internal, way.there)
                if self._leads_to(way, host, asked):
                    return _written(asked, way, host)
        return None

    def origin(self, url: bytes, at: str = "") -> bytes | None:
        """The public origin of what is published on an internal origin, absolute or beginning with `//`, without a path;
        None when nothing is.

        Several paths of it may be published on hosts of their own: that of the host `at` is taken, otherwise the first one,
        of `_MOST_WAYS`.
        """
        asked = _read(url)
        if asked is None:
            return None
        ways = [way for paths in self._places_of(asked) for way in islice(chain.from_iterable(paths.values()), _MOST_WAYS)]
        for way in sorted(ways, key=lambda one: not one.segment.covers(at)):
            host = _carried(asked.host, way.segment.internal, way.there)
            here = replace(asked, path=way.prefix)
            if self._leads_to(way, host, here):
                return b"/".join(_written(here, way, host).split(b"/", 3)[:3])
        return None

    def to_internal(self, url: bytes) -> bytes | None:
        """What a public URL stands for inside; None when it belongs to no application, or when its path can be read in
        more than one way and the path decides.
        """
        asked = _read(url)
        way = None if asked is None else self._owner(asked)
        if asked is None or way is None:
            return None
        if (way.prefix != b"/" or way.path != b"/") and is_ambiguous(asked.path):
            return None
        return _written(asked, way, _carried(asked.host, way.segment.external, way.there))

    def _places_of(self, asked: _Asked) -> Iterable[_Paths]:
        """What is published on an internal URL's host.

        An application that is called by http and believes `X-Forwarded-Proto` calls itself https, with the port by which
        it was called. That port speaks http, so nothing else can be meant. Not so without a port: at 443 there may be
        another server, to which this one sends everybody who comes by http.
        """
        found = list(self._internal.on(asked))
        if found or asked.scheme != "https" or asked.port in (None, 443):
            return found
        return self._internal.on(replace(asked, scheme="http"))

    def is_whole(self, url: Url, *, public: bool) -> bool:
        """Is this public or internal URL, with the path `/`, the only one on its host? Never so for wildcards."""
        place = (self._public if public else self._internal).at(url)
        return url.path == "/" and place is not None and len(place) == 1

    def _owner(self, asked: _Asked) -> _Way | None:
        """Whose a public URL is, as `Router` sees it: the most specific host decides alone."""
        for paths in self._public.on(asked):
            ways = paths.longest(asked.path)
            way = None if ways is None else ways[0]
            if way is not None and way.segment.external.is_wildcard:
                barred = asked.host in self._reserved or asked.host in way.application.excluded_hosts
                return None if barred else way
            return way
        return None

    def _leads_to(self, way: _Way, host: str, asked: _Asked) -> bool:
        """Does the public URL that this would become belong to the same pair of URLs, and to no more specific one?"""
        there = way.there
        place = self._public.at(there)
        if place is not None and len(place) == 1 and not there.is_wildcard:
            return True  # nothing else is published on that host
        owner = self._owner(_Asked(False, there.scheme, host, there.port, _moved(asked.path, way), b""))
        return owner is not None and owner.application is way.application and owner.segment == way.segment


def _carried(host: str, here: Url, there: Url) -> str:
    """The other side's host; of wildcards the labels before the suffix are carried over."""
    return there.host if not here.is_wildcard else host[: -len(here.suffix)] + there.suffix


def _moved(path: bytes, way: _Way) -> bytes:
    """The path with the other side's prefix; an empty one stays empty where that means the same."""
    if path.startswith(way.prefix):
        return way.path + path[len(way.prefix):]
    return b"" if not path and way.path == b"/" else way.path


def _written(asked: _Asked, way: _Way, host: str) -> bytes:
    there = way.there
    authority = there.on(host).authority.encode("ascii")
    path = _moved(asked.path, way) + asked.rest
    if asked.scheme is None:
        return b"//%b%b" % (authority, path)
    scheme = _WEBSOCKETS[there.scheme] if asked.websocket else there.scheme.encode("ascii")
    return b"%b://%b%b" % (scheme, authority, path)
