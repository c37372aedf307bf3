"""One complete start tag: the attributes in it that hold URLs, and what follows from it for the text behind it."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from appproxy.publish.body.css import translate_css
from appproxy.publish.body.links import Links
from appproxy.publish.body.markup.grammar import ATTRIBUTE
from appproxy.publish.body.markup.table import EVERY_TAG, STYLES, TAGS, Holds

_TRANSLATE: Mapping[Holds, Callable[[Links, bytes], bytes | None]] = {
    Holds.URL: Links.attribute,
    Holds.SEVERAL: Links.several,
    Holds.SRCSET: Links.srcset,
    Holds.STYLE: translate_css,
}
_STYLES = dict.fromkeys(STYLES, Holds.STYLE)
#: A tag with more attributes than this passes as it is, as one that is too long does: pages have some dozens.
_MOST_ATTRIBUTES = 1_000
_ABSOLUTE = re.compile(rb"[\t\n\f\r ]*+(?:[a-zA-Z][a-zA-Z0-9+.-]*+:|//)")


@dataclass(frozen=True, slots=True)
class WantedAttributes:
    """What of a page is translated, besides the attributes that hold URLs.

    `css`: style sheets; `script`: strings of scripts, and JSON in pages. `inline` False: neither inside of pages, because
    the page's security policy has hashes of them. `resources`: tags whose resources we translate, so that what the page
    says of their hashes is no longer true.
    """

    css: bool = True
    script: bool = False
    inline: bool = True

    @property
    def styles(self) -> Mapping[bytes, Holds]:
        """Attributes of every tag that hold style sheets."""
        return _STYLES if self.css and self.inline else {}

    @property
    def resources(self) -> frozenset[bytes]:
        """Tags whose `integrity` has to go."""
        link = {b"link"} if self.css or self.script else set()
        return frozenset(link | ({b"script"} if self.script else set()))


def attributes(page: bytes, start: int, end: int) -> list[tuple[bytes, int, int, int, int]] | None:
    """All attributes between two places of a page: lower-case name, where the attribute is, and where its value is.

    None: there are more of them than are looked at.
    """
    found: list[tuple[bytes, int, int, int, int]] = []
    match = ATTRIBUTE.match(page, start, end)
    while match is not None:
        if len(found) == _MOST_ATTRIBUTES:
            return None
        value = match.span(match.lastindex or 1) if match.lastindex != 1 else (match.end(), match.end())
        found.append((match[1].lower(), match.start(1), match.end(), *value))
        match = ATTRIBUTE.match(page, match.end(), end)
    return found


def changes(
    links: Links, wanted: WantedAttributes, name: bytes, page: bytes, start: int, end: int,
    inner: Callable[[bytes, bytes], bytes | None],
) -> list[tuple[int, int, bytes]]:
    """What has to become of the attributes of the tag `name` between two places: spans and what they become, in order.

    Of several of one name only the first counts (HTML section 13.2.5.33); all others stay, for nobody reads them.
    `inner` gives what the raw value of an attribute becomes that holds a page, and gets its quote; None: it stays.
    """
    table, styles = TAGS.get(name, {}), wanted.styles
    found = attributes(page, start, end)
    if found is None:
        return []
    first_of: set[bytes] = set()
    result: list[tuple[int, int, bytes]] = []
    foreign = False
    says = _says(found, page) if name == b"meta" else b""
    for attribute, _, _, value, last in found:
        holds = table.get(attribute) or EVERY_TAG.get(attribute) or styles.get(attribute)
        if holds is None or attribute in first_of:
            continue
        first_of.add(attribute)
        if value == last:
            continue
        raw = page[value:last]
        if holds is Holds.META:
            public = _meta(links, says, raw)
        elif holds is Holds.PAGE:
            public = inner(raw, page[last : last + 1] if page[last : last + 1] in (b'"', b"'") else b"")
        else:
            public = _TRANSLATE[holds](links, raw)
        if public is not None:
            result.append((value, last, public))
        elif holds is Holds.URL:
            foreign = _ABSOLUTE.match(raw) is not None
    if name in wanted.resources and not foreign:
        result += [(first, after, b"") for attribute, first, after, _, _ in found if attribute == b"integrity"]
        result.sort()
    return result


def _says(found: list[tuple[bytes, int, int, int, int]], page: bytes) -> bytes:
    """What the content of a meta is, in lower case: its http-equiv tells."""
    return (value_of(found, page, b"http-equiv") or b"").strip().lower()


def _meta(links: Links, says: bytes, raw: bytes) -> bytes | None:
    """The content of a meta."""
    if says.startswith(b"content-security-policy"):
        public = links.sources(raw)
        return None if public == raw else public
    return links.refresh(raw)


def value_of(found: list[tuple[bytes, int, int, int, int]], page: bytes, name: bytes) -> bytes | None:
    """The raw value of the first attribute of that name."""
    for attribute, _, _, value, last in found:
        if attribute == name:
            return page[value:last]
    return None
