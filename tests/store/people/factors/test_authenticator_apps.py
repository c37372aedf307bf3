"""Authenticator apps in the store."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
import sqlalchemy as sa

from appproxy.errors import AlreadyThere, ConfigError
from appproxy.store.database.store import Store
from appproxy.store.people import password_links, users
from appproxy.store.people.factors import authenticator_apps, passkeys, recovery_codes
from appproxy.store.people.password_links import LinkKind
from appproxy.store.tables.factors import authenticator_apps as table

SECRET = "JBSWY3DPEHPK3PXP"


def test_a_code_is_used_once(store: Store, now: float) -> None:
    """And with it every earlier one; a later one counts."""
    with store.transaction(now) as tx:
        user = users.add(tx, "ann", "hash").id
        app = authenticator_apps.add(tx, user, "phone", SECRET, 100)
        assert [authenticator_apps.use(tx, app, step) for step in (100, 99, 101, 101, 103, 102)] == [
            False, False, True, False, True, False]
    with store.reading() as reading:
        [found] = authenticator_apps.of_user(reading, user)
    assert (found.secret, found.last_step, found.label) == (SECRET, 103, "phone")
    assert SECRET not in repr(found)


def test_the_secret_is_sealed(store: Store, now: float) -> None:
    """The database has it in no form that could be read."""
    with store.transaction(now) as tx:
        authenticator_apps.add(tx, users.add(tx, "ann", "hash").id, "phone", SECRET, 0)
        [row] = tx.rows(sa.select(table.c.secret))
        assert SECRET.encode() not in row["secret"]


def test_some_of_a_user(store: Store, now: float) -> None:
    """So many at most, with a label that can be printed; removed by their own user alone, and with the user."""
    with store.transaction(now) as tx:
        ann, bob = users.add(tx, "ann", "hash"), users.add(tx, "bob", "hash")
        made = [authenticator_apps.add(tx, ann.id, f"phone {n}", SECRET, 0) for n in range(authenticator_apps.MOST)]
        with pytest.raises(AlreadyThere, match="remove one first"):
            authenticator_apps.add(tx, ann.id, "one more", SECRET, 0)
        with pytest.raises(ConfigError, match="label"):
            authenticator_apps.add(tx, bob.id, "a\nb", SECRET, 0)
        assert not authenticator_apps.remove(tx, bob.id, made[0].id)
        assert authenticator_apps.remove(tx, ann.id, made[0].id)
        assert not authenticator_apps.use(tx, made[0], 1)
        assert len(authenticator_apps.of_user(tx, ann.id)) == authenticator_apps.MOST - 1
        users.remove(tx, "ann")
        assert tx.rows(sa.select(table.c.id)) == []


def test_of_many_at_once_one_succeeds(store: Store, now: float) -> None:
    """On whichever threads and connections, for apps, passkeys that count, recovery codes and links."""
    with store.transaction(now) as tx:
        user = users.add(tx, "ann", "hash").id
        app = authenticator_apps.add(tx, user, "phone", SECRET, 100)
        key = passkeys.add(tx, user, "key", "AAAA", "key", 5)
        recovery_codes.replace(tx, user, ["aaaa"])
        link = password_links.new(tx, user, LinkKind.RESET, now + 60)

    def attempt(_: int) -> list[bool]:
        with store.transaction(now) as tx:
            return [authenticator_apps.use(tx, app, 101), passkeys.use(tx, key, 6), recovery_codes.use(tx, user, "aaaa"),
                    password_links.use(tx, link)]

    with ThreadPoolExecutor(8) as threads:
        outcomes = list(threads.map(attempt, range(16)))
    assert [sum(kind) for kind in zip(*outcomes, strict=True)] == [1, 1, 1, 1]
