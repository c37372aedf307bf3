"""Private keys of ours for one provider, held ready to use: what signs, and what opens encrypted tokens."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

from joserfc.jwk import ECKey, RSAKey

#: Keys that are held. Each provider has up to four, of which some kilobytes are held.
_HELD = 1024


@lru_cache(_HELD)
def load_pair(type: str, private: str) -> ECKey | RSAKey:
    """A private key of `type` EC or RSA, read from PEM once: RSA's primes are tested, some 40 ms, and anybody causes it."""
    return (ECKey if type == "EC" else RSAKey).import_key(private)


@lru_cache(_HELD)
def public_half(type: str, private: str) -> Mapping[str, object]:
    """What may be told of it, as a JWK (RFC 7517): the members of the public key alone."""
    return dict(load_pair(type, private).as_dict(private=False))
