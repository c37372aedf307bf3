"""A status code that brings its reason phrase along (RFC 9112 section 4).

Nearly all phrases are the usual ones, which any program can add by itself, and HTTP/2 has none: so a status is a plain number
nearly everywhere, and only what writes a status line looks for more.
"""

from __future__ import annotations

from http import HTTPStatus
from typing import Final

_USUAL: Final = {status.value: status.phrase.encode("ascii") for status in HTTPStatus}


class Status(int):
    """A number, and a phrase that is not the usual one; perhaps an empty one."""

    reason: bytes

    def __new__(cls, value: int, reason: bytes) -> Status:
        """Both; the caller has checked them."""
        made = super().__new__(cls, value)
        made.reason = reason
        return made


def status_of(value: int, reason: bytes) -> int:
    """The number; with its phrase if that is not what everybody would write there."""
    return value if _USUAL.get(value, b"") == reason else Status(value, reason)
