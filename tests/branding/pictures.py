"""Small pictures, made by hand: what their headers say is all that counts."""

from __future__ import annotations

import struct
import zlib
from base64 import b64encode


def png(width: int = 40, height: int = 40, grey: int = 90) -> bytes:
    """A whole one, which browsers show."""
    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    rows = b"".join(b"\0" + bytes([grey]) * width for _ in range(height))
    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


def jpeg(width: int, height: int, before: bytes = b"\xff\xe0\x00\x04ab") -> bytes:
    """Its beginning, with some segments before the frame header."""
    return b"\xff\xd8" + before + b"\xff\xc2\x00\x0b\x08" + struct.pack(">HH", height, width) + b"\x01\x11\x00"


def webp(first: bytes, rest: bytes) -> bytes:
    """Its beginning, with this first chunk."""
    return b"RIFF\0\0\0\0WEBP" + first + b"\0\0\0\0" + rest


def in_base64(data: bytes) -> str:
    """As the API takes it."""
    return b64encode(data).decode("ascii")
