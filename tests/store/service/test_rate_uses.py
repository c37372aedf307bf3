"""What nodes tell each other of requests that count."""

from __future__ import annotations

from dataclasses import replace

from appproxy.store.database.store import Store
from appproxy.store.service import nodes, rate_uses
from appproxy.store.service.rate_uses import KEPT
from tests.store.service.test_nodes import ONE, TWO

ANN, NET = ("user", "wiki", "", "ann"), ("", "192.0.2.1")


def tell(store: Store, node: str, beat: int, uses: rate_uses.Uses) -> None:
    """One beat."""
    with store.transaction(0.0) as tx:
        rate_uses.tell(tx, node, beat, uses)


def test_what_is_new_is_heard_once(store: Store, now: float) -> None:
    """Of all others, added up, and nothing of one's own."""
    with store.transaction(0.0) as tx:
        for id_ in ("1", "2"):
            nodes.beat(tx, replace(ONE, id=id_, name=id_))
    tell(store, "1", 1, {ANN: 1.5, NET: 0.1})
    tell(store, "1", 2, {ANN: 0.5})
    tell(store, "2", 1, {ANN: 1.0})
    with store.reading() as reading:
        sums, known = rate_uses.of_others(reading, "3", {})
        assert (sums, known) == ({ANN: 3.0, NET: 0.1}, {"1": 2, "2": 1})
        assert rate_uses.of_others(reading, "3", known) == ({}, known)
        assert rate_uses.of_others(reading, "1", {})[0] == {ANN: 1.0}
    tell(store, "1", 3, {NET: 0.2})
    with store.reading() as reading:
        assert rate_uses.of_others(reading, "3", known) == ({NET: 0.2}, {"1": 3, "2": 1})


def test_few_rows_are_kept_and_none_when_nothing_is_told(store: Store) -> None:
    """However long a flood goes on; a node that begins removes what nodes of before have left."""
    with store.transaction(0.0) as tx:
        nodes.beat(tx, ONE)
        nodes.beat(tx, TWO)
    for beat in range(1, 20):
        tell(store, ONE.id, beat, {ANN: 1.0})
    tell(store, "gone", 5, {ANN: 1.0})
    with store.reading() as reading:
        assert rate_uses.of_others(reading, "", {})[0] == {ANN: KEPT + 1.0}
    tell(store, TWO.id, 1, {NET: 1.0})
    for beat in range(20, 19 + KEPT):
        tell(store, ONE.id, beat, {})
        with store.reading() as reading:
            assert rate_uses.of_others(reading, "", {})[0] == {ANN: 19 + KEPT - beat, NET: 1.0}, "whoever reads late"
    tell(store, ONE.id, 19 + KEPT, {})
    with store.reading() as reading:
        assert rate_uses.of_others(reading, "", {})[0] == {NET: 1.0}
