"""What a node does to the database once an hour: new keys in time, and nothing kept that nobody can need."""

from __future__ import annotations

from appproxy.store.certificates import acme
from appproxy.store.connectors import connectors, join_tokens
from appproxy.store.database.initial import renew_leaves
from appproxy.store.people import one_time, sessions
from appproxy.store.service import audit, keys
from appproxy.store.transaction import Transaction

#: In seconds. A node looks for connectors that never came back only when it was there itself for a day to see them.
_WATCHED = 86400.0


def keep_up(tx: Transaction, node_started: float) -> list[str]:
    """Do what is due, one node or several; `node_started` in seconds since 1970. Gives the names of new certificates.

    A sealing key changes the snapshot; a leaf does not: whoever serves it must take it up from `keys.server_leaf`.
    """
    keys.rotate_sealing_keys(tx)
    one_time.purge(tx)
    audit.purge(tx)
    acme.purge(tx)
    sessions.purge(tx)
    join_tokens.purge(tx)
    if tx.now - node_started > _WATCHED:
        for gone in connectors.remove_inactive(tx):
            audit.record(tx, "service", "connector.remove", gone.id, {"name": gone.name, "reason": "inactive"})
    return renew_leaves(tx)
