"""Is this logout token to be believed? OpenID Connect Back-Channel Logout 1.0 sections 2.4 and 2.6.

Signature, algorithm, issuer and audience are looked at as for ID tokens, by the same code. That the token is used once is for
the store to say.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from joserfc.jwk import KeySet

from appproxy.errors import Code, IdentityError
from appproxy.identity.openid import id_token
from appproxy.identity.openid.id_token import LEEWAY, MAX_SUBJECT, UnknownKeyError

#: What the token says has happened (section 2.4).
EVENT = "http://schemas.openid.net/event/backchannel-logout"
#: Section 2.4 recommends `logout+jwt`; most providers still say JWT, or nothing.
_TYPES = ("logout+jwt", "jwt")
#: Seconds after which a token is too old, however long it says that it lasts: for so long it is remembered as used.
LONGEST = 3600.0
#: Seconds that one lasts which does not say (section 2.4: at most two minutes), as before the final specification.
_SHORT = 120.0


@dataclass(frozen=True, slots=True)
class LogoutToken:
    """Whose sessions have ended: `sid` names one, and without it all of `subject` are meant; one of both may be "".

    `id` may be used once until `expires` (seconds since 1970). `issued`: when, by the provider's clock.
    """

    id: str
    subject: str
    sid: str
    expires: float
    issued: float


def _refuse(detail: str) -> IdentityError:
    return IdentityError(Code.TOKEN_REFUSED, f"logout token: {detail}")


def check_logout_token(
    token: str, keys: KeySet, *, issuer: str, client_id: str, algorithms: Sequence[str], now: float
) -> LogoutToken:
    """What `token` says, or IdentityError(TOKEN_REFUSED), or UnknownKeyError when another key set may help."""
    try:
        raw = id_token.verified_claims(
            token, keys, issuer=issuer, client_id=client_id, algorithms=algorithms, types=_TYPES)
        issued, said = id_token.time_of(raw, "iat"), id_token.time_of(raw, "exp")
    except IdentityError as error:
        kind = UnknownKeyError if isinstance(error, UnknownKeyError) else IdentityError
        raise kind(Code.TOKEN_REFUSED, f"logout token: {error.detail.removeprefix('ID token: ')}") from error
    if issued is None:
        raise _refuse("it has no iat")
    expires = min(issued + _SHORT if said is None else said, issued + LONGEST)
    if issued > now + LEEWAY:
        raise _refuse("not valid yet")
    if now >= expires + LEEWAY:
        raise _refuse("expired")
    if "nonce" in raw:
        raise _refuse("it has a nonce, so it may be an ID token")
    _check_events(raw)
    id_, subject, sid = (_text(raw, name) for name in ("jti", "sub", "sid"))
    if not id_:
        raise _refuse("it has no jti")
    if not subject and not sid:
        raise _refuse("it has neither sub nor sid")
    return LogoutToken(id_, subject, sid, expires + LEEWAY, issued)


def began_after(issued: float, claims: Mapping[str, object], began: float) -> bool:
    """Has a session begun after a logout token was `issued`, which came late and cannot mean it?

    `claims`: its last ID token's, whose `iat` is of the same clock as `issued`. `began`: by our own, which may differ by
    `LEEWAY`; it tells alone where there is no `iat`, and it tells of sessions that were refreshed since.
    """
    try:
        said = id_token.time_of(claims, "iat")
    except IdentityError:
        said = None
    return began > issued + LEEWAY if said is None else said > issued and began > issued - LEEWAY


def _check_events(raw: Mapping[str, object]) -> None:
    events = raw.get("events")
    if not isinstance(events, dict) or not isinstance(events.get(EVENT), dict):
        raise _refuse("its events do not say that a session has ended")


def _text(raw: Mapping[str, object], name: str) -> str:
    value = raw.get(name, "")
    if not isinstance(value, str) or len(value) > MAX_SUBJECT or not value.isprintable():
        raise _refuse(f"{name} is not a text of at most {MAX_SUBJECT} characters")
    return value
