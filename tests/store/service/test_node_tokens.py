"""What is kept for machines that become nodes."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from appproxy.errors import ConfigError
from appproxy.store.database.store import Store
from appproxy.store.service import node_tokens
from appproxy.store.tables.nodes import node_tokens as table

BUNDLE = b"the master key and all"
HOUR = 3600.0


def make(store: Store, now: float) -> tuple[str, bytes]:
    """A token for an hour."""
    with store.transaction(now) as tx:
        return node_tokens.new(tx, BUNDLE, now + HOUR)


def take(store: Store, id_: str, secret: bytes, now: float) -> bytes:
    """As node `two`."""
    with store.transaction(now) as tx:
        return node_tokens.take(tx, id_, secret, "two")


def kept(store: Store) -> list[str]:
    """What the database has."""
    with store.reading() as reading:
        return [row["bundle"] for row in reading.rows(sa.select(table))]


def test_it_is_taken_once(store: Store, now: float) -> None:
    """From then on nothing of it is there, and the next one is told who has it."""
    id_, secret = make(store, now)
    assert BUNDLE.decode() not in kept(store)[0]
    assert take(store, id_, secret, now + 1) == BUNDLE
    assert kept(store) == [""]
    with pytest.raises(ConfigError, match="node two has used it; make a new one"):
        take(store, id_, secret, now + 2)


def test_a_wrong_secret_uses_nothing_up(store: Store, now: float) -> None:
    """Neither does an id that was never given out."""
    id_, secret = make(store, now)
    with pytest.raises(ConfigError, match="does not open"):
        take(store, id_, bytes(32), now)
    with pytest.raises(ConfigError, match="knows nothing of it"):
        take(store, "0" * 16, secret, now)
    assert take(store, id_, secret, now) == BUNDLE


def test_it_ends(store: Store, now: float) -> None:
    """An hour later it opens nothing; with the next upkeep its bundle is gone, and after days its row."""
    id_, secret = make(store, now)
    with pytest.raises(ConfigError, match="has expired"):
        take(store, id_, secret, now + HOUR)
    with store.transaction(now + HOUR + 1) as tx:
        node_tokens.purge(tx)
    assert kept(store) == [""]
    with store.transaction(now + 11 * 86400) as tx:
        node_tokens.purge(tx)
    assert kept(store) == []


@pytest.mark.parametrize("life", [0.0, -1.0, 8 * 86400.0])
def test_how_long_it_may_hold(life: float, store: Store, now: float) -> None:
    """A week at most: it opens everything."""
    with store.transaction(now) as tx, pytest.raises(ConfigError, match="next 7 days"):
        node_tokens.new(tx, BUNDLE, now + life)
