"""Writes that are committed together: the same as one after the other, and nobody is told before they are kept."""

from __future__ import annotations

import os
import random
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.internet.defer import Deferred
from twisted.internet.task import Clock
from twisted.python.failure import Failure

from appproxy.errors import AppProxyError, StoreError
from appproxy.store.applications import applications
from appproxy.store.database.initial import initialise
from appproxy.store.database.live import LONGEST, MOST_TOGETHER, PATIENCE
from appproxy.store.database.store import GroupLostError, Store
from appproxy.store.database.together import LONGEST_GROUP, TOO_LATE, Together, Work, carry_out
from appproxy.store.engine import make_engine
from appproxy.store.names import AlreadyThere
from appproxy.store.people.session import one_time
from appproxy.store.sealing import Sealer
from appproxy.store.service import audit, audit_chain
from appproxy.store.service.actions import SIGN_OUT
from appproxy.store.tables.core import one_time as one_time_table
from appproxy.store.transaction import Reading, Transaction
from tests.store.conftest import NOW
from tests.store.database.test_live import Node

MASTER = bytes(32)


def numbered(first: int = 0) -> Callable[[int], bytes]:
    """Random bytes that are the same in each run."""
    numbers = count(1)
    return lambda size: (first + next(numbers)).to_bytes(size, "big")


def open_store(path: Path) -> Store:
    """A database in a file, whose chance is none."""
    return Store(make_engine(f"sqlite:///{path}"), Sealer(MASTER, "test", random_bytes=numbered()), numbered(1_000_000))


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """A database as `init` leaves it."""
    path = tmp_path_factory.mktemp("together") / "template.db"
    Store.create(f"sqlite:///{path}", Sealer(MASTER, "test"), numbered()).close()
    store = open_store(path)
    with store.transaction(NOW) as tx:
        initialise(tx, "example.com", "https://signin.example.com")
    store.close()
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()
    return path.read_bytes()


@pytest.fixture
def file_store(template: bytes, tmp_path: Path) -> Iterator[Store]:
    """A store in a file."""
    (tmp_path / "a.db").write_bytes(template)
    store = open_store(tmp_path / "a.db")
    yield store
    store.close()


def waiting(*do: Callable[[Transaction], object]) -> list[Work]:
    """Writes that nobody has given up."""
    clock = Clock()
    works = [Work(each, writes=True) for each in do]
    for work in works:
        work.late = clock.callLater(1e6, lambda: None)
    return works


def together(store: Store, *do: Callable[[Transaction], object]) -> list[Any]:
    """Do them in one group; gives what came of each."""
    works = waiting(*do)
    carry_out(works, store, lambda: NOW, lambda: 0.0)
    return [work.outcome for work in works]


def commits(store: Store) -> list[None]:
    """Gets an element with each commit from now on."""
    made: list[None] = []
    sa.event.listen(store.engine, "commit", lambda connection: made.append(None))
    return made


def used(store: Store) -> set[str]:
    """The ids that were used up."""
    with store.reading() as reading:
        return {row["id"] for row in reading.rows(sa.select(one_time_table.c.id))}


def use(id_: str) -> Callable[[Transaction], bool]:
    """Use an id up."""
    return lambda tx: one_time.use_once(tx, id_, 1e10)


def use_and_fail(id_: str) -> Callable[[Transaction], None]:
    """Use an id up, then find that it must not be."""
    def do(tx: Transaction) -> None:
        one_time.use_once(tx, id_, 1e10)
        raise StoreError(f"no {id_}")

    return do


