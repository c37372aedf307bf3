"""Where the audit is exported to, and how far each destination has it."""

from __future__ import annotations

from dataclasses import replace

import pytest
import sqlalchemy as sa

from appproxy.errors import ConfigError
from appproxy.export.entry import ExportedEntry
from appproxy.store.database.store import Store
from appproxy.store.names import AlreadyThere, NotFound
from appproxy.store.service import audit, audit_exports
from appproxy.store.service.actions import AUDIT_EXPORT_LOST, USER_SIGN_IN, USER_SIGN_IN_FAILED
from appproxy.store.service.audit_exports import LEASE, AuditExport, Batch, NewExport
from appproxy.store.service.note import ANONYMOUS
from appproxy.store.tables.core import audit as audit_table
from appproxy.store.transaction import Transaction
from tests.pki.chains import make

HOOK = NewExport("https://hooks.example.com/in")
LOGS = NewExport("syslog://logs.example.com")
DAY = 86400.0


def record(tx: Transaction, *targets: str, actor: str = "user:ann") -> None:
    """An entry for each."""
    for target in targets:
        audit.record(tx, actor, USER_SIGN_IN, target)


def batch_of(store: Store, export: AuditExport, most: int = 100, most_bytes: int = 1 << 20) -> list[str]:
    """The targets of the next batch."""
    with store.reading() as reading:
        found = audit_exports.next_batch(
            reading, export, "example.com", lambda entry: entry.target.encode(), most, most_bytes)
    return [piece.decode() for _, piece in found.pieces] if found is not None else []


def now_of(store: Store, name: str) -> AuditExport:
    """A destination as it is."""
    with store.reading() as reading:
        return audit_exports.find(reading, name)


def test_from_now_on(store: Store, now: float) -> None:
    """Unless another beginning is named; a webhook has a key, and others have none."""
    with store.transaction(now) as tx:
        record(tx, "a", "b")
        first = audit_exports.add(tx, "Hook", HOOK, None)
        whole = audit_exports.add(tx, "logs", LOGS, 0)
        part = audit_exports.add(tx, "more logs", LOGS, first.position - 1)
        record(tx, "c")
    assert batch_of(store, first) == ["c"]
    assert batch_of(store, whole)[-3:] == ["a", "b", "c"]
    assert batch_of(store, part) == ["b", "c"]
    assert (len(first.secret), whole.secret) == (32, b"")
    assert now_of(store, "HOOK") == now_of(store, first.id) == first
    with store.reading() as reading:
        raw = reading.connection.execute(sa.text("SELECT secret FROM audit_exports WHERE name = 'Hook'")).scalar_one()
        assert first.secret not in bytes(raw)
    assert "secret=b" not in repr(first)


@pytest.mark.parametrize(("new", "complaint"), [
    (replace(HOOK, url="http://hooks.example.com"), "is no place for the audit"),
    (replace(HOOK, format="cef"), "there are json, ecs, ocsf"),
    (replace(HOOK, ca_bundle="nonsense"), "ca_bundle: no PEM certificate"),
    (replace(HOOK, certificate=make("me").pem), "give both or none"),
    (replace(HOOK, certificate=make("me").pem, key=make("you").key), "does not belong to its key"),
    (replace(LOGS, ca_bundle=make("me").pem), "syslog has no TLS"),
])
def test_what_cannot_be(store: Store, now: float, new: NewExport, complaint: str) -> None:
    """Says why."""
    with store.transaction(now) as tx, pytest.raises(ConfigError, match=complaint):
        audit_exports.add(tx, "x", new, None)


def test_names_are_taken_once_and_sixteen_are_enough(store: Store, now: float) -> None:
    """In any case of letters."""
    with store.transaction(now) as tx:
        audit_exports.add(tx, "logs", LOGS, None)
        with pytest.raises(AlreadyThere):
            audit_exports.add(tx, "LOGS", LOGS, None)
        for number in range(15):
            audit_exports.add(tx, f"logs {number}", LOGS, None)
        with pytest.raises(ConfigError, match="no more can be"):
            audit_exports.add(tx, "one more", LOGS, None)
        audit_exports.remove(tx, audit_exports.find(tx, "logs").id)
        with pytest.raises(NotFound):
            audit_exports.find(tx, "logs")


