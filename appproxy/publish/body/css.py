"""URLs in CSS: `url()`, `src()`, and the strings of `@import` and `image-set()` (CSS Syntax 3 section 4.3).

The URL of `@namespace` is a name (CSS Namespaces 3 section 2) and stays.
"""

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


#: Blanks and comments in `@namespace`, its prefix, and its URL without quotes. All of it is bounded, so that it is read in
#: the same way however it is cut; what is longer is read as any other text.
_BETWEEN = rb"(?:[\t\n\f\r ]{1,64}+|/\*(?:[^*]|\*(?!/)){0,200}+\*/){0,4}+"
_WORD = rb"(?:[a-zA-Z0-9_\x80-\xff-]|\\[^\n]){1,64}+"
_NAMESPACE = (
    rb"(?<=@)[nN][aA][mM][eE][sS][pP][aA][cC][eE](?![a-zA-Z0-9_-])" + _BETWEEN + rb"(?:" + _WORD + _BETWEEN + rb"){0,2}+"
    rb"(?:\([^)\"']{0,2000}+)?+"
)
#: Behind the `s` of `image-set(`, also with the prefix of a browser.
_SET = rb"(?<=[iI][mM][aA][gG][eE]-[sS])(?<![a-zA-Z0-9_\x80-\xff].{7})(?<!--.{7})[eE][tT]\("


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
    rb"|(?<=@)[a-zA-Z]{0,9}+(?:" + _W + rb"(?:[\"'][^/\"']{0,80}+)?+)?+\Z"
    rb"|" + _NAMESPACE + rb"(?:/(?:\*(?:[^*]|\*(?!/)){0,200}+\*?+)?+|\\)?+\Z"
    rb"|(?<=[sS])[eE]?+[tT]?+\Z"
    rb"|" + _place(b"d2", b"s2", HEAD, rb"\\?+\Z") + rb"(?=\Z)"
)
_TEXTS = rb"(?:" + _COMMENT + rb"\*/|(?<=\\)(?s:.)|" + _DOUBLE + rb"[\"\n]|" + _SINGLE + rb"['\n])"
_CUT_TEXTS = rb"(?:(?<=[/\\])\Z|" + _COMMENT + rb"\Z|(?:" + _DOUBLE + rb"|" + _SINGLE + rb")\\?+\Z)"
_URL = _place(b"d", b"s", rb"(?P<url>" + HEAD + rb")", rb"[Q\n]")
#: A search for one of a few bytes is fast; what follows each is looked at then.
_TOKEN = compiled(
    rb"[/\\\"'uUsS@](?:" + _URL + rb"|(?P<cut>" + _CUT + rb"|" + _CUT_TEXTS + rb")"
    + rb"|(?P<open>" + _SET + rb")|(?P<other>" + _NAMESPACE + rb"|" + _TEXTS + rb"))"
)
#: Inside of `image-set()`: a string that is a URL, too, and brackets.
_IN_SET = compiled(
    rb"[/\\\"'uUsS@()&](?:" + _URL
    # A string ends where its line does.
    + rb"|(?:(?P<d3>(?<=\"))|(?P<s3>(?<='))|(?<=&)(?:quot|apos|\#3[49]);)[\t ]{0,64}+(?P<string>" + HEAD + rb")"
    + rb"(?(d3)(?:[^\\\n\"]++|\\(?s:.))*+[\"\n])(?(s3)(?:[^\\\n']++|\\(?s:.))*+['\n])"
    + rb"|(?P<cut>" + _CUT + rb"|" + _CUT_TEXTS
    + rb"|(?<=&)[a-z#0-9]{0,4}+(?:;[\t ]{0,64}+(?:[hHwW][tTsS]?+[a-zA-Z]{0,3}+:?+)?+)?+\Z)"
    + rb"|(?P<open>(?<=\())|(?P<close>(?<=\)))|(?P<other>" + _TEXTS + rb"))"
)
_REST = {
    b"/": compiled(rb"(?:[^*]++|\*(?=[^/]))*+(\*/)?+"),
    b'"': compiled(rb"(?:[^\"\\\n]++|\\(?s:.))*+([\"\n])?+"),
    b"'": compiled(rb"(?:[^'\\\n]++|\\(?s:.))*+(['\n])?+"),
    b"": compiled(rb"[^(\"']*+(?=([(\"']))?+"),
}
_REST_IN_SET = _REST | {b"": compiled(rb"[^()\"'&]*+(?=([()\"'&]))?+")}


def css_translator(links: Links) -> Spans:
    """Translates a style sheet."""
    change = _change(links)
    return Spans(Grammar(_TOKEN, _REST, change, Grammar(_IN_SET, _REST_IN_SET, change)))


def translate_css(links: Links, text: bytes) -> bytes | None:
    """What a complete text of CSS becomes, such as the raw value of `style`; None: it stays."""
    public = css_translator(links).translate(text)
    return None if public == text else public


class _change:
    """What becomes of the URL in a token."""

    __slots__ = ("_links",)

    def __init__(self, links: Links) -> None:
        self._links = links

    def __call__(self, found: re.Match[bytes]) -> tuple[int, int, bytes] | None:
        start, end = found.span(found.lastgroup or 0)
        if found.string[end : end + 1] == b"\\":
            return None
        change = self._links.head(found.string[start:end])
        return None if change is None else (start, start + change[0], change[1])
