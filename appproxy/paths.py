"""One reading of a path, for routing and policy alike; and what could be read otherwise.

Applications differ in how they read a path: some decode twice, some take `\\` for `/`, some do not care about capitals.
Where a path decides which application, and so which policy, a request belongs to, only what everybody reads alike may
pass.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from functools import lru_cache
from typing import Generic, TypeVar
from urllib.parse import unquote_to_bytes

#: In a raw path: empty segments, turned slashes, path parameters, dot segments (RFC 3986 section 5.2.4).
_STRUCTURE = re.compile(rb"//|\\|;|/\.{1,2}(?:/|$)")
#: Encoded: a slash, a backslash, a semicolon, a percent sign (read twice, it begins another escape), control characters,
#: the first byte of an overlong UTF-8 form (RFC 3629 section 3), and a percent sign that begins no escape at all.
_ESCAPED = re.compile(rb"%(?:2[fF]|5[cC]|3[bB]|25|[01][0-9a-fA-F]|7[fF]|[cC][01]|(?![0-9a-fA-F]{2}))")
_CONTROL = re.compile(rb"[\x00-\x1f\x7f]")
#: Windows drops dots and spaces at the end of a name. A run is looked at once, from its first byte.
_TRAILING = re.compile(rb"(?<![. ])[. ]++(?=/|\Z)")

#: Unicode's own bound for text that is read piece by piece (UAX #15 section 13). No language has more than a few; putting a
#: run of them in order takes the square of its length.
_MOST_MARKS = 30
#: How many times as long a path's plain form may be: one sign is a word, and one is a sentence of 18 letters (U+FDFA).
_MOST_GROWTH = 4
#: The longest path that is decoded, as for targets. Fields could name longer ones, and browsers cut a Referer at 4,096.
_LONGEST = 8192

T = TypeVar("T")


@lru_cache(maxsize=64)  # Routing and the rules for other origins ask about the same path.
def _decoded(path: bytes) -> tuple[bytes, bool]:
    """Without percent escapes, and with wide and other variants of a letter, a dot or a slash as the plain one.

    False: it is so long, or has a letter with so many combining marks, or so many signs that stand for whole sentences, that
    it stays as it is.
    """
    if len(path) > _LONGEST:
        return path, False
    if b"%" in path:
        path = unquote_to_bytes(path)
    if path.isascii():
        return path, True
    text = path.decode("utf-8", "surrogateescape")
    if _is_excessive(text):
        return path, False
    return unicodedata.normalize("NFKC", text).encode("utf-8", "surrogateescape"), True


def _is_excessive(text: str) -> bool:
    """Has it more combining marks in a row than `_MOST_MARKS`, or grows it more than `_MOST_GROWTH`, in its longest form?"""
    run, left = 0, _MOST_GROWTH * len(text)
    for sign in text:
        if sign.isascii():
            run = 0
            continue
        is_mark, size = _decomposed(sign)
        run = run + 1 if is_mark else 0
        left -= size
        if run > _MOST_MARKS or left < 0:
            return True
    return False


@lru_cache(maxsize=4096)  # A text has few different ones, and to take one apart costs four times as much as all else.
def _decomposed(sign: str) -> tuple[bool, int]:
    """Is what this sign is decomposed to (UAX #15, NFKD) a combining mark, and how long is it?"""
    plain = unicodedata.normalize("NFKD", sign)
    return unicodedata.combining(plain[0]) != 0, len(plain)


def is_ambiguous(path: bytes) -> bool:
    """Could an application see other segments in this raw path than we do?"""
    if _STRUCTURE.search(path) is not None or _CONTROL.search(path) is not None:
        return True
    if b"%" not in path and path.isascii():
        return False
    if _ESCAPED.search(path) is not None:
        return True
    decoded, whole = _decoded(path)
    return not whole or _STRUCTURE.search(decoded) is not None


def loose(path: bytes) -> bytes:
    """The path as the most generous application reads it.

    Decoded, in lower case, without dots and spaces at the end of a name, cut where an escape hides a `?` or `#`.
    """
    path, _ = _decoded(path)
    if path.isascii():
        path = path.lower()
    else:
        path = path.decode("utf-8", "surrogateescape").casefold().encode("utf-8", "surrogateescape")
    path = path.partition(b"?")[0].partition(b"#")[0]
    return _TRAILING.sub(b"", path) if b"." in path or b" " in path else path


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

    def values(self) -> Iterable[T]:
        """All of them."""
        return self._values.values()

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
