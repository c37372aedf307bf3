"""What an admin wants in every answer of an application, or in none: HSTS, X-Robots-Tag, fields of their choice.

Worked out once for an application; an answer then gets one constant block of lines.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

#: Fields that make the message, its body or its way, or that other settings make: no policy touches them.
UNTOUCHABLE = frozenset({
    "accept-ranges", "age", "alt-svc", "connection", "content-encoding", "content-length", "content-location",
    "content-range", "content-type", "date", "keep-alive", "link", "location", "proxy-authenticate",
    "proxy-authorization", "proxy-connection", "proxy-status", "refresh", "set-cookie", "status",
    "strict-transport-security", "te", "trailer", "transfer-encoding", "upgrade", "www-authenticate", "x-request-id",
})  # fmt: skip
UNTOUCHABLE_PREFIXES = ("access-control-", "sec-websocket-", "x-appproxy-")


@dataclass(frozen=True, slots=True)
class ResponseField:
    """A field that every answer gets instead of the application's own; `name` in lower case, `value` printable ASCII."""

    name: str
    value: str


@dataclass(frozen=True, slots=True)
class ResponsePolicy:
    """`added`: the block of lines for every answer. `replaced`: lower-case names that the application may not send."""

    added: bytes = b""
    replaced: frozenset[bytes] = frozenset()


def hsts_line(max_age: int | None, subdomains: bool) -> bytes:
    """The line of Strict-Transport-Security (RFC 6797 section 6.1), b"" without an age."""
    if max_age is None:
        return b""
    return b"strict-transport-security: max-age=%d%b\n" % (max_age, b"; includeSubDomains" if subdomains else b"")


def response_policy(
    *, robots_disallow: bool, hsts_max_age: int | None, hsts_subdomains: bool, fields: Collection[ResponseField],
    removed: Collection[str],
) -> ResponsePolicy:
    """The policy of these settings. `hsts_max_age` in seconds (RFC 6797 section 6.1); 0 makes browsers forget."""
    lines = []
    replaced = {name.encode("ascii") for name in removed}
    own = {field.name for field in fields}
    if robots_disallow and "x-robots-tag" not in own:
        lines.append(b"x-robots-tag: noindex, nofollow\n")
    if hsts_max_age is not None:
        replaced.add(b"strict-transport-security")
        lines.append(hsts_line(hsts_max_age, hsts_subdomains))
    for field in fields:
        name = field.name.encode("ascii")
        replaced.add(name)
        lines.append(b"%b: %b\n" % (name, field.value.encode("ascii")))
    return ResponsePolicy(b"".join(lines), frozenset(replaced))
