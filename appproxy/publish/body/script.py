"""URLs in JSON and in JavaScript: absolute ones anywhere in a string, those that begin with `//` at a string's beginning.

Strings may spell the slashes `\\/`, `\\u002f` or `\\x2f`; the public URL gets its slashes spelled in the same way. What is a
string is not looked into: no URL of a published application stands elsewhere but in comments, where it does no harm.
"""

from __future__ import annotations

import re

from appproxy.publish.body.links import Links
from appproxy.publish.body.spans import Grammar, Spans
from appproxy.regex import compiled

_SLASH = rb"(?:/|\\/|\\u002[fF]|\\x2[fF])"
_COLON = rb"(?::|\\u003[aA]|\\x3[aA])"
#: Behind its first byte: a scheme is no part of another word, and `//` stands at the beginning of a string.
_SCHEME = rb"(?<![a-zA-Z0-9+.-].)(?:(?<=[hH])[tT][tT][pP]|(?<=[wW])[sS])[sS]?+" + _COLON + _SLASH
_NO_SCHEME = rb"(?<=[\"'`].)(?:(?<=/)|(?<=\\)(?:/|u002[fF]|x2[fF]))"
#: A search for one of a few bytes is fast; what follows each is looked at then.
_TOKEN = compiled(
    rb"[hHwW/\\](?:(?P<url>(?:" + _SCHEME + rb"|" + _NO_SCHEME + rb")" + _SLASH
    + rb"(?:[a-zA-Z0-9._~%!$*+,;=:@\[\]-]++|" + _SLASH + rb")*+)(?:\\[ux0-9a-fA-F]{0,5}+\Z)?+"
    # Where the text is cut, everything that may become one.
    rb"|(?P<cut>(?:(?<![a-zA-Z0-9+.-].)(?<=[hHwW])[tTpPsS]{0,4}+(?:[:\\/][:\\/ux0-9aAfF]{0,20}+)?+"
    rb"|(?<=[\"'`][/\\])[\\/ux0-9fF]{0,12}+)\Z))"
)
_SLASHES = compiled(_SLASH)
_COLONS = compiled(_COLON)
#: A URL too long to be looked at ends with the first byte that is not its own.
_REST = {b"": compiled(rb"[^\"'`\t\n\f\r ]*+(?=([\"'`\t\n\f\r ]))?+")}


def script_translator(links: Links) -> Spans:
    """Translates a script, or JSON."""

    def change(found: re.Match[bytes]) -> tuple[int, int, bytes] | None:
        start, end = found.start(), found.end("url")
        raw = found.string[start:end]
        if b"\\" not in raw:
            plain = links.head(raw)
            return None if plain is None else (start, start + plain[0], plain[1])
        slash = b"\\/"
        url = raw.replace(slash, b"/")
        if b"\\" in url:
            slashes = _SLASHES.search(raw)
            assert slashes is not None  # two of them are in every URL
            slash = slashes[0]
            url = _COLONS.sub(b":", _SLASHES.sub(b"/", raw))
        spelled = links.head(url)
        if spelled is None:
            return None
        return start, end, (spelled[1] + url[spelled[0] :]).replace(b"/", slash)

    return Spans(Grammar(_TOKEN, _REST, change))
