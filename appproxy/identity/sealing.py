"""Sealed texts: what the service hands to a browser and must get back unchanged and unread.

Shape: base64url without padding of `version (1 byte) | key id (1 byte) | nonce (12 bytes) | AES-256-GCM`. The purpose
and whatever the text is bound to are associated data, so a text sealed for one use, application or host opens for no
other. Only the newest key seals; older ones open.
"""

from __future__ import annotations

import base64
import json
import math
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Protocol

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from appproxy.errors import Code, IdentityError

#: The first byte of every sealed text. Another number: another layout.
VERSION = 1
#: 96 bits, as NIST SP 800-38D section 8.2 recommends for AES-GCM.
NONCE_SIZE = 12
_TAG_SIZE = 16
_OVERHEAD = 2 + NONCE_SIZE + _TAG_SIZE
#: No sealed text may be longer: what does not fit into a request target of 8,192 bytes cannot come back.
MAX_SEALED = 8192

_ALPHABET = re.compile(rb"[A-Za-z0-9_-]+")


class Key(Protocol):
    """What sealing needs of a key: `appproxy.store.snapshot.SealingKey` has it."""

    @property
    def id(self) -> int:
        """1 to 255; travels in the text."""
        ...

    @property
    def secret(self) -> bytes:
        """32 bytes."""
        ...


def encode(data: bytes) -> bytes:
    """base64url without padding (RFC 4648 section 5)."""
    return base64.urlsafe_b64encode(data).rstrip(b"=")


def decode(text: bytes, limit: int = MAX_SEALED) -> bytes:
    """The bytes that `encode` made `text` from; any other spelling of them is refused.

    Raises ValueError for foreign signs, padding, left-over bits and more than `limit` bytes. The length is looked at
    first, so that the time is bounded.
    """
    if not 0 < len(text) <= limit or len(text) % 4 == 1 or _ALPHABET.fullmatch(text) is None:
        raise ValueError("not base64url")
    data = base64.urlsafe_b64decode(text + b"=" * (-len(text) % 4))
    if encode(data) != text:
        raise ValueError("not canonical base64url")
    return data


def associated(purpose: str, bound: Iterable[str]) -> bytes:
    """Purpose and bindings as one byte string that no other list of bindings can make."""
    parts = [purpose.encode(), *(part.encode() for part in bound)]
    return b"".join(len(part).to_bytes(4, "big") + part for part in parts)


def seal_bytes(purpose: str, plain: bytes, key: Key, nonce: bytes, bound: Sequence[str] = ()) -> bytes:
    """Seal `plain`. `nonce`: 12 random bytes, never used twice with one key."""
    if len(nonce) != NONCE_SIZE:
        raise ValueError("a nonce of 12 bytes is needed")
    sealed = AESGCM(key.secret).encrypt(nonce, plain, associated(purpose, bound))
    return encode(bytes((VERSION, key.id)) + nonce + sealed)


def unseal_bytes(
    purpose: str, text: bytes, keys: Iterable[Key], bound: Sequence[str] = (), limit: int = MAX_SEALED
) -> bytes:
    """What `seal_bytes` sealed under one of `keys`. Raises IdentityError(SIGN_IN_STATE) for anything else."""
    try:
        data = decode(text, limit)
    except ValueError as error:
        raise IdentityError(Code.SIGN_IN_STATE, f"{purpose}: {error}") from error
    if len(data) < _OVERHEAD or data[0] != VERSION:
        raise IdentityError(Code.SIGN_IN_STATE, f"{purpose}: unknown layout")
    for key in keys:
        if key.id == data[1]:
            try:
                return AESGCM(key.secret).decrypt(data[2:14], data[14:], associated(purpose, bound))
            except InvalidTag:
                break
    raise IdentityError(Code.SIGN_IN_STATE, f"{purpose}: not sealed by us for this use")


def seal(
    purpose: str, payload: Mapping[str, object], key: Key, expires: float, nonce: bytes, bound: Sequence[str] = ()
) -> bytes:
    """Seal a JSON object that opens until `expires` (seconds since 1970) and only with the same `bound` parts."""
    if not math.isfinite(expires):
        raise ValueError("a finite expiry is needed")
    plain = json.dumps({"x": expires, "p": payload}, separators=(",", ":"), ensure_ascii=False).encode()
    return seal_bytes(purpose, plain, key, nonce, bound)


def unseal(
    purpose: str, text: bytes, keys: Iterable[Key], now: float, bound: Sequence[str] = ()
) -> dict[str, object]:
    """The payload of `seal`. Raises IdentityError(SIGN_IN_STATE): forged, for another use, or too old."""
    envelope = json.loads(unseal_bytes(purpose, text, keys, bound))
    if not now < envelope["x"]:
        raise IdentityError(Code.SIGN_IN_STATE, f"{purpose}: expired")
    payload: dict[str, object] = envelope["p"]
    return payload
