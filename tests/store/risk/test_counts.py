"""How many sign-ins have a feature."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from appproxy.store.database.store import Store
from appproxy.store.risk import counts
from appproxy.store.tables.risk import risk_counts

DAY = 86400.0
LINUX, CURL = ("system", "linux"), ("program", "curl")


def test_each_sign_in_counts(store: Store, now: float) -> None:
    """What has not been seen has no count; one sign-in with a feature that is named twice is one."""
    with store.transaction(now) as tx:
        counts.add(tx, [LINUX, CURL, LINUX])
        counts.add(tx, [LINUX])
        counts.add(tx, [])
        assert counts.of(tx, [LINUX, CURL, ("system", "other")]) == {LINUX: 2.0, CURL: 1.0}
        assert counts.of(tx, []) == {} == counts.of(tx, [("program", "linux")])


def test_they_fade(store: Store, now: float) -> None:
    """To the half in ninety days, however often that is asked for; once a day at most."""
    with store.transaction(now) as tx:
        counts.add(tx, [LINUX])
        counts.fade(tx)
        assert counts.of(tx, [LINUX]) == {LINUX: 1.0}
    with store.transaction(now + DAY - 1) as tx:
        counts.fade(tx)
        assert counts.of(tx, [LINUX]) == {LINUX: 1.0}
    for days in (1, 30, 31, 90):
        with store.transaction(now + days * DAY) as tx:
            counts.fade(tx)
    with store.transaction(now + 90 * DAY) as tx:
        assert counts.of(tx, [LINUX])[LINUX] == pytest.approx(0.5)


def test_what_is_next_to_nothing_goes(store: Store, now: float) -> None:
    """And when they faded last is not forgotten with it."""
    with store.transaction(now) as tx:
        counts.add(tx, [CURL])
        for _ in range(3):
            counts.add(tx, [LINUX])
        counts.fade(tx)
    with store.transaction(now + 360 * DAY) as tx:
        counts.fade(tx)
        assert counts.of(tx, [LINUX, CURL]) == {LINUX: pytest.approx(3 / 16)}
        counts.fade(tx)
        assert counts.of(tx, [LINUX]) == {LINUX: pytest.approx(3 / 16)}


def test_there_are_so_many(store: Store, now: float, monkeypatch: pytest.MonkeyPatch) -> None:
    """Those that were seen last stay."""
    monkeypatch.setattr(counts, "_MOST", 2)
    with store.transaction(now - DAY) as tx:
        counts.fade(tx)
    for second in range(4):
        with store.transaction(now + second) as tx:
            counts.add(tx, [("system", str(second))])
    with store.transaction(now + 9) as tx:
        counts.add(tx, [("system", "0")])
        counts.fade(tx)
        kept = tx.connection.scalars(sa.select(risk_counts.c.value).where(risk_counts.c.kind == "system")).all()
    assert sorted(kept) == ["0", "3"]
