"""The store of a running node: its thread, its snapshot, and what it does when the database fails."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from contextvars import copy_context
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from twisted.internet.defer import Deferred
from twisted.internet.task import Clock
from twisted.logger import LogLevel, capturedLogs
from twisted.python.failure import Failure

from appproxy.errors import StoreError
from appproxy.policy.sender import SENDER
from appproxy.store.applications import applications
from appproxy.store.database.live import HANDED, HURRY, LONGEST, LONGEST_LONG, MOST_WAITING, PATIENCE, POLL, LiveStore
from appproxy.store.database.store import Store
from appproxy.store.database.thread import GIVEN_UP
from appproxy.store.people.session import one_time
from appproxy.store.sealing import Sealer
from appproxy.store.service import settings
from appproxy.store.snapshot import Snapshot
from appproxy.store.tables import core as schema
from appproxy.store.transaction import NODES, Reading, Transaction

WIKI = ("wiki", "http://wiki/", "https://wiki.example.com/")


class Reactor(Clock):
    """A clock whose `callFromThread` waits for the reactor's turn, as the real one does."""

    def __init__(self) -> None:
        super().__init__()
        self._calls: deque[Callable[[], object]] = deque()
        self._asked = threading.Event()

    def callFromThread(self, call: Callable[..., object], *args: Any, **kwargs: Any) -> None:
        """Called by Twisted's threads."""
        self._calls.append(lambda: call(*args, **kwargs))
        self._asked.set()

    def wait(self) -> None:
        """Sleep until a thread asks for something, then do it."""
        self._asked.wait(30)
        self._asked.clear()
        self.turn()

    def turn(self) -> None:
        """Do what threads have asked for."""
        while self._calls:
            self._calls.popleft()()


class Pool:
    """A pool whose work is done when the test says so."""

    def __init__(self) -> None:
        self.work: deque[Callable[[], None]] = deque()
        self.running = False

    def start(self) -> None:
        """Called by LiveStore."""
        self.running = True

    def stop(self) -> None:
        """Called by LiveStore."""
        self.running = False

    def callInThreadWithCallback(self, onResult: Any, func: Callable[..., object], *args: Any, **kwargs: Any) -> None:
        """Called by Twisted."""
        assert self.running, "work for a pool that does not run"

        def do() -> None:
            try:
                result: object = func(*args, **kwargs)
            except Exception:
                onResult(False, Failure())
            else:
                onResult(True, result)

        self.work.append(do)


class Node:
    """A LiveStore with a clock and a pool in the test's hand."""

    def __init__(self, store: Store, now: float, shared: bool = False) -> None:
        self.reactor = Reactor()
        self.pool = Pool()
        #: By how many seconds the wall clock was set.
        self.set = 0.0
        self.live = LiveStore(
            self.reactor, store, lambda: now + self.reactor.seconds() + self.set, self.pool, shared=shared)
        self.seen: list[tuple[int, int]] = []
        self.live.subscribe(lambda old, new: self.seen.append((old.revision, new.revision)))

    def settle(self) -> None:
        """Let the thread and the reactor finish."""
        while self.pool.work:
            self.pool.work.popleft()()
            self.reactor.turn()

    def result(self, deferred: Deferred[Any]) -> Any:
        """What the Deferred has after everything has settled; its failure is raised."""
        self.settle()
        found: list[Any] = []
        deferred.addBoth(found.append)
        assert found, "nothing yet"
        if hasattr(found[0], "raiseException"):
            found[0].raiseException()
        return found[0]

    def second(self) -> None:
        """A second passes."""
        self.reactor.advance(POLL)
        self.settle()


@pytest.fixture
def node(store: Store, now: float) -> Node:
    """A started node."""
    node = Node(store, now)
    node.result(node.live.start())
    return node


def ask(node: Node, sender: str, order: list[str]) -> Deferred[None]:
    """Look into the database for a network; `order` gets its name when it is done."""

    def look() -> Deferred[None]:
        SENDER.set(sender)
        return node.live.read(lambda reading: order.append(sender))

    return copy_context().run(look)


def publish(node: Node) -> Any:
    """Publish the wiki."""
    return node.result(node.live.write(applications.publish, *WIKI))


