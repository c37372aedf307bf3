"""URLs in XML: feeds, site maps, descriptions of services.

What is an address and what is a name only the document's own language says, and a namespace must never change. So an
attribute's value is translated where the attribute is called as addresses are; elsewhere any absolute URL that is not in
quotes: the text of an element, and the HTML that feeds have in it, escaped or in CDATA.
"""

from __future__ import annotations

import re

from appproxy.publish.body.links import Links
from appproxy.publish.body.spans import Grammar, Spans
from appproxy.regex import compiled

_URL = rb"//(?:\[[0-9a-fA-F:.]*+\])?+[a-zA-Z0-9._~%!$*+=:@/-]*+"
#: Behind its first byte: a scheme is no part of another word and does not begin a text in quotes.
_SCHEME = rb"(?<![a-zA-Z0-9+.\"'-].)(?:(?<=[hH])[tT][tT][pP]|(?<=[wW])[sS])[sS]?+:"
#: The same of an attribute for addresses, with or without a prefix: of Atom and XLink, media, RSS, and WSDL.
_ATTRIBUTE = rb"(?<![^\t\n\r :].)(?:(?<=h)ref|(?<=s)rc|(?<=u)rl|(?<=l)ocation)=[\"']"
#: A search for one of a few bytes is fast; what follows each is looked at then.
_TOKEN = compiled(
    rb"[hHwWsul](?:(?P<name>" + _ATTRIBUTE + rb")?+(?P<url>(?(name)[hH][tT][tT][pP][sS]?+:|" + _SCHEME + rb")" + _URL
    + rb")(?:&[#a-zA-Z0-9]{0,8}+\Z)?+"
    # Where the text is cut, everything that may become one.
    rb"|(?P<cut>(?:(?<![a-zA-Z0-9+.\"'-].)(?<=[hHwW])[tTpPsS]{0,4}+(?::/?+)?+"
    rb"|(?<![^\t\n\r :].)(?<=[hsul])[a-z]{0,7}+(?:=(?:[\"'](?:[hH][tTpPsS]{0,4}+(?::/?+)?+)?+)?+)?+)\Z))"
)
#: A URL too long to be looked at ends with the first byte that is not its own.
_REST = {b"": compiled(rb"[^\"'<>\t\n\r ]*+(?=([\"'<>\t\n\r ]))?+")}
#: A reference that ends a URL: to a quote or a bracket of escaped HTML. Any other is a part of it.
_ENDS = compiled(rb"&(?:quot|apos|lt|gt|#3[49]|#6[02]|#x2[27]|#x3[cCeE]);")


def xml_translator(links: Links) -> Spans:
    """Translates an XML document that is no page."""

    def change(found: re.Match[bytes]) -> tuple[int, int, bytes] | None:
        start = found.start() if found["name"] is None else found.start("url")
        end = found.end("url")
        text = found.string
        url = text[start:end]
        if text[end : end + 1] == b"&" and _ENDS.match(text, end) is None:
            # What the reference stands for belongs to the last segment, or to the host; its directory is known.
            url = url[: url.rfind(b"/") + 1]
        public = links.head(url)
        return None if public is None else (start, start + public[0], public[1])

    return Spans(Grammar(_TOKEN, _REST, change))
