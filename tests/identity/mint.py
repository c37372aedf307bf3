"""A stand-in for a provider's signing desk: real keys, and ID tokens as good or as bad as a test wants them."""

from __future__ import annotations

import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from joserfc import jws
from joserfc.jwk import ECKey, KeySet, RSAKey

from appproxy.identity.openid.id_token import Claims, check_id_token
from appproxy.identity.sealing import encode

ISSUER = "https://idp.example.com"
CLIENT = "client-1"
NONCE = "the nonce"
NOW = 1_800_000_000.0

#: Made once: generating RSA keys is slow.
RSA = RSAKey.generate_key(2048, {"kid": "rsa", "alg": "RS256", "use": "sig"})
EC = ECKey.generate_key("P-256", {"kid": "ec", "use": "sig"})
STRANGER = ECKey.generate_key("P-256", {"kid": "ec"})
KEYS = KeySet([RSAKey.import_key(RSA.as_dict(private=False)), ECKey.import_key(EC.as_dict(private=False))])


def claims(**changes: Any) -> dict[str, Any]:
    """The claims of a good token; None takes one out."""
    good: dict[str, Any] = {
        "iss": ISSUER, "aud": CLIENT, "sub": "user-1", "nonce": NONCE, "iat": NOW, "exp": NOW + 3600.0, "name": "Ann",
    }
    good.update(changes)
    return {name: value for name, value in good.items() if value is not None}


def sign(
    payload: Mapping[str, Any] | bytes, key: Any = EC, header: Mapping[str, Any] | None = None, algorithm: str = "ES256"
) -> str:
    """A signed token."""
    body = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
    head = {"alg": algorithm, "kid": "ec", "typ": "JWT", **(header or {})}
    head = {name: value for name, value in head.items() if value is not None}
    registry = jws.JWSRegistry(algorithms=[algorithm], strict_check_header=False)
    registry.check_header = lambda header: None  # type: ignore[method-assign]  # forgers do not check
    return jws.serialize_compact(head, body, key, [algorithm], registry)


def unsigned(payload: Mapping[str, Any], algorithm: str = "none") -> str:
    """A token without a signature."""
    head = json.dumps({"alg": algorithm, "typ": "JWT"}).encode()
    return f"{encode(head).decode()}.{encode(json.dumps(payload).encode()).decode()}."


def confused(payload: Mapping[str, Any]) -> str:
    """Signed with HS256, the provider's public key taken for the shared secret: the oldest trick."""
    head = json.dumps({"alg": "HS256", "typ": "JWT", "kid": "rsa"}).encode()
    text = encode(head) + b"." + encode(json.dumps(payload).encode())
    signature = hmac.new(RSA.as_pem(private=False), text, "sha256").digest()
    return (text + b"." + encode(signature)).decode()


@dataclass
class Checker:
    """`check_id_token` with the values of this page, each of which a test may change."""

    keys: KeySet = field(default_factory=lambda: KEYS)
    now: float = NOW
    algorithms: tuple[str, ...] = ("RS256", "ES256")

    def __call__(self, token: str) -> Claims:
        return check_id_token(
            token, self.keys, issuer=ISSUER, client_id=CLIENT, nonce=NONCE, algorithms=self.algorithms, now=self.now
        )
