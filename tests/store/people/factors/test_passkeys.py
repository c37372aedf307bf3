"""Passkeys in the store."""

from __future__ import annotations

import pytest

from appproxy.errors import AlreadyThere
from appproxy.store.database.store import Store
from appproxy.store.people import users
from appproxy.store.people.factors import passkeys


def test_a_count_must_grow(store: Store, now: float) -> None:
    """What comes with an older count, or the same, was made by a copy; authenticators that do not count stay at 0."""
    with store.transaction(now) as tx:
        user = users.add(tx, "ann", "hash").id
        counting = passkeys.add(tx, user, "key", "AAAA", "key", 5, ("usb", "nfc"))
        silent = passkeys.add(tx, user, "phone", "BBBB", "key", 0)
        assert [passkeys.use(tx, counting, count) for count in (5, 4, 0, 6, 6)] == [False, False, False, True, False]
        assert [passkeys.use(tx, silent, count) for count in (0, 0, 3, 0)] == [True, True, True, False]
        assert [one.sign_count for one in passkeys.of_user(tx, user)] in ([6, 3], [3, 6])
        assert counting.transports == ("usb", "nfc")


def test_a_credential_is_one_user_s(store: Store, now: float) -> None:
    """Known once, to one user, who alone removes it; nobody has more than a few."""
    with store.transaction(now) as tx:
        ann, bob = users.add(tx, "ann", "hash").id, users.add(tx, "bob", "hash").id
        made = passkeys.add(tx, ann, "key", "AAAA", "key", 0)
        with pytest.raises(AlreadyThere, match="known already"):
            passkeys.add(tx, bob, "key", "AAAA", "key", 0)
        assert not passkeys.remove(tx, bob, made.id)
        for number in range(passkeys.MOST - 1):
            passkeys.add(tx, ann, "key", f"more{number}", "key", 0)
        with pytest.raises(AlreadyThere, match="remove one first"):
            passkeys.add(tx, ann, "key", "one too many", "key", 0)
        assert passkeys.remove(tx, ann, made.id)
        assert passkeys.find(tx, "AAAA") is None
        assert not passkeys.use(tx, made, 1)
