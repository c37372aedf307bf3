"""Where an address is: as `ipaddress` says it, for any networks."""

from __future__ import annotations

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appproxy.policy.conditional.locations import Locations, read_network
from appproxy.policy.conditional.model import Location

V4 = st.builds(lambda value, length: ipaddress.IPv4Network((value, length), strict=False),
               st.sampled_from([0, 0x0A000000, 0x0A0A0000, 0xC0000207, 0xFFFFFFFF]), st.integers(0, 32))
V6 = st.builds(lambda value, length: ipaddress.IPv6Network((value, length), strict=False),
               st.sampled_from([0, 0x20010DB8 << 96, (0x20010DB8 << 96) + 1, 2**128 - 1]), st.integers(0, 128))
ADDRESSES = st.one_of(
    st.sampled_from(["10.10.0.1", "192.0.2.7", "0.0.0.0", "255.255.255.255", "2001:db8::1", "::", "2001:db8::ffff"]),
    st.ip_addresses().map(str))


@given(st.lists(st.lists(st.one_of(V4, V6), max_size=6), max_size=5), ADDRESSES)
def test_it_is_what_ipaddress_says(networks: list[list[ipaddress.IPv4Network | ipaddress.IPv6Network]], address: str) -> None:
    """Networks of different locations may be in each other."""
    table = Locations(Location(str(number), tuple(map(str, some))) for number, some in enumerate(networks))
    parsed = ipaddress.ip_address(address)
    expected = {str(number) for number, some in enumerate(networks) if any(parsed in network for network in some)}
    if parsed.version == 6 and parsed.ipv4_mapped is not None:
        expected = {str(n) for n, some in enumerate(networks) if any(parsed.ipv4_mapped in network for network in some)}
    assert table.of(address) == expected


@given(st.one_of(V4, V6))
def test_networks_are_read_as_ipaddress_reads_them(network: ipaddress.IPv4Network | ipaddress.IPv6Network) -> None:
    """The quick way and the slow one."""
    version, value, length = read_network(str(network))
    assert (version, length) == (network.version, network.prefixlen)
    assert value == int(network.network_address) >> (network.max_prefixlen - length)


@pytest.mark.parametrize("text", ["10.0.0.1/8", "10.0.0.0/33", "10.0.0/8", "256.0.0.0/8", "", "x", "٣.0.0.0/8", "10.0.0.0/-1"])
def test_no_network(text: str) -> None:
    """Also with digits that are none of ASCII."""
    with pytest.raises(ValueError):
        read_network(text)


def test_countries_and_trust() -> None:
    """The database of countries is asked only where some location names one."""
    asked: list[str] = []

    def country_of(address: str) -> str | None:
        asked.append(address)
        return {"192.0.2.1": "DE"}.get(address)

    home = Location("home", countries=frozenset({"DE", "AT"}), trusted=True)
    table = Locations([home, Location("net", ("198.51.100.0/24",))], country_of)
    assert table.of("192.0.2.1") == {"home", "trusted"}
    assert table.of("198.51.100.1") == {"net"}
    assert table.of("not an address") == frozenset()
    assert table.of("::ffff:192.0.2.1") == {"home", "trusted"}
    assert asked == ["192.0.2.1", "198.51.100.1", "192.0.2.1"]
    assert Locations([Location("net", ("198.51.100.0/24",))], country_of).of("192.0.2.1") == frozenset()
    assert len(asked) == 3
