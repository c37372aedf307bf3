"""Links to set a password: used once, kept as hashes, and not for ever."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from appproxy.errors import ConfigError
from appproxy.store.database.store import Store
from appproxy.store.people import password_links, users
from appproxy.store.people.password_links import LinkKind
from appproxy.store.tables.core import password_links as table

DAY = 86400.0


def test_once(store: Store, now: float) -> None:
    """The database does not know it; looking at it does not use it up."""
    with store.transaction(now) as tx:
        ann = users.add(tx, "ann", "hash").id
        secret = password_links.new(tx, ann, LinkKind.INVITATION, now + DAY)
        assert secret not in repr(tx.rows(sa.select(table)))
        for _ in range(2):
            found = password_links.find(tx, secret, now)
            assert found is not None and (found.user, found.kind) == (ann, LinkKind.INVITATION)
        assert [password_links.use(tx, secret) for _ in range(2)] == [True, False]
        assert password_links.find(tx, secret, now) is None
        assert password_links.find(tx, "\udcff", now) is None


def test_the_newest_alone(store: Store, now: float) -> None:
    """Whoever asks for another link wants the first one to end."""
    with store.transaction(now) as tx:
        ann = users.add(tx, "ann", "hash").id
        first = password_links.new(tx, ann, LinkKind.RESET, now + DAY)
        second = password_links.new(tx, ann, LinkKind.RESET, now + DAY)
        assert password_links.find(tx, first, now) is None
        assert password_links.find(tx, second, now) == password_links.of_user(tx, ann, now)


def test_it_ends(store: Store, now: float) -> None:
    """At its time, for looking and for using; and then nothing is kept of it."""
    with store.transaction(now) as tx:
        secret = password_links.new(tx, users.add(tx, "ann", "hash").id, LinkKind.RESET, now + 60)
    with store.transaction(now + 60) as tx:
        assert password_links.find(tx, secret, now + 60) is None
        assert not password_links.use(tx, secret)
        password_links.purge(tx)
        assert tx.rows(sa.select(table.c.id)) == []


@pytest.mark.parametrize("life", [0.0, -1.0, 32 * DAY])
def test_impossible_lives(store: Store, now: float, life: float) -> None:
    """The error says what is possible."""
    with pytest.raises(ConfigError, match="in the next 31 days"), store.transaction(now) as tx:
        password_links.new(tx, users.add(tx, "ann", "hash").id, LinkKind.RESET, now + life)
