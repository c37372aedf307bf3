"""Cookies of a request: ours are found, and cut out of what the application gets. Answers: `http.set_cookie`.

A Cookie value is split at every `;` and nowhere else (RFC 6265 section 5.4 makes it so), quotes or not: a reader that
honours quotes could otherwise be tricked by `a="; ours=...; b="` into taking our cookie for a part of another one.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

_BLANK = b" \t"
#: What the name of each cookie of ours begins with, in lower case: the way in for browsers (`__Host-`, RFC 6265bis section
#: 4.1.3.2), and the one of an access cookie without Secure. Whatever begins so is ours alone: no application sees one, and
#: none may set one.
RESERVED = (b"__host-appproxy", b"appproxy")
#: The same as we spell it ourselves.
_SPELT = (b"__Host-appproxy", b"appproxy")
#: Neither case nor quotes, nor a `=` in front (a cookie without a name), hide a name.
_OURS = re.compile(rb";[= \t\"]*+(?:__host-appproxy|appproxy)[^;]*+", re.IGNORECASE)


def find(cookie: bytes, name: bytes) -> list[bytes]:
    """All values of the cookie `name` in one Cookie value, in their order, without blanks and quotes around them."""
    found = []
    if name in cookie:
        for fragment in cookie.split(b";"):
            if name in fragment:
                said, mark, value = fragment.partition(b"=")
                if mark and said.strip(_BLANK) == name:
                    found.append(_unquoted(value.strip(_BLANK)))
    return found


def _unquoted(value: bytes) -> bytes:
    return value[1:-1] if len(value) >= 2 and value[:1] == value[-1:] == b'"' else value


def beginning(cookies: Iterable[bytes], prefix: bytes) -> list[tuple[bytes, bytes]]:
    """Names and values of the cookies whose names begin so, in all Cookie values, in their order."""
    found = []
    for cookie in cookies:
        if prefix not in cookie:
            continue
        for fragment in cookie.split(b";"):
            name, _, value = fragment.partition(b"=")
            if (name := name.strip(_BLANK)).startswith(prefix):
                found.append((name, value.strip(_BLANK)))
    return found


def ours(cookies: Iterable[bytes]) -> dict[bytes, list[bytes]]:
    """The values of each of our cookies in all Cookie values, as `find` gives them: in one pass for any number of names."""
    found: dict[bytes, list[bytes]] = {}
    for cookie in cookies:
        for fragment in cookie.split(b";"):
            name, mark, value = fragment.partition(b"=")
            if mark and (name := name.strip(_BLANK)).startswith(_SPELT):
                found.setdefault(name, []).append(_unquoted(value.strip(_BLANK)))
    return found


def cut(cookie: bytes) -> bytes:
    """The Cookie value without our cookies, in whatever case; the others stay byte for byte.

    b"" when nothing is left.
    """
    fragments = b";" + cookie
    rest = _OURS.sub(b"", fragments)[1:]
    # The blank that separated the first cookie from ours is not part of it.
    return rest.lstrip(_BLANK) if _OURS.match(fragments) else rest
