"""In which named locations an address is: one look-up for each length of prefix that is in use, however many networks."""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Iterable, Mapping

from appproxy.policy.conditional.model import Location

#: The code of the country (ISO 3166-1 alpha-2) of an address, None where that is not known.
CountryOf = Callable[[str], str | None]
#: What a location that is trusted is in besides.
TRUSTED = "trusted"
_BITS = {4: 32, 6: 128}
_NOWHERE: frozenset[str] = frozenset()

Table = dict[int, dict[int, frozenset[str]]]


def no_country(address: str) -> str | None:
    """Where there is no database of countries."""
    return None


class Locations:
    """The named locations of a moment. `country_of` may be slow: it is asked only where some location names countries."""

    __slots__ = ("_countries", "_country_of", "_inner", "_tables")

    def __init__(self, locations: Iterable[Location] = (), country_of: CountryOf = no_country) -> None:
        self._country_of = country_of
        self._tables: dict[int, Table] = {4: {}, 6: {}}
        self._countries: dict[str, frozenset[str]] = {}
        #: By version and bits: the networks of so many bits that have smaller ones of some location in them.
        self._inner: dict[tuple[int, int], frozenset[int]] = {}
        # Sets are shared: a hundred thousand networks are in a few hundred of them.
        shared: dict[frozenset[str], frozenset[str]] = {}
        for one in locations:
            names = frozenset({one.name, TRUSTED} if one.trusted else {one.name})
            for text in one.networks:
                version, value, length = read_network(text)
                networks = self._tables[version].setdefault(_BITS[version] - length, {})
                both = networks.get(value, _NOWHERE) | names
                networks[value] = shared.setdefault(both, both)
            for country in one.countries:
                self._countries[country] = self._countries.get(country, _NOWHERE) | names

    @property
    def knows_countries(self) -> bool:
        """Does any location name a country?"""
        return bool(self._countries)

    def of(self, address: str) -> frozenset[str]:
        """The names of all locations with this address, and `TRUSTED` if one is trusted; none where it is no address."""
        try:
            parsed = ipaddress.ip_address(address)
        except ValueError:
            return _NOWHERE
        if parsed.version == 6 and parsed.ipv4_mapped is not None:
            parsed = parsed.ipv4_mapped
        value, found = int(parsed), _NOWHERE
        for shift, networks in self._tables[parsed.version].items():
            names = networks.get(value >> shift)
            if names is not None:
                found |= names
        if self._countries:
            country = self._country_of(str(parsed))
            if country is not None:
                found |= self._countries.get(country, _NOWHERE)
        return found


    def tells(self, address: str, bits: Mapping[int, int]) -> bool:
        """Are all addresses that begin like this one, for so many `bits` (by version), in the same networks of locations?"""
        try:
            parsed = ipaddress.ip_address(address)
        except ValueError:
            return True
        version = parsed.version
        shift = _BITS[version] - bits[version]
        key = (version, shift)
        if key not in self._inner:
            self._inner[key] = frozenset(
                value >> (shift - own) for own, networks in self._tables[version].items() if own < shift for value in networks)
        return int(parsed) >> shift not in self._inner[key]


def read_network(text: str) -> tuple[int, int, int]:
    """Version, the bits of the prefix as a number, and its length. Raises ValueError, also for bits behind the prefix."""
    address, _, bits = text.partition("/")
    parts = address.split(".")
    # Twenty times as fast as `ipaddress`, for what nearly all networks are.
    if len(parts) == 4 and bits.isdecimal() and len(bits) <= 2 and all(part.isdecimal() and len(part) <= 3 for part in parts):
        numbers = [int(part) for part in parts]
        length = int(bits)
        if max(numbers) <= 255 and length <= 32 and bits.isascii() and address.isascii():
            value = numbers[0] << 24 | numbers[1] << 16 | numbers[2] << 8 | numbers[3]
            if value >> (32 - length) << (32 - length) == value:
                return 4, value >> (32 - length), length
    network = ipaddress.ip_network(text)
    size = _BITS[network.version]
    return network.version, int(network.network_address) >> (size - network.prefixlen), network.prefixlen
