"""Where URLs are in the values of fields that hold more than one URL.

`url` gives the public form of a URL, and the same URL where it has none. What is not read stays byte for byte.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from appproxy.regex import compiled

#: A quoted string, which may lack its end, as structured fields (RFC 9651 section 3.3.3) and JSON have them.
_STRING = compiled(rb"\"((?:[^\"\\]++|\\.)*+)(\"|\\?\Z)")
#: A string that is the value of a member `url` or `path` in JSON; or any other.
_MEMBER = compiled(
    rb"(\"(?:url|path)\"[ \t]*+:[ \t]*+\")((?:[^\"\\]++|\\.)*+)\"|\"(?:[^\"\\]++|\\.)*+(?:\"|\\?\Z)")
#: In challenges (RFC 9110 section 11.6.1): a scheme, or a parameter with its value in quotes or not; or a string that
#: belongs to nothing.
_PART = compiled(
    rb"(([^ \t,=\"]++)[ \t]*+)(?:(=[ \t]*+)(?:\"((?:[^\"\\]++|\\.)*+)\"?+|([^ \t,\"]*+)))?+|\"(?:[^\"\\]++|\\.)*+\"?+")
#: Parameters that lead clients somewhere (RFC 6750, RFC 7616, RFC 9728, and what servers have of their own).
_LEADS = compiled(rb"realm|domain|location|resource_metadata|(?:[a-z]++_)*+ur[il]", re.IGNORECASE)
#: Schemes whose clients compute with the realm: a changed one would make every password wrong (RFC 7616, 7804, 8120, 7486).
_COMPUTES = (b"digest", b"scram-", b"mutual", b"hoba")
_LISTED = compiled(rb"[^ \t,]++")

Change = Callable[[bytes], bytes]


def strings(value: bytes, url: Change) -> bytes:
    """Each quoted string is a URL: Reporting-Endpoints, Speculation-Rules."""
    def public(found: re.Match[bytes]) -> bytes:
        return found[0] if found[2] != b'"' or b"\\" in found[1] else b'"%b"' % url(found[1])

    return _STRING.sub(public, value)


def allowlists(value: bytes, origins: Callable[[bytes], list[bytes]]) -> bytes:
    """Strings with a scheme are origins: Permissions-Policy (its section 5.2). One outside of brackets stays one."""
    def public(found: re.Match[bytes]) -> bytes:
        if found[2] != b'"' or b"\\" in found[1] or b"://" not in found[1]:
            return found[0]
        forms = origins(found[1])
        if value[found.start() - 1:found.start()] == b"=":
            forms = forms[:1]
        return b" ".join([b'"%b"' % one for one in forms])

    return _STRING.sub(public, value)


def listed_origins(value: bytes, origins: Callable[[bytes], list[bytes]]) -> bytes:
    """Origins with commas between: Timing-Allow-Origin (Resource Timing section 3.5.1)."""
    return _LISTED.sub(lambda found: b", ".join(origins(found[0])) if b"://" in found[0] else found[0], value)


def endpoints(value: bytes, url: Change) -> bytes:
    """The members `url` and `path` of JSON, also with slashes as `\\/`: Report-To, HX-Location."""
    def public(found: re.Match[bytes]) -> bytes:
        if found[1] is None:
            return found[0]
        said = found[2].replace(b"\\/", b"/")
        there = url(said)
        if b"\\" in said or there == said:
            return found[0]
        return b'%b%b"' % (found[1], there.replace(b"/", b"\\/") if b"\\/" in found[2] else there)

    return _MEMBER.sub(public, value)


def challenges(value: bytes, url: Change) -> bytes:
    """Parameters that lead somewhere: WWW-Authenticate. A realm that clients compute with, and one that is a text, stay."""
    scheme = b""

    def public(found: re.Match[bytes]) -> bytes:
        nonlocal scheme
        before, name, mark, quoted, bare = found.groups()
        if mark is None:
            scheme = scheme if name is None else name.lower()
            return found[0]
        said = bare if quoted is None else quoted
        if _LEADS.fullmatch(name) is None or b"\\" in said:
            return found[0]
        lowered = name.lower()
        if lowered == b"realm" and (b"://" not in said or scheme.startswith(_COMPUTES)):
            return found[0]
        there = _LISTED.sub(lambda one: url(one[0]), said) if lowered == b"domain" else url(said)
        return found[0] if there == said else before + found[0][len(before):].replace(said, there, 1)

    return _PART.sub(public, value)
