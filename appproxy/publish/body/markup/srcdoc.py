"""A page in an attribute: the value of `srcdoc` of an `iframe` (HTML section 4.8.5), whose markup is spelled with references.

References to ASCII are read, and written again as the value spells them; all others stay as they are, so that the charset
does not matter.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from html.entities import html5

from appproxy.regex import compiled

#: Pages in pages in which URLs are looked for; deeper ones stay as they are. Each level of quotes doubles the one inside.
DEEPEST = 3
#: A reference (HTML section 13.2.5.73). Without a semicolon, a name is none before an equals sign or a letter.
_REFERENCE = compiled(
    rb"&(?:(?:#([0-9]{1,9})(?![0-9])|#[xX]([0-9a-fA-F]{1,8})(?![0-9a-fA-F])|(?:([a-zA-Z]{1,20})(?=;)"
    rb"|(AMP|amp|GT|gt|LT|lt|QUOT|quot)(?![=a-zA-Z0-9;])));?)?+")
_NAMED = {name[:-1].encode(): character.encode() for name, character in html5.items()
          if name.endswith(";") and len(character) == 1 and character.isascii()}
#: The shortest have four bytes, and a value has at most 16 KiB: more begin no references, and would only take time.
_MOST_REFERENCES = 4_096
_BLANKS = (0x09, 0x0A, 0x0C, 0x0D)
#: What is written for a character that the value must not have as it is, and that it has not spelled before.
_NEEDED = {b'"': b"&quot;", b"'": b"&#39;", b"<": b"&lt;", b">": b"&gt;", b"=": b"&#61;", b"`": b"&#96;", b" ": b"&#32;",
           b"\t": b"&#9;", b"\n": b"&#10;", b"\f": b"&#12;", b"\r": b"&#13;"}


def translate_srcdoc(raw: bytes, quote: bytes, level: int, translate: Callable[[bytes], bytes]) -> bytes | None:
    """What the raw value of a `srcdoc` becomes; None: it stays.

    `quote` is what the value stands in, b"" without quotes. `level` counts the pages that it is in, from 1 to `DEEPEST`.
    `translate` gets the page.
    """
    # A byte that no page has stands for the `&` of a reference that is not read; each level has its own.
    kept = bytes([level])
    if kept in raw or (b"/" not in raw and b"&" not in raw) or raw.count(b"&") > _MOST_REFERENCES:
        return None
    spelled: dict[bytes, bytes] = {}

    def read(found: re.Match[bytes]) -> bytes:
        meant = _meant(found)
        if not meant:
            return kept + found[0][1:]
        spelled.setdefault(meant, found[0] if found[0].endswith(b";") else found[0] + b";")
        return meant

    page = _REFERENCE.sub(read, raw)
    public = translate(page)
    if public == page:
        return None
    needed = {quote: _NEEDED[quote]} if quote else _NEEDED
    written = {b"&": b"&amp;", **needed, **spelled, kept: b"&"}
    table = {ord(character): spelling.decode("latin-1") for character, spelling in written.items()}
    return public.decode("latin-1").translate(table).encode("latin-1")


def _meant(found: re.Match[bytes]) -> bytes:
    """The character of ASCII that a reference stands for, b"" for any other and for an `&` that begins none."""
    decimal, hexadecimal, name, short = found.groups()
    if name is not None:
        return _NAMED.get(name, b"")
    if short is not None:
        return _NAMED[short]
    if decimal is None and hexadecimal is None:
        return b""
    number = int(decimal) if decimal is not None else int(hexadecimal, 16)
    return bytes([number]) if 0x20 <= number < 0x7F or number in _BLANKS else b""
