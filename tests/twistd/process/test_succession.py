"""The next process of a service: what is waited for, and what is not."""

from __future__ import annotations

import os
from typing import Any

import pytest
from twisted.internet.error import ProcessDone
from twisted.internet.task import Clock
from twisted.python.failure import Failure

from appproxy.twistd.process.succession import END_SECONDS, PATIENCE, SETTLE_SECONDS, Successor, has_left, say_ready


class Full(Clock):
    """A machine on which no further process can be started."""

    def spawnProcess(self, *args: object, **named: object) -> None:
        raise BlockingIOError("no process can be made")


def test_a_process_that_cannot_be_made_is_not_waited_for() -> None:
    """Whoever asked hears of it at once, and not a minute later of the same attempt, when another may be under way."""
    clock, heard = Full(), list[object]()
    attempt = Successor(clock, heard.append, heard.append)
    with pytest.raises(BlockingIOError):
        attempt.start(["program"], {}, {})
    assert clock.getDelayedCalls() == []
    clock.advance(PATIENCE + 1)
    assert heard == []


class Machine(Clock):
    """One that starts a process; the test is that process, and says what becomes of it."""

    pid = 77

    def __init__(self) -> None:
        super().__init__()
        self.protocol: Any = None
        #: What was done to it: the pipe for its word closed, or a signal.
        self.done: list[object] = []
        self.heard: list[object] = []
        Successor(self, self.heard.append, self.heard.append).start(["program"], {}, {})

    def spawnProcess(self, protocol: Any, *args: object, **named: object) -> None:
        self.protocol = protocol
        protocol.makeConnection(self)

    def closeChildFD(self, number: int) -> None:
        """Called as of the process's transport."""
        self.done.append(number)

    def signalProcess(self, name: str) -> None:
        """The same."""
        self.done.append(name)

    def says(self) -> None:
        """Its word."""
        self.protocol.childDataReceived(3, b"ready")

    def ends(self) -> None:
        """For whatever reason."""
        self.protocol.processEnded(Failure(ProcessDone(0)))


def test_its_word_counts() -> None:
    """If it lives on for a moment."""
    machine = Machine()
    machine.says()
    assert machine.heard == [] and machine.done == []
    machine.advance(SETTLE_SECONDS)
    # The pipe is closed behind that, which tells it that nobody else takes commands.
    assert machine.heard == [77] and machine.done == [3]
    machine.ends()
    machine.advance(2 * PATIENCE)
    assert machine.heard == [77] and machine.done == [3] and not machine.getDelayedCalls()


def test_a_successor_sees_that_the_predecessor_has_left() -> None:
    """By the other end of the pipe, also where that process is gone."""
    theirs, ours = os.pipe()
    say_ready(ours)
    assert not has_left(ours)
    assert os.read(theirs, 100) == b"ready"
    assert not has_left(ours)
    os.close(theirs)
    assert has_left(ours)
    os.close(ours)


def test_one_that_ends_as_soon_as_it_was_ready() -> None:
    """The process that was there goes on."""
    machine = Machine()
    machine.says()
    machine.advance(SETTLE_SECONDS / 2)
    machine.ends()
    machine.advance(2 * PATIENCE)
    assert machine.heard == ["it ended as soon as it was ready; the lines before this one say why"]
    assert not machine.getDelayedCalls()


def test_one_that_ends_before_its_word() -> None:
    """It could not start."""
    machine = Machine()
    machine.ends()
    machine.says()
    machine.advance(2 * PATIENCE)
    assert machine.heard == ["it could not start; the lines before this one say why"] and machine.done == []


@pytest.mark.parametrize("obeys", [True, False])
def test_one_that_hangs(obeys: bool) -> None:
    """It is told to end, then made to; it is not believed any more, and cannot say it."""
    machine = Machine()
    machine.advance(PATIENCE)
    assert machine.heard == [f"it was not ready within {PATIENCE:g} s"] and machine.done == [3, "TERM"]
    machine.says()
    if obeys:
        machine.ends()
    machine.advance(END_SECONDS)
    assert machine.done == [3, "TERM", *([] if obeys else ["KILL"])]
    if not obeys:
        machine.ends()
    machine.advance(2 * PATIENCE)
    assert len(machine.heard) == 1 and not machine.getDelayedCalls()
