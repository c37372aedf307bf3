"""The PROXY protocol, versions 1 and 2: how a load balancer that passes bytes on says whose connection it is.

The header comes before everything else, also before TLS. Read strictly, for it decides who the client is: what the
specification (haproxy.org, "The PROXY protocol", sections 2.1 and 2.2) does not allow is refused, never guessed.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address
from struct import Struct

#: The longest header of version 1, its line end included.
LONGEST_V1 = 107
#: The longest that is taken of version 2: addresses and what balancers add fit into a quarter of it.
LONGEST_V2 = 4096
_SIGNATURE = b"\r\n\r\n\x00\r\nQUIT\n"
_WORD = b"PROXY"
_LINE = re.compile(
    rb"PROXY (?:(UNKNOWN)(?: [\x20-\x7e]*+)?"
    rb"|TCP([46]) ([0-9a-fA-F.:]+) ([0-9a-fA-F.:]+) ([0-9]{1,5}) ([0-9]{1,5}))\r\n")
#: Version and command, family and transport, length of the rest.
_FIXED = Struct("!12sBBH")
_ELEMENT = Struct("!BH")
_LOCAL, _PROXY = 0x20, 0x21
_STREAM = 1
#: Bytes of two addresses and two ports, by family: unspecified, IPv4, IPv6, Unix.
_ADDRESSES = {0: 0, 1: 12, 2: 36, 3: 216}


@dataclass(frozen=True, slots=True)
class ProxyHeader:
    """`client`: the address that the connection came from, canonical and without a port; None when the balancer speaks
    for itself (a health check) or cannot say. `size`: bytes of the header.
    """

    client: str | None
    size: int


def read_proxy_header(data: bytes) -> ProxyHeader | None:
    """The header that `data` begins with; None: more bytes are needed. Raises ValueError for anything else."""
    for start, read in ((_WORD, _read_v1), (_SIGNATURE, _read_v2)):
        if data[: len(start)] == start[: len(data)]:
            return read(data)
    raise ValueError("there is no PROXY header")


def _read_v1(data: bytes) -> ProxyHeader | None:
    end = data.find(b"\n", 0, LONGEST_V1) + 1
    if not end:
        if len(data) >= LONGEST_V1:
            raise ValueError("the PROXY line does not end")
        return None
    line = _LINE.fullmatch(data[:end])
    if line is None:
        raise ValueError("the PROXY line is malformed")
    unknown, family, source, target, *ports = line.groups()
    if unknown is not None:
        return ProxyHeader(None, end)
    if any(int(port) > 65535 or str(int(port)).encode() != port for port in ports):
        raise ValueError("the PROXY line has a malformed port")
    client, _ = [_address(family, text) for text in (source, target)]
    return ProxyHeader(client, end)


def _address(family: bytes, text: bytes) -> str:
    try:
        address = IPv4Address(text.decode()) if family == b"4" else IPv6Address(text.decode())
    except ValueError as error:
        raise ValueError("the PROXY line has a malformed address") from error
    return canonical(address)


def _read_v2(data: bytes) -> ProxyHeader | None:
    if len(data) < _FIXED.size:
        return None
    _, command, protocol, length = _FIXED.unpack_from(data)
    size = _FIXED.size + length
    if command not in (_LOCAL, _PROXY):
        raise ValueError("the PROXY header has an unknown version or command")
    if size > LONGEST_V2:
        raise ValueError(f"a PROXY header of {size} bytes")
    if len(data) < size:
        return None
    if command == _LOCAL:
        return ProxyHeader(None, size)
    family, transport = protocol >> 4, protocol & 15
    addresses = _ADDRESSES.get(family)
    if addresses is None or length < addresses or transport != (_STREAM if family else 0):
        raise ValueError("the PROXY header has an unknown family, or too few bytes for it")
    rest = data[_FIXED.size:size]
    _check_elements(rest[addresses:])
    if family == 1:
        return ProxyHeader(str(IPv4Address(rest[:4])), size)
    return ProxyHeader(canonical(IPv6Address(rest[:16])) if family == 2 else None, size)


def _check_elements(rest: bytes) -> None:
    """What a balancer adds is type, length, value; nothing of it is read here, but it must fill the header."""
    place = 0
    while place < len(rest):
        if place + _ELEMENT.size > len(rest):
            raise ValueError("the PROXY header ends inside an element")
        place += _ELEMENT.size + _ELEMENT.unpack_from(rest, place)[1]
    if place != len(rest):
        raise ValueError("the PROXY header ends inside an element")


def canonical(address: IPv4Address | IPv6Address) -> str:
    """One spelling of an address; an IPv4 address inside IPv6 (RFC 4291 section 2.5.5.2) is the IPv4 address."""
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return str(mapped or address)
