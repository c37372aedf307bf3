"""The audit on its way: who sends, what is sent again, and what is left out."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from twisted.internet.defer import Deferred, fail, succeed
from twisted.logger import capturedLogs

from appproxy.errors import StoreError
from appproxy.export.pace import MOST_REFUSED
from appproxy.service.exports.delivery import DeliveryFailed, Payload
from appproxy.service.exports.exporter import PAUSE, Exporter
from appproxy.store.database.initial import initialise
from appproxy.store.database.live import LiveStore
from appproxy.store.database.store import Store
from appproxy.store.sealing import Sealer
from appproxy.store.service import audit, audit_exports
from appproxy.store.service.actions import USER_SIGN_IN
from appproxy.store.service.audit_exports import LEASE, AuditExport, NewExport
from appproxy.store.tables.exports import audit_exports as table
from appproxy.testing.network import InlinePool
from tests.fakes.threads import NoThreads
from tests.pki.chains import NOW

Answer = Callable[[list[str]], Exception | None]


def targets_in(load: Payload) -> list[str]:
    """Of the entries, which are in our own words."""
    return [json.loads(piece)["target"] for piece in load.pieces]


@dataclass
class Wire:
    """Where batches go. `answer`: what becomes of one, by the targets in it; None: it arrives. `waits`: nobody answers."""

    answer: Answer = lambda targets: None
    waits: bool = False
    tried: list[tuple[str, list[str]]] = field(default_factory=list)
    arrived: list[str] = field(default_factory=list)

    def __call__(self, export: AuditExport, load: Payload) -> Deferred[None]:
        """As `Deliver`."""
        targets = targets_in(load)
        self.tried.append((load.id, targets))
        if self.waits:
            return Deferred()
        error = self.answer(targets)
        if error is not None:
            return fail(error)
        self.arrived += targets
        return succeed(None)


class House:
    """A database, and nodes that export from it."""

    def __init__(self, directory: Path) -> None:
        self.clock = NoThreads()
        self.store = Store.create(f"sqlite:///{directory}/a.db", Sealer(b"m" * 32, "the test"))
        with self.store.transaction(NOW) as tx:
            initialise(tx, "example.com", "https://signin.example.com")
            self.id = audit_exports.add(tx, "hook", NewExport("https://hooks.example.com/"), None).id
        self.live = LiveStore(self.clock, self.store, self.wall_clock, InlinePool())
        self.live.start()
        self.numbers = count(1)
        self.wire = Wire()
        self.exporter = self.node(self.wire)

    def wall_clock(self) -> float:
        """Seconds since 1970."""
        return NOW + self.clock.seconds()

    def node(self, wire: Wire) -> Exporter:
        """One more node."""
        id_ = next(self.numbers)
        chance = iter(lambda: bytes(4), None)
        first = iter([id_.to_bytes(8, "big")])
        return Exporter(self.live, "example.com", wire, self.clock, self.wall_clock,
                        lambda size: next(first, None) or next(chance)[:4] or bytes(size))

    def record(self, *targets: str) -> None:
        """Entries."""
        with self.store.transaction(self.wall_clock()) as tx:
            for target in targets:
                audit.record(tx, "user:ann", USER_SIGN_IN, target)

    def pass_(self, seconds: int) -> None:
        """Time goes by."""
        for _ in range(seconds):
            self.clock.pump([PAUSE] * round(1 / PAUSE))

    @property
    def now(self) -> AuditExport:
        """The destination as it is."""
        with self.store.reading() as reading:
            return audit_exports.find(reading, self.id)


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    """With one node that exports."""
    made = House(tmp_path)
    made.exporter.start()
    yield made
    made.exporter.stop()
    made.live.stop()


def test_entries_flow(house: House) -> None:
    """Within a second or two, each once, in their order, in batches."""
    house.record("a", "b")
    house.pass_(2)
    house.record("c")
    house.pass_(2)
    assert [targets for _, targets in house.wire.tried] == [["a", "b"], ["c"]]
    assert (house.now.sent, house.now.failures) == (3, 0)
    assert house.exporter.sent == {"hook": 3} and house.exporter.failures == {}


def test_many(house: House) -> None:
    """More than a batch holds go one batch after the other, with a moment between them for others."""
    house.record(*(str(number) for number in range(1203)))
    house.clock.advance(1)
    assert len(house.wire.tried) == 1
    house.clock.pump([PAUSE] * 3)
    assert house.wire.arrived == [str(number) for number in range(1203)]
    assert [len(targets) for _, targets in house.wire.tried] == [500, 500, 203]


def away(targets: list[str]) -> Exception:
    """No server is there."""
    return ConnectionRefusedError(111, "Connection refused")


def test_an_outage(house: House) -> None:
    """Nothing is lost, nobody is hammered, the log has it once, and the same batch has the same id each time."""
    house.wire.answer = away
    house.record("a")
    with capturedLogs() as logs:
        house.pass_(180)
    assert 6 <= len(house.wire.tried) <= 9 and len({id_ for id_, _ in house.wire.tried}) == 1
    assert len([one for one in logs if one.get("name") == "hook"]) == 1
    assert "Connection refused" in house.now.problem and house.now.failures == len(house.wire.tried)
    (backlog,) = house.exporter.backlogs
    assert backlog.waiting == 1 and backlog.since == NOW
    house.record("b")
    house.wire.answer = lambda targets: None
    house.pass_(62)
    assert house.wire.arrived == ["a", "b"] and (house.now.failures, house.now.problem) == (0, "")


def test_what_the_receiver_asks_for(house: House) -> None:
    """It is not asked before."""
    house.wire.answer = lambda targets: DeliveryFailed("the receiver answers 429", 100.0)
    house.record("a")
    house.pass_(100)
    assert len(house.wire.tried) == 1
    house.pass_(3)
    assert len(house.wire.tried) == 2


def poison(*bad: str) -> Answer:
    """One that will not take these."""
    return lambda targets: DeliveryFailed("the receiver answers 422", refused=True) if set(bad) & set(targets) else None


def test_one_that_is_never_taken(house: House) -> None:
    """Is left out, counted and said; all others arrive."""
    house.wire.answer = poison("13", "700")
    house.record(*(str(number) for number in range(1000)))
    with capturedLogs() as logs:
        house.pass_(6)
    assert house.wire.arrived == [str(number) for number in range(1000) if number not in (13, 700)]
    assert (house.now.refused, house.now.sent, house.now.failures) == (2, 998, 0)
    assert len([one for one in logs if "will never take" in one.get("log_format", "")]) == 2


def test_one_that_takes_nothing(house: House) -> None:
    """Is at fault itself: the entries wait for it."""
    house.wire.answer = lambda targets: DeliveryFailed("the receiver answers 400", refused=True)
    house.record(*(str(number) for number in range(50)))
    house.pass_(30)
    assert house.now.refused == MOST_REFUSED and house.now.failures > 0
    house.wire.answer = lambda targets: None
    house.pass_(120)
    assert house.wire.arrived == [str(number) for number in range(MOST_REFUSED, 50)]


def test_another_node_takes_over(house: House) -> None:
    """One sends at a time; when it is gone without a word, another sends what was under way again."""
    house.wire.waits = True
    house.record("a")
    house.pass_(2)
    other = Wire()
    second = house.node(other)
    second.start()
    house.pass_(int(LEASE) - 4)
    assert other.tried == []
    house.exporter._looks.stop()  # killed: it says nothing more
    house.pass_(6)
    assert other.arrived == ["a"] and len(house.wire.tried) == 1
    second.stop()


def test_a_node_that_stops_leaves_it_to_others(house: House) -> None:
    """At once."""
    house.wire.waits = True
    house.record("a")
    house.pass_(2)
    house.exporter.stop()
    other = Wire()
    second = house.node(other)
    second.start()
    house.pass_(2)
    assert other.arrived == ["a"]
    second.stop()


def test_one_that_was_held_up(house: House) -> None:
    """What it has sent after its lease arrives twice, and moves nothing."""
    waiting: Deferred[None] = Deferred()
    house.exporter._deliver = lambda export, load: waiting
    house.record("a")
    house.pass_(2)
    other = Wire()
    second = house.node(other)
    second.start()
    house.pass_(int(LEASE) + 2)
    house.record("b")
    house.pass_(2)
    assert other.arrived == ["a", "b"]
    before = house.now
    waiting.callback(None)
    house.pass_(0)
    assert house.now.position == before.position and house.now.sent == 2
    second.stop()


def test_a_database_that_is_away(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """Is said once, and waited for."""

    def broken(*_: object) -> Any:
        raise StoreError("the database does not answer")

    house.record("a")
    with capturedLogs() as logs, monkeypatch.context() as patched:
        patched.setattr(audit_exports, "backlogs", broken)
        house.pass_(10)
    assert len([one for one in logs if "cannot be exported now" in one.get("log_format", "")]) == 1
    house.pass_(2)
    assert house.wire.arrived == ["a"]


def test_trying_out(house: House) -> None:
    """An entry that is in no audit; what goes wrong is said, and nothing waits for it."""
    found: list[str] = []
    house.exporter.try_out(house.now).addCallback(found.append)
    house.wire.answer = away
    house.exporter.try_out(house.now).addCallback(found.append)
    assert found[0] == "" and "Connection refused" in found[1]
    assert house.now.sent == house.now.failures == 0


def firewall(targets: list[str]) -> Exception | None:
    """In front of a receiver: it takes some words for an attack, wherever they are."""
    return DeliveryFailed("the receiver answers 403", suspect=True) if "${jndi:x}" in targets else None


def test_a_firewall_that_takes_an_entry_for_an_attack(house: House) -> None:
    """Holds up the others for a quarter of an hour: then the entry is found and left out, though it is the first."""
    house.wire.answer = firewall
    house.record("${jndi:x}", *(str(number) for number in range(20)), "${jndi:x}", "last")
    house.clock.pump([1.0] * 600)
    assert house.wire.arrived == [] and house.now.refused == 0
    house.clock.pump([1.0] * 400)
    assert [one for one in house.wire.arrived if one != house.id] == [*(str(number) for number in range(20)), "last"]
    assert (house.now.refused, house.now.sent, house.now.failures) == (2, 21, 0)


def test_a_receiver_that_forbids_everything(house: House) -> None:
    """Loses nothing, however long: what it answers to an entry it answers to one of ours, too."""
    house.wire.answer = lambda targets: DeliveryFailed("the receiver answers 403", suspect=True)
    house.record("a", "b", "c")
    house.clock.pump([1.0] * 1200)
    assert (house.now.refused, house.wire.arrived) == (0, [])
    house.wire.answer = lambda targets: None
    house.clock.pump([1.0] * 62)
    assert house.wire.arrived == ["a", "b", "c"]


def test_a_clock_that_is_put_back(house: House) -> None:
    """By a day: what was to be tried in a minute is tried now, and not tomorrow."""
    house.wire.answer = away
    house.record("a")
    house.pass_(5)
    with house.store.transaction(house.wall_clock()) as tx:
        tx.change(sa.update(table).values(owner="gone", owned_until=NOW + 86_400.0, due=NOW + 86_400.0))
    house.wire.answer = lambda targets: None
    house.pass_(3)
    assert house.wire.arrived == ["a"]
