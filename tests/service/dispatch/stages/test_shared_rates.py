"""One limit at several nodes."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest
from twisted.internet.defer import Deferred, fail, succeed
from twisted.logger import capturedLogs, formatEvent

from appproxy.errors import StoreError
from appproxy.policy.rates import Rate
from appproxy.service.dispatch.stage import Stage
from appproxy.service.dispatch.stages.rates import ApplicationRates, RateLimits, ServiceRates
from appproxy.service.dispatch.stages.shared_rates import SharedRates
from appproxy.store.database.store import Store
from appproxy.store.service import nodes as nodes_table
from appproxy.store.service.nodes import NodeRecord
from appproxy.store.service.rate_uses import KEPT
from tests.service.dispatch.stage_fakes import OPEN
from tests.service.dispatch.stages.test_rates import passed, sent_by
from tests.store.conftest import database_url, empty_store, sealer, server, store, templates  # noqa: F401 -- fixtures

# ruff: noqa: F811 -- they are also the names of arguments

TEN = Rate(1.0, 10)


class Live:
    """A store whose thread is this one."""

    def __init__(self, store: Store) -> None:
        self.store = store
        with store.transaction(0.0) as tx:
            for number in range(8):
                nodes_table.beat(tx, NodeRecord(f"n{number}", f"n{number}", f"/{number}", "", "1.0"))
        self.calls = 0
        self.away = False

    def write(self, do: Any, *arguments: object) -> Deferred[Any]:
        """At once."""
        self.calls += 1
        if self.away:
            return fail(StoreError("the database is away"))
        with self.store.transaction(0.0) as tx:
            return succeed(do(tx, *arguments))

    def read(self, do: Any, *arguments: object) -> Deferred[Any]:
        """The same."""
        self.calls += 1
        if self.away:
            return fail(StoreError("the database is away"))
        with self.store.reading() as reading:
            return succeed(do(reading, *arguments))


class Nodes:
    """So many nodes, which serve an application with these limits, in one moment."""

    def __init__(self, store: Store, count: int, **rates: Rate) -> None:
        self.application = replace(OPEN, **rates)  # type: ignore[arg-type]
        self.now = 100.0
        self.there = count
        self.limits = [RateLimits(lambda: self.now) for _ in range(count)]
        self.live = Live(store)
        live: Any = self.live
        snapshot: Any = SimpleNamespace(applications={"wiki": self.application})
        self.shared = [
            SharedRates(limits, live, f"n{number}", lambda: range(self.there), lambda: snapshot)
            for number, limits in enumerate(self.limits)]
        self.exchange()

    def exchange(self) -> None:
        """All nodes, twice: the first ones hear of the last ones in the second."""
        for one in (*self.shared, *self.shared):
            one.exchange()

    def send(self, node: int, count: int, address: str = "192.0.2.1") -> int:
        """How many of so many pass."""
        stage: Stage = ApplicationRates(self.limits[node])
        return passed(stage, *(sent_by(address, self.application) for _ in range(count))).count(True)


def test_what_one_node_has_let_pass_counts_at_the_others(store: Store) -> None:
    """Another address is not concerned."""
    nodes = Nodes(store, 3, address_rate=TEN)
    assert nodes.send(0, 20) == 10
    nodes.exchange()
    assert max(nodes.send(node, 20) for node in (1, 2)) <= 1, "all but the little that is not worth telling"
    assert nodes.send(1, 20, "192.0.2.2") == 10


def test_who_reads_late_hears_it_too(store: Store) -> None:
    """Somebody who has used up all in one second is told of in one row, and their next requests come to another node."""
    nodes = Nodes(store, 2, address_rate=TEN)
    assert nodes.send(0, 20) == 10
    for _ in range(KEPT):
        nodes.shared[0].exchange()
    nodes.shared[1].exchange()
    assert nodes.send(1, 20) <= 2, "all but the little that is not worth telling"
    calls = nodes.live.calls
    for _ in range(3):
        nodes.shared[0].exchange()
    assert nodes.live.calls == calls + 1 + 3, "one more for the last row to go, and then it only reads"


def test_somebody_at_one_node_gets_all_of_their_limit(store: Store) -> None:
    """However many nodes there are, for as long as they like."""
    nodes = Nodes(store, 8, address_rate=TEN)
    assert nodes.send(0, 20) == 10
    for _ in range(20):
        nodes.now += 1.0
        nodes.exchange()
        assert nodes.send(0, 3) == 1


def test_somebody_at_all_nodes_gets_no_more_in_the_long_run(store: Store) -> None:
    """What passes too much in the first second is waited for."""
    nodes = Nodes(store, 4, address_rate=TEN)
    total = 0
    for _ in range(120):
        total += sum(nodes.send(node, 3) for node in range(4))
        nodes.exchange()
        nodes.now += 1.0
    assert total <= 10 + 120 * 1.0 + 4 * 3 + 30, total
    alone = Nodes(store, 4, address_rate=TEN)
    without = 0
    for _ in range(120):
        without += sum(alone.send(node, 3) for node in range(4))
        alone.now += 1.0
    assert without >= 4 * 120 - 40, "the comparison: each for itself"


def test_what_all_together_may_send_is_divided(store: Store) -> None:
    """At once by the number of nodes that live, and nobody is told of it."""
    nodes = Nodes(store, 2, rate=TEN)
    calls = nodes.live.calls
    assert [nodes.send(node, 20) for node in (0, 1)] == [5, 5]
    nodes.exchange()
    assert nodes.live.calls == calls
    service = ServiceRates(RateLimits(lambda: 0.0, everybody=TEN))
    assert passed(service, *(sent_by("192.0.2.1") for _ in range(20))).count(True) == 10


def test_a_node_alone_tells_nobody(store: Store) -> None:
    """It has the whole limit, and asks the database nothing."""
    nodes = Nodes(store, 1, address_rate=TEN, rate=Rate(1.0, 15))
    assert nodes.send(0, 20) == 10
    nodes.exchange()
    assert nodes.live.calls == 0 and nodes.limits[0].uses is None


def test_who_uses_little_is_told_of_by_nobody(store: Store) -> None:
    """Nearly all are such, and rows stay small."""
    nodes = Nodes(store, 2, address_rate=Rate(1.0, 100))
    assert nodes.send(0, 20) == 20 and nodes.limits[0].take_uses() == {}
    assert nodes.send(0, 20) == 20 and sum(nodes.limits[0].take_uses().values()) == pytest.approx(15.0, abs=2)


def test_the_most_are_told_where_they_are_too_many(store: Store) -> None:
    """A flood from very many addresses makes no rows without end."""
    nodes = Nodes(store, 2, address_rate=Rate(1.0, 2))
    for number in range(600):
        nodes.send(0, 1 + (number == 599), f"192.0.{number // 250}.{number % 250 + 1}")
    told = nodes.limits[0].take_uses()
    assert len(told) == 500 and max(told, key=lambda key: told[key])[-1] == "192.0.2.100"


def test_without_the_database_each_counts_for_itself(store: Store) -> None:
    """The log says so once; what was missed is not made up for."""
    nodes = Nodes(store, 2, address_rate=TEN)
    nodes.live.away = True
    with capturedLogs() as events:
        assert nodes.send(0, 20) == 10
        nodes.exchange()
        nodes.exchange()
    assert [str(formatEvent(event)).partition(":")[0] for event in events if "alone" in str(formatEvent(event))] == [
        "limits count at this node alone for now"] * 2, "each node, once"
    assert nodes.send(1, 20) == 10
    nodes.live.away = False
    nodes.exchange()
    nodes.now += 1.0
    nodes.exchange()
    assert nodes.send(0, 3) == 0 or nodes.send(1, 3) == 0


def test_somebody_who_never_uses_much_of_a_bucket_gets_no_more(store: Store) -> None:
    """They send evenly, and a little less than the limit at each of several nodes: a whole bucket is never half used."""
    nodes = Nodes(store, 4, address_rate=Rate(10.0, 100))
    total = 0
    for turn in range(60 * 9):
        total += sum(nodes.send(node, 1) for node in range(4))
        nodes.now += 1 / 9
        if turn % 9 == 8:
            nodes.exchange()
    assert total <= 1.5 * 100 + 60 * 10 + 4 * 9, total


def test_somebody_who_sends_their_part_to_each_node_is_told_of_by_nobody(store: Store) -> None:
    """For as long as they like: it is no more than the limit."""
    nodes = Nodes(store, 2, address_rate=Rate(10.0, 100))
    calls = nodes.live.calls
    for _ in range(300):
        assert [nodes.send(node, 1) for node in (0, 1)] == [1, 1]
        nodes.now += 0.2
    assert [one.take_uses() for one in nodes.limits] == [{}, {}] and nodes.live.calls == calls
