"""Cookies of a request: ours are found, and cut out of what the application gets. Answers: `http.set_cookie`.

A Cookie value is split at every `;` and nowhere else (RFC 6265 section 5.4 makes it so), quotes or not: a reader that
honours quotes could otherwise be tricked by `a="; ours=...; b="` into taking our cookie for a part of another one.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from functools import lru_cache

_BLANK = b" \t"


@lru_cache(maxsize=64)  # The names are ours: a few for each port.
def _start_of(name: bytes) -> re.Pattern[bytes]:
    return re.compile(rb";[ \t]*+" + re.escape(name) + rb"[ \t]*+=")


@lru_cache(maxsize=64)
def _fragments_of(names: tuple[bytes, ...]) -> re.Pattern[bytes]:
    """Neither case nor quotes, nor a `=` in front (a cookie without a name), hide a name."""
    any_name = b"|".join(map(re.escape, names))
    return re.compile(rb";[= \t\"]*+(?:" + any_name + rb")[ \t\"]*+(?=[=;]|\Z)[^;]*+", re.IGNORECASE)


def find(cookie: bytes, name: bytes) -> list[bytes]:
    """All values of the cookie `name` in one Cookie value, in their order, without blanks and quotes around them."""
    if name not in cookie:
        return []
    found = []
    fragments = b";" + cookie + b";"
    for start in _start_of(name).finditer(fragments):
        value = fragments[start.end():fragments.index(b";", start.end())].strip(_BLANK)
        if len(value) >= 2 and value[:1] == value[-1:] == b'"':
            value = value[1:-1]
        found.append(value)
    return found


def cut(cookie: bytes, names: Collection[bytes]) -> bytes:
    """The Cookie value without the cookies called `names`, in whatever case; the others stay byte for byte.

    b"" when nothing is left.
    """
    if not names:
        return cookie
    pattern = _fragments_of(tuple(names))
    fragments = b";" + cookie
    rest = pattern.sub(b"", fragments)[1:]
    # The blank that separated the first cookie from ours is not part of it.
    return rest.lstrip(_BLANK) if pattern.match(fragments) else rest
