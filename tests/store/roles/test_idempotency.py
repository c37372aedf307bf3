"""Changes that happen once."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from appproxy.errors import KeyReused
from appproxy.store.database.store import Store
from appproxy.store.people import user_groups
from appproxy.store.roles import idempotency
from appproxy.store.roles.idempotency import KEPT, IdempotencyKey
from appproxy.store.tables.roles import idempotent_answers
from appproxy.store.transaction import Transaction

KEY = IdempotencyKey("user:1", "k", "POST /groups staff")


def add(tx: Transaction, key: IdempotencyKey, name: str) -> object:
    """Make a group, once."""
    return idempotency.once(tx, key, lambda: {"secret": user_groups.add(tx, name).id})


def test_the_first_answer_is_given_again_for_a_day(store: Store, now: float) -> None:
    """Sealed meanwhile, since it may have a secret; then it is forgotten."""
    with store.transaction(now) as tx:
        first = add(tx, KEY, "staff")
        row = tx.row(sa.select(idempotent_answers))
        assert row is not None and str(first) not in str(dict(row)) and b"secret" not in row["answer"]
    with store.transaction(now + KEPT - 1) as tx:
        assert add(tx, KEY, "staff") == first
        idempotency.purge(tx)
        assert idempotency.count(tx) == 1
    with store.transaction(now + KEPT) as tx:
        assert add(tx, KEY, "others") != first
        idempotency.purge(tx)
        assert idempotency.count(tx) == 1
    with store.transaction(now + 2 * KEPT) as tx:
        idempotency.purge(tx)
        assert idempotency.count(tx) == 0


def test_a_key_is_for_one_change_of_one_caller(store: Store, now: float) -> None:
    """Whatever is put together of what."""
    with store.transaction(now) as tx:
        first = add(tx, KEY, "staff")
        with pytest.raises(KeyReused):
            add(tx, IdempotencyKey(KEY.caller, KEY.text, "POST /groups other"), "other")
        assert add(tx, IdempotencyKey("user:2", KEY.text, KEY.asked), "theirs") != first
        assert add(tx, IdempotencyKey("user:1k", "", KEY.asked), "more") != first


def test_what_fails_is_tried_again(store: Store, now: float) -> None:
    """Nothing is kept of it."""
    for _ in range(2):
        with pytest.raises(ZeroDivisionError), store.transaction(now) as tx:
            idempotency.once(tx, KEY, lambda: 1 / 0)
    with store.reading() as reading:
        assert idempotency.count(reading) == 0
