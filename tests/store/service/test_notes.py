"""Entries of the audit that nobody waits for: bounded, and none lost without a count."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence

import pytest
from twisted.internet.defer import Deferred, fail, succeed
from twisted.internet.task import Clock
from twisted.logger import capturedLogs

from appproxy.errors import StoreError
from appproxy.store.database.store import Store
from appproxy.store.service import audit
from appproxy.store.service import notes as notes_module
from appproxy.store.service.actions import SIGN_IN, SIGN_IN_REFUSED
from appproxy.store.service.audit import ANONYMOUS, AuditEntry
from appproxy.store.service.note import nowhere
from appproxy.store.service.notes import Notes, write
from appproxy.store.transaction import Transaction


class Live:
    """A store that keeps what it is to write; `away`: the database does not answer; `slow`: it is done when a test says so."""

    def __init__(self) -> None:
        self.batches: list[list[AuditEntry]] = []
        self.away = self.slow = False
        self.waiting: list[Deferred[None]] = []
        self.last_words: list[Callable[[], object]] = []

    def write(
        self, do: Callable[[Transaction, Sequence[AuditEntry]], None], entries: Sequence[AuditEntry], /
    ) -> Deferred[None]:
        assert do is write
        if self.away:
            return fail(StoreError("away"))
        self.batches.append(list(entries))
        if self.slow:
            self.waiting.append(Deferred())
            return self.waiting[-1]
        return succeed(None)

    def before_stop(self, callback: Callable[[], object], /) -> None:
        self.last_words.append(callback)


def made() -> tuple[Live, Clock, Notes]:
    """Notes of a node whose clock stands at 1000."""
    live, clock = Live(), Clock()
    return live, clock, Notes(live, clock, lambda: 1000.0 + clock.seconds())


def test_they_are_written_together() -> None:
    """Those of a second in one transaction, each with its own time; nothing is done while there is none."""
    live, clock, notes = made()
    notes.note("user:ann", SIGN_IN, "ann", {"address": "192.0.2.1"})
    clock.advance(0.5)
    notes.note("user:bob", SIGN_IN)
    assert live.batches == []
    clock.advance(0.5)
    assert live.batches == [[
        AuditEntry(1000.0, "user:ann", SIGN_IN, "ann", {"address": "192.0.2.1"}),
        AuditEntry(1000.5, "user:bob", SIGN_IN, "", {})]]
    assert clock.getDelayedCalls() == []


def refused(notes: Notes, *addresses: str) -> None:
    """A refused sign-in of nobody known from each address."""
    for address in addresses:
        notes.note(ANONYMOUS, SIGN_IN_REFUSED, "", {"address": address})


def addresses(live: Live, action: str = "sign-in.refused") -> Counter[object]:
    """How many entries of this action have been written, by their addresses."""
    return Counter(one.detail["address"] for batch in live.batches for one in batch if one.action == action)


def pass_time(clock: Clock, hours: float) -> None:
    """In steps of a minute, so that what one timer starts can end, too."""
    clock.pump([60.0] * round(hours * 60))


@pytest.mark.parametrize(
    ("flood", "network"),
    [
        (["192.0.2.1"], "192.0.2.1"),
        (["::ffff:192.0.2.1", "192.0.2.1"], "192.0.2.1"),
        ([f"2001:db8:7:{number:x}::1" for number in range(500)], "2001:db8:7::/48"),
        (["unknown"], "unknown"),
        ([""], "others"),
    ],
)
def test_one_network_does_not_use_up_what_all_have(flood: list[str], network: str) -> None:
    """Twenty of it are kept in an hour, and the count of the others once that is over; those from elsewhere are all kept."""
    live, clock, notes = made()
    for number in range(500):
        refused(notes, flood[number % len(flood)])
    refused(notes, "198.51.100.7", "2001:db8:8::1")
    clock.advance(1.0)
    found = addresses(live)
    assert found.total() == 22 and found["198.51.100.7"] == found["2001:db8:8::1"] == 1
    assert addresses(live, "audit.left_out") == {}
    pass_time(clock, 1.5)
    assert live.batches[-1][0].detail == {"address": network, "count": 480}
    assert addresses(live, "audit.left_out").total() == 1
    assert clock.getDelayedCalls() == []
    refused(notes, flood[0])
    clock.advance(1.0)
    assert addresses(live).total() == 23


def test_a_flood_from_everywhere_is_counted() -> None:
    """Of those about nobody sixty are kept, then one a second; those of known users all."""
    live, clock, notes = made()
    refused(notes, *(f"192.0.2.{number}" for number in range(200)))
    notes.note("user:ann", SIGN_IN)
    clock.advance(1.0)
    (batch,) = live.batches
    assert addresses(live).total() == 60
    assert batch[60].actor == "user:ann" and len(batch) == 61
    clock.advance(4.0)
    refused(notes, *(f"198.51.100.{number}" for number in range(10)))
    clock.advance(1.0)
    assert addresses(live).total() == 65
    pass_time(clock, 1.5)
    assert [one.detail for one in live.batches[2]] == [{"address": "others", "count": 145}]
    assert clock.getDelayedCalls() == []


def test_one_user_does_not_fill_the_database() -> None:
    """Somebody who signs in all the time has three hundred entries an hour, and then a count; others have all of theirs."""
    live, clock, notes = made()
    for _ in range(10):
        for _ in range(90):
            notes.note("user:eve", SIGN_IN, "eve", {"provider": "corp"})
        notes.note("user:ann", SIGN_IN, "ann", {"provider": "corp"})
        notes.note("user:eve", SIGN_IN, "eve", {"provider": "another eve's"})
        clock.advance(1.0)
    found = Counter(one.actor for batch in live.batches for one in batch)
    assert found == {"user:eve": 310, "user:ann": 10}
    pass_time(clock, 1.5)
    (count,) = live.batches[-1]
    assert (count.actor, count.action, count.detail) == ("user:eve", "audit.left_out", {"provider": "corp", "count": 600})
    assert clock.getDelayedCalls() == []


def test_a_long_flood_makes_few_entries() -> None:
    """Its counts are bounded too, so that they do not push out of the database what is worth reading; none is lost."""
    live, clock, notes = made()
    for hour in range(3):
        for number in range(4000):
            refused(notes, f"10.{hour}.{number // 250}.{number % 250}")
        for number in range(4000):
            refused(notes, f"10.{hour}.{number // 250}.{number % 250}")
        pass_time(clock, 1.0)
    pass_time(clock, 1.5)
    counts = [one for batch in live.batches for one in batch if one.action == "audit.left_out"]
    assert addresses(live).total() + sum(int(str(one.detail["count"])) for one in counts) == 24000
    assert len(counts) < 3 * 1010


def test_counts_at_the_end() -> None:
    """What was left out is written before the store stops, though the hour is not over."""
    live, clock, notes = made()
    refused(notes, *["192.0.2.1"] * 50)
    for callback in live.last_words:
        callback()
    assert live.batches[0][-1].detail == {"address": "192.0.2.1", "count": 30}
    assert clock.getDelayedCalls() == []


def test_a_database_that_is_away() -> None:
    """Nothing is lost while it is not long; after that it is counted, and memory is bounded."""
    live, clock, notes = made()
    live.away = True
    with capturedLogs() as events:
        for number in range(30_000):
            notes.note(f"user:{number}", SIGN_IN)
            if number % 500 == 0:
                clock.advance(1.0)
    assert any("away" in str(event.get("reason")) for event in events)
    assert len(events) <= 61, "a try a second, however much comes"
    assert len(notes._entries) == notes_module._MOST
    live.away = False
    clock.pump([1.0, *[0.02] * 100])
    written = [one for batch in live.batches for one in batch]
    (count,) = (one for one in written if one.action == "audit.left_out")
    assert [one.actor for one in written if one != count] == [f"user:{number}" for number in range(notes_module._MOST)]
    assert int(str(count.detail["count"])) == 30_000 - notes_module._MOST
    assert clock.getDelayedCalls() == []


def test_many_are_written_piece_by_piece() -> None:
    """One transaction after the other, never two at a time and none larger than a piece; all arrive, in their order."""
    live, clock, notes = made()
    live.slow = True
    for number in range(2000):
        notes.note(f"user:{number}", SIGN_IN)
    clock.advance(0.0)
    assert len(live.batches) == 1, "a whole piece waits for no second"
    notes.note("user:late", SIGN_IN)
    while live.waiting:
        assert len(live.waiting) == 1
        live.waiting.pop().callback(None)
        clock.advance(1.0)
    assert [len(batch) for batch in live.batches] == [notes_module._PIECE] * (2000 // notes_module._PIECE) + [1]
    written = [one.actor for batch in live.batches for one in batch]
    assert written == [*(f"user:{number}" for number in range(2000)), "user:late"] and clock.getDelayedCalls() == []


def test_as_many_as_are_promised_in_a_second() -> None:
    """Five thousand, second after second: nothing is left out, and the last one is written within a second."""
    live, clock, notes = made()
    for tick in range(300):
        for number in range(100):
            notes.note(f"user:{tick}-{number}", SIGN_IN)
        clock.advance(0.02)
    clock.advance(1.0)
    assert sum(map(len, live.batches)) == 30_000 and not any(one.action == "audit.left_out" for one in live.batches[-1])


def test_one_that_fails_in_the_middle() -> None:
    """Is tried again, before those that came later."""
    live, clock, notes = made()
    for number in range(1200):
        notes.note(f"user:{number}", SIGN_IN)
    clock.advance(0.0)
    live.away = True
    clock.advance(0.02)
    notes.note("user:1200", SIGN_IN)
    live.away = False
    clock.pump([1.0] * 3)
    assert [one.actor for batch in live.batches for one in batch] == [f"user:{number}" for number in range(1201)]
    assert clock.getDelayedCalls() == []


def test_many_at_the_end() -> None:
    """Those that wait are written before the store stops, and what is under way is not written twice."""
    live, clock, notes = made()
    live.slow = True
    for number in range(1200):
        notes.note(f"user:{number}", SIGN_IN)
    clock.advance(0.0)
    for callback in live.last_words:
        callback()
    assert [one.actor for batch in live.batches for one in batch] == [f"user:{number}" for number in range(1200)]
    for one in live.waiting:
        one.callback(None)
    assert clock.getDelayedCalls() == []


def test_nothing_at_the_end() -> None:
    """Is not written."""
    live, clock, _ = made()
    for callback in live.last_words:
        callback()
    assert live.batches == [] and clock.getDelayedCalls() == []


def test_what_there_is_at_the_end() -> None:
    """Is written before the store stops."""
    live, clock, notes = made()
    notes.note("user:ann", SIGN_IN)
    for callback in live.last_words:
        callback()
    assert [one.actor for one in live.batches[0]] == ["user:ann"]
    assert clock.getDelayedCalls() == []


def test_without_an_audit() -> None:
    """Programs of one's own may have none."""
    nowhere("user:ann", SIGN_IN, "ann", {})


def test_in_the_database(store: Store, now: float) -> None:
    """With their own times; what is about nobody is forgotten when it is old, or too much."""
    entries = [AuditEntry(now - 5, "user:ann", SIGN_IN, "ann", {"address": "192.0.2.1"}), *(
        AuditEntry(now - age * 86400, ANONYMOUS, SIGN_IN_REFUSED, "", {}) for age in (400, 91, 89, 1, 1, 1))]
    with store.transaction(now) as tx:
        write(tx, entries)
        audit.purge(tx)
        assert [row.time for row in audit.list_recent(tx)] == [
            now - 86400, now - 86400, now - 86400, now - 89 * 86400, now - 5]
        audit.purge(tx, most=2)
        assert [row.actor for row in audit.list_recent(tx)] == [ANONYMOUS, ANONYMOUS, "user:ann"]
        audit.purge(tx, most=2)
        assert len(audit.list_recent(tx)) == 3
