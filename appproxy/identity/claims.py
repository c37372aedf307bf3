"""From the claims of a believed ID token to the session that the access cookie carries."""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping

from appproxy.errors import Code, IdentityError
from appproxy.identity.openid.id_token import Claims
from appproxy.identity.session import Session

#: Groups of a user that are kept, whether an assignment names them or not: an assignment that comes later counts for these
#: at once, for others with the next refresh or sign-in.
MANY = 500
#: Characters of a display name that are kept: it is only shown, and the cookie is small.
MAX_NAME = 100


def build_session(
    claims: Claims, *, provider: str, session_id: str, now: float, expires: float, groups_claim: str = "groups",
    named_groups: Container[str] = frozenset(), named_claims: Iterable[str] = (), refresh_at: float = 0.0,
) -> Session:
    """A new session with the provider of this id, issued `now`. How long the token lasts does not matter to it.

    Of the token's groups only `named_groups` are kept, of its claims only `named_claims`. Raises
    IdentityError(TOKEN_REFUSED) when a kept claim has control characters, as it would become a request field, and when
    the session would be over at once: the browser would be sent round and round.
    """
    if expires <= now:
        raise IdentityError(Code.TOKEN_REFUSED, "the session would be over at once")
    return Session(
        id=session_id, provider=provider, subject=claims.subject, issuer=claims.issuer, name=display_name(claims),
        issued=now, expires=expires, auth_time=claims.auth_time,
        amr=claims.amr, acr=claims.acr,
        groups=tuple(group for group in groups_of(claims.raw, groups_claim) if group in named_groups),
        claims=kept_claims(claims.raw, named_claims), seen=now, refresh_at=refresh_at,
    )


def display_name(claims: Claims) -> str:
    """What to call the user: `name`, `preferred_username`, `email` or the subject, whichever is there first."""
    for claim in ("name", "preferred_username", "email"):
        value = claims.raw.get(claim)
        if isinstance(value, str) and value.strip():
            return "".join(sign if sign.isprintable() else " " for sign in value.strip()[:MAX_NAME])
    return claims.subject[:MAX_NAME]


def groups_of(raw: Mapping[str, object], claim: str) -> tuple[str, ...]:
    """The user's group ids, each once, exactly as the provider spells them; a single text is one group."""
    value = raw.get(claim)
    if isinstance(value, str):
        return (value,)
    if not isinstance(value, list):
        return ()
    return tuple(dict.fromkeys(group for group in value if isinstance(group, str) and group))


def with_few_groups(raw: Mapping[str, object], claim: str, named: Container[str]) -> Mapping[str, object]:
    """The claims as they are kept: of more than `MANY` groups only those that some assignment names."""
    groups = groups_of(raw, claim)
    return {**raw, claim: [group for group in groups if group in named]} if len(groups) > MANY else raw


def kept_claims(raw: Mapping[str, object], names: Iterable[str]) -> dict[str, str]:
    """The named claims as texts: lists joined by commas, true and false in words; missing ones are left out."""
    kept = {}
    for name in sorted(set(names)):
        text = claim_text(raw.get(name))
        if text is None:
            continue
        if not is_field_safe(text):
            raise IdentityError(Code.TOKEN_REFUSED, f"the claim {name!r} has control characters")
        kept[name] = text
    return kept


def claim_text(value: object) -> str | None:
    """One claim as a text, or None when it has no plain text form (objects, nested lists)."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str | int):
        return str(value)
    if isinstance(value, list) and all(isinstance(part, str) for part in value):
        return ",".join(value)
    return None


def is_field_safe(text: str) -> bool:
    """May it stand in a field value (RFC 9110 section 5.5)? No control character, no lone surrogate."""
    return not any(ord(sign) < 0x20 or 0x7F <= ord(sign) < 0xA0 or 0xD800 <= ord(sign) < 0xE000 for sign in text)
