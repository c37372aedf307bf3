"""The keys that sign ID tokens: ES256, sealed in the store, changed with an overlap."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, KeySet

from appproxy.errors import Code, IdentityError
from appproxy.pki.issuing.request import new_key
from appproxy.store.service.keys import SigningKey, add_signing_key, read_signing_keys, remove_signing_keys
from appproxy.store.transaction import Reading, Transaction

ALGORITHM = "ES256"
#: A new key signs after 90 days. Who keeps the key set must ask again when a token names a `kid` that it lacks.
KEY_AGE = 90 * 86400.0
#: An old key verifies for two days more: tokens last 12 hours, and a hint at sign-out may be older.
KEY_KEEP = 2 * 86400.0


def rotate(tx: Transaction) -> bool:
    """Make a new signing key if there is none or the newest is old, and forget those that nobody needs any more.

    Gives True when something has changed.
    """
    found = read_signing_keys(tx)
    # A key is needed until KEY_KEEP after its follower took over.
    gone = [old.id for new, old in zip(found, found[1:], strict=False) if tx.now - new.created > KEY_KEEP]
    remove_signing_keys(tx, gone)
    due = not found or tx.now - found[0].created >= KEY_AGE
    if due:
        add_signing_key(tx, new_key())
    return due or bool(gone)


@lru_cache(maxsize=8)
def load(key: SigningKey) -> ECKey:
    """The private key, with its `kid`. Reading it takes longer than to sign with it; there are two at a time."""
    return ECKey.import_key(key.key, {"kid": key.id, "use": "sig", "alg": ALGORITHM})


def sign_claims(reading: Reading, claims: Mapping[str, object], kind: str = "JWT") -> str:
    """A token with these claims: an ID token, or what `kind` (its `typ`) says."""
    key = load(read_signing_keys(reading)[0])
    return jwt.encode({"alg": ALGORITHM, "typ": kind, "kid": key.kid}, dict(claims), key)


@lru_cache(maxsize=4)
def key_set(keys: tuple[SigningKey, ...]) -> KeySet:
    """The public halves (RFC 7517), the newest first."""
    return KeySet([ECKey.import_key(load(key).as_dict(private=False)) for key in keys])


def read_hint(token: str, keys: KeySet, issuer: str) -> Mapping[str, object]:
    """The claims of an ID token of ours that comes back as a hint, expired or not (RP-Initiated Logout section 2).

    Raises IdentityError(TOKEN_REFUSED) when it is not ours.
    """
    try:
        claims = jwt.decode(token, keys, algorithms=[ALGORITHM]).claims
    except (JoseError, ValueError) as error:
        raise IdentityError(Code.TOKEN_REFUSED, "the hint is no ID token of ours") from error
    if claims.get("iss") != issuer:
        raise IdentityError(Code.TOKEN_REFUSED, "the hint is of another issuer")
    return claims
