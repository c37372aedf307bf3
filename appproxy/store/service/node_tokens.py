"""What machines need to become nodes: kept sealed under a secret that only the token has, and taken once.

Who can read the database learns nothing of it, and who finds a used token neither.
"""

from __future__ import annotations

from base64 import b64decode, b64encode

import sqlalchemy as sa

from appproxy.errors import ConfigError, StoreError
from appproxy.store.sealing import MASTER_LENGTH, Sealer
from appproxy.store.tables.nodes import node_tokens as table
from appproxy.store.transaction import Transaction

#: Purpose of the seal (associated data: never change it).
BUNDLE = "node bundle"
#: The longest life in seconds, a week: it opens everything, so it is made when it is needed.
LONGEST = 7 * 86400.0
#: For how long one that is used or over can be told from one that never was, in seconds.
_KEEP = 10 * 86400.0
_AGAIN = "make a new one with `appproxy node token`"


def new(tx: Transaction, bundle: bytes, expires: float) -> tuple[str, bytes]:
    """Keep the bundle; gives the id, and the secret that opens it. What is over is forgotten. Raises ConfigError."""
    if not 0 < expires - tx.now <= LONGEST:
        raise ConfigError(f"expires: must be in the next {LONGEST / 86400:g} days, such as 1h or 1d")
    purge(tx)
    id_, secret = tx.new_id(), tx.random_bytes(MASTER_LENGTH)
    sealed = Sealer(secret, "the node token").seal(BUNDLE, id_, bundle)
    tx.change(sa.insert(table).values(
        id=id_, bundle=b64encode(sealed).decode(), created=tx.now, expires=expires, used=0.0, used_by=""))
    return id_, secret


def take(tx: Transaction, id_: str, secret: bytes, node: str) -> bytes:
    """The bundle, for the node of this name; the token is used from then on. Raises ConfigError, with the reason.

    It is one UPDATE with its condition, so that of many at once one succeeds.
    """
    row = tx.row(sa.select(table).where(table.c.id == id_))
    if row is None:
        raise ConfigError("node token: this database knows nothing of it, and may be another service's", hint=_AGAIN)
    if row["used"]:
        raise ConfigError(f"node token: node {row['used_by']} has used it", hint=_AGAIN)
    if row["expires"] <= tx.now:
        raise ConfigError("node token: it has expired", hint=_AGAIN)
    try:
        bundle = Sealer(secret, "the node token").open(BUNDLE, id_, b64decode(row["bundle"]))
    except StoreError as error:
        raise ConfigError("node token: it does not open what was kept for it", hint=_AGAIN) from error
    unused = sa.and_(table.c.id == id_, table.c.used == 0.0)
    if tx.change(sa.update(table).where(unused).values(used=tx.now, used_by=node, bundle="")) != 1:
        raise ConfigError("node token: another machine has used it just now", hint=_AGAIN)
    return bundle


def purge(tx: Transaction) -> None:
    """Forget what is over; of what can be opened no more nothing stays."""
    tx.change(sa.update(table).where(table.c.expires < tx.now).values(bundle=""))
    tx.change(sa.delete(table).where(table.c.expires < tx.now - _KEEP))
