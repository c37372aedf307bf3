"""By which fields internal origins learn who the user is: those are cut in every publication that leads to such an origin.

An origin that believes `X-User-Name` of one application believes it of every request, also of one that another application
brought it. So it is the origin that counts, not the application.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from ipaddress import ip_address
from typing import TypeAlias

from appproxy.publish.application import Application, Segment, Url

#: An origin as far as it tells one server from another.
_Place: TypeAlias = tuple[str, int]
_NONE: frozenset[str] = frozenset()


class IdentityFields:
    """Of all published applications. A look-up costs the same however many there are."""

    __slots__ = ("_learned",)

    def __init__(self, applications: Iterable[Application] = ()) -> None:
        self._learned: dict[_Place, frozenset[str]] = {}
        for application in applications:
            if names := _names(application):
                for place in {_place(url) for url in _origins(application)}:
                    self._learned[place] = self._learned.get(place, _NONE) | names

    def of(self, application: Application, segment: Segment) -> frozenset[str]:
        """The fields, as rules spell them, by which the origins behind this pair of URLs learn who the user is."""
        found = _names(application)
        if not self._learned:
            return found
        own = not segment.id and not segment.internal.is_wildcard
        for url in (segment.internal, *application.origins) if own else (segment.internal,):
            for place in _covering(_place(url)):
                found |= self._learned.get(place, _NONE)
        return found


def _names(application: Application) -> frozenset[str]:
    """Of its rules; and of the fields that it always gets, since it may believe those as much."""
    return frozenset([rule.name for rule in application.headers] + [one.name for one in application.request_fields])


def _origins(application: Application) -> Iterator[Url]:
    for pair in application.pairs:
        yield pair.internal
    yield from application.origins


def _place(url: Url) -> _Place:
    """What is the same for different ways to write one origin: its machine's names for itself, and http beside https."""
    host = url.host
    try:
        address = ip_address(host)
    except ValueError:
        local = host == "localhost" or (host.endswith(".localhost") and host[0] != "*")
    else:
        address = getattr(address, "ipv4_mapped", None) or address
        host, local = str(address), address.is_loopback
    return "localhost" if local else host, 80 if url.port == 443 else url.port


def _covering(place: _Place) -> Iterator[_Place]:
    """The place itself, and all wildcards that stand for it."""
    host, port = place
    yield place
    labels = host.split(".")
    for number in range(1, len(labels)):
        yield "*." + ".".join(labels[number:]), port
