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
    token: str, keys: KeySet, *, issuer: str, client_id: str, nonce: str, algorithms: Sequence[str], now: float
) -> Claims:
    """The claims of `token`, or IdentityError(TOKEN_REFUSED), or UnknownKeyError when another key set may help."""
    raw = _payload(_verified(token, keys, algorithms))
    if raw.get("iss") != issuer:
        raise _refuse("another issuer")
    _check_audience(raw, client_id)
    said = raw.get("nonce")
    if not isinstance(said, str) or not hmac.compare_digest(said.encode(), nonce.encode()):
        raise _refuse("the nonce is not the one that we gave")
    expires, issued = _required_time(raw, "exp"), _required_time(raw, "iat")
    if now >= expires + LEEWAY:
        raise _refuse("expired")
    if max(issued, _time(raw, "nbf") or 0.0) > now + LEEWAY:
        raise _refuse("not valid yet")
    if expires <= issued:
        raise _refuse("expires before it was issued")
    auth_time = _time(raw, "auth_time")
    return Claims(
        issuer=issuer, subject=_subject(raw), issued=issued, expires=expires,
        auth_time=issued if auth_time is None else auth_time,
        amr=_texts(raw.get("amr")), acr=_text(raw.get("acr")), raw=raw,
    )


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


def _verified(token: str, keys: KeySet, wanted: Sequence[str]) -> bytes:
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
        algorithm = _check_header(header, algorithms)
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


def _check_header(header: Mapping[str, object], algorithms: Sequence[str]) -> str:
    for name in _FORBIDDEN_HEADER:
        if name in header:
            raise _refuse(f"its header has {name}")
    kind = header.get("typ", "JWT")
    if not isinstance(kind, str) or kind.lower() != "jwt":
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


def _time(raw: Mapping[str, object], name: str) -> float | None:
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
    value = _time(raw, name)
    if value is None:
        raise _refuse(f"it has no {name}")
    return value


def _subject(raw: Mapping[str, object]) -> str:
    subject = raw.get("sub")
    if not isinstance(subject, str) or not 0 < len(subject) <= MAX_SUBJECT or not subject.isprintable():
        raise _refuse("it has no usable subject")
    return subject


def _text(value: object) -> str:
    return value[:255] if isinstance(value, str) else ""


def _texts(value: object) -> tuple[str, ...]:
    """A list of short texts; anything else counts as none."""
    return tuple(_text(part) for part in value[:20] if isinstance(part, str)) if isinstance(value, list) else ()
