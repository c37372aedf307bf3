"""What counts as one client where addresses are counted."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable
from functools import lru_cache
from zlib import crc32

#: What an address that cannot be read is cut to, so that nobody's memory grows with it.
_LONGEST = 64


@lru_cache(maxsize=4096)  # Each connection and each request of nobody asks, and most come from a few addresses.
def network_of(address: str) -> str:
    """The address, and of IPv6 its /64, which is what one host gets (RFC 7421): changing within it costs nothing."""
    return _within(address, 64)


@lru_cache(maxsize=4096)
def block_of(address: str) -> str:
    """The address, and of IPv6 its /48, which is what one site gets (RFC 6177): it has 65,536 networks."""
    return _within(address, 48)


#: Of one IPv6 site, where its networks wait in turn with others: more than a home uses, and next to nothing of 65,536.
_TURNS = 8


@lru_cache(maxsize=4096)
def sender_of(address: str) -> str:
    """Whose turn it is where networks take turns: the network's; those of one IPv6 site (/48) share eight. With one for each,
    whoever has a site would have as many turns and places as a thousand others.
    """
    network, block = network_of(address), block_of(address)
    return network if network == block else f"{block} ({crc32(network.encode()) % _TURNS + 1} of {_TURNS})"


@lru_cache(maxsize=4096)
def whose(address: str) -> tuple[str, str, str]:
    """Whose address it is, at its widest first: of IPv4 the /16, the /24 and itself; of IPv6 the /32, which is what a provider
    gets (RFC 6177 leaves it at least that), the /48 and the /64.
    """
    return _within(address, 32, 16), _within(address, 48, 24), _within(address, 64)


def is_within(address: str, networks: Iterable[ipaddress.IPv4Network | ipaddress.IPv6Network]) -> bool:
    """Is an address in one of these networks? One that cannot be read is in none."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return False
    mapped = parsed.ipv4_mapped if isinstance(parsed, ipaddress.IPv6Address) else None
    return any((mapped or parsed) in network for network in networks)


def _within(address: str, prefix: int, prefix4: int = 32) -> str:
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return address[:_LONGEST]
    found = parsed if isinstance(parsed, ipaddress.IPv4Address) else parsed.ipv4_mapped
    if found is not None:
        return str(found) if prefix4 == 32 else str(ipaddress.ip_network((int(found), prefix4), strict=False))
    return str(ipaddress.ip_network((int(parsed), prefix), strict=False))