class TestGroups:
    """Several at once."""

    def test_they_cost_one_commit(self, file_store: Store) -> None:
        """And each has its own result, a later one seeing what an earlier one did."""
        made = commits(file_store)
        assert together(file_store, use("a"), use("b"), use("a")) == [True, True, False]
        assert len(made) == 1 and used(file_store) == {"a", "b"}

    def test_one_that_fails_undoes_nothing_of_the_others(self, file_store: Store) -> None:
        """Its own is undone; a conflict in the database is told in the same words as alone."""
        def twice(tx: Transaction) -> None:
            tx.change(sa.insert(one_time_table).values(id="a", expires=1.0))

        outcomes = together(file_store, use("a"), use_and_fail("b"), twice, use("c"))
        assert outcomes[0] is True and outcomes[3] is True
        assert outcomes[1].check(StoreError) and outcomes[2].check(AlreadyThere)
        assert "INSERT" not in str(outcomes[2].value), "statements may hold secrets"
        assert used(file_store) == {"a", "c"}

    def test_one_alone_is_a_transaction_as_before(self, file_store: Store) -> None:
        """Without savepoints, which cost something."""
        said: list[str] = []
        sa.event.listen(file_store.engine, "checkout", lambda driver, *_: driver.set_trace_callback(said.append))
        assert together(file_store, use("a")) == [True] and not any("SAVEPOINT" in one for one in said)
        together(file_store, use("b"), use("c"))
        assert sum(one.startswith("SAVEPOINT") for one in said) == 2

    def test_each_change_of_the_snapshot_has_its_revision(self, file_store: Store) -> None:
        """One that fails takes none."""
        seen: list[int] = []

        def publish(name: str, fail: bool = False) -> Callable[[Transaction], None]:
            def do(tx: Transaction) -> None:
                seen.append(tx.revision)
                applications.publish(tx, name, "http://wiki/", f"https://{name}.example.com/")
                if fail:
                    raise StoreError("no")

            return do

        before = file_store.revision()
        works = waiting(publish("a"), publish("b", fail=True), use("x"), publish("c"))
        revision = carry_out(works, file_store, lambda: NOW, lambda: 0.0)
        assert seen == [before, before + 1, before + 1]
        assert revision == file_store.revision() == before + 2

    def test_the_chain_of_the_audit_holds(self, file_store: Store) -> None:
        """Also where one in the midst has failed."""
        def note(fail: bool = False) -> Callable[[Transaction], None]:
            def do(tx: Transaction) -> None:
                audit.record(tx, "user:a", SIGN_OUT, "a", {})
                if fail:
                    raise StoreError("no")

            return do

        together(file_store, note(), note(fail=True), note(), note())
        with file_store.reading() as reading:
            found = audit_chain.verify(reading, audit_chain.KNOWN, 0, "", 0, 100)
        assert (found.checked, found.fault) == (3, "")

    def test_a_long_one_is_committed_without_those_behind_it(self, file_store: Store) -> None:
        """Whoever has written little does not wait for all of them."""
        clock, made = Clock(), commits(file_store)

        def long(tx: Transaction) -> None:
            clock.advance(LONGEST_GROUP)

        carry_out(waiting(use("a"), long, use("b"), use("c"), long), file_store, lambda: NOW, clock.seconds)
        assert len(made) == 2 and used(file_store) == {"a", "b", "c"}

    def test_reads_have_no_more_time_than_writes(self, file_store: Store) -> None:
        """What is left of them is not begun: whoever has written is told first. Alone, one is done however late it is."""
        clock = Clock()

        def long(reading: object) -> str:
            clock.advance(LONGEST_GROUP)
            return "read"

        works = waiting(use("a"), long, long)
        works[1].writes = works[2].writes = False
        carry_out(works, file_store, lambda: NOW, clock.seconds)
        assert [work.outcome for work in works] == [True, "read", None]
        assert [work.is_left for work in works] == [False, False, True]
        carry_out(works[2:], file_store, lambda: NOW, clock.seconds)
        assert works[2].outcome == "read" and not works[2].is_left
        works = waiting(long, long, use("b"))
        works[1].writes = False
        carry_out(works, file_store, lambda: NOW, clock.seconds)
        assert works[1].is_left and used(file_store) == {"a", "b"}

    def test_who_was_told_that_it_is_too_late_is_not_served(self, file_store: Store) -> None:
        """A sign-in that was given up is not carried out afterwards."""
        works = waiting(use("a"), use("b"), use("c"))
        works[1].late = None
        carry_out(works, file_store, lambda: NOW, lambda: 0.0)
        assert works[1].outcome.getErrorMessage() == TOO_LATE and not works[1].begun
        assert used(file_store) == {"a", "c"}


