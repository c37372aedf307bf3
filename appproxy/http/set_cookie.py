"""Set-Cookie lines of an application as a browser outside is to get them, or not at all.

Read as browsers do (RFC 6265 section 5.2): split at every `;`, attribute names in any case, blanks around them mean
nothing, a later attribute wins. What need not be changed stays byte for byte, odd spellings included.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_BLANK = b" \t"
_DOMAIN = re.compile(rb";[ \t]*+domain[ \t]*+=([^;]*+)", re.IGNORECASE)
_PATH = re.compile(rb"(;[ \t]*+path[ \t]*+=[ \t]*+)([^;]*+)", re.IGNORECASE)
_SECURE = re.compile(rb";[ \t]*+secure[ \t]*+(?:=[^;]*+)?(?:;|\Z)", re.IGNORECASE)
_SAME_SITE_NONE = re.compile(rb";[ \t]*+samesite[ \t]*+=[ \t]*+none[ \t]*+(?:;|\Z)", re.IGNORECASE)
#: Browsers keep such a cookie only with `Path=/` and without a Domain (RFC 6265bis section 4.1.3.2).
_BOUND_TO_HOST = b"__host-"


@dataclass(frozen=True, slots=True)
class CookieRules:
    """What decides about the cookies of one application. Hosts are in lower case, paths end in `/`.

    `reserved`: beginnings of names that are ours, in lower case. `internal_host` is the name by which the connector
    calls the application, b"" when nothing is to be translated. `secure`: the application speaks plain http, so that it
    could not mark its cookies as what they are outside.
    """

    reserved: tuple[bytes, ...]
    host: bytes
    internal_host: bytes = b""
    path: bytes = b"/"
    internal_path: bytes = b"/"
    secure: bool = False


def public_set_cookie(value: bytes, rules: CookieRules) -> bytes | None:
    """The value of a Set-Cookie field for the browser; None: it may not have it.

    Refused is a name of ours in any case, also as the value of a cookie without a name, which comes back looking like
    ours; and a Domain that is neither the public host nor below it: it would reach other applications. A Domain that the
    internal host belongs to is left out, which makes the cookie one of the public host alone.
    """
    if value.lstrip(b'= \t"').lower().startswith(rules.reserved):
        return None
    if b";" not in value:
        return value + b"; Secure" if rules.secure and value else value
    if rules.internal_host:
        value = _without_internal_domain(value, rules)
    if not all(_is_within(domain.strip(_BLANK), rules.host) for domain in _DOMAIN.findall(value)):
        return None
    if not rules.internal_host:
        return value
    if not value[:16].lstrip(_BLANK).lower().startswith(_BOUND_TO_HOST):
        value = _PATH.sub(lambda found: found[1] + _public_path(found[2], rules), value)
    if (rules.secure or _SAME_SITE_NONE.search(value)) and not _SECURE.search(value):
        value += b"; Secure"  # browsers refuse SameSite=None without it
    return value


def _without_internal_domain(value: bytes, rules: CookieRules) -> bytes:
    """Without each Domain that the internal host is, or is below: the name means nothing to a browser outside."""

    def public(found: re.Match[bytes]) -> bytes:
        domain = found[1].strip(_BLANK).lower().removeprefix(b".")
        internal = domain and _is_within(rules.internal_host, domain) and not _is_within(domain, rules.host)
        return b"" if internal else found[0]

    return _DOMAIN.sub(public, value)


def _public_path(path: bytes, rules: CookieRules) -> bytes:
    """A Path below the internal path, or above all of it, as the corresponding external one; others stay."""
    inner, outer = rules.internal_path, rules.path
    if inner == outer:
        return path
    bare = path.rstrip(_BLANK)
    rest = path[len(bare):]
    if bare.startswith(inner) and bare != b"/":
        return outer + bare[len(inner):] + rest
    if bare in (b"/", inner[:-1]) and bare:
        # Without the slash at its end, so that it also counts for the bare external path.
        return (outer[:-1] or b"/") + rest
    return path


def _is_within(domain: bytes, host: bytes) -> bool:
    """An empty Domain counts as none (RFC 6265 section 5.2.3); a dot in front means nothing."""
    domain = domain.lower().removeprefix(b".")
    return not domain or domain == host or (domain.endswith(b"." + host) and not domain.startswith(b"."))
