"""What policies would have done, in the store: on both databases."""

from __future__ import annotations

import pytest

from appproxy.store.database.store import Store
from appproxy.store.policies import policies, results
from appproxy.store.policies.documents import DocumentKind
from appproxy.store.policies.results import DAY, KEPT, PASSES, CountedHits, ReportedOf

POLICY = {"state": "report-only", "users": {"include": ["all"]}, "applications": {"include": ["all"]},
          "grant": {"require": ["mfa"]}}
ANN = ReportedOf("p", "asks for more", "builtin", "ann", "wiki")


@pytest.fixture
def id_(store: Store, now: float) -> str:
    """The id of a policy `p`."""
    with store.transaction(now) as tx:
        return policies.put(tx, "p", POLICY).id


def add(store: Store, at: float, *found: ReportedOf, amount: int = 1) -> None:
    """Each once more."""
    with store.transaction(at) as tx:
        results.add(tx, {one: CountedHits(amount, at, "192.0.2.7", "because") for one in found})


def kept(store: Store, policy: str, since: float = 0.0) -> list[tuple[str, int]]:
    """Subjects and amounts, the last first."""
    with store.reading() as reading:
        return [(row["subject"], row["amount"]) for row in results.of_policy(reading, policy, since)]


def test_they_are_counted_by_day(store: Store, now: float, id_: str) -> None:
    """The same again adds to it, from whichever node; another day is another row, and after a month it is gone."""
    add(store, now + 1, ANN, ReportedOf("p", PASSES), amount=3)
    add(store, now + 2, ANN)
    add(store, now + DAY, ANN)
    assert kept(store, id_) == [("ann", 1), ("ann", 4), ("", 3)]
    assert kept(store, id_, now + DAY) == [("ann", 1)]
    with store.transaction(now + KEPT * DAY + 1) as tx:
        results.purge(tx)
    assert kept(store, id_) == [("ann", 1)]


def test_of_what_is_another_policy_now_nothing_is_kept(store: Store, now: float, id_: str) -> None:
    """A state or a message makes no other one of it; all else does, also for what is still on its way. So does its end."""
    add(store, now + 1, ANN)
    with store.transaction(now + 2) as tx:
        policies.put(tx, "p", {**POLICY, "state": "off", "message": "No."})
    assert kept(store, id_) == [("ann", 1)]
    with store.transaction(now + 4) as tx:
        policies.put(tx, "p", {**POLICY, "grant": {"block": True}})
    add(store, now + 3, ANN)
    add(store, now + 3, ReportedOf("gone", "refuses", "builtin", "ann", "wiki"))
    assert kept(store, id_) == []
    add(store, now + 5, ANN)
    with store.transaction(now + 6) as tx:
        policies.remove(tx, DocumentKind.POLICY, "p")
    assert kept(store, id_) == []


def test_rows_are_bounded(store: Store, now: float, id_: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of more users than there is room for only the number is counted; those who are there go on."""
    monkeypatch.setattr(results, "MOST_OF_POLICY", 2)
    crowd = [ReportedOf("p", "refuses", "builtin", f"u{number}", "wiki") for number in range(5)]
    add(store, now + 1, *crowd)
    add(store, now + 2, *crowd)
    assert sorted(kept(store, id_)) == [("", 6), ("u0", 2), ("u1", 2)]
    monkeypatch.setattr(results, "MOST", 3)
    with store.transaction(now) as tx:
        other = policies.put(tx, "q", POLICY).id
    add(store, now + 3, ReportedOf("q", "refuses", "builtin", "ann", "wiki"), ReportedOf("q", PASSES))
    assert sorted(kept(store, other)) == [("", 1), ("", 1)]
