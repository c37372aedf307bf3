"""Is this ID token to be believed? OpenID Connect Core 1.0 section 3.1.3.7, RFC 8725.

The algorithm comes from a fixed list, the key from the provider's own key set and from nowhere else: whatever the
token says about its key (`jwk`, `jku`, `x5u`, `x5c`) is a reason to refuse it.
"""

from __future__ import annotations

import hmac
import math
from base64 import urlsafe_b64decode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import Key, KeySet

from appproxy.errors import Code, IdentityError
from appproxy.json_input import read_json

#: The only algorithms that a provider's list may name: signatures with a key pair.
ALGORITHMS = frozenset({
    "RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA", "Ed25519",
})
#: Seconds by which the clocks of provider and service may differ.
LEEWAY = 60.0
#: Tokens with some hundred groups stay below; joserfc's own bound is 128,000 for the payload.
MAX_TOKEN = 64 * 1024
#: OpenID Connect Core 1.0 section 2: `sub` has at most 255 characters.
MAX_SUBJECT = 255
#: Year 10000. Later times, also 1e300 and infinity, are no times.
_END_OF_TIME = 253402300800.0
_FORBIDDEN_HEADER = ("crit", "jwk", "jku", "x5u", "x5c", "b64", "zip", "enc")


#: What values of the claim `acrs` begin with among the methods of a sign-in (`amr`), where there is room for several.
ACRS = "acrs:"


class UnknownKeyError(IdentityError):
    """No key of the set has made the signature; perhaps the provider has a new one, under the same name or another."""


@dataclass(frozen=True, slots=True)
class Claims:
    """What a believed ID token says. Times are seconds since 1970; `raw` holds all claims."""

    issuer: str
    subject: str
    issued: float
    expires: float
    auth_time: float
    amr: tuple[str, ...]
    acr: str
    raw: Mapping[str, object] = field(repr=False)


def _refuse(detail: str) -> IdentityError:
    return IdentityError(Code.TOKEN_REFUSED, f"ID token: {detail}")


def check_id_token(
    token: str, keys: KeySet, *, issuer: str, client_id: str, nonce: str | None, algorithms: Sequence[str], now: float,
    max_age: int | None = None,
) -> Claims:
    """The claims of `token`, or IdentityError(TOKEN_REFUSED), or UnknownKeyError when another key set may help.

    `nonce` is None for a token that came with a refresh (section 12.2), over our own connection: it need not have one.
    `max_age`: the seconds that we asked for since the user has proved who they are; None: we did not.
    """
    raw = verified_claims(token, keys, issuer=issuer, client_id=client_id, algorithms=algorithms)
    said = raw.get("nonce")
    if nonce is not None and (not isinstance(said, str) or not hmac.compare_digest(said.encode(), nonce.encode())):
        raise _refuse("the nonce is not the one that we gave")
    claims, auth_time = claims_of(raw, now), time_of(raw, "auth_time")
    if max_age is not None and (auth_time is None or now > auth_time + max_age + LEEWAY):
        raise _refuse("it lacks auth_time, or the user has proved who they are longer ago than max_age allows")
    return claims


def claims_of(raw: Mapping[str, object], now: float) -> Claims:
    """Subject and times of a token whose issuer and audience are right. Raises IdentityError(TOKEN_REFUSED)."""
    expires, issued = _required_time(raw, "exp"), _required_time(raw, "iat")
    if now >= expires + LEEWAY:
        raise _refuse("expired")
    if max(issued, time_of(raw, "nbf") or 0.0) > now + LEEWAY:
        raise _refuse("not valid yet")
    if expires <= issued:
        raise _refuse("expires before it was issued")
    auth_time = time_of(raw, "auth_time")
    return Claims(
        issuer=_text(raw.get("iss")), subject=_subject(raw), issued=issued, expires=expires,
        auth_time=issued if auth_time is None else auth_time,
        # Microsoft Entra's authentication contexts: what a sign-in has, of several at once.
        amr=(*_texts(raw.get("amr")), *(ACRS + one for one in _texts(raw.get("acrs")))),
        acr=_text(raw.get("acr")), raw=raw,
    )


def verified_claims(
    token: str, keys: KeySet, *, issuer: str, client_id: str, algorithms: Sequence[str], types: Sequence[str] = ("jwt",)
) -> Mapping[str, object]:
    """The claims of a signed token from this issuer for this client; `types`: what it may call itself, in lower case.

    Raises what `check_id_token` raises. No time was looked at.
    """
    raw = signed_payload(token, keys, algorithms, types)
    if raw.get("iss") != issuer:
        raise _refuse("another issuer")
    _check_audience(raw, client_id)
    return raw


def signed_payload(token: str, keys: KeySet, algorithms: Sequence[str], types: Sequence[str]) -> Mapping[str, object]:
    """The claims of a token that one of these keys has signed. Raises what `check_id_token` raises.

    Neither times, issuer nor audience were looked at.
    """
    return _payload(_verified(token, keys, algorithms, types))


def issuer_of(token: str) -> str:
    """Who a token says that it is from: nothing of it is believed yet. "" for what is no token."""
    parts = token.split(".") if token.isascii() and len(token) <= MAX_TOKEN else ()
    if len(parts) != 3:
        return ""
    try:
        raw = read_json(urlsafe_b64decode(parts[1] + "=="))
    except ValueError:
        return ""
    issuer = raw.get("iss") if isinstance(raw, dict) else None
    return issuer if isinstance(issuer, str) else ""


