"""One worker as its parent sees it."""

from __future__ import annotations

import os
import signal
import socket
from collections.abc import Iterator
from types import SimpleNamespace

import pytest

from appproxy.twistd.process.succession import PATIENCE
from appproxy.twistd.workers.crew import Member
from appproxy.twistd.workers.handed import FAILED, PARTING, REPLACED, STOP, TAKEN
from appproxy.twistd.workers.process import LOOK_EVERY, LOOKS, Parcel, WorkerProcess
from tests.net.hand_reactor import HandReactor
from tests.twistd.workers.stand import StandIn, stand_ins


class Parent:
    """Keeps what it is told."""

    def __init__(self) -> None:
        self.reactor = HandReactor()
        self.ready: list[WorkerProcess] = []
        self.room = 0
        self.again: list[Parcel] = []
        self.gone: list[WorkerProcess] = []
        self.parting: list[WorkerProcess] = []
        self.worker = WorkerProcess(self.reactor, self, Member(2, 5))
        self.worker.start(["/bin/python", "-m", "it"], {"A": "b"})
        (self.there,) = stand_ins(self.reactor)

    def serves(self, worker: WorkerProcess) -> None:
        """It is ready."""
        self.ready.append(worker)

    def has_room(self) -> None:
        """It has taken something."""
        self.room += 1

    def parts(self, worker: WorkerProcess) -> None:
        """It was told to end by somebody else."""
        self.parting.append(worker)

    def give_again(self, parcel: Parcel) -> None:
        """It has not taken this."""
        self.again.append(parcel)

    def ended(self, worker: WorkerProcess) -> None:
        """It has ended."""
        self.gone.append(worker)

    def give(self) -> socket.socket:
        """A connection of a user; gives their end."""
        user, ours = socket.socketpair()
        self.worker.give((ours, "listen"))
        self.reactor.turn()
        return user


@pytest.fixture
def parent() -> Iterator[Parent]:
    """With one worker that has been started."""
    made = Parent()
    yield made
    made.there.close()
    made.reactor.turn()
    for found, _ in made.again:
        found.close()


def test_it_is_started_with_its_place(parent: Parent) -> None:
    """And the end of a pipe, the rest of the environment being that of the parent."""
    there: StandIn = parent.there
    assert there.process.command == ["/bin/python", "-m", "it"] and there.process.environment["A"] == "b"
    assert there.place == {"number": 2, "parent": os.getpid(), "reloads": 5, "pipe": 3}
    there.serve("0011")
    assert parent.ready == [parent.worker] and parent.worker.member.node == "0011"
    assert parent.worker.member.ready == parent.reactor.seconds()


def test_a_connection_is_the_workers_once_it_is_taken(parent: Parent) -> None:
    """Then the parent has no part in it: its end is told to the user at once."""
    with parent.give() as user:
        assert parent.room == 1 and parent.worker.member.untaken == 0
        ((setting, found),) = parent.there.got
        assert setting == "listen"
        found.close()
        assert user.recv(1) == b""


def test_what_was_not_taken_is_for_others(parent: Parent) -> None:
    """A worker that is killed takes nothing along that it has not had in its hands."""
    parent.there.serve()
    parent.there.takes = False
    with parent.give() as one, parent.give() as two:
        assert parent.worker.member.untaken == 2
        parent.there.end()
        assert [setting for _, setting in parent.again] == ["listen", "listen"] and parent.gone == [parent.worker]
        assert parent.worker.member.leaves and parent.worker.member.node == ""
        for user, (found, _) in zip((one, two), parent.again, strict=True):
            found.send(b"hello")
            assert user.recv(5) == b"hello"


def test_what_comes_when_it_is_gone_is_closed(parent: Parent) -> None:
    """Nobody waits for an answer of nobody."""
    parent.there.end()
    with parent.give() as user:
        assert user.recv(1) == b""


