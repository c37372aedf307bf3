"""Which attributes of which tags hold URLs: the table of docs/publishing.md."""

from __future__ import annotations

from enum import Enum


class Holds(Enum):
    """What an attribute's value is made of."""

    URL = "a URL"
    SEVERAL = "URLs with spaces between"
    SRCSET = "URLs with sizes, and commas between"
    META = "a refresh, a content security policy or a URL"
    STYLE = "declarations of CSS"
    PAGE = "a page"


_U = Holds.URL
#: How SVG 2 and SVG 1.1 call an address.
_SVG = {b"href": _U, b"xlink:href": _U}
#: Entra's table, and what has come into HTML since: `area`, `srcset`, `imagesrcset`, `poster` of video, `ping`; what SVG
#: fetches or leads to, old backgrounds, and the names that scripts which load pictures late agree on.
TAGS: dict[bytes, dict[bytes, Holds]] = {
    b"a": {b"href": _U, b"data-href": _U, b"data-src": _U, b"ping": Holds.SEVERAL, b"xlink:href": _U},
    b"area": {b"href": _U, b"ping": Holds.SEVERAL},
    b"audio": {b"src": _U, b"data-src": _U},
    b"base": {b"href": _U},
    b"blockquote": {b"cite": _U},
    b"body": {b"background": _U},
    b"button": {b"formaction": _U},
    b"del": {b"cite": _U},
    b"div": {b"data-background": _U, b"data-bg": _U, b"data-src": _U},
    b"embed": {b"src": _U, b"data-src": _U},
    b"feimage": _SVG,
    b"filter": _SVG,
    b"form": {b"action": _U},
    b"frame": {b"src": _U, b"longdesc": _U},
    b"head": {b"profile": Holds.SEVERAL},
    b"html": {b"manifest": _U},
    b"iframe": {b"src": _U, b"data-src": _U, b"longdesc": _U, b"srcdoc": Holds.PAGE},
    b"image": _SVG,
    b"img": {b"src": _U, b"data-lazy-src": _U, b"data-lazy-srcset": Holds.SRCSET, b"data-original": _U, b"data-src": _U,
             b"data-srcset": Holds.SRCSET, b"longdesc": _U, b"srcset": Holds.SRCSET},
    b"input": {b"formaction": _U, b"src": _U, b"value": _U},
    b"ins": {b"cite": _U},
    b"lineargradient": _SVG,
    b"link": {b"href": _U, b"imagesrcset": Holds.SRCSET},
    b"menuitem": {b"icon": _U},
    b"meta": {b"content": Holds.META},
    b"mpath": _SVG,
    b"object": {b"archive": Holds.SEVERAL, b"codebase": _U, b"data": _U},
    b"pattern": _SVG,
    b"q": {b"cite": _U},
    b"radialgradient": _SVG,
    b"script": {b"src": _U, b"data-src": _U, **_SVG},
    b"section": {b"data-background": _U, b"data-bg": _U},
    b"source": {b"src": _U, b"data-src": _U, b"data-srcset": Holds.SRCSET, b"srcset": Holds.SRCSET},
    b"table": {b"background": _U},
    b"tbody": {b"background": _U},
    b"td": {b"background": _U},
    b"textpath": _SVG,
    b"tfoot": {b"background": _U},
    b"th": {b"background": _U},
    b"thead": {b"background": _U},
    b"tr": {b"background": _U},
    b"track": {b"src": _U},
    b"turbo-frame": {b"src": _U},
    b"use": _SVG,
    b"video": {b"poster": _U, b"src": _U, b"data-poster": _U, b"data-src": _U},
}
#: Of every tag: where htmx sends requests, what it writes to the address bar, and its streams; also with `data-` before it.
EVERY_TAG: dict[bytes, Holds] = {
    prefix + name: _U
    for prefix in (b"", b"data-")
    for name in (b"hx-delete", b"hx-get", b"hx-patch", b"hx-post", b"hx-push-url", b"hx-put", b"hx-replace-url",
                 b"sse-connect", b"ws-connect")
}  # fmt: skip
#: Besides those, of every tag `style`, and the properties with `url()` that SVG also writes as attributes (SVG 2 section 6.6).
STYLES = frozenset({
    b"style", b"clip-path", b"cursor", b"fill", b"filter", b"marker-end", b"marker-mid", b"marker-start", b"mask", b"stroke",
})
#: Elements whose content is text, not tags, up to their end tag (HTML sections 13.2.5.2 and 13.2.5.3). `noscript` is read
#: as a browser without scripts reads it: as tags.
RAW_TEXT = frozenset({b"iframe", b"noembed", b"noframes", b"script", b"style", b"textarea", b"title", b"xmp"})
#: Everything after it is text.
PLAIN = b"plaintext"
#: Inside of these the rules of XML hold for CDATA, and titles are tags like others.
FOREIGN = frozenset({b"math", b"svg"})
