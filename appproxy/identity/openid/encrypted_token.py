"""Encrypted ID tokens, logout tokens and UserInfo: signed by the provider, and then encrypted to a key of ours (OpenID
Connect Core 1.0 section 10.2).

The form is that of RFC 7516 (JSON Web Encryption), compact, with a signed token inside (RFC 7519 section 5.2). The algorithm
is the one that the admin has set, and no other: whatever else a token names is a reason to refuse it, and so is
compression, whose output has no bound. Encryption with a public key proves nothing of who has made the token; the signature
within does, and is checked as that of any other (`id_token`).
"""

from __future__ import annotations

from base64 import urlsafe_b64decode
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from joserfc import jwe

from appproxy.errors import Code, IdentityError
from appproxy.identity.openid.id_token import MAX_TOKEN
from appproxy.identity.openid.key_pairs import load_pair, public_half
from appproxy.json_input import read_json

#: Ways in which the token's key reaches us, and the type of our key (RFC 7518 section 4.1). RSA1_5 is left out: what it tells
#: of a failure opens tokens (RFC 8725 section 3.2).
KEY_TYPES = {"RSA-OAEP-256": "RSA", "ECDH-ES": "EC", "ECDH-ES+A256KW": "EC"}
#: How the token itself is encrypted (section 5.1): what providers do where nobody asks for another, and its successor.
CONTENT = ("A128CBC-HS256", "A256GCM")
#: A signed token of the largest size, in base64 once more, with the header and the key before it.
MAX_ENCRYPTED = MAX_TOKEN * 4 // 3 + 4096
#: Keys that are tried for a token that names none: the one that is published, and the one before. Each costs a
#: millisecond or so, once it is loaded.
_MOST_TRIED = 2
#: Seconds for which a key is published after its follower came: key sets are kept for hours, and whoever has just fetched
#: ours may go on with the key for so long.
_PUBLISHED = 86400.0
#: Seconds for which it still opens tokens after that.
_KEPT = 7 * 86400.0
#: What reasons begin with: most of what is encrypted is one.
PREFIX = "ID token: "
_FORBIDDEN_HEADER = ("crit", "zip", "jwk", "jku", "x5u", "x5c", "b64", "p2c", "p2s")


@dataclass(frozen=True, slots=True)
class EncryptionKey:
    """One key pair of ours. `type`: EC or RSA; `key`: private PEM; `created`: seconds since 1970."""

    id: str
    type: str
    key: str = field(repr=False)
    created: float


def is_encrypted(token: str) -> bool:
    """Has it the form of an encrypted token (RFC 7516 section 3.1)?"""
    return token.count(".", 0, MAX_ENCRYPTED) == 4


@dataclass(frozen=True, slots=True)
class Addressed:
    """To whom a token says that it is encrypted; nothing was decrypted. `kid`: None where it names no key."""

    algorithm: object
    kid: object

    def fits(self, keys: Iterable[EncryptionKey], algorithm: str) -> bool:
        """May one of these keys open it, where this algorithm is set ("" for none)?"""
        type = KEY_TYPES.get(algorithm)
        return type is not None and self.algorithm == algorithm and any(
            key.type == type and self.kid in (None, key.id) for key in keys)


def addressed(token: str) -> Addressed:
    """Raises IdentityError(TOKEN_REFUSED) for what has not the form of an encrypted token."""
    if not token.isascii() or len(token) > MAX_ENCRYPTED or not is_encrypted(token):
        raise _refuse("it is too large, or not encrypted")
    header = _header(token)
    return Addressed(header.get("alg"), header.get("kid"))