class TestWrite:
    """Writes of this node."""

    def test_the_snapshot_shows_the_change_when_the_write_is_done(self, node: Node) -> None:
        """Whoever waits for a write works on with its outcome."""
        shown: list[bool] = []
        writing = node.live.write(applications.publish, *WIKI)
        writing.addCallback(lambda made: shown.append(made.id in node.live.snapshot.applications))
        assert shown == []
        node.settle()
        assert shown == [True] and len(node.seen) == 1

    def test_a_failed_write_changes_nothing(self, node: Node) -> None:
        """Its error comes back, the snapshot stays."""
        before = node.live.snapshot
        with pytest.raises(StoreError, match="no application 'none'"):
            node.result(node.live.write(applications.remove, "none"))
        assert node.live.snapshot is before and node.seen == []

    def test_a_write_that_no_snapshot_shows_disturbs_nobody(self, node: Node) -> None:
        """The snapshot stays the very object."""
        before = node.live.snapshot
        assert node.result(node.live.write(one_time.use_once, "a", 1e10)) is True
        node.second()
        assert node.live.snapshot is before and node.seen == []

    def test_the_time_of_a_write_is_the_walls(self, node: Node, now: float) -> None:
        """Not the monotonic clock of timers."""
        def moment(tx: Transaction) -> float:
            return tx.now

        assert node.result(node.live.write(moment)) == now

    def test_reading(self, node: Node) -> None:
        """What no snapshot has is read in the thread."""
        def count(reading: Reading, table: sa.Table) -> int:
            return len(reading.rows(sa.select(table)))

        assert node.result(node.live.read(count, schema.leaves)) == 2


class TestSubscribers:
    """Those who hear of changes."""

    def test_one_that_fails_does_not_harm_the_others(self, node: Node) -> None:
        """Its fault is logged, the change goes through."""
        def fail(old: Snapshot, new: Snapshot) -> None:
            raise ValueError("broken subscriber")

        node.live.subscribe(fail)
        heard: list[int] = []
        node.live.subscribe(lambda old, new: heard.append(new.revision))
        with capturedLogs() as events:
            publish(node)
        assert heard == [node.live.snapshot.revision]
        assert [event["log_level"] for event in events] == [LogLevel.critical]

    def test_one_can_leave(self, node: Node) -> None:
        """Also twice."""
        heard: list[int] = []
        leave = node.live.subscribe(lambda old, new: heard.append(new.revision))
        leave()
        leave()
        publish(node)
        assert heard == []


class TestOthers:
    """Changes by other processes."""

    @pytest.fixture
    def other(self, database_url: str, sealer: Sealer) -> Any:
        """Another process's store."""
        store = Store.open(database_url, sealer)
        yield store
        store.close()

    def test_they_are_seen_within_a_second(self, node: Node, other: Store, now: float) -> None:
        """A connector that is revoked by a command is cut here in time."""
        with other.transaction(now) as tx:
            made = applications.publish(tx, *WIKI)
        node.reactor.advance(POLL - 0.01)
        node.settle()
        assert made.id not in node.live.snapshot.applications
        node.reactor.advance(0.01)
        node.settle()
        assert made.id in node.live.snapshot.applications and len(node.seen) == 1

    def test_nothing_is_built_when_nothing_changed(self, node: Node) -> None:
        """Quiet seconds cost one look each."""
        publish(node)
        for _ in range(3):
            node.second()
        assert len(node.seen) == 1

    def test_a_slow_look_is_not_asked_for_twice(self, node: Node) -> None:
        """A database that hangs does not heap up work."""
        for _ in range(5):
            node.reactor.advance(POLL)
        assert len(node.pool.work) == 1


class TestFaults:
    """A node with yesterday's picture serves its users better than one with none."""

    def test_a_picture_that_cannot_be_built_leaves_the_old_one(self, node: Node) -> None:
        """It is counted and logged once, and tried again each second until it can be built."""
        made = publish(node)
        before = node.live.snapshot

        def spoil(tx: Transaction, text: str) -> None:
            tx.change(sa.update(schema.applications).values(external=text))

        with capturedLogs() as events:
            node.result(node.live.write(spoil, "nonsense"))
            node.second()
            node.second()
        assert node.live.snapshot is before
        assert node.live.failed_builds == 3
        assert len([event for event in events if "log_failure" in event]) == 1
        with capturedLogs():
            node.result(node.live.write(spoil, str(made.external)))
            node.second()
        assert node.live.failed_builds == 3
        assert node.live.snapshot.revision > before.revision
        assert node.live.snapshot.applications == before.applications

    def test_a_database_that_is_away_is_said_once(self, node: Node, monkeypatch: pytest.MonkeyPatch) -> None:
        """The node goes on with what it knows, says so, and notices when the database is back."""
        def away() -> int:
            raise StoreError("database gone")

        before = node.live.snapshot
        with monkeypatch.context() as patch, capturedLogs() as events:
            patch.setattr(node.live._store, "data_version", away)
            for _ in range(3):
                node.second()
        assert [event["reason"] for event in events] == ["database gone"]
        assert not node.live.reachable and node.live.snapshot is before
        node.second()
        assert node.live.reachable
        publish(node)
        assert node.live.snapshot is not before

    def test_a_start_that_fails_says_why(self, empty_store: Store, now: float) -> None:
        """And leaves no thread behind."""
        empty_store.build_snapshot = lambda previous=None: 1 / 0  # type: ignore[method-assign,assignment,return-value]
        node = Node(empty_store, now)
        with pytest.raises(ZeroDivisionError):
            node.result(node.live.start())
        assert not node.pool.running
        with pytest.raises(StoreError, match="not started"):
            _ = node.live.snapshot


