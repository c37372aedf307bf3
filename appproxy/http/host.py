"""The Host field: the name that requests are routed by, so only what can be read in one way passes."""

from __future__ import annotations

from functools import lru_cache
from ipaddress import IPv6Address

from appproxy.regex import compiled

#: A DNS name (labels with letters, digits, `-`, `_`; a last dot may stand) or an IPv6 address, and a port, which may be
#: empty (RFC 3986 section 3.2.3).
_HOST = compiled(
    rb"(?:((?:[0-9A-Za-z_-]{1,63}+\.)*+[0-9A-Za-z_-]{0,63}+)|\[([0-9A-Fa-f:.]{2,45}+)\])(?::([0-9]{0,5}+))?")


@lru_cache(maxsize=4096)  # The same few names again and again, and a flood of invented ones must not grow it.
def parse_host(authority: bytes) -> str:
    """The host in lower case, without port, brackets and last dot. Raises ValueError.

    No user, no path, no percent sign, no non-ASCII: RFC 9110 section 7.2 with the names that DNS can answer for.
    """
    match = _HOST.fullmatch(authority)
    if match is None or len(authority) > 262:  # 253 of a name, the last dot, a colon and a port; with room
        raise ValueError("the host is malformed")
    name, address, port = match.groups()
    if port and int(port) > 65535:
        raise ValueError("the host's port is too large")
    if address is not None:
        return str(IPv6Address(address.decode()))
    if not name.strip(b"."):
        raise ValueError("the host is empty")
    return str(name, "ascii").removesuffix(".").lower()


def port_of(authority: bytes) -> int | None:
    """The port in a Host value that `parse_host` takes; None where it says none."""
    _, colon, port = authority.rpartition(b":")
    return int(port) if colon and port.isdigit() else None