def opened(token: str, keys: Sequence[EncryptionKey], algorithm: str) -> str:
    """The signed token within an encrypted one; nothing of it is believed yet. `algorithm`: the one that is set.

    Raises IdentityError(TOKEN_REFUSED). Why it could not be decrypted is not said: that would help who tries many.
    """
    if not token.isascii() or len(token) > MAX_ENCRYPTED:
        raise _refuse("it is too large, or not a token")
    if not is_encrypted(token):
        raise _refuse("it is not encrypted, though that is set for this provider (id_token_encryption)")
    header = _header(token)
    _check_header(header, algorithm)
    for key in _fitting(keys, header.get("kid"), KEY_TYPES[algorithm]):
        inner = _decrypted(token, key, algorithm, str(header["enc"]))
        if inner is not None:
            if inner.count(b".") != 2 or len(inner) > MAX_TOKEN or not inner.isascii():
                raise _refuse("what is encrypted is not a signed token")
            return inner.decode("ascii")
    raise _refuse("it cannot be decrypted")


def is_published(key: EncryptionKey, keys: Sequence[EncryptionKey], now: float) -> bool:
    """Does our key set name it? The newest, and for a day the one before."""
    followers = [one.created for one in keys if one.type == key.type and one.created > key.created]
    return not followers or now < min(followers) + _PUBLISHED


def outlived(keys: Sequence[EncryptionKey], now: float) -> list[str]:
    """The ids of keys that open no token any more: nobody was told of them for a week."""
    return [key.id for key in keys if not is_published(key, keys, now - _KEPT)]


def public_keys(keys: Sequence[EncryptionKey], algorithm: str, now: float) -> list[dict[str, object]]:
    """What our key set says of them (RFC 7517); `algorithm`: the one that is set, "" for none."""
    return [
        {**public_half(key.type, key.key), "kid": key.id, "use": "enc", "alg": algorithm}
        for key in keys if key.type == KEY_TYPES.get(algorithm) and is_published(key, keys, now)
    ]


def _refuse(detail: str) -> IdentityError:
    return IdentityError(Code.TOKEN_REFUSED, f"{PREFIX}{detail}")


def _header(token: str) -> Mapping[str, object]:
    try:
        header = read_json(urlsafe_b64decode(token.partition(".")[0] + "=="), unique=True)
    except ValueError as error:
        raise _refuse("its header is not JSON") from error
    if not isinstance(header, dict):
        raise _refuse("its header is not a JSON object")
    return header


def _check_header(header: Mapping[str, object], algorithm: str) -> None:
    for name in _FORBIDDEN_HEADER:
        if name in header:
            raise _refuse(f"its header has {name}")
    if header.get("alg") != algorithm:
        raise _refuse(f"it is encrypted otherwise than is set for this provider (id_token_encryption={algorithm})")
    if header.get("enc") not in CONTENT:
        raise _refuse(f"its content is not encrypted by {' or '.join(CONTENT)}")
    kind = header.get("cty")
    if not isinstance(kind, str) or kind.lower().removeprefix("application/") != "jwt":
        raise _refuse("it does not say that a signed token is within (cty)")


def _fitting(keys: Sequence[EncryptionKey], kid: object, type: str) -> Sequence[EncryptionKey]:
    """The key that the token names; where it names none those that there are, the newest first."""
    fitting = sorted((key for key in keys if key.type == type), key=lambda key: -key.created)
    if kid is None:
        return fitting[:_MOST_TRIED]
    named = [key for key in fitting if key.id == kid]
    if not named:
        raise _refuse("it is encrypted to a key that is not ours any more, or was never; the provider keeps an old key set")
    return named


def _decrypted(token: str, key: EncryptionKey, algorithm: str, content: str) -> bytes | None:
    """None where this key does not open it, or it was changed."""
    registry = jwe.JWERegistry(algorithms=[algorithm, content], strict_check_header=False)
    registry.max_ciphertext_length = MAX_ENCRYPTED
    try:
        return jwe.decrypt_compact(token.encode("ascii"), load_pair(key.type, key.key), registry=registry).plaintext
    except Exception:  # joserfc's, cryptography's, and those of bad base64: which of them is nobody's business
        return None
