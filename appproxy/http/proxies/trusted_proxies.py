"""Front proxies that are believed: by their addresses alone, and only about who the client is.

A list of hops grows at its right end: each proxy appends whom it was called by. So the rightmost address that is no
trusted proxy's is the client; what is left of it anybody may have written (RFC 7239 section 8.1).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Address, IPv6Network, ip_address
from itertools import islice

from appproxy.http.head import Fields
from appproxy.http.proxies.proxy_protocol import canonical
from appproxy.regex import compiled

#: The ways in which a front proxy can say who the client is; the last two are names of fields.
PROXY_PROTOCOL, X_FORWARDED_FOR, FORWARDED = "proxy-protocol", "x-forwarded-for", "forwarded"

#: An address with brackets or without, and perhaps a port (RFC 7239 section 6; some proxies write ports in X-Forwarded-For).
_NODE = compiled(rb"\[([0-9a-fA-F:.]++)\](?::[0-9]{1,5})?|([0-9]++(?:\.[0-9]++){3})(?::[0-9]{1,5})?|([0-9a-fA-F:.]++)")
_QUOTED = rb'"(?:[^"\\]++|\\.)*+"'
_LIST = compiled(rb"(?:[^\"]++|" + _QUOTED + rb")*+")
#: A quote without an end takes all the rest, so that no search begins again behind it.
_ELEMENTS = compiled(rb"(?:[^,\"]++|" + _QUOTED + rb"|\"(?s:.)*+)*+(?:,|\Z)")
_PAIRS = compiled(rb"[ \t]*+([A-Za-z]++)=(" + _QUOTED + rb"|[^;,\"\s]*+)[ \t]*+(?:;|\Z)")
_ESCAPED = compiled(rb"\\(.)", re.DOTALL)
#: Proxies between a client and us, one behind the other. Whatever is before so many may be anybody's invention.
_MOST_HOPS = 64
#: What is said of one hop: RFC 7239 section 4 knows four parameters.
_MOST_PAIRS = 32


@dataclass(frozen=True, slots=True)
class TrustedProxies:
    """`says`: how they tell, one of the names above; what they say in another way is not read."""

    networks: tuple[IPv4Network | IPv6Network, ...]
    says: str

    def trusts(self, address: str) -> bool:
        """Is this the address of a trusted proxy?"""
        try:
            found = ip_address(address)
        except ValueError:
            return False
        mapped = found.ipv4_mapped if isinstance(found, IPv6Address) else None
        return any((mapped or found) in network for network in self.networks)

    def client_of(self, fields: Fields, peer: str) -> str:
        """The client of a request that came over a connection from `peer`: itself, unless it is a trusted proxy.

        Where the list ends before an address that is not trusted, or is malformed, it is the last one that is known
        for sure.
        """
        if not self.trusts(peer):
            return peer
        read = _forwarded if self.says == FORWARDED else _plain
        said = self.says.encode("ascii")
        client = peer
        # Line by line from the last: one that a user has spoilt says nothing of the proxy's own.
        hops = (hop for name, value in reversed(fields) if name == said for hop in read(value))
        for hop in islice(hops, _MOST_HOPS):
            if hop is None:
                break
            client = hop
            if not self.trusts(hop):
                break
        return client


def _plain(line: bytes) -> Iterator[str | None]:
    """The hops of X-Forwarded-For, the last first; None for one that is no address."""
    for hop in reversed(line.split(b",") if line else []):
        yield _address(hop.strip(b" \t"))


def _forwarded(line: bytes) -> Iterator[str | None]:
    """The hops of Forwarded, the last first; None for one that is obfuscated, unknown or malformed."""
    if b'"' not in line:
        elements = line.removesuffix(b",").rsplit(b",", _MOST_HOPS) if line else []
    elif _LIST.fullmatch(line) is None:  # a quote that does not end: nobody can say where an element begins
        elements = [b""]
    else:  # the last match is always empty, at the end
        elements = [element.removesuffix(b",") for element in _ELEMENTS.findall(line)[:-1][-_MOST_HOPS:]]
    for element in reversed(elements):
        yield _for_of(element)


def _for_of(element: bytes) -> str | None:
    if element.count(b";") > _MOST_PAIRS:
        return None
    place, nodes = 0, []
    while place < len(element):
        found = _PAIRS.match(element, place)
        if found is None:
            return None
        if found[1].lower() == b"for":
            nodes.append(found[2])
        place = found.end()
    if len(nodes) != 1:
        return None
    node = nodes[0]
    return _address(_ESCAPED.sub(rb"\1", node[1:-1]) if node[:1] == b'"' else node)


def _address(node: bytes) -> str | None:
    found = _NODE.fullmatch(node)
    if found is None:
        return None
    try:
        return canonical(ip_address(found[found.lastindex or 0].decode("ascii")))
    except ValueError:
        return None
