"""Private keys and secrets of the service: all of them sealed in the database, none in a file."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field

import sqlalchemy as sa

from appproxy.errors import StoreError
from appproxy.pki.issuing.authority import Credential
from appproxy.store.snapshot import SealingKey
from appproxy.store.tables.core import authorities, leaves, sealing_keys, signing_keys
from appproxy.store.transaction import Reading, Row, Transaction

#: The authority that connectors and the service trust each other by, and the leaf of the tunnel's listener.
CONNECTOR = "connector"
#: The authority of the users' listener when the admin has given no certificate, and its leaf.
USER = "user"
#: The authority that issues certificates of devices to users of the built-in provider.
DEVICE = "device"
#: Purposes of sealing (associated data: never change them).
AUTHORITY_KEY = "authority key"
LEAF_KEY = "leaf key"
SEALING_KEY = "sealing key"
SIGNING_KEY = "signing key"
_SIGNING = sa.select(signing_keys).order_by(signing_keys.c.created.desc(), signing_keys.c.id)

#: The age at which a new key takes over, in seconds: 30 days.
SEALING_KEY_AGE = 30 * 86400.0
#: How long a key still opens after that: as long as browsers are known as their user's (180 days; the longest session has
#: 30, `session_hours`) and a day.
SEALING_KEY_KEEP = 181 * 86400.0
_MOST_KEYS = 255


@dataclass(frozen=True, slots=True)
class SigningKey:
    """A key of the built-in provider: `key` is its private PEM, `id` the `kid` in tokens."""

    id: str
    key: str = field(repr=False)
    created: float


def add_authority(tx: Transaction, kind: str, credential: Credential, not_after: float) -> str:
    """Keep a certificate authority of `kind`; the newest signs, all are trusted. Gives its id."""
    id_ = tx.new_id()
    sealed = tx.sealer.seal(AUTHORITY_KEY, id_, credential.key.encode())
    tx.change(
        sa.insert(authorities).values(
            id=id_, kind=kind, certificate=credential.certificate, key=sealed, created=tx.now, not_after=not_after
        )
    )
    return id_


def authority(reading: Reading, kind: str = CONNECTOR) -> Credential:
    """The authority that signs now. Raises StoreError when there is none of this kind."""
    row = _newest(reading, authorities, kind)
    if row is None:
        raise StoreError(f"the database has no {kind} authority; it was not made by `appproxy init`")
    return Credential(row["certificate"], reading.sealer.open(AUTHORITY_KEY, row["id"], row["key"]).decode())


def user_authority(reading: Reading) -> Credential | None:
    """The authority that browsers are to import; None when the admin has given a certificate instead."""
    return authority(reading, USER) if _newest(reading, authorities, USER) is not None else None


def trust_bundle(reading: Reading, kind: str = CONNECTOR) -> tuple[str, ...]:
    """The certificates of all authorities of `kind`, the newest first."""
    table = authorities
    found = reading.rows(sa.select(table).where(table.c.kind == kind).order_by(table.c.created.desc(), table.c.id))
    return tuple(row["certificate"] for row in found)


def add_leaf(tx: Transaction, kind: str, authority_id: str, credential: Credential, not_after: float) -> str:
    """Keep a server certificate that our authority has issued; the newest of its kind is served."""
    id_ = tx.new_id()
    sealed = tx.sealer.seal(LEAF_KEY, id_, credential.key.encode())
    tx.change(
        sa.insert(leaves).values(
            id=id_, kind=kind, authority=authority_id, certificate=credential.certificate, key=sealed,
            created=tx.now, not_after=not_after,
        )  # fmt: skip
    )
    return id_


def server_leaf(reading: Reading, kind: str = CONNECTOR) -> Credential | None:
    """The newest server certificate of `kind`: CONNECTOR for the tunnel's listener, USER for the users'."""
    row = _newest(reading, leaves, kind)
    if row is None:
        return None
    return Credential(row["certificate"], reading.sealer.open(LEAF_KEY, row["id"], row["key"]).decode())


def leaf_expires(reading: Reading, kind: str = CONNECTOR) -> float | None:
    """When the newest server certificate of `kind` ends."""
    row = _newest(reading, leaves, kind)
    return None if row is None else float(row["not_after"])


def authority_id(reading: Reading, kind: str = CONNECTOR) -> str | None:
    """The id of the authority that signs now."""
    row = _newest(reading, authorities, kind)
    return None if row is None else str(row["id"])


def read_sealing_keys(reading: Reading) -> tuple[SealingKey, ...]:
    """The keys of cookies and sign-in state, the newest first: that one seals, all open."""
    found = reading.rows(sa.select(sealing_keys).order_by(sealing_keys.c.created.desc(), sealing_keys.c.id))
    return tuple(
        SealingKey(row["id"], reading.sealer.open(SEALING_KEY, str(row["id"]), row["secret"]), row["created"])
        for row in found
    )


def rotate_sealing_keys(tx: Transaction) -> bool:
    """Make a new sealing key when the newest is 30 days old, forget those that no session can need; did it change?"""
    found = tx.rows(sa.select(sealing_keys.c.id, sealing_keys.c.created).order_by(sealing_keys.c.created.desc()))
    newest = found[0]["created"] if found else None
    if newest is not None and tx.now - newest < SEALING_KEY_AGE:
        return False
    # A key goes when its follower, which took over at `created`, has been in use for the longest session.
    gone = [old["id"] for new, old in zip(found, found[1:], strict=False) if tx.now - new["created"] > SEALING_KEY_KEEP]
    if gone:
        tx.change(sa.delete(sealing_keys).where(sealing_keys.c.id.in_(gone)))
    taken = {row["id"] for row in found} - set(gone)
    last = found[0]["id"] if found else 0
    id_ = next(n for n in ((last + step) % _MOST_KEYS + 1 for step in range(_MOST_KEYS)) if n not in taken)
    secret = tx.sealer.seal(SEALING_KEY, str(id_), tx.random_bytes(32))
    tx.change(sa.insert(sealing_keys).values(id=id_, secret=secret, created=tx.now))
    return True


def add_signing_key(tx: Transaction, key_pem: str) -> SigningKey:
    """Keep a private key of the built-in provider; the newest signs."""
    made = SigningKey(tx.new_id(), key_pem, tx.now)
    sealed = tx.sealer.seal(SIGNING_KEY, made.id, key_pem.encode())
    tx.change(sa.insert(signing_keys).values(id=made.id, key=sealed, created=tx.now))
    return made


def read_signing_keys(reading: Reading) -> tuple[SigningKey, ...]:
    """The built-in provider's keys, the newest first: that one signs, all verify."""
    found = reading.rows(_SIGNING)
    return tuple(
        SigningKey(row["id"], reading.sealer.open(SIGNING_KEY, row["id"], row["key"]).decode(), row["created"])
        for row in found
    )


def remove_signing_keys(tx: Transaction, ids: Collection[str]) -> None:
    """Forget keys of the built-in provider: what they have signed verifies no more."""
    if ids:
        tx.change(sa.delete(signing_keys).where(signing_keys.c.id.in_(ids)))


def _newest(reading: Reading, table: sa.Table, kind: str) -> Row | None:
    statement = sa.select(table).where(table.c.kind == kind).order_by(table.c.created.desc(), table.c.id).limit(1)
    return reading.row(statement)
