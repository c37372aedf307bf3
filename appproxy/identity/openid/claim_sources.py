"""Claims that a provider does not say itself, but names a source for (OpenID Connect Core 1.0 section 5.6.2).

Aggregated ones come along as a signed token; distributed ones are fetched, with the token that is good for that place, and
only from hosts that an admin has named for this provider: nothing that a token says makes us call anybody else.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from appproxy.identity.openid.id_token import MAX_TOKEN
from appproxy.identity.openid.oidc_settings import check_https

#: Sources of one user: each costs a call while the user waits, and calls one after the other.
MOST = 3


@dataclass(frozen=True, slots=True)
class ClaimSource:
    """Where some claims are: in `token`, or at `endpoint`, which wants `access_token` ("": none)."""

    name: str
    claims: tuple[str, ...]
    token: str = field(default="", repr=False)
    endpoint: str = ""
    access_token: str = field(default="", repr=False)


def sources_of(raw: Mapping[str, object], wanted: Collection[str]) -> list[ClaimSource]:
    """The sources of the wanted claims that believed claims name and do not say themselves; what is malformed is none."""
    names, sources = raw.get("_claim_names"), raw.get("_claim_sources")
    if not isinstance(names, dict) or not isinstance(sources, dict):
        return []
    found: dict[str, list[str]] = {}
    for claim in sorted(wanted):
        name = names.get(claim)
        if claim not in raw and isinstance(name, str):
            found.setdefault(name, []).append(claim)
    made = (_source(name, tuple(claims), sources.get(name)) for name, claims in found.items())
    return [one for one in made if one is not None][:MOST]


def _source(name: str, claims: tuple[str, ...], said: object) -> ClaimSource | None:
    if not isinstance(said, dict):
        return None
    token, endpoint, access = (said.get(key) for key in ("JWT", "endpoint", "access_token"))
    if isinstance(token, str) and 0 < len(token) <= MAX_TOKEN:
        return ClaimSource(name, claims, token)
    if not isinstance(endpoint, str):
        return None
    try:
        check_https(endpoint)
    except ValueError:
        return None
    fits = isinstance(access, str) and access.isascii() and access.isprintable() and len(access) <= MAX_TOKEN
    return ClaimSource(name, claims, endpoint=endpoint, access_token=access if fits and isinstance(access, str) else "")


def is_named(endpoint: str, hosts: Collection[str]) -> bool:
    """May this https URL be called? `hosts`: `host` or `host:port`, exactly; no other port than the one that is meant."""
    parts = urlsplit(endpoint)
    return f"{parts.hostname}:{parts.port or 443}" in {one if ":" in one else f"{one}:443" for one in hosts}
