"""URLs in CSS: `url()`, `src()` and the strings of `@import` (CSS Syntax 3 section 4.3)."""

from __future__ import annotations

import re

from appproxy.publish.body.links import HEAD, Links
from appproxy.publish.body.spans import Grammar, Spans
from appproxy.regex import compiled

#: More blanks than these stand before no URL.
_W = rb"[\t\n\f\r ]{0,64}+"
_COMMENT = rb"(?<=/)\*(?:[^*]++|\*(?!/))*+"
_DOUBLE = rb"(?<=\")(?:[^\"\\\n]++|\\(?s:.))*+"
_SINGLE = rb"(?<=')(?:[^'\\\n]++|\\(?s:.))*+"
#: Behind the `u` or `s` of a function: it begins the name.
_ALONE = rb"(?<=[uUsS])(?<![a-zA-Z0-9_-].)"


def _place(double: bytes, single: bytes, url: bytes, ends: bytes) -> bytes:
    """Behind its first byte, what a URL stands in: a function or an import, with quotes (or as an attribute spells them).

    `double` and `single` name the groups of the two quotes, `ends` comes behind it.
    """
    return (
        rb"(?:" + _ALONE + rb"(?:(?<=[uU])[rR][lL]|(?<=[sS])[rR][cC])\(" + _W + rb"(?:(?P<" + double
        + rb">\")|(?P<" + single + rb">')|&(?:quot|apos|\#3[49]);)?+"
        rb"|(?<=@)[iI][mM][pP][oO][rR][tT]" + _W + rb"(?:(?P<i" + double + rb">\")|(?P<i" + single + rb">')))" + _W
        + url + b"".join(
            rb"(?(" + name + rb")(?:[^\\\n" + quote + rb"]++|\\(?s:.))*+" + ends.replace(b"Q", quote) + rb")"
            for name, quote in ((double, b'"'), (single, b"'"), (b"i" + double, b'"'), (b"i" + single, b"'")))
    )


#: Behind its first byte, what may become a URL and what it stands in, where the text is cut.
_CUT = (
    _ALONE + rb"(?:[rR](?:[lLcC](?:\([^/)]{0,200}+)?+)?+)?+\Z"
    rb"|(?<=@)[a-zA-Z]{0,6}+(?:" + _W + rb"(?:[\"'][^/\"']{0,80}+)?+)?+\Z"
    rb"|" + _place(b"d2", b"s2", HEAD, rb"\\?+\Z") + rb"(?=\Z)"
)
#: A search for one of a few bytes is fast; what follows each is looked at then.
_TOKEN = compiled(
    rb"[/\\\"'uUsS@](?:" + _place(b"d", b"s", rb"(?P<url>" + HEAD + rb")", rb"[Q\n]")
    + rb"|(?P<cut>" + _CUT + rb"|(?<=[/\\])\Z|" + _COMMENT + rb"\Z|(?:" + _DOUBLE + rb"|" + _SINGLE + rb")\\?+\Z)"
    + rb"|(?P<other>" + _COMMENT + rb"\*/|(?<=\\)(?s:.)|" + _DOUBLE + rb"[\"\n]|" + _SINGLE + rb"['\n]))"
)
_REST = {
    b"/": compiled(rb"(?:[^*]++|\*(?=[^/]))*+(\*/)?+"),
    b'"': compiled(rb"(?:[^\"\\\n]++|\\(?s:.))*+([\"\n])?+"),
    b"'": compiled(rb"(?:[^'\\\n]++|\\(?s:.))*+(['\n])?+"),
    b"": compiled(rb"[^(\"']*+(?=([(\"']))?+"),
}


def css_translator(links: Links) -> Spans:
    """Translates a style sheet."""
    return Spans(Grammar(_TOKEN, _REST, _change(links)))


def translate_css(links: Links, text: bytes) -> bytes | None:
    """What a complete text of CSS becomes, such as the raw value of `style`; None: it stays."""
    public = Spans(Grammar(_TOKEN, _REST, _change(links))).translate(text)
    return None if public == text else public


class _change:
    """What becomes of the URL in a token."""

    __slots__ = ("_links",)

    def __init__(self, links: Links) -> None:
        self._links = links

    def __call__(self, found: re.Match[bytes]) -> tuple[int, int, bytes] | None:
        head = found["url"]
        if head is None or found.string[found.end("url") : found.end("url") + 1] == b"\\":
            return None
        change = self._links.head(head)
        start = found.start("url")
        return None if change is None else (start, start + change[0], change[1])
