"""By which fields internal origins learn who the user is: those are cut in every publication that leads to such an origin.

An origin that believes `X-User-Name` of one application believes it of every request, also of one that another application
brought it. So it is the origin that counts, not the application.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import TypeAlias

from appproxy.publish.application import Application, Segment, Url

#: An origin as far as it tells one server from another.
_Place: TypeAlias = tuple[str, int]
_NONE: frozenset[str] = frozenset()
#: A part of an IPv4 address as inet_aton(3) reads it: hexadecimal, octal or decimal.
_PART = re.compile(r"0x([0-9a-f]{1,8})|(0[0-7]{0,11})|([1-9][0-9]{0,9})")
#: Whoever sends it proves what it says: another application's users may have one of their own.
_PROOF = frozenset({"authorization"})


class IdentityFields:
    """Of all published applications. A look-up costs the same however many there are."""

    __slots__ = ("_learned",)

    def __init__(self, applications: Iterable[Application] = ()) -> None:
        self._learned: dict[_Place, frozenset[str]] = {}
        for application in applications:
            if names := _names(application) - _PROOF:
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
    address = _address(host)
    if address is None:
        local = host == "localhost" or (host.endswith(".localhost") and host[0] != "*")
    else:
        address = getattr(address, "ipv4_mapped", None) or address
        # Who connects to 0.0.0.0 or [::] connects to this machine (Linux, BSD).
        host, local = str(address), address.is_loopback or address.is_unspecified
    return "localhost" if local else host, 80 if url.port == 443 else url.port


def _address(host: str) -> IPv4Address | IPv6Address | None:
    """The address that a host is, also in the older forms that resolvers take: `127.1`, `0x7f000001`; None for a name."""
    try:
        return ip_address(host)
    except ValueError:
        return _of_numbers(host)


def _of_numbers(host: str) -> IPv4Address | None:
    """Of one to four numbers, of which the last stands for all bytes that the others leave (inet_aton(3))."""
    found = [_PART.fullmatch(part) for part in host.split(".")]
    numbers = [int(part[part.lastindex or 0], {1: 16, 2: 8}.get(part.lastindex or 0, 10)) for part in found if part]
    if len(numbers) != len(found) or len(numbers) > 4:
        return None
    *first, last = numbers
    if any(number > 255 for number in first) or last >= 256 ** (4 - len(first)):
        return None
    return IPv4Address(sum(number << 8 * (3 - place) for place, number in enumerate(first)) + last)


def _covering(place: _Place) -> Iterator[_Place]:
    """The place itself, and all wildcards that stand for it."""
    host, port = place
    yield place
    labels = host.split(".")
    for number in range(1, len(labels)):
        yield "*." + ".".join(labels[number:]), port
