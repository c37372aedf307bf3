"""A passkey in software, with which tests make what a browser would send; each part of it can be wrong."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import sha256

import cbor2
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256

from appproxy.identity.sealing import encode
from tests.provider.house import ISSUER

PRESENT, VERIFIED, ATTESTED = 0x01, 0x04, 0x40


def text(data: bytes) -> str:
    """base64url."""
    return encode(data).decode()


@dataclass
class SecurityKey:
    """One credential of one user. `count`: None for a key that does not count; `flags` of each answer."""

    credential: bytes = b"credential of Ann"
    count: int | None = None
    flags: int = PRESENT | VERIFIED
    origin: str = ISSUER
    host: str = "signin.example.com"
    user: bytes = b""
    key: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))

    def make(self, options: str, **other: object) -> str:
        """The answer to `navigator.credentials.create`; `other` replaces parts of the client data."""
        asked = json.loads(options)
        self.user = self.user or _bytes(asked["user"]["id"])
        data = self._data(ATTESTED) + bytes(16) + len(self.credential).to_bytes(2, "big") + self.credential + self._public()
        attestation = cbor2.dumps({"fmt": "none", "attStmt": {}, "authData": data})
        client = self._client("webauthn.create", asked["challenge"], other)
        return self._packed({"clientDataJSON": text(client), "attestationObject": text(attestation),
                             "transports": ["internal", "hybrid", "made up"]})

    def use(self, options: str, **other: object) -> str:
        """The answer to `navigator.credentials.get`."""
        if self.count is not None:
            self.count += 1
        data = self._data(0)
        client = self._client("webauthn.get", json.loads(options)["challenge"], other)
        signature = self.key.sign(data + sha256(client).digest(), ec.ECDSA(SHA256()))
        return self._packed({"clientDataJSON": text(client), "authenticatorData": text(data), "signature": text(signature),
                             "userHandle": text(self.user)})

    def _data(self, more: int) -> bytes:
        return sha256(self.host.encode()).digest() + bytes([self.flags | more]) + (self.count or 0).to_bytes(4, "big")

    def _public(self) -> bytes:
        numbers = self.key.public_key().public_numbers()
        return cbor2.dumps({1: 2, 3: -7, -1: 1, -2: numbers.x.to_bytes(32, "big"), -3: numbers.y.to_bytes(32, "big")})

    def _client(self, kind: str, challenge: str, other: Mapping[str, object]) -> bytes:
        told = {"type": kind, "challenge": challenge, "origin": self.origin, "crossOrigin": False, **other}
        return json.dumps(told).encode()

    def _packed(self, response: Mapping[str, object]) -> str:
        id = text(self.credential)
        return json.dumps({"id": id, "rawId": id, "type": "public-key", "response": response, "clientExtensionResults": {}})


def _bytes(encoded: str) -> bytes:
    import base64

    return base64.urlsafe_b64decode(encoded + "=" * (-len(encoded) % 4))