def check_user_info(
    token: str, keys: KeySet, *, issuer: str, client_id: str, algorithms: Sequence[str]
) -> Mapping[str, object]:
    """The claims of a signed UserInfo answer (OpenID Connect Core section 5.3.2). Raises what `check_id_token` raises.

    `iss` and `aud` need not be there; what is there must be right.
    """
    raw = _payload(_verified(token, keys, algorithms))
    if raw.get("iss", issuer) != issuer:
        raise _refuse("another issuer")
    if "aud" in raw:
        _check_audience(raw, client_id)
    return raw


def _verified(token: str, keys: KeySet, wanted: Sequence[str], types: Sequence[str] = ("jwt",)) -> bytes:
    """The payload, once the signature was found good."""
    algorithms = [name for name in wanted if name in ALGORITHMS]
    if not isinstance(token, str) or not token.isascii() or not 0 < len(token) <= MAX_TOKEN:
        raise _refuse("too large, or not a token")
    # joserfc takes an empty list for "the recommended ones", and HS256 is among those.
    if not algorithms:
        raise _refuse("the provider's list of algorithms is empty")
    registry = jws.JWSRegistry(algorithms=algorithms, strict_check_header=False)
    try:
        read_json(urlsafe_b64decode(token.partition(".")[0] + "=="))  # joserfc does not bound how deep it is nested
        message = jws.extract_compact(token.encode("ascii"), None, registry)
        header = message.headers()
        algorithm = _check_header(header, algorithms, types)
        key = _choose_key(keys, header.get("kid"), algorithm)
        if not _is_signed_by(message, key, algorithms, registry):
            raise UnknownKeyError(Code.TOKEN_REFUSED, "ID token: the signature is wrong")
    except (JoseError, ValueError, TypeError) as error:
        raise _refuse(f"unreadable or wrongly signed ({type(error).__name__})") from error
    return message.payload if isinstance(message.payload, bytes) else b""


def _is_signed_by(message: jws.CompactSignature, key: Key, algorithms: list[str], registry: jws.JWSRegistry) -> bool:
    """A key of another kind under the name that the token gives has not made the signature, either."""
    try:
        return jws.validate_compact(message, key, algorithms, registry)
    except (JoseError, ValueError, TypeError):
        return False


def _check_header(header: Mapping[str, object], algorithms: Sequence[str], types: Sequence[str]) -> str:
    for name in _FORBIDDEN_HEADER:
        if name in header:
            raise _refuse(f"its header has {name}")
    kind = header.get("typ", "JWT")
    if not isinstance(kind, str) or kind.lower().removeprefix("application/") not in types:
        raise _refuse("it is a token of another type")
    algorithm = header.get("alg")
    if not isinstance(algorithm, str) or algorithm not in algorithms:
        raise _refuse("its algorithm is not on the provider's list")
    return algorithm


def _choose_key(keys: KeySet, kid: object, algorithm: str) -> Key:
    """The key that the token names; without a name only the single possible one (Core section 10.1)."""
    fitting = [key for key in keys.keys if key.get("alg") in (None, algorithm)]
    if kid is not None:
        fitting = [key for key in fitting if key.kid == kid]
    if len(fitting) != 1:
        raise UnknownKeyError(Code.TOKEN_REFUSED, "ID token: its key is not in the provider's key set")
    return fitting[0]


def _payload(payload: bytes) -> dict[str, object]:
    try:
        raw = read_json(payload, unique=True)
    except ValueError as error:
        raise _refuse("its payload is not JSON") from error
    if not isinstance(raw, dict):
        raise _refuse("its payload is not a JSON object")
    return raw


def _check_audience(raw: Mapping[str, object], client_id: str) -> None:
    said = raw.get("aud")
    audiences = [said] if isinstance(said, str) else said
    if not isinstance(audiences, list) or not all(isinstance(name, str) for name in audiences):
        raise _refuse("it has no audience")
    if client_id not in audiences:
        raise _refuse("it is for another audience")
    party = raw.get("azp")
    if (len(audiences) > 1 or party is not None) and party != client_id:
        raise _refuse("it was issued to another party")


def time_of(raw: Mapping[str, object], name: str) -> float | None:
    """A claim that is a time; None where there is none. Raises IdentityError(TOKEN_REFUSED) for what is no time."""
    value = raw.get(name)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise _refuse(f"{name} is not a number")
    # An int of a thousand digits cannot become a float: compare it first.
    if not 0 <= value < _END_OF_TIME or not math.isfinite(value):
        raise _refuse(f"{name} is not a time")
    return float(value)


def _required_time(raw: Mapping[str, object], name: str) -> float:
    value = time_of(raw, name)
    if value is None:
        raise _refuse(f"it has no {name}")
    return value


def _subject(raw: Mapping[str, object]) -> str:
    subject = raw.get("sub")
    if not isinstance(subject, str) or not 0 < len(subject) <= MAX_SUBJECT or not subject.isprintable():
        raise _refuse("it has no usable subject")
    return subject


def _text(value: object) -> str:
    """What is kept of it, in databases too, which do not take every sign."""
    return value[:255] if isinstance(value, str) and value.isprintable() else ""


def _texts(value: object) -> tuple[str, ...]:
    """A list of short texts; anything else counts as none."""
    return tuple(_text(part) for part in value[:20] if isinstance(part, str)) if isinstance(value, list) else ()
