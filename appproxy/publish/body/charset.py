"""Which bytes are which characters: by the byte order mark, else by the field (HTML section 13.2.3.2).

All that is looked for is ASCII. Where ASCII is written as in ASCII, bytes are enough, whatever the rest means; UTF-16 is read
and written; anything else is not touched. What a page says in a `meta` cannot make a difference then, but for ISO-2022-JP,
whose escapes turn ASCII bytes into others: from the first escape on nothing is touched.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from functools import lru_cache

from appproxy.publish.body.translator import STEP, Holding, Sparing, slices

_ASCII = bytes(range(0x20, 0x7F)) + b"\t\n\r"
_CHARSET = re.compile(rb";[\t ]*+charset[\t ]*+=[\t ]*+[\"']?+([^\"';\t ]++)", re.IGNORECASE)
_MARKS = {b"\xff\xfe": "utf-16-le", b"\xfe\xff": "utf-16-be"}
_ESCAPE = b"\x1b"


def is_utf_16(name: str) -> bool:
    """Is this how a browser would read it? `utf-16` alone is little-endian to them."""
    return name in ("utf-16", "utf-16le", "utf-16be", "utf-16-le", "utf-16-be", "unicode", "ucs-2", "csunicode")


def charset_of(content_type: bytes) -> str:
    """The charset of a Content-Type in lower case, "" without one."""
    found = _CHARSET.search(content_type)
    return "" if found is None else found[1].decode("latin-1").lower()


@lru_cache(maxsize=64)
def has_ascii(name: str) -> bool:
    """Does this charset write ASCII as ASCII does? One that nobody knows is taken for one of those, as browsers do."""
    try:
        return codecs.lookup(name)._is_text_encoding and _ASCII.decode(name) == _ASCII.decode("ascii")
    except LookupError:
        return True
    except (ValueError, TypeError):
        return False


class Decoded:
    """Translates text of a charset: looks at the byte order mark, then lets `inner` do the work on ASCII or UTF-8."""

    __slots__ = ("_codec", "_held", "_inner", "_name", "_rest", "_touched")

    def __init__(self, inner: Holding, name: str = "") -> None:
        self._inner = Sparing(inner)
        self._name = {"utf-16be": "utf-16-be", "utf-16-be": "utf-16-be"}.get(name, "utf-16-le") if is_utf_16(name) else ""
        self._held = b""
        #: Of what `inner` gave: the beginning of a character.
        self._rest = b""
        self._codec: codecs.IncrementalDecoder | None = None
        #: None: the first bytes have not come yet.
        self._touched: bool | None = None

    def feed(self, data: bytes) -> bytes:
        """Take a piece; give what is known."""
        if self._touched is None:
            data = self._held + data
            if len(data) < 2:
                self._held = data
                return b""
            self._begin(data)
        if not self._touched:
            return data
        if self._codec is not None:
            return self._utf_16(data, last=False)
        escape = data.find(_ESCAPE)
        if escape < 0:
            return self._inner.feed(data)
        self._touched = False
        return self._inner.feed(data[:escape]) + self._inner.finish() + data[escape:]

    def steps(self, data: bytes) -> Iterator[tuple[int, bytes]]:
        """The same, step by step."""
        for piece in slices(data, STEP):
            yield len(piece), self.feed(piece)

    def finish(self) -> bytes:
        """The text is over."""
        if self._touched is None:
            return self._held
        if not self._touched:
            return b""
        rest = b"" if self._codec is None else self._utf_16(b"", last=True)
        return rest if self._codec is not None else rest + self._inner.finish()

    def _begin(self, data: bytes) -> None:
        self._held = b""
        self._touched = True
        name = _MARKS.get(data[:2]) or ("" if data[:2] == b"\xef\xbb" else self._name)
        if name:
            self._name = name
            self._codec = codecs.getincrementaldecoder(name)("surrogatepass")

    def _utf_16(self, data: bytes, last: bool) -> bytes:
        codec = self._codec
        assert codec is not None
        public = self._rest + self._inner.feed(codec.decode(data).encode("utf-8", "surrogatepass"))
        if last:
            public += self._inner.finish()
        whole = len(public) - _cut_character(public)
        self._rest = public[whole:]
        # An odd byte or half a pair stays in the decoder; at the end it is given as it came.
        odd = codec.getstate()[0] if last else b""
        return public[:whole].decode("utf-8", "surrogatepass").encode(self._name, "surrogatepass") + odd


def _cut_character(text: bytes) -> int:
    """How many bytes at the end of UTF-8 are the beginning of a character whose rest is missing."""
    for count in (1, 2, 3):
        last = text[-count] if count <= len(text) else 0
        if last >= 0xC0:
            return count if count < (2 if last < 0xE0 else 3 if last < 0xF0 else 4) else 0
        if last < 0x80:
            break
    return 0
