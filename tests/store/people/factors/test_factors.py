"""Recovery codes, wrong codes, and all factors of a user in one look."""

from __future__ import annotations

import sqlalchemy as sa

from appproxy.store.database.store import Store
from appproxy.store.people import users
from appproxy.store.people.factors import (
    authenticator_apps,
    factors,
    passkeys,
    recovery_codes,
    refused_codes,
)
from appproxy.store.people.factors.factors import FactorsOfUser
from appproxy.store.snapshot import BUILTIN
from appproxy.store.tables.factors import recovery_codes as code_table

DAY = 86400.0


class TestRecoveryCodes:
    def test_each_counts_once(self, store: Store, now: float) -> None:
        """For their own user; new ones take the place of all old ones, and only hashes are kept."""
        with store.transaction(now) as tx:
            ann, bob = users.add(tx, "ann", "hash").id, users.add(tx, "bob", "hash").id
            recovery_codes.replace(tx, ann, ["aaaa", "bbbb"])
            recovery_codes.replace(tx, bob, ["aaaa"])
            assert [recovery_codes.use(tx, ann, code) for code in ("aaaa", "aaaa", "cccc", "")] == [True, False, False, False]
            assert (recovery_codes.left(tx, ann), recovery_codes.left(tx, bob)) == (1, 1)
            recovery_codes.replace(tx, ann, ["dddd"])
            assert not recovery_codes.use(tx, ann, "bbbb")
            assert "dddd" not in repr(tx.rows(sa.select(code_table)))


class TestRefusedCodes:
    def test_counted_by_user_and_origin_for_a_day(self, store: Store, now: float) -> None:
        """A known device's are apart from all others'."""
        for moment, user, origin in ((0.0, "ann", ""), (DAY / 2, "ann", ""), (DAY / 2, "ann", "laptop"), (DAY / 2, "bob", "")):
            with store.transaction(now + moment) as tx:
                found = users.find_by_name(tx, user) or users.add(tx, user, "hash")
                refused_codes.add(tx, found.id, origin)
        with store.transaction(now + DAY) as tx:
            ann = users.find(tx, "ann").id
            assert refused_codes.times(tx, ann, "", now + DAY - 1) == [now, now + DAY / 2]
            assert refused_codes.times(tx, ann, "", now + DAY) == [now + DAY / 2]
            refused_codes.purge(tx)
            refused_codes.forget(tx, ann, "laptop")
            assert refused_codes.times(tx, ann, "laptop", now + DAY) == []
            assert refused_codes.times(tx, ann, "", now + DAY) == [now + DAY / 2]
            refused_codes.forget(tx, ann)
            assert refused_codes.times(tx, ann, "", now + DAY) == []


def test_all_of_a_user(store: Store, now: float) -> None:
    """Counted at sign-in, listed for administrators without a secret, and forgotten at a reset, which ends the sessions."""
    with store.transaction(now) as tx:
        ann = users.add(tx, "ann", "hash")
        assert factors.of_user(tx, ann.id) == factors.of_user(tx, "") == FactorsOfUser()
        assert factors.listed(tx, ann.id) == []
        authenticator_apps.add(tx, ann.id, "phone", "JBSWY3DPEHPK3PXP", 0)
        recovery_codes.replace(tx, ann.id, ["aaaa"])
        assert factors.of_user(tx, ann.id).any
        passkeys.add(tx, ann.id, "key", "AAAA", "public", 0)
        assert factors.of_user(tx, ann.id) == FactorsOfUser(1, 1, None)
        assert [one["kind"] for one in factors.listed(tx, ann.id)] == ["passkey", "totp", "recovery-codes"]
        assert "JBSWY" not in repr(factors.listed(tx, ann.id))
        refused_codes.add(tx, ann.id, "")
        assert len(factors.reset(tx, ann)) == 3
        assert factors.of_user(tx, ann.id) == FactorsOfUser() and factors.listed(tx, ann.id) == []
        assert not factors.of_user(tx, ann.id).any
        assert refused_codes.times(tx, ann.id, "", now) == []
    assert store.build_snapshot().not_before[BUILTIN, ann.id] == now
