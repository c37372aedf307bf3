"""What only the socket under a transport can tell."""

from __future__ import annotations

import socket
import struct

#: Offset of `tcpi_bytes_acked` in Linux's struct tcp_info (since 4.1): 8 + 24 * 4 + 2 * 8 bytes come before it.
_BYTES_ACKED = 8 + 24 * 4 + 2 * 8


def socket_of(transport: object) -> socket.socket | None:
    """The TCP socket under a transport, however many wrappers (TLS) lie over it; None when there is none (tests)."""
    seen = 0
    layer: object | None = transport
    while layer is not None and seen < 5:
        found = getattr(layer, "socket", None)
        if isinstance(found, socket.socket):
            return found
        layer = getattr(layer, "transport", None)
        seen += 1
    return None


def acknowledged(transport: object) -> int | None:
    """How many bytes the peer's kernel has taken since the connection began; None where that cannot be known.

    The difference of two calls tells a slow reader from one that has stopped.
    """
    found = socket_of(transport)
    if found is None or found.family not in (socket.AF_INET, socket.AF_INET6):
        return None
    try:
        info = found.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, _BYTES_ACKED + 8)
    except OSError:
        return None
    if len(info) < _BYTES_ACKED + 8:
        return None
    return int(struct.unpack_from("=Q", info, _BYTES_ACKED)[0])
