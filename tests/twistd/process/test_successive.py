"""What keeps a program from starting the next one of its kind beside itself."""

from __future__ import annotations

import os

import pytest
from twisted.internet.task import Clock
from twisted.python.usage import Options

from appproxy.net.descriptors.inherited import Inherited
from appproxy.twistd.process.program import StateOptions
from appproxy.twistd.process.succession import WORD
from appproxy.twistd.process.successive import LEFT_WITHIN, RELOAD_VARIABLE, SuccessiveProgram, why_no_successor


def options(pidfile: str = "", nodaemon: bool = True) -> StateOptions:
    """A command line below that of twistd."""
    made = StateOptions()
    made.parent = Options()
    made.parent.update({"pidfile": pidfile, "nodaemon": nodaemon})
    return made


def test_an_ordinary_start() -> None:
    """In the foreground, without a file of its number, also as a library's guest."""
    assert why_no_successor(options(), {RELOAD_VARIABLE: "yes"}, 2) == ""
    assert why_no_successor(StateOptions(), {}, 2) == ""


@pytest.mark.parametrize(("line", "environment", "process", "reason"), [
    (options(pidfile="twistd.pid"), {}, 2, "pid file"), (options(nodaemon=False), {}, 2, "background"),
    (options(), {RELOAD_VARIABLE: "no"}, 2, "watches its process"), (options(), {}, 1, "container"),
])  # fmt: skip
def test_where_somebody_holds_on_to_the_process(
    line: StateOptions, environment: dict[str, str], process: int, reason: str
) -> None:
    """Whoever takes the end of the process for the end of the program; the reason says what helps."""
    assert reason in why_no_successor(line, environment, process)


class Program(SuccessiveProgram):
    """One that notes when it may take commands."""

    entered = 0

    def enter(self) -> None:
        self.entered += 1


@pytest.mark.parametrize("closes", [True, False])
def test_commands_are_taken_once_the_predecessor_takes_none(closes: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """It says so by closing the pipe; one of an earlier version does so later, and is not waited for so long."""
    monkeypatch.setattr("signal.signal", lambda *given: None)
    theirs, ours = os.pipe()
    clock = Clock()
    program = Program("appproxy-service", clock, {}, "text", Inherited({WORD: ours}), "")
    program.may_be_succeeded()
    clock.pump([0.02] * 20)
    assert program.entered == 0
    if closes:
        os.close(theirs)
        clock.advance(0.02)
    else:
        clock.pump([0.02] * int(LEFT_WITHIN / 0.02))
    assert program.entered == 1 and not clock.getDelayedCalls()
    with pytest.raises(OSError):
        os.fstat(ours)
    if not closes:
        os.close(theirs)


def test_without_a_predecessor_commands_are_taken_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody else is there."""
    monkeypatch.setattr("signal.signal", lambda *given: None)
    program = Program("appproxy-service", Clock(), {}, "text", None, "")
    program.may_be_succeeded()
    assert program.entered == 1
