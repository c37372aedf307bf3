"""The keys by which we prove to one provider that we are its client: which of them signs, and what is published of them.

A key signs only once it has been published for a day, so that whoever keeps our key set knows it by then; it stays
published for a week after its follower took over. The certificate beside each is self-signed: it is what a provider
compares that takes certificates in place of signatures (RFC 8705 section 2.2), or that wants one in place of a key.
"""

from __future__ import annotations

import json
from base64 import b64decode, urlsafe_b64encode
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256

from joserfc import jws

from appproxy.identity.openid.key_pairs import load_pair, public_half

#: Signatures that we make, and the type of their keys (RFC 7518 section 3.1).
KEY_TYPES = {"ES256": "EC", "RS256": "RSA", "PS256": "RSA"}
#: Seconds for which a key is published before it signs: providers keep our key set for hours at most.
PUBLISHED = 86400.0
#: Seconds for which it stays published after it has signed last: what it has signed lasts a minute.
KEPT = 7 * 86400.0


@dataclass(frozen=True, slots=True)
class ClientKey:
    """One key pair. `type`: EC or RSA; `key`: private PEM; `certificate`: PEM; `given`: by the admin, for TLS alone."""

    id: str
    type: str
    key: str = field(repr=False)
    certificate: str
    created: float
    given: bool = False


def signing_key(keys: Iterable[ClientKey], type: str, now: float) -> ClientKey | None:
    """The newest key of this type that was published for long enough, or the first of its type; None where there is none."""
    fitting = sorted((one for one in keys if one.type == type and not one.given), key=lambda one: one.created)
    ready = [one for one in fitting if one.created + PUBLISHED <= now]
    return ready[-1] if ready else next(iter(fitting), None)


def shown_key(keys: Sequence[ClientKey], type: str, now: float, *, given: bool) -> ClientKey | None:
    """The key whose certificate is shown in TLS: the one that the admin has given, or the one that signs."""
    return next((one for one in keys if one.given), None) if given else signing_key(keys, type, now)


def superseded(keys: Iterable[ClientKey], now: float) -> list[str]:
    """The ids of keys that nobody needs any more: their follower of the same type has been signing for a week."""
    own = sorted((one for one in keys if not one.given), key=lambda one: one.created)
    return [
        old.id for position, old in enumerate(own)
        if any(new.type == old.type and new.created + PUBLISHED + KEPT <= now for new in own[position + 1:])
    ]


def public_signing_keys(keys: Iterable[ClientKey]) -> list[dict[str, object]]:
    """What our key set says of them (RFC 7517): the public halves, each with its certificate."""
    return [
        {**public_half(one.type, one.key), "kid": one.id, "use": "sig", "x5c": [_der_text(one.certificate)]}
        for one in keys if not one.given
    ]


def sign(key: ClientKey, algorithm: str, claims: Mapping[str, object], type: str = "JWT") -> str:
    """A signed token with these claims. It names its key by `kid`, and by its certificate for those who know that alone."""
    thumbprint = urlsafe_b64encode(sha256(b64decode(_der_text(key.certificate))).digest()).rstrip(b"=").decode()
    header = {"alg": algorithm, "typ": type, "kid": key.id, "x5t#S256": thumbprint}
    payload = json.dumps(claims, separators=(",", ":")).encode()
    return jws.serialize_compact(header, payload, load_pair(key.type, key.key), [algorithm])


def _der_text(certificate: str) -> str:
    """The base64 text of the first certificate of a PEM text."""
    body = certificate.partition("-----BEGIN CERTIFICATE-----")[2].partition("-----END")[0]
    return "".join(body.split())
