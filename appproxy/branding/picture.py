"""What a picture is, by its own bytes: PNG, JPEG or WebP, and how many pixels it has. Nothing of it is decoded.

An SVG is none of them: it is a document that can hold scripts, and who uploads the logo of an application need not be
somebody whom the whole service trusts.
"""

from __future__ import annotations

from base64 import b64decode
from collections.abc import Callable
from dataclasses import dataclass, field
from hashlib import sha256

#: Bytes: it is to be there at once on a phone, a page shows many, and each costs the database a look. Anybody can ask for a
#: brand's without reading the answer, so it must not cost more than other pages.
LARGEST_PICTURE = 65_536
#: Pixels a side. It is shown with some 40; many more are a mistake, or meant to cost browsers their memory.
MOST_PIXELS = 1024
_PNG, _JPEG, _WEBP = b"\x89PNG\r\n\x1a\n", b"\xff\xd8", b"WEBP"


@dataclass(frozen=True, slots=True)
class Picture:
    """`kind`: its media type; `digest`: of what is in it, so that another picture has another address."""

    kind: str
    width: int
    height: int
    data: bytes = field(repr=False)

    @property
    def digest(self) -> str:
        """64 bits of its SHA-256, in hex digits."""
        return sha256(self.data).hexdigest()[:16]

    def __str__(self) -> str:
        return f"{self.kind}, {self.width} x {self.height}, {len(self.data)} bytes"


def read_picture(text: str) -> Picture:
    """The picture of its base64. Raises ValueError, which says what it must be."""
    return check_picture(picture_bytes(text))


def picture_bytes(text: str) -> bytes:
    """What its base64 stands for, whatever it shows. Raises ValueError, which says what it must be."""
    try:
        data = b64decode(text, validate=True)
    except ValueError as error:
        raise ValueError("must be a picture in base64") from error
    check_size(data)
    return data


def check_size(data: bytes) -> None:
    """Raises ValueError for more than LARGEST_PICTURE."""
    if len(data) > LARGEST_PICTURE:
        raise ValueError(f"must have at most {LARGEST_PICTURE} bytes, and has {len(data)}")


def check_picture(data: bytes) -> Picture:
    """A picture that can be shown. Raises ValueError, which says what it must be."""
    check_size(data)
    for kind, is_one, size_of in _KINDS:
        if is_one(data):
            width, height = size_of(data)
            if not (0 < width <= MOST_PIXELS and 0 < height <= MOST_PIXELS):
                raise ValueError(f"must have 1 to {MOST_PIXELS} pixels a side, and has {width} x {height}")
            return Picture(kind, width, height, data)
    raise ValueError("must be a PNG, JPEG or WebP picture (an SVG can hold scripts: save it as one of those)")


def _number(data: bytes, start: int, size: int, order: str = "big") -> int:
    found = data[start : start + size]
    if len(found) != size:
        raise ValueError("is cut short: it ends before its size is said")
    return int.from_bytes(found, "little" if order == "little" else "big")


def _png(data: bytes) -> tuple[int, int]:
    """Its first chunk says it (PNG, third edition, section 11.2.1)."""
    if data[12:16] != b"IHDR":
        raise ValueError("is no PNG picture: its header is not the first thing in it")
    return _number(data, 16, 4), _number(data, 20, 4)


def _jpeg(data: bytes) -> tuple[int, int]:
    """The frame header says it, which comes somewhere behind the first segments (ITU-T T.81, annex B)."""
    at = 2
    while True:
        if _number(data, at, 1) != 0xFF:
            raise ValueError("is no JPEG picture: something stands where a segment should begin")
        marker = _number(data, at + 1, 1)
        if marker == 0xFF:  # fill bytes may come before any marker
            at += 1
        elif marker == 0x01 or 0xD0 <= marker <= 0xD7:  # these have no length
            at += 2
        elif 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC):
            return _number(data, at + 7, 2), _number(data, at + 5, 2)
        elif marker in (0xD9, 0xDA) or (length := _number(data, at + 2, 2)) < 2:
            raise ValueError("is no JPEG picture: nothing in it says how large it is")
        else:
            at += 2 + length


def _webp(data: bytes) -> tuple[int, int]:
    """The first chunk says it (RFC 9649 section 2.5 to 2.7)."""
    first = data[12:16]
    if first == b"VP8X":
        return _number(data, 24, 3, "little") + 1, _number(data, 27, 3, "little") + 1
    if first == b"VP8L" and data[20:21] == b"\x2f":
        bits = _number(data, 21, 4, "little")
        return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    if first == b"VP8 " and data[23:26] == b"\x9d\x01\x2a":
        return _number(data, 26, 2, "little") & 0x3FFF, _number(data, 28, 2, "little") & 0x3FFF
    raise ValueError("is no WebP picture: its first chunk is none that is known")


_KINDS: tuple[tuple[str, Callable[[bytes], bool], Callable[[bytes], tuple[int, int]]], ...] = (
    ("image/png", lambda data: data.startswith(_PNG), _png),
    ("image/jpeg", lambda data: data.startswith(_JPEG), _jpeg),
    ("image/webp", lambda data: data[:4] == b"RIFF" and data[8:12] == _WEBP, _webp),
)  # fmt: skip
