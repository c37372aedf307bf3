"""A logo: a picture that can only look, whatever is in it.

In an `img` no browser runs a picture's scripts or lets it load anything. The fields that `service.dispatch.own_pages`
sends with it see to the same when an SVG is opened by itself.
"""

from __future__ import annotations

from base64 import b64encode
from dataclasses import dataclass, field
from hashlib import sha256
from xml.etree import ElementTree

from appproxy.branding.picture import picture_bytes

#: What begins the paths of all that is a brand's own.
BRAND_START = "/.appproxy/brand-"
_BEGINNINGS = ((b"\x89PNG\r\n\x1a\n", "image/png"), (b"\xff\xd8\xff", "image/jpeg"))
_SVG = "{http://www.w3.org/2000/svg}svg"


@dataclass(frozen=True, slots=True)
class Logo:
    """A picture, its media type, and the path of it, which changes with the picture."""

    kind: str
    picture: bytes = field(repr=False)
    path: str

    def __str__(self) -> str:
        return f"{self.kind}, {len(self.picture)} bytes, at {self.path}"


def read_logo(text: str) -> Logo:
    """The logo of its base64. Raises ValueError, which says what it must be."""
    picture = picture_bytes(text)
    return Logo(_kind(picture), picture, BRAND_START + sha256(picture).hexdigest()[:16])


def check_logo(text: str) -> str:
    """The base64 in the form that is kept. Raises ValueError."""
    return b64encode(read_logo(text).picture).decode("ascii")


def _kind(picture: bytes) -> str:
    """The media type by what it is, not by what a file is called."""
    for beginning, kind in _BEGINNINGS:
        if picture.startswith(beginning):
            return kind
    if picture[:4] == b"RIFF" and picture[8:12] == b"WEBP":
        return "image/webp"
    if _is_svg(picture):
        return "image/svg+xml"
    raise ValueError("must be a PNG, JPEG or WebP picture, or an SVG in UTF-8 without a document type")


def _is_svg(picture: bytes) -> bool:
    """A document type is what no picture needs, and the way in for texts that grow without end."""
    try:
        text = picture.decode()
        # Given as text it is read as UTF-8, whatever encoding it declares; but for UTF-16, which has a NUL in each sign of
        # mark-up. So nothing hides from the look before.
        return "\0" not in text and "<!DOCTYPE" not in text and ElementTree.fromstring(text).tag == _SVG
    except (ElementTree.ParseError, ValueError):
        return False
