"""One URL after the other: the part of it that another stands for, remembered by its directory."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection
from itertools import islice

from appproxy.regex import compiled

#: Directories that are remembered, and their longest, in bytes: a page has few, and there may be 10,000 applications.
_REMEMBERED = 256
_LONGEST = 256
#: How an absolute URL, one without its scheme, or a path begins, and how much of it is looked at: up to its query.
#: Browsers read a backslash as a slash; such a URL is left as it is.
HEAD = rb"(?:[hHwW][tTsS][a-zA-Z]{0,3}+:)?+/[^\"'?#&<>()\\\t\n\f\r ]*+"
_HEAD = compiled(HEAD)
_BLANK = b"\t\n\f\r "
#: Of a value with several URLs, such as a `srcset`, no more are looked at; pictures come in a dozen sizes.
_MOST_IN_A_VALUE = 1_000
#: References to characters that may stand in the part of a URL that is looked at, as attributes spell them.
_REFERENCE = compiled(
    rb"&(?:#([0-9]{1,7})(?![0-9]);?|#[xX]([0-9a-fA-F]{1,6})(?![0-9a-fA-F]);?|(amp|sol|colon|period|num|quest|lowbar|commat|percnt);)")
_NAMED = {b"amp": b"&", b"sol": b"/", b"colon": b":", b"period": b".", b"num": b"#", b"quest": b"?", b"lowbar": b"_",
          b"commat": b"@", b"percnt": b"%"}
#: Characters that an attribute's value does not have as they are.
_ESCAPED = {ord("&"): "&amp;", ord('"'): "&quot;", ord("'"): "&#39;", ord("<"): "&lt;", ord(">"): "&gt;"}
#: An apostrophe as attributes spell it: its semicolon ends no directive.
_APOSTROPHE = compiled(rb"&(?:#0*+39|#[xX]0*+27|apos);")


def unchanged(url: bytes) -> bytes:
    """Translates nothing."""
    return url


class Links:
    """`translate` gives the public form of a URL that is absolute, begins with `//` or is a path; else the URL itself.

    `leaves`: the last segments of all published paths. Where a URL ends in one of them without a slash, its directory does
    not tell whose it is. `sources` gives the public form of a Content-Security-Policy.
    """

    __slots__ = ("_sources", "_translate", "leaves", "memo")

    def __init__(
        self, translate: Callable[[bytes], bytes], leaves: Collection[bytes] = (),
        sources: Callable[[bytes], bytes] = unchanged,
    ) -> None:
        self._translate = translate
        self._sources = sources
        self.leaves = frozenset(leaves) - {b""}
        #: A directory with its closing slash, and what it becomes; b"": it stays. `head` adds those that are missing.
        self.memo: dict[bytes, bytes] = {}

    def head(self, head: bytes) -> tuple[int, bytes] | None:
        """How many bytes at the beginning of a URL become which others; None: it stays.

        `head` is the URL up to its query, as `HEAD` matches it.
        """
        size = head.rfind(b"/") + 1
        if size > _LONGEST or head[:size].endswith(b"//") or head[size:] in self.leaves:
            public = self._translate(head)
            return None if public == head else (len(head), public)
        directory = head[:size]
        known = self.memo.get(directory)
        if known is None:
            if len(self.memo) >= _REMEMBERED:
                self.memo.clear()
            public = self._translate(directory)
            known = self.memo[directory] = b"" if public == directory else public
        return (size, known) if known else None

    def text(self, url: bytes) -> bytes | None:
        """What a URL becomes that stands as it is (in a style sheet, a field); None: it stays."""
        found = _HEAD.match(url)
        if found is None or url[found.end() : found.end() + 1] == b"\\":
            return None
        change = self.head(found[0])
        return None if change is None else change[1] + url[change[0] :]

    def attribute(self, raw: bytes) -> bytes | None:
        """What the raw value of an attribute becomes that is one URL; None: it stays."""
        start = len(raw) - len(raw.lstrip(_BLANK))
        found = _HEAD.match(raw, start)
        end = start if found is None else found.end()
        if raw[end : end + 1] == b"&" or (found is None and b"&" in raw[start : start + 8]):
            return self._spelled(raw, start)
        public = self.text(raw[start:])
        return None if public is None else raw[:start] + public

    def _spelled(self, raw: bytes, start: int) -> bytes | None:
        """A URL with references to characters before its query: those are read first, and written as needed."""
        decoded = bytearray()
        end = start
        while end < len(raw) and raw[end : end + 1] not in (b"?", b"#"):
            if raw[end] != 0x26:
                decoded.append(raw[end])
                end += 1
                continue
            found = _REFERENCE.match(raw, end)
            meant = b"" if found is None else _meant(found)
            if found is None or len(meant) != 1:
                return None  # what only a browser can say
            if meant in b"?#&":
                break
            decoded += meant
            end = found.end()
        public = self.text(bytes(decoded))
        return None if public is None else raw[:start] + _escaped(public) + raw[end:]

    def srcset(self, raw: bytes) -> bytes | None:
        """What the raw value of a `srcset` becomes (HTML section 4.8.4.2.1); None: it stays."""
        return self._each(_SRCSET, raw)

    def several(self, raw: bytes) -> bytes | None:
        """What a raw value of URLs with spaces between becomes; None: it stays."""
        return self._each(_SEVERAL, raw)

    def refresh(self, raw: bytes) -> bytes | None:
        """What the raw `content` of a `meta` becomes: a URL, or a time and a URL; None: it stays."""
        found = _REFRESH.match(raw)
        start = 0 if found is None else found.end()
        public = self.attribute(raw[start:])
        return None if public is None else raw[:start] + public

    def sources(self, raw: bytes) -> bytes:
        """What the raw value of an attribute becomes that is a Content-Security-Policy."""
        spelled = _APOSTROPHE.findall(raw)
        if not spelled or b"\0" in raw:
            return self._sources(raw)
        parts = self._sources(_APOSTROPHE.sub(b"\0", raw)).split(b"\0")
        return parts[0] + b"".join([mark + part for mark, part in zip(spelled, parts[1:], strict=True)])

    def _each(self, pattern: re.Pattern[bytes], raw: bytes) -> bytes | None:
        parts: list[bytes] = []
        done = 0
        for found in islice(pattern.finditer(raw), _MOST_IN_A_VALUE):
            public = None if found[1] is None else self.attribute(found[1])
            if public is not None:
                parts += (raw[done : found.start(1)], public)
                done = found.end(1)
        return b"".join(parts) + raw[done:] if parts else None


#: One candidate of a srcset: blanks and commas, the URL (group 1), its descriptors up to a comma outside of brackets; or
#: blanks and commas up to the end.
_SRCSET = compiled(
    rb"[\t\n\f\r ,]*+(?:\Z|([^\t\n\f\r ]++)(?:(?<=,)|[^,(]*+(?:\([^)]*+\)?[^,(]*+)*+))", re.DOTALL)
_SEVERAL = compiled(rb"([^\t\n\f\r ]++)")
#: What comes before the URL in a refresh (HTML section 4.2.5.3).
_REFRESH = compiled(
    rb"[\t\n\f\r ]*+[0-9.]++[\t\n\f\r ]*+[;,\t\n\f\r ][\t\n\f\r ]*+(?:[uU][rR][lL][\t\n\f\r ]*+=[\t\n\f\r ]*+)?+['\"]?+")


def _meant(found: re.Match[bytes]) -> bytes:
    """The byte that a reference stands for, b"" when it is none of ASCII."""
    decimal, hexadecimal, name = found.groups()
    if name is not None:
        return _NAMED[name]
    number = int(decimal) if decimal is not None else int(hexadecimal, 16)
    return bytes([number]) if 0x20 < number < 0x7F else b""


def _escaped(url: bytes) -> bytes:
    return url.decode("latin-1").translate(_ESCAPED).encode("latin-1")