def test_it_is_told_to_end_and_then_killed(parent: Parent, monkeypatch: pytest.MonkeyPatch) -> None:
    """Once: for others that go on, or for all. It is given what connectors send it until it is gone."""
    killed: list[tuple[int, int]] = []
    monkeypatch.setattr(os, "kill", lambda *args: killed.append(args))
    parent.worker.transport = SimpleNamespace(pid=4_000_000)  # type: ignore[assignment]
    parent.there.serve()
    parent.worker.tell_failed("why")
    parent.worker.leave(True, 10.0)
    parent.worker.leave(False, 1.0)
    parent.give().close()
    assert parent.there.said == [FAILED + b"why", REPLACED] and len(parent.there.got) == 1
    parent.reactor.advance(9.9)
    assert killed == []
    parent.reactor.advance(0.2)
    assert killed == [(4_000_000, signal.SIGKILL)]


def test_one_that_ends_in_time_is_not_killed(parent: Parent) -> None:
    """Its number may be another program's by then."""
    parent.worker.leave(False, 10.0)
    parent.reactor.turn()
    parent.there.end()
    assert parent.there.said == [STOP] and parent.reactor.getDelayedCalls() == []


@pytest.fixture
def killed(parent: Parent, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Processes that were killed, in place of that."""
    found: list[int] = []
    monkeypatch.setattr(os, "kill", lambda pid, _: found.append(pid))
    parent.worker.transport = SimpleNamespace(pid=4_000_000)  # type: ignore[assignment]
    parent.there.serve()
    return found


def look(parent: Parent, times: int) -> None:
    """So many looks at the worker's time."""
    for _ in range(times):
        parent.reactor.advance(LOOK_EVERY)


def test_one_that_is_stuck_is_killed(parent: Parent, killed: list[int]) -> None:
    """After a minute in which it has not taken what it had been given; nobody hangs there for ever."""
    parent.there.takes = False
    began = parent.reactor.seconds()
    with parent.give(), parent.give():
        assert parent.worker.member.oldest == began
        look(parent, LOOKS - 1)
        assert killed == []
        look(parent, 1)
        assert killed == [4_000_000]
        parent.there.end()
    assert len(parent.again) == 2 and parent.worker.member.oldest is None and parent.reactor.getDelayedCalls() == []


def test_one_that_is_busy_is_not_stuck(parent: Parent, killed: list[int]) -> None:
    """It takes one after the other, if slowly; nor is one that has nothing to take."""
    parent.there.takes = False
    with parent.give():
        for _ in range(LOOKS * 2):
            with parent.give():
                look(parent, LOOKS - 1)
            parent.there.pipe.send(TAKEN)
            parent.reactor.turn()
            assert parent.worker.member.untaken == 1
    parent.there.pipe.send(TAKEN)
    parent.reactor.turn()
    look(parent, LOOKS * 3)
    assert killed == [] and parent.reactor.getDelayedCalls() == [] and parent.worker.member.oldest is None


def test_a_machine_that_stood_still_kills_no_worker(parent: Parent, killed: list[int]) -> None:
    """The parent wakes up a moment before its workers, an hour later by the clock."""
    parent.there.takes = False
    with parent.give():
        parent.reactor.advance(3600.0)
        assert killed == []
        look(parent, LOOKS - 2)
        assert killed == []
        look(parent, 1)
        assert killed == [4_000_000]


def test_one_that_is_never_ready_is_killed(parent: Parent, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its end is heard of, and another one is tried."""
    killed: list[int] = []
    monkeypatch.setattr(os, "kill", lambda pid, _: killed.append(pid))
    parent.worker.transport = SimpleNamespace(pid=4_000_000)  # type: ignore[assignment]
    parent.reactor.advance(PATIENCE - 1)
    assert killed == []
    parent.reactor.advance(2)
    assert killed == [4_000_000]


def test_a_process_that_cannot_be(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is left open."""
    reactor = HandReactor()

    def refuse(*args: object, **kwargs: object) -> None:
        raise OSError("no memory")

    monkeypatch.setattr(reactor, "spawnProcess", refuse)
    with pytest.raises(OSError, match="no memory"):
        WorkerProcess(reactor, Parent.__new__(Parent), Member(1, 0)).start(["x"], {})
    assert reactor.readers == set() and reactor.getDelayedCalls() == []


def test_one_that_somebody_else_has_told_to_end(parent: Parent) -> None:
    """The parent hears of it, and it is none that was dismissed."""
    parent.there.serve()
    parent.there.pipe.send(PARTING)
    parent.reactor.turn()
    assert parent.parting == [parent.worker] and not parent.worker.is_dismissed