def test_one_node_at_a_time(store: Store, now: float) -> None:
    """Until its lease is over: then another one has it, and what the first one says of it counts no more."""
    with store.transaction(now) as tx:
        record(tx, "a")
        id_ = audit_exports.add(tx, "logs", LOGS, 0).id
        assert audit_exports.claim(tx, id_, "one") is not None
        assert audit_exports.claim(tx, id_, "two") is None
        assert audit_exports.claim(tx, id_, "one") is not None
        batch = Batch(((1, b""),))
    with store.transaction(now + LEASE - 1) as tx:
        assert audit_exports.claim(tx, id_, "two") is None
        assert audit_exports.delivered(tx, id_, "one", batch), "which renews the lease"
    with store.transaction(now + LEASE + 1) as tx:
        assert audit_exports.claim(tx, id_, "two") is None
    with store.transaction(now + 2 * LEASE) as tx:
        assert audit_exports.claim(tx, id_, "two") is not None
        assert not audit_exports.delivered(tx, id_, "one", Batch(((5, b""),)))
        assert not audit_exports.left_out(tx, id_, "one", 5)
        audit_exports.failed(tx, id_, "one", "late", 60)
        assert audit_exports.find(tx, id_).position == 1 and audit_exports.find(tx, id_).failures == 0
        audit_exports.release(tx, "two")
        assert audit_exports.claim(tx, id_, "one") is not None


def test_failures(store: Store, now: float) -> None:
    """Nobody tries before it is time, then anybody may; what arrives ends them."""
    with store.transaction(now) as tx:
        record(tx, "a")
        id_ = audit_exports.add(tx, "logs", LOGS, 0).id
        audit_exports.claim(tx, id_, "one")
        audit_exports.failed(tx, id_, "one", "x" * 1000, 60)
        assert audit_exports.claim(tx, id_, "one") is audit_exports.claim(tx, id_, "two") is None
        (backlog,) = audit_exports.backlogs(tx, now)
        assert (backlog.export.failures, len(backlog.export.problem), backlog.export.due) == (1, 500, now + 60)
        assert backlog.waiting > 0 and backlog.since == now and backlog.is_free
    with store.transaction(now + 60) as tx:
        assert audit_exports.claim(tx, id_, "two") is not None
        last = tx.connection.scalar(sa.select(sa.func.max(audit_table.c.number)))
        assert audit_exports.delivered(tx, id_, "two", Batch(((last - 1, b""), (last, b""))))
        found = audit_exports.find(tx, id_)
        assert (found.failures, found.problem, found.sent, found.delivered) == (0, "", 2, now + 60)
        (backlog,) = audit_exports.backlogs(tx, now + 60, "one")
        assert (backlog.waiting, backlog.since, backlog.is_free) == (0, 0.0, False)
        assert audit_exports.backlogs(tx, now + 60, "two")[0].is_free
        record(tx, "b")
        assert audit_exports.left_out(tx, id_, "two", last + 1)
        assert (audit_exports.find(tx, id_).refused, audit_exports.find(tx, id_).position) == (1, last + 1)


def test_batches_are_bounded(store: Store, now: float) -> None:
    """By number and by bytes, but one entry goes in any case."""
    with store.transaction(now) as tx:
        export = audit_exports.add(tx, "logs", LOGS, None)
        record(tx, "aaaa", "bbbb", "cc")
    assert batch_of(store, export, most=2) == ["aaaa", "bbbb"]
    assert batch_of(store, export, most_bytes=8) == ["aaaa", "bbbb"]
    assert batch_of(store, export, most_bytes=7) == ["aaaa"]
    assert batch_of(store, export, most_bytes=1) == ["aaaa"]
    assert batch_of(store, replace(export, position=export.position + 3)) == []


def test_an_entry_has_all_that_the_audit_has(store: Store, now: float) -> None:
    """And the domain."""
    with store.transaction(now) as tx:
        export = audit_exports.add(tx, "logs", LOGS, None)
        audit.record(tx, "user:ann", USER_SIGN_IN, "t", {"address": "192.0.2.1"})
    seen: list[ExportedEntry] = []
    with store.reading() as reading:
        audit_exports.next_batch(reading, export, "example.com", lambda entry: seen.append(entry) or b"", 10, 10)  # type: ignore[func-returns-value]
    (entry,) = seen
    assert (entry.service, entry.time, entry.actor, entry.action) == ("example.com", now, "user:ann", "user.sign_in")
    assert (entry.target, entry.detail, len(entry.link)) == ("t", {"address": "192.0.2.1"}, 64)


