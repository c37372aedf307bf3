"""A command that writes a report, without a process."""

from __future__ import annotations

from typing import Any

from twisted.internet.error import ProcessExitedAlready
from twisted.internet.task import Clock
from twisted.python.failure import Failure

from appproxy.twistd.process import command_report
from appproxy.twistd.process.command_report import CommandReport, ReportingCommand

GONE: Any = Failure(RuntimeError("ended"))


class Process:
    """What it runs in."""

    pid = None

    def __init__(self) -> None:
        self.signals: list[str] = []
        self.exited = False

    def signalProcess(self, name: str) -> None:
        self.signals.append(name)
        if self.exited:
            raise ProcessExitedAlready

    def loseConnection(self) -> None:
        self.signals.append("pipes closed")


def begun(clock: Clock, reports: list[CommandReport]) -> tuple[ReportingCommand, Process]:
    """One that may take ten seconds, and complain in ten bytes."""
    run, process = ReportingCommand(clock, reports.append, 10.0, 10), Process()
    run.makeConnection(process)
    return run, process


def test_what_was_written_is_told_once_it_has_ended() -> None:
    """And no timer stays."""
    clock, reports = Clock(), list[CommandReport]()
    run, process = begun(clock, reports)
    for part in (b"[1, ", b"2]"):
        run.outReceived(part)
    run.errReceived(b" a com")
    run.errReceived(b"plaint without end")
    assert reports == []
    run.processEnded(GONE)
    assert reports == [CommandReport(b"[1, 2]", "a complai", False)]
    clock.advance(20.0)
    assert process.signals == [] and clock.getDelayedCalls() == []


def test_a_report_without_end_is_not_kept() -> None:
    """A piece more than the most, and nothing of what follows."""
    reports: list[CommandReport] = []
    run, _ = begun(Clock(), reports)
    piece = b"x" * 65536
    for _ in range(2 * command_report._MOST // len(piece)):
        run.outReceived(piece)
    run.processEnded(GONE)
    assert len(run._output) == command_report._MOST + len(piece)
    assert reports == [CommandReport(b"", "its report has more than 4 MiB", False)]


def test_one_that_takes_too_long_is_killed() -> None:
    """And the report says so."""
    clock, reports = Clock(), list[CommandReport]()
    run, process = begun(clock, reports)
    clock.advance(9.9)
    assert process.signals == []
    clock.advance(0.1)
    assert process.signals == ["KILL", "pipes closed"]
    run.processEnded(GONE)
    assert reports[0].too_late


def test_processes_that_a_command_leaves_behind_do_not_keep_its_end_from_being_told() -> None:
    """They hold its pipes open, for which Twisted waits: ours are closed when the time is over."""
    clock, reports = Clock(), list[CommandReport]()
    run, process = begun(clock, reports)
    process.exited = True
    clock.advance(10.0)
    assert process.signals == ["KILL", "pipes closed"]
    run.processEnded(GONE)
    assert reports[0].too_late