class TestWaiting:
    """A database that hangs."""

    def test_it_fills_no_memory(self, node: Node) -> None:
        """So much waits, the rest is refused at once; when it goes on, all who waited are served."""
        waiting = [node.live.read(lambda reading: True) for _ in range(HANDED + MOST_WAITING)]
        with pytest.raises(StoreError, match="too much to do"):
            node.result(node.live.write(one_time.use_once, "a", 1e10))
        assert [node.result(one) for one in waiting] == [True] * (HANDED + MOST_WAITING)
        assert node.result(node.live.write(one_time.use_once, "a", 1e10)) is True

    def test_who_asks_much_waits_for_himself(self, node: Node) -> None:
        """Behind a thousand looks of one network, another network waits for a few, and the service itself for fewer."""
        order: list[str] = []
        for _ in range(MOST_WAITING):
            ask(node, "192.0.2.1", order)
        ask(node, "192.0.2.2", order)
        ask(node, "", order)
        node.settle()
        assert order.index("") <= HANDED
        assert order.index("192.0.2.2") <= HANDED + 2
        assert len(order) == MOST_WAITING + 2

    def test_who_asks_much_makes_room(self, node: Node) -> None:
        """Where one network has all the places, another gets one of them: nobody else is refused."""
        order, refused = list[str](), list[Any]()
        for _ in range(HANDED + MOST_WAITING):
            ask(node, "192.0.2.1", order).addErrback(refused.append)
        assert refused == []
        ask(node, "192.0.2.2", order)
        assert [str(failure.value) for failure in refused] == ["the database has too much to do"]
        node.settle()
        assert order.count("192.0.2.1") == HANDED + MOST_WAITING - 1
        assert order.count("192.0.2.2") == 1

    def test_who_waited_too_long_is_refused(self, node: Node) -> None:
        """A sign-in that was given up is not carried out afterwards."""
        late = node.live.write(one_time.use_once, "a", 1e10)
        node.reactor.advance(PATIENCE + 0.1)
        with pytest.raises(StoreError, match="does not answer in time"):
            node.result(late)
        assert node.result(node.live.write(one_time.use_once, "a", 1e10)) is True


    def test_who_waits_is_told_while_it_hangs(self, node: Node, store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
        """Not when it goes on, which may be never. What is under way is waited for a little longer."""
        heard: list[str] = []
        seen: list[list[str]] = []
        monkeypatch.setattr(store, "interrupt", lambda: heard.append("interrupted"))

        def hang(reading: Reading) -> None:
            node.reactor.advance(PATIENCE)
            seen.append(list(heard))
            node.reactor.advance(LONGEST - PATIENCE)
            seen.append(list(heard))
            node.reactor.advance(GIVEN_UP)

        def hear(failure: Failure, name: str) -> None:
            heard.append(f"{name}: {failure.getErrorMessage()}")

        node.live.read(hang).addErrback(hear, "first")
        node.live.read(lambda reading: None).addErrback(hear, "second")
        node.settle()
        late = "the database does not answer in time"
        # Of the first it is not known whether it comes to its end.
        refused = [f"second: {late}", f"first: {late}; it was begun and may still be done: look before you ask again"]
        assert seen[0] == refused[:1] and sorted(seen[1]) == sorted([*refused, "interrupted"])
        assert node.result(node.live.read(lambda reading: "well")) == "well"

    def test_what_is_known_to_take_its_time_has_it(
        self, node: Node, store: Store, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """A configuration of 1,000 applications is neither interrupted nor called late while it is written; at last it is."""
        interrupted: list[bool] = []
        monkeypatch.setattr(store, "interrupt", lambda: interrupted.append(True))

        def apply(transaction: Transaction, seconds: float) -> str:
            for _ in range(200):
                node.reactor.advance(seconds / 200)
            return "applied"

        assert node.result(node.live.write_long(apply, LONGEST_LONG - 1.0)) == "applied" and interrupted == []
        with pytest.raises(StoreError, match="it was begun and may still be done"):
            node.result(node.live.write_long(apply, LONGEST_LONG + 1.0))
        assert interrupted == [True]

    def test_what_takes_its_time_is_not_interrupted(self, node: Node, store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
        """Each piece of work has its own time, which begins with it: what waits for its turn in the thread uses none up."""
        interrupted: list[bool] = []
        monkeypatch.setattr(store, "interrupt", lambda: interrupted.append(True))
        for _ in range(3):
            node.live.read(lambda reading: node.reactor.advance(GIVEN_UP * 0.7))
        node.settle()
        assert interrupted == []


def test_after_the_end_nothing_is_taken(node: Node) -> None:
    """Who asks then is told, instead of waiting for ever."""
    node.live.stop()
    with pytest.raises(StoreError, match="is stopping"):
        node.result(node.live.write(one_time.use_once, "a", 1e10))


def test_stopping_ends_everything(node: Node) -> None:
    """What was asked for before is done, the thread ends, no timer stays."""
    writing = node.live.write(applications.publish, *WIKI)
    stopping = node.live.stop()
    node.result(writing)
    assert node.result(stopping) is None
    assert not node.pool.running and node.reactor.getDelayedCalls() == []


def test_the_database_has_one_thread_of_its_own(store: Store, now: float) -> None:
    """All work happens in one thread, in order, and never in the caller's."""
    reactor = Reactor()
    live = LiveStore(reactor, store, lambda: now)
    done = threading.Event()
    threads: list[int] = []

    def note(reading: Reading, last: bool) -> None:
        threads.append(threading.get_ident())
        if last:
            done.set()

    live.start()
    for number in range(5):
        live.read(note, number == 4)
    while not done.is_set():
        reactor.wait()
    ended = live.stop()
    while not ended.called:
        reactor.wait()
    assert len(threads) == 5 and len(set(threads)) == 1 and threads[0] != threading.get_ident()


@pytest.mark.parametrize("shared", [False, True])
def test_processes_that_share_a_file_hear_of_each_other(tmp_path: Path, now: float, shared: bool) -> None:
    """A file tells nobody: it is looked at ten times a second, and who watches for nodes looks, too. One alone has no need."""
    store = Store.create(f"sqlite:///{tmp_path}/appproxy.db", Sealer(bytes(32)))
    node = Node(store, now, shared)
    other = Store.open(f"sqlite:///{tmp_path}/appproxy.db", Sealer(bytes(32)))
    node.result(node.live.start())
    heard: list[None] = []
    node.live.on_notice(NODES, lambda: heard.append(None))
    with other.transaction(now) as tx:
        settings.put(tx, "some", "thing")
    node.reactor.advance(HURRY)
    node.settle()
    assert (len(heard), len(node.seen)) == ((1, 1) if shared else (0, 0))
    node.reactor.advance(HURRY)
    node.settle()
    assert len(heard) == int(shared)
    other.close()
    node.result(node.live.stop())


@pytest.mark.parametrize(("step", "is_another"), [(-86_400.0, True), (86_400.0, True), (-1.0, False), (0.0, False)])
def test_a_clock_that_is_set_leaves_no_verdict(node: Node, step: float, is_another: bool) -> None:
    """Nodes remember verdicts of one snapshot: within a second there is another one, whose policies are made anew."""
    before = node.live.snapshot
    node.second()
    node.set = step
    node.second()
    assert (node.live.snapshot is not before) is is_another
    assert (node.live.snapshot.device_authorities is not before.device_authorities) is is_another
    assert node.live.snapshot.applications is before.applications
    settled = node.live.snapshot
    node.second()
    assert node.live.snapshot is settled


def test_a_write_beside_the_snapshot_looks_for_no_other(node: Node, store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """Most writes are such; but what another process has changed meanwhile is taken up with them at once."""
    looks: list[object] = []
    build = store.build_snapshot
    monkeypatch.setattr(store, "build_snapshot", lambda last: build(looks.append(last) or last))  # type: ignore[func-returns-value]
    before = node.live.snapshot
    assert node.result(node.live.write(one_time.use_once, "code", 9e9))
    assert looks == [] and node.live.snapshot is before
    with store.transaction(1.0) as tx:
        applications.publish(tx, *WIKI)
    assert node.result(node.live.write(one_time.use_once, "another", 9e9))
    assert len(looks) == 1 and [one.name for one in node.live.snapshot.applications.values()] == ["wiki"]
