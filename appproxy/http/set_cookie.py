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
    could not mark its cookies as what they are outside. `knows_path`: it knows the external path, and may
    name that itself. `shared` is the domain that the application has for itself, so that
    its cookies may be for all of it, b"" for none; `internal_shared` is what it calls that domain.
    """

    reserved: tuple[bytes, ...]
    host: bytes
    internal_host: bytes = b""
    path: bytes = b"/"
    internal_path: bytes = b"/"
    secure: bool = False
    knows_path: bool = False
    shared: bytes = b""
    internal_shared: bytes = b""


def public_set_cookie(value: bytes, rules: CookieRules) -> bytes | None:
    """The value of a Set-Cookie field for the browser; None: it may not have it.

    Refused is a name of ours in any case, also as the value of a cookie without a name, which comes back looking like
    ours; and a Domain that the public host is not in, as browsers refuse it. A Domain above the public host would reach
    other applications: it is left out, and so is one that the internal host belongs to, which makes the cookie one of the
    public host alone.
    """
    if value.lstrip(b'= \t"').lower().startswith(rules.reserved):
        return None
    if b";" not in value:
        return value + b"; Secure" if rules.secure and value else value
    if _DOMAIN.search(value) is not None:
        value = _DOMAIN.sub(lambda found: _public_domain(found, rules), value)
        if not all(_is_public(domain, rules) for domain in map(_bare, _DOMAIN.findall(value))):
            return None
    if not rules.internal_host:
        return value
    if not value[:16].lstrip(_BLANK).lower().startswith(_BOUND_TO_HOST):
        value = _PATH.sub(lambda found: found[1] + _public_path(found[2], rules), value)
    if (rules.secure or _SAME_SITE_NONE.search(value)) and not _SECURE.search(value):
        value += b"; Secure"  # browsers refuse SameSite=None without it
    return value


def parent_domain(value: bytes, rules: CookieRules) -> bytes | None:
    """The Domain above the public host that is left out of this cookie; None: there is none."""
    for domain in map(_bare, _DOMAIN.findall(value)):
        if domain and _is_within(rules.host, domain) and not _is_public(domain, rules):
            return domain
    return None


def _bare(domain: bytes) -> bytes:
    return domain.strip(_BLANK).lower().removeprefix(b".")


def _is_public(domain: bytes, rules: CookieRules) -> bool:
    """May a cookie have this Domain: none, the public host, one below it, or one of those that it shares?"""
    if _is_within(domain, rules.host):
        return True
    return bool(rules.shared) and _is_within(domain, rules.shared) and _is_within(rules.host, domain)


def _public_domain(found: re.Match[bytes], rules: CookieRules) -> bytes:
    """A Domain attribute as it is to be; b"" for one above the public host, or of the internal one."""
    domain = _bare(found[1])
    if _is_public(domain, rules):
        return found[0]
    if rules.internal_host and _is_within(rules.internal_host, domain):
        return b"; Domain=" + rules.shared if rules.shared and domain == rules.internal_shared else b""
    return b"" if _is_within(rules.host, domain) else found[0]


def _public_path(path: bytes, rules: CookieRules) -> bytes:
    """A Path below the internal path, or above all of it, as the corresponding external one; others stay."""
    inner, outer = rules.internal_path, rules.path
    bare = path.rstrip(_BLANK)
    if inner == outer or (rules.knows_path and (bare + b"/").startswith(outer)):
        return path
    rest = path[len(bare):]
    if bare.startswith(inner) and bare != b"/":
        return outer + bare[len(inner):] + rest
    if bare in (b"/", inner[:-1]) and bare:
        # Without the slash at its end, so that it also counts for the bare external path.
        return (outer[:-1] or b"/") + rest
    return path


def _is_within(domain: bytes, host: bytes) -> bool:
    """Is a domain (in lower case, without a dot in front) this host, or below it? An empty one counts as none (RFC 6265
    section 5.2.3).
    """
    return not domain or domain == host or (domain.endswith(b"." + host) and not domain.startswith(b"."))
