"""One reading of a path, for routing and policy alike; and what could be read otherwise.

Applications differ in how they read a path: some decode twice, some take `\\` for `/`, some do not care about capitals.
Where a path decides which application, and so which policy, a request belongs to, only what everybody reads alike may
pass.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from typing import Generic, TypeVar
from urllib.parse import unquote_to_bytes

#: In a raw path: empty segments, turned slashes, path parameters, dot segments (RFC 3986 section 5.2.4).
_STRUCTURE = re.compile(rb"//|\\|;|/\.{1,2}(?:/|$)")
#: Encoded: a slash, a backslash, a semicolon, a percent sign (read twice, it begins another escape), control characters,
#: the first byte of an overlong UTF-8 form (RFC 3629 section 3), and a percent sign that begins no escape at all.
_ESCAPED = re.compile(rb"%(?:2[fF]|5[cC]|3[bB]|25|[01][0-9a-fA-F]|7[fF]|[cC][01]|(?![0-9a-fA-F]{2}))")
_CONTROL = re.compile(rb"[\x00-\x1f\x7f]")
#: Windows drops dots and spaces at the end of a name.
_TRAILING = re.compile(rb"[. ]+(?=/|$)")

T = TypeVar("T")


def _decoded(path: bytes) -> bytes:
    """Without percent escapes, and with wide and other variants of a letter, a dot or a slash as the plain one."""
    if b"%" in path:
        path = unquote_to_bytes(path)
    if path.isascii():
        return path
    return unicodedata.normalize("NFKC", path.decode("utf-8", "surrogateescape")).encode("utf-8", "surrogateescape")


def is_ambiguous(path: bytes) -> bool:
    """Could an application see other segments in this raw path than we do?"""
    if _STRUCTURE.search(path) is not None or _CONTROL.search(path) is not None:
        return True
    if b"%" not in path and path.isascii():
        return False
    return _ESCAPED.search(path) is not None or _STRUCTURE.search(_decoded(path)) is not None


def loose(path: bytes) -> bytes:
    """The path as the most generous application reads it.

    Decoded, in lower case, without dots and spaces at the end of a name, cut where an escape hides a `?` or `#`.
    """
    path = _decoded(path)
    if path.isascii():
        path = path.lower()
    else:
        path = path.decode("utf-8", "surrogateescape").casefold().encode("utf-8", "surrogateescape")
    return _TRAILING.sub(b"", re.split(rb"[?#]", path, maxsplit=1)[0])


class Prefixes(Generic[T]):
    """Values by path prefix, each of which ends in `/`; the longest that a path begins with is found.

    A look-up asks once for each length, in segments, that a prefix here has: never more often than a path of 512
    characters has slashes, however many prefixes there are.
    """

    __slots__ = ("_depths", "_values")

    def __init__(self, values: Iterable[tuple[bytes, T]]) -> None:
        """Of two values of the same prefix the first stays."""
        self._values: dict[bytes, T] = {}
        for prefix, value in values:
            self._values.setdefault(prefix, value)
        self._depths = sorted({prefix.count(b"/") for prefix in self._values}, reverse=True)

    def __len__(self) -> int:
        return len(self._values)

    def longest(self, path: bytes) -> T | None:
        """The value of the longest prefix; `/wiki` counts as `/wiki/`."""
        if not path.endswith(b"/"):
            path += b"/"
        ends: list[int] = []
        at = 0
        for _ in range(self._depths[0] if self._depths else 0):
            at = path.find(b"/", at) + 1
            if at == 0:
                break
            ends.append(at)
        for depth in self._depths:
            if depth <= len(ends):
                value = self._values.get(path[: ends[depth - 1]])
                if value is not None:
                    return value
        return None