class TestFaults:
    """What was not kept was not done, and whoever asked hears so."""

    def test_a_commit_that_fails_fails_for_all(self, file_store: Store) -> None:
        """One that had failed before keeps its own reason."""
        sa.event.listen(file_store.engine, "commit", _disk_full)
        outcomes = together(file_store, use("a"), use_and_fail("b"), use("c"))
        assert [outcome.getErrorMessage().rpartition(": ")[2] for outcome in outcomes] == ["disk full", "no b", "disk full"]
        sa.event.remove(file_store.engine, "commit", _disk_full)
        assert used(file_store) == set()

    def test_a_database_that_is_locked_fails_for_all_at_once(self, file_store: Store, tmp_path: Path) -> None:
        """Not one after the other, five seconds each."""
        other = sqlite3.connect(tmp_path / "a.db", isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        with file_store.engine.connect() as connection:
            connection.exec_driver_sql("PRAGMA busy_timeout=0")
        outcomes = together(file_store, use("a"), use("b"), use("c"))
        assert all("locked" in outcome.getErrorMessage() for outcome in outcomes)
        other.close()

    def test_where_the_database_gives_all_up_all_have_failed(self, file_store: Store) -> None:
        """After some errors SQLite undoes the whole transaction: nothing written later must count as part of it."""
        def broken(tx: Transaction) -> None:
            tx.connection.exec_driver_sql("ROLLBACK")
            raise StoreError("broken")

        works = waiting(use("a"), broken, use("c"), use("d"))
        carry_out(works, file_store, lambda: NOW, lambda: 0.0)
        assert works[0].outcome.check(GroupLostError) and works[1].outcome.check(GroupLostError)
        assert [work.outcome for work in works[2:]] == [True, True], "they were not part of it yet"
        assert used(file_store) == {"c", "d"}


def _disk_full(connection: object) -> None:
    raise StoreError("disk full")


#: What happens in a transaction: each a number of one of the things below, of something that others use, too.
STEP = st.tuples(st.sampled_from(["use", "publish", "remove", "note", "clash", "fail"]), st.integers(0, 3))


def transaction_of(steps: list[tuple[str, int]]) -> Callable[[Transaction], object]:
    """A write of such steps; "fail" ends it with an error."""
    def do(tx: Transaction) -> object:
        results: list[object] = []
        for what, number in steps:
            if what == "use":
                results.append(one_time.use_once(tx, f"id {number}", 1e10))
            elif what == "publish":
                results.append(applications.publish(tx, f"app{number}", "http://a/", f"https://a{number}.example.com/").id)
            elif what == "remove":
                applications.remove(tx, f"app{number}")
            elif what == "note":
                audit.record(tx, "user:a", SIGN_OUT, f"{number}", {"number": number})
            elif what == "clash":
                tx.change(sa.insert(one_time_table).values(id=f"id {number}", expires=0.0))
            else:
                raise StoreError(f"fails {number}")
        return results

    return do


def contents(path: Path) -> list[str]:
    """All that is in the database, as SQL."""
    connection = sqlite3.connect(path)
    lines = list(connection.iterdump())
    connection.close()
    return lines


def said(outcome: Any) -> object:
    """A result, or an error as text."""
    if isinstance(outcome, Failure):
        return type(outcome.value), outcome.getErrorMessage().rpartition(".db")[2]
    return outcome


@settings(max_examples=40)  # 50 ms each
@given(st.lists(st.lists(STEP, max_size=4), min_size=2, max_size=8))
def test_together_is_the_same_as_one_after_the_other(template: bytes, tmp_path_factory: Any, writes: list[Any]) -> None:
    """Results, errors and every row of every table, whatever succeeds, fails and conflicts."""
    directory = tmp_path_factory.mktemp("same")
    found = []
    for name, grouped in (("one.db", False), ("all.db", True)):
        (directory / name).write_bytes(template)
        store = open_store(directory / name)
        sa.event.listen(store.engine, "connect", lambda raw, record: raw.execute("PRAGMA synchronous=OFF"))
        works = waiting(*map(transaction_of, writes))
        for some in [works] if grouped else [[work] for work in works]:
            carry_out(some, store, lambda: NOW, lambda: 0.0)
        store.close()
        found.append(([said(work.outcome) for work in works], contents(directory / name)))
    assert found[0] == found[1]


class TestTheThread:
    """What joins, and what is told when."""

    def test_what_waits_is_committed_together(self, file_store: Store, now: float) -> None:
        """Behind the one that the thread has begun with; reads among it come after the commit, and see it."""
        node = Node(file_store, now)
        node.result(node.live.start())
        made = commits(file_store)

        def look(reading: Reading) -> int:
            return len(reading.rows(sa.select(one_time_table)))

        results: list[Deferred[Any]] = [
            node.live.write(one_time.use_once, f"{number}", 1e10) for number in range(MOST_TOGETHER)]
        results.insert(3, node.live.read(look))
        node.settle()
        assert [node.result(one) for one in results] == [True] * 3 + [MOST_TOGETHER] + [True] * (MOST_TOGETHER - 3)
        assert len(made) <= 3

    def test_one_snapshot_shows_all_of_it_before_anybody_is_told(self, file_store: Store, now: float) -> None:
        """Whoever waits for a write works on with its outcome."""
        node = Node(file_store, now)
        node.result(node.live.start())
        shown: list[bool] = []
        for number in range(5):
            node.live.write(
                applications.publish, f"a{number}", "http://a/", f"https://a{number}.example.com/",
            ).addCallback(lambda made: shown.append(made.id in node.live.snapshot.applications))
        node.settle()
        assert shown == [True] * 5 and len(node.seen) <= 2

    def test_a_change_that_came_too_late_for_who_asked_is_shown_all_the_same(self, file_store: Store, now: float) -> None:
        """It was carried out: the next requests are judged by it, not those after the next change."""
        node = Node(file_store, now)
        node.result(node.live.start())

        def slow(tx: Transaction) -> None:
            node.reactor.advance(PATIENCE)
            node.reactor.advance(LONGEST - PATIENCE)
            applications.publish(tx, "slow", "http://a/", "https://slow.example.com/")

        heard: list[Any] = []
        node.live.write(slow).addErrback(heard.append)
        node.settle()
        assert len(heard) == 1 and "may still be done" in str(heard[0].value.hint)
        assert [one.name for one in node.live.snapshot.applications.values()] == ["slow"]

    def test_reads_do_not_keep_a_commit_from_who_waits_for_it(self, file_store: Store, now: float) -> None:
        """Those that would take it beyond its time come next, one at least each time, and before what came later."""
        node = Node(file_store, now)
        node.result(node.live.start())
        order: list[str] = []

        def long(reading: Reading, name: str) -> str:
            order.append(f"{name} done")
            node.reactor.advance(LONGEST_GROUP)
            return name

        node.live.read(lambda reading: None)
        node.live.write(one_time.use_once, "a", 1e10).addCallback(lambda _: order.append("write told"))
        for name in ("one", "two"):
            node.live.read(long, name).addCallback(lambda name: order.append(f"{name} told"))
        node.settle()
        assert order == ["one done", "write told", "one told", "two done", "two told"]

    def test_reads_that_are_left_at_the_end_hear_so(self, file_store: Store, now: float) -> None:
        """The database is closed behind what the thread had then."""
        node = Node(file_store, now)
        node.result(node.live.start())
        heard: list[Any] = []

        def stop(tx: Transaction) -> None:
            node.live.stop()
            node.reactor.advance(LONGEST_GROUP)

        node.live.read(lambda reading: None)
        node.live.write(stop)
        node.live.read(lambda reading: "read").addBoth(heard.append)
        node.settle()
        assert [one.getErrorMessage() for one in heard] == ["the service is stopping"]

    def test_nothing_joins_what_has_begun(self) -> None:
        """Nor what is full."""
        works = waiting(*[lambda tx: None] * 4)
        group = Together(works[:1], 2)
        assert group.join(works[1]) and not group.has_room and not group.join(works[2])
        other = Together(works[:1], 3)
        assert other.begin() == works[:1] and not other.join(works[3])


_VICTIM = """
import os, sys
from twisted.internet import reactor
from appproxy.store.database.initial import initialise
from appproxy.store.database.live import LiveStore
from appproxy.store.database.store import Store
from appproxy.store.people.session import one_time
from appproxy.store.sealing import Sealer

store = Store.open(sys.argv[1], Sealer(bytes(32), "test"))
live = LiveStore(reactor, store)

def use(writer, number):
    id = f"{writer} {number}"
    def kept(_):
        os.write(1, id.encode() + b"\\n")
        use(writer, number + 1)
    live.write(one_time.use_once, id, 1e10).addCallback(kept)

def begin(_):
    for writer in range(24):
        use(writer, 0)

live.start().addCallback(begin)
reactor.run()
"""


def test_what_was_answered_is_there_after_a_kill(template: bytes, tmp_path: Path) -> None:
    """A process that is killed in the midst of its commits has told nobody what it has not kept."""
    path = tmp_path / "victim.db"
    for chance in (random.Random(number) for number in range(3)):
        path.write_bytes(template)
        for journal in ("victim.db-wal", "victim.db-shm"):
            (tmp_path / journal).unlink(missing_ok=True)
        process = subprocess.Popen(
            [sys.executable, "-c", _VICTIM, f"sqlite:///{path}"], stdout=subprocess.PIPE, env={**os.environ})
        assert process.stdout is not None
        told = [process.stdout.readline().strip().decode() for _ in range(chance.randrange(100, 400))]
        process.send_signal(signal.SIGKILL)
        told += [line.decode() for line in process.stdout.read().split(b"\n")[:-1]]
        process.stdout.close()
        process.wait()
        store = Store.open(f"sqlite:///{path}", Sealer(MASTER, "test"))
        kept = used(store)
        store.close()
        assert set(told) <= kept and len(told) >= 100


def test_errors_of_the_product_are_told_as_they_are(file_store: Store) -> None:
    """Commands and pages know what to say by their kind."""
    outcomes = together(file_store, lambda tx: applications.remove(tx, "none"), use("a"))
    assert isinstance(outcomes[0].value, AppProxyError) and "no application 'none'" in outcomes[0].getErrorMessage()
