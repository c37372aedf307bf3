"""Is this access token to be believed, and is it for this application? RFC 9068, and RFC 7662 for tokens that are opaque.

Whether a provider has signed it, or says that it is active, depends on the token alone; what an application accepts is looked
at apart, each time: one token may be shown to several applications.
"""

from __future__ import annotations

from base64 import urlsafe_b64decode
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from joserfc.jwk import KeySet

from appproxy.errors import Code, IdentityError
from appproxy.identity.openid.id_token import Claims, claims_of, signed_payload
from appproxy.json_input import read_json

#: RFC 9068 section 2.1; what providers from before it call their tokens.
ACCESS_TYPE, OLD_TYPE = "at+jwt", "jwt"
#: The claim by which the built-in provider tells the gate at which risk a user has let a program in.
RISK = "sign_in_risk"
#: Claims that only ID tokens have (OpenID Connect Core 1.0 sections 2 and 3.3.2.11).
_OF_ID_TOKENS = ("nonce", "at_hash", "c_hash", "s_hash")
#: Texts of a list that are looked at; real ones have a few.
_MOST = 100


@dataclass(frozen=True, slots=True)
class AccessToken:
    """What a provider has vouched for: claims, and the token's type in lower case, "" for one that is opaque."""

    raw: Mapping[str, object]
    kind: str


@dataclass(frozen=True, slots=True)
class Accepted:
    """What one application accepts. `resources`: URLs of it; a token for one of them, or for what is below it, is for it.

    `audiences`: names that count in place of `resources`; `clients`: client ids that a token may have been given to, empty:
    any; `old_types`: also JWTs that do not say that they are access tokens; `own`: our client ids, which ID tokens are for.
    `thumbprint`: of the certificate that the client has proved on this connection (`x5t#S256`), "" for none.
    """

    issuers: frozenset[str]
    resources: frozenset[str]
    audiences: frozenset[str] = frozenset()
    clients: frozenset[str] = frozenset()
    scopes: frozenset[str] = frozenset()
    old_types: bool = False
    own: frozenset[str] = frozenset()
    thumbprint: str = ""


def is_jwt(token: str) -> bool:
    """Does it look like one? All else is opaque."""
    parts = token.split(".")
    if len(parts) != 3:
        return False
    try:
        header = read_json(urlsafe_b64decode(parts[0] + "=" * (-len(parts[0]) % 4)))
    except ValueError:
        return False
    return isinstance(header, dict) and "alg" in header


def signed_token(token: str, keys: KeySet, algorithms: Sequence[str]) -> AccessToken:
    """What a signed token says. No time, issuer or audience was looked at.

    Raises IdentityError(TOKEN_REFUSED), or UnknownKeyError when another key set may help.
    """
    for kind in (ACCESS_TYPE, OLD_TYPE):
        if says_type(token, kind):
            try:
                return AccessToken(signed_payload(token, keys, algorithms, (kind,)), kind)
            except IdentityError as error:
                error.detail = error.detail.replace("ID token", "access token", 1)
                raise
    raise _refuse("it is of another type")


def says_type(token: str, kind: str) -> bool:
    """Does its header say this type? Nothing of it is believed yet; none is the old one."""
    part = token.partition(".")[0]
    try:
        header = read_json(urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    except ValueError:
        return False
    said = header.get("typ", OLD_TYPE) if isinstance(header, dict) else None
    return isinstance(said, str) and said.lower().removeprefix("application/") == kind


def introspected_token(answer: object, issuer: str, ends: float) -> AccessToken | None:
    """What an introspection end point says of a token (RFC 7662 section 2.2); None: that it does not count.

    `ends` is its end where none is said. Without `iat` it counts as old, so that revoking the user's sessions ends it.
    """
    if not isinstance(answer, dict) or answer.get("active") is not True:
        return None
    return AccessToken({"iss": issuer, "iat": 0, "exp": ends, **answer}, "")


def accept(token: AccessToken, accepted: Accepted, now: float) -> Claims:
    """Whose it is, if the application accepts it `now` (seconds since 1970). Raises IdentityError(TOKEN_REFUSED).

    Scopes are not looked at: see `lacking_scopes`.
    """
    raw = token.raw
    if token.kind == OLD_TYPE and not accepted.old_types:
        raise _refuse("it does not say that it is an access token (at+jwt)")
    if token.kind and any(name in raw for name in _OF_ID_TOKENS):
        raise _refuse("it is an ID token")
    if _text(raw.get("iss")) not in accepted.issuers:
        raise _refuse("another issuer")
    _check_binding(raw, accepted.thumbprint)
    _check_audience(raw, accepted)
    if accepted.clients and accepted.clients.isdisjoint((_text(raw.get("client_id")), _text(raw.get("azp")))):
        raise _refuse("it was given to another client")
    try:
        return claims_of(raw, now)
    except IdentityError as error:
        raise _refuse(error.detail.removeprefix("ID token: ")) from error


def _check_binding(raw: Mapping[str, object], thumbprint: str) -> None:
    """A token that is bound to a client's certificate is good together with that alone (RFC 8705 section 3); one that is bound
    to anything else, or to more, is not taken.
    """
    if "cnf" not in raw:
        return
    bound = raw["cnf"]
    if not isinstance(bound, dict) or bound.keys() != {"x5t#S256"}:
        raise _refuse("it is bound to a key (cnf), and no proof of that is taken here")
    if not thumbprint:
        raise _refuse("it is bound to a certificate (cnf), and none was shown for this host")
    if bound["x5t#S256"] != thumbprint:
        raise _refuse("it is bound to another certificate (cnf) than the one that was shown")


def lacking_scopes(token: AccessToken, accepted: Accepted) -> list[str]:
    """Which scopes that the application needs were not granted (`scope`, RFC 8693 section 4.2; `scp` of older providers)."""
    granted: set[str] = set()
    for name in ("scope", "scp"):
        said = token.raw.get(name)
        granted.update(said.split() if isinstance(said, str) else _texts(said))
    return sorted(accepted.scopes - granted)


def _check_audience(raw: Mapping[str, object], accepted: Accepted) -> None:
    said = raw.get("aud")
    audiences = [said] if isinstance(said, str) else _texts(said)
    if not audiences:
        raise _refuse("it has no audience")
    # An ID token is for its client, but it has no scopes.
    if accepted.own & set(audiences) and not (accepted.own & accepted.audiences and ("scope" in raw or "scp" in raw)):
        raise _refuse("it is for the sign-in, not for the application")
    if accepted.audiences:
        if not accepted.audiences & set(audiences):
            raise _refuse("it is for another audience")
    elif not any(is_within(one, accepted.resources) for one in audiences):
        raise _refuse("it is for another audience")


def is_within(url: str, resources: Iterable[str]) -> bool:
    """Is a URL one of these, or below one? Whether it ends in a slash does not matter; dots, which climb, do."""
    if "/." in url or "%" in url or "\\" in url:
        return url in resources
    return any((url.partition("?")[0] + "/").startswith(one.rstrip("/") + "/") for one in resources)


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _texts(value: object) -> list[str]:
    return [one for one in value[:_MOST] if isinstance(one, str)] if isinstance(value, list) else []


def _refuse(detail: str) -> IdentityError:
    return IdentityError(Code.TOKEN_REFUSED, f"access token: {detail}")
