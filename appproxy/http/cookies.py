"""Cookies: ours are found and cut out of requests, and applications may not set them, nor reach a sibling's host.

A Cookie value is split at every `;` and nowhere else (RFC 6265 section 5.4 makes it so), quotes or not: a reader that
honours quotes could otherwise be tricked by `a="; ours=...; b="` into taking our cookie for a part of another one.
"""

from __future__ import annotations

from collections.abc import Collection

_BLANK = b" \t"


def find(cookie: bytes, name: bytes) -> list[bytes]:
    """All values of the cookie `name` in one Cookie value, in their order, without blanks and quotes around them."""
    if name not in cookie:
        return []
    found = []
    for fragment in cookie.split(b";"):
        key, sign, value = fragment.partition(b"=")
        if sign and key.strip(_BLANK) == name:
            value = value.strip(_BLANK)
            if len(value) >= 2 and value[:1] == value[-1:] == b'"':
                value = value[1:-1]
            found.append(value)
    return found


def cut(cookie: bytes, names: Collection[bytes]) -> bytes:
    """The Cookie value without the cookies called `names`, in whatever case; the others stay byte for byte.

    b"" when nothing is left.
    """
    lowered = cookie.lower()
    ours = [name for name in map(bytes.lower, names) if name in lowered]
    if not ours:
        return cookie
    fragments = cookie.split(b";")
    kept = [fragment for fragment in fragments if _name_of(fragment) not in ours]
    if len(kept) == len(fragments):
        return cookie
    rest = b";".join(kept)
    return rest if kept and kept[0] is fragments[0] else rest.lstrip(_BLANK)


def _name_of(fragment: bytes) -> bytes:
    """The name in lower case; quotes around it and a `=` before it (a cookie without a name) do not hide it."""
    return fragment.lstrip(b'= \t"').partition(b"=")[0].strip(b' \t"').lower()


def keep_set_cookie(value: bytes, reserved_prefix: bytes, host: str) -> bool:
    """May this Set-Cookie of the application on `host` pass to the user?

    Not with a name of ours in any case, also not as the value of a cookie without a name, which comes back looking like
    ours. Not with a Domain that is neither `host` nor below it: it would reach siblings. Whatever else a browser makes
    of it is the application's business.
    """
    pair, *attributes = value.split(b";")
    if pair.lstrip(b'= \t"').lower().startswith(reserved_prefix.lower()):
        return False
    for attribute in attributes:
        key, _, domain = attribute.partition(b"=")
        if key.strip(_BLANK).lower() == b"domain" and not _is_within(domain.strip(_BLANK), host.encode()):
            return False
    return True


def _is_within(domain: bytes, host: bytes) -> bool:
    """An empty Domain counts as none (RFC 6265 section 5.2.3); a dot in front means nothing."""
    domain = domain.lower().removeprefix(b".")
    return not domain or domain == host or domain.endswith(b"." + host)
