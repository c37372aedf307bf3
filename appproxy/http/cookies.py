"""Cookies: ours are found and cut out of requests, and applications may not set them, nor reach a sibling's host.

A Cookie value is split at every `;` and nowhere else (RFC 6265 section 5.4 makes it so), quotes or not: a reader that
honours quotes could otherwise be tricked by `a="; ours=...; b="` into taking our cookie for a part of another one.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from functools import lru_cache

_BLANK = b" \t"
_DOMAIN = re.compile(rb";[ \t]*+domain[ \t]*+=([^;]*+)", re.IGNORECASE)


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


def keep_set_cookie(value: bytes, reserved_prefix: bytes, host: str) -> bool:
    """May this Set-Cookie of the application on `host` pass to the user?

    Not with a name of ours in any case, also not as the value of a cookie without a name, which comes back looking like
    ours. Not with a Domain that is neither `host` nor below it: it would reach siblings. Whatever else a browser makes
    of it is the application's business.
    """
    if value.lstrip(b'= \t"').lower().startswith(reserved_prefix.lower()):
        return False
    return all(_is_within(domain.strip(_BLANK), host.encode()) for domain in _DOMAIN.findall(value))


def _is_within(domain: bytes, host: bytes) -> bool:
    """An empty Domain counts as none (RFC 6265 section 5.2.3); a dot in front means nothing."""
    domain = domain.lower().removeprefix(b".")
    return not domain or domain == host or (domain.endswith(b"." + host) and not domain.startswith(b"."))
