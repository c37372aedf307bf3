"""Sealing at rest: secrets in the database are useless without the master key, which backups leave out.

A sealed value is `s1`, four bytes that tell the master keys apart, a nonce of 12 bytes, then AES-256-GCM under
HKDF-SHA256(master, info = purpose). The purpose and the row's id are authenticated, so that no sealed value can be
moved to another column or row.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from appproxy.errors import StoreError

VERSION = b"s1"
MASTER_LENGTH = 32
_ID_LENGTH = 4
_NONCE_LENGTH = 12
_HEAD_LENGTH = len(VERSION) + _ID_LENGTH + _NONCE_LENGTH
#: Must be no purpose of a sealed value, so that the public id tells nothing of a key.
_ID_INFO = "id of the master key"


def _derive(master: bytes, info: str, length: int) -> bytes:
    """HKDF-SHA256 (RFC 5869) without salt: the master is uniformly random."""
    return HKDF(SHA256(), length, None, f"appproxy {info}".encode()).derive(master)


class Sealer:
    """Seals and opens under one master key of 32 bytes; `source` tells the admin where that key comes from."""

    __slots__ = ("source", "key_id", "_master", "_ciphers", "_random_bytes")

    def __init__(
        self, master: bytes, source: str = "the master key", random_bytes: Callable[[int], bytes] = secrets.token_bytes
    ) -> None:
        if len(master) != MASTER_LENGTH:
            raise StoreError(f"{source}: a master key has {MASTER_LENGTH} bytes, this one {len(master)}")
        self.source = source
        self.key_id = _derive(master, _ID_INFO, _ID_LENGTH)
        self._master = master
        self._ciphers: dict[str, AESGCM] = {}
        self._random_bytes = random_bytes

    def __repr__(self) -> str:
        return f"<Sealer {self.key_id.hex()} of {self.source}>"

    def seal(self, purpose: str, row: str, plain: bytes) -> bytes:
        """`plain`, sealed for this purpose and row."""
        nonce = self._random_bytes(_NONCE_LENGTH)
        sealed = self._cipher(purpose).encrypt(nonce, plain, self._bound(purpose, row))
        return VERSION + self.key_id + nonce + sealed

    def open(self, purpose: str, row: str, sealed: bytes) -> bytes:
        """What was sealed for this purpose and row. Raises StoreError: another master key, or not what was sealed."""
        if sealed[: len(VERSION)] != VERSION or len(sealed) < _HEAD_LENGTH:
            raise StoreError(f"{purpose} {row}: not a sealed value of this version", hint="restore the database from a backup")
        if sealed[len(VERSION) : len(VERSION) + _ID_LENGTH] != self.key_id:
            raise StoreError(f"{self.source} is not the master key of this database", hint="give the one it was made with")
        nonce = sealed[_HEAD_LENGTH - _NONCE_LENGTH : _HEAD_LENGTH]
        try:
            return self._cipher(purpose).decrypt(nonce, sealed[_HEAD_LENGTH:], self._bound(purpose, row))
        except InvalidTag:
            raise StoreError(
                f"{purpose} {row}: the sealed value was changed", hint="restore the database from a backup"
            ) from None

    def secret(self, purpose: str) -> bytes:
        """32 bytes for this purpose, the same under the same master key: to make digests with that mean nothing to others."""
        return _derive(self._master, f"secret of {purpose}", 32)

    def _cipher(self, purpose: str) -> AESGCM:
        cipher = self._ciphers.get(purpose)
        if cipher is None:
            if purpose == _ID_INFO:
                raise ValueError(f"{purpose!r} is no purpose of a sealed value")
            cipher = self._ciphers[purpose] = AESGCM(_derive(self._master, purpose, 32))
        return cipher

    def _bound(self, purpose: str, row: str) -> bytes:
        """Associated data. The purpose's length keeps (`a`, `bc`) apart from (`ab`, `c`)."""
        name = purpose.encode()
        return VERSION + self.key_id + len(name).to_bytes(2, "big") + name + row.encode()