def purge(store: Store, when: float, days: int, most: int = 100_000) -> dict[str, int]:
    """The hourly look for what is too old."""
    with store.transaction(when) as tx:
        return audit.purge(tx, days, most)


def targets(store: Store) -> list[str]:
    """Of all that is still there but what is noted about losses, the oldest first."""
    with store.reading() as reading:
        return [row.target for row in reversed(audit.list_recent(reading, 1000)) if row.action != AUDIT_EXPORT_LOST]


def test_what_waits_is_not_forgotten_with_the_rest(store: Store, now: float) -> None:
    """Old entries stay while a destination does not have them, for a month; then they are counted as lost, and noted."""
    with store.transaction(now) as tx:
        record(tx, "a", "b")
        audit_exports.add(tx, "logs", LOGS, None)
        late = audit_exports.add(tx, "late", LOGS, audit_exports.find(tx, "logs").position)
        record(tx, "c", "d")
        audit_exports.claim(tx, late.id, "one")
        audit_exports.delivered(tx, late.id, "one", Batch(((late.position + 1, b""),)))
    assert purge(store, now + 11 * DAY, 10) == {}
    assert targets(store) == ["c", "d"], "what all have is forgotten in time"
    assert purge(store, now + 39 * DAY, 10) == {}
    assert targets(store) == ["c", "d"]
    assert purge(store, now + 41 * DAY, 10) == {"logs": 2, "late": 1}
    assert targets(store) == []
    assert (now_of(store, "logs").lost, now_of(store, "late").lost) == (2, 1)
    with store.reading() as reading:
        noted = [row.detail for row in audit.list_recent(reading) if row.action == AUDIT_EXPORT_LOST]
    assert sorted(noted, key=str) == [{"count": 1, "name": "late"}, {"count": 2, "name": "logs"}]


def test_so_it_is_with_entries_about_nobody(store: Store, now: float) -> None:
    """Of which there may be twice as many before any is lost."""
    with store.transaction(now) as tx:
        audit_exports.add(tx, "logs", LOGS, None)
        for number in range(6):
            audit.record(tx, ANONYMOUS, USER_SIGN_IN_FAILED, str(number))
    assert purge(store, now, 0, most=3) == {} and len(targets(store)) == 6
    with store.transaction(now) as tx:
        audit.record(tx, ANONYMOUS, USER_SIGN_IN_FAILED, "6")
    assert purge(store, now, 0, most=3) == {"logs": 1}
    assert targets(store) == ["1", "2", "3", "4", "5", "6"]


def test_numbers_that_begin_again(store: Store, now: float) -> None:
    """Where all entries are gone SQLite gives their numbers once more: what comes then is exported, too."""
    with store.transaction(now) as tx:
        record(tx, "a", "b", "c")
        export = audit_exports.add(tx, "logs", LOGS, None)
        tx.change(sa.delete(audit_table))
        record(tx, "d")
    assert batch_of(store, export) == ["d"]
    with store.reading() as reading:
        assert audit_exports.backlogs(reading, now)[0].waiting > 0


def test_times_that_cannot_be(store: Store, now: float) -> None:
    """Whoever's clock was ahead by a day holds up nobody once it is right; one that is ahead by seconds keeps what it has."""
    with store.transaction(now) as tx:
        record(tx, "a")
        id_ = audit_exports.add(tx, "logs", LOGS, 0).id
    with store.transaction(now + DAY) as tx:
        assert audit_exports.claim(tx, id_, "one") is not None
    with store.transaction(now) as tx:
        assert audit_exports.backlogs(tx, now, "two")[0].is_free
        assert audit_exports.claim(tx, id_, "two") is not None
        assert not audit_exports.backlogs(tx, now - LEASE + 1, "one")[0].is_free
        audit_exports.failed(tx, id_, "two", "no answer", 5400.0)
    with store.transaction(now) as tx:
        assert audit_exports.claim(tx, id_, "two") is None and not audit_exports.is_due(now_of(store, "logs"), now)
    with store.transaction(now - 1) as tx:
        assert audit_exports.is_due(now_of(store, "logs"), now - 1)
        assert audit_exports.claim(tx, id_, "two") is not None
