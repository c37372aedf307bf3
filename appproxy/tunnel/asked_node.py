"""Which node a connector means, read from the first bytes of its connection: the TLS server name is `NODE.connect.DOMAIN`.

Whoever shares one address among several nodes passes a connection on by it, and needs no key for that: the ClientHello is in
clear (RFC 8446 section 4.1.2). It decides where TLS is spoken, and nothing else. Who lies about it gets to another node.
"""

from __future__ import annotations

import re

#: Bytes at the beginning that are looked at. A ClientHello of ours has 400 to 1,900, with or without post-quantum key shares.
MOST = 8192
_RECORD = 5
_HANDSHAKE, _CLIENT_HELLO = 22, 1
_SERVER_NAME, _HOST_NAME = 0, 0
#: RFC 1035 section 2.3.1, in small letters: only such an id can be asked for.
_LABEL = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")


def is_label(node: str) -> bool:
    """Can a node of this id be asked for in a server name?"""
    return _LABEL.fullmatch(node) is not None


def asked_node(data: bytes) -> str | int:
    """The first label of the server name; "" where there is none, or the bytes are no ClientHello in one TLS record.

    A number: so many bytes are needed to tell, `MOST` at most.
    """
    if data[:1] not in (b"", bytes((_HANDSHAKE,))):
        return ""
    if len(data) < _RECORD:
        return _RECORD
    end = _RECORD + int.from_bytes(data[3:5], "big")
    if end > MOST:
        return ""
    if len(data) < end:
        return end
    try:
        return _first_label(data[_RECORD:end])
    except (IndexError, ValueError):
        return ""


def _first_label(message: bytes) -> str:
    """Raises IndexError or ValueError when something is cut off."""
    kind, message = message[0], _sized(message, 1, 3)
    if kind != _CLIENT_HELLO:
        return ""
    at = 2 + 32  # version and random
    for size in (1, 2, 1):  # session id, cipher suites, compression methods
        at += size + len(_sized(message, at, size))
    extensions = _sized(message, at, 2)
    at = 0
    while at < len(extensions):
        kind, body = int.from_bytes(extensions[at : at + 2], "big"), _sized(extensions, at + 2, 2)
        if kind == _SERVER_NAME:
            names = _sized(body, 0, 2)
            name = _sized(names, 1, 2) if names[0] == _HOST_NAME else b""
            label = name.partition(b".")[0].decode("ascii", "replace").lower()
            return label if is_label(label) else ""
        at += 4 + len(body)
    return ""


def _sized(data: bytes, at: int, size: int) -> bytes:
    """What has its length, in `size` bytes, before it."""
    begin = at + size
    end = begin + int.from_bytes(data[at:begin], "big")
    if end > len(data) or begin > len(data):
        raise ValueError("it is cut off")
    return data[begin:end]
