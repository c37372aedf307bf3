"""Join tokens: one line that is all a new connector needs, and with which its first contact is already verified.

`appproxy1.` and base64url (no padding) of a JSON object: `v` 1, `a` the host:port to dial, `n` the name that the
service's certificate must bear, `f` the SHA-256 of its trust anchor, `i` the token's id, `s` the secret (32 bytes,
base64url), `e` its expiry in seconds since 1970.
"""

from __future__ import annotations

import hashlib
import json
import math
import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as Base64Error
from dataclasses import dataclass, field

from appproxy.errors import ConfigError
from appproxy.json_input import read_json

PREFIX = "appproxy1."

#: The secret is random, so its plain SHA-256 can be stored: 32 bytes cannot be guessed, however fast the hash.
SECRET_BYTES = 32

#: A token has some 350 characters; longer than this it is something else that was pasted.
_LONGEST = 4_096

_ADDRESS = re.compile(r"(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]{1,253}):([0-9]{1,5})")
_NAME = re.compile(r"(?=.{1,253}$)[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?(\.[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?)*")
_ANCHOR = re.compile(r"[0-9a-f]{64}")
_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")
_SECRET = re.compile(r"[A-Za-z0-9_-]+")
_ANY_VERSION = re.compile(r"appproxy[0-9]++\.")
_AGAIN = "copy the whole line that `appproxy connector token` printed"


@dataclass(frozen=True, slots=True)
class JoinToken:
    """What a join token says.

    `address` is `host:port` to dial, `name` the TLS name to expect there, `anchor` the SHA-256 (hex) of the service's
    connector authority, `id` and `secret` the right to join, `expires` its end in seconds since 1970.
    """

    address: str
    name: str
    anchor: str
    id: str
    secret: bytes = field(repr=False)
    expires: float


def encode_token(token: JoinToken) -> str:
    """The token as the one line that an admin copies. Raises ValueError for what `decode_token` would refuse."""
    body = {
        "v": 1, "a": token.address, "n": token.name, "f": token.anchor, "i": token.id, "s": to_base64(token.secret),
        "e": token.expires,
    }
    text = PREFIX + to_base64(json.dumps(body, separators=(",", ":")).encode())
    try:
        decode_token(text)
    except ConfigError as error:
        raise ValueError(str(error)) from error
    return text


def decode_token(text: str) -> JoinToken:
    """Read a join token; blanks and line ends around it do not matter.

    Whether it has expired is not looked at: compare `expires` with the wall clock. Raises ConfigError, which names the
    fix and quotes nothing of the token, as it is a secret.
    """
    text = text.strip()
    if not text.startswith(PREFIX):
        if _ANY_VERSION.match(text):
            raise ConfigError("join token: made by a newer appproxy", hint="upgrade the connector")
        raise ConfigError(f"join token: must start with {PREFIX}", hint=_AGAIN)
    try:
        body = read_json(from_base64(text[len(PREFIX) :]))
    except ValueError as error:
        raise ConfigError("join token: cut off or mistyped", hint=_AGAIN) from error
    if not isinstance(body, dict) or body.get("v") != 1:
        raise ConfigError("join token: not of a version that this appproxy knows", hint=_AGAIN)
    return JoinToken(
        address=_address(body), name=_text(body, "n", _NAME), anchor=_text(body, "f", _ANCHOR),
        id=_text(body, "i", _ID), secret=_secret(body), expires=_expires(body),
    )


def hash_secret(secret: bytes) -> str:
    """What the service stores of a token's secret: SHA-256, lower-case hex."""
    return hashlib.sha256(secret).hexdigest()


def _text(body: dict[str, object], key: str, form: re.Pattern[str]) -> str:
    value = body.get(key)
    if not isinstance(value, str) or not form.fullmatch(value):
        raise ConfigError(f"join token: damaged (field {key})", hint=_AGAIN)
    return value


def _address(body: dict[str, object]) -> str:
    address = _text(body, "a", _ADDRESS)
    if not 1 <= int(address.rpartition(":")[2]) <= 65_535:
        raise ConfigError("join token: damaged (port)", hint=_AGAIN)
    return address


def _secret(body: dict[str, object]) -> bytes:
    try:
        secret = from_base64(_text(body, "s", _SECRET))
    except ValueError as error:
        raise ConfigError("join token: damaged (field s)", hint=_AGAIN) from error
    if len(secret) != SECRET_BYTES:
        raise ConfigError("join token: damaged (field s)", hint=_AGAIN)
    return secret


def _expires(body: dict[str, object]) -> float:
    value = body.get("e")
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value < 1e11 or math.isnan(value):
        raise ConfigError("join token: damaged (field e)", hint=_AGAIN)
    return float(value)


def to_base64(data: bytes) -> str:
    """Base64url without padding (RFC 4648 section 5)."""
    return urlsafe_b64encode(data).decode("ascii").rstrip("=")


def from_base64(text: str) -> bytes:
    """Strict base64url without padding; ValueError for any other character or stray bits."""
    if len(text) > _LONGEST:
        raise ValueError("too long")
    try:
        data = urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except Base64Error as error:
        raise ValueError(str(error)) from error
    if to_base64(data) != text:
        raise ValueError("not canonical")
    return data
