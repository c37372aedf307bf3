"""What both programs share: ready or a reason, and a stop that waits."""

from __future__ import annotations

import atexit
import socket
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path

import pytest
from twisted.application.service import Application, IServiceCollection
from twisted.internet.defer import Deferred
from twisted.internet.error import CannotListenError
from twisted.logger import ILogObserver, LogEvent
from twisted.logger import capturedLogs as captured

from appproxy.errors import ConfigError
from appproxy.twistd.process.json_log import JsonLines
from appproxy.twistd.process.program import TwistdProgram, reason_of


class Running:
    """A reactor that only starts and stops."""

    def __init__(self) -> None:
        self.calls: list[Callable[[], None]] = []
        self.stopped = 0

    def callWhenRunning(self, call: Callable[[], None]) -> None:
        self.calls.append(call)

    def run(self) -> None:
        for call in self.calls:
            call()

    def stop(self) -> None:
        self.stopped += 1


class Example(TwistdProgram):
    """Begins as the test says; ends when the test says."""

    def __init__(self, reactor: Running, environment: Mapping[str, str], error: Exception | None = None) -> None:
        super().__init__("example", reactor, environment, "text")
        self.error = error
        self.ending: Deferred[None] = Deferred()
        self.ended = False

    async def begin(self) -> str:
        if self.error is not None:
            raise self.error
        return "on port 7"

    async def end(self) -> None:
        await self.ending
        self.ended = True


def said(events: Iterable[LogEvent]) -> list[str]:
    """What the program logged. It collects garbage at its start, and what an earlier test left behind may log then."""
    return [event["log_format"].format(**event) for event in events if "program" in event]


@pytest.fixture
def no_exit(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Callable[[], None]]]:
    """What would run at the end of the process."""
    registered: list[Callable[[], None]] = []
    monkeypatch.setattr(atexit, "register", registered.append)
    yield registered


def test_a_thread_that_computes_gives_way_soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """Else each system call of a request waits for it."""
    said: list[float] = []
    monkeypatch.setattr("sys.setswitchinterval", said.append)
    reactor = Running()
    Example(reactor, {}).startService()
    reactor.run()
    assert said == [0.0005]


def test_ready_is_said_once_everything_runs(tmp_path: Path) -> None:
    """Nothing happens before the reactor runs; then the log and systemd hear it."""
    path = str(tmp_path / "notify")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listener:
        listener.bind(path)
        listener.setblocking(False)
        reactor = Running()
        program = Example(reactor, {"NOTIFY_SOCKET": path})
        with captured() as events:
            program.startService()
            assert not program.started.called
            reactor.run()
            assert program.started.called
            assert said(events) == ["example ready on port 7"]
            assert listener.recv(100) == b"READY=1"
            stopping = program.stopService()
        assert listener.recv(100) == b"STOPPING=1"
        assert not stopping.called
        program.ending.callback(None)
        assert stopping.called
        assert program.ended


def test_a_failed_start_is_one_line_and_a_code(no_exit: list[Callable[[], None]]) -> None:
    """The reason is logged without a traceback, the reactor stops, and the process will end with a code."""
    reactor = Running()
    program = Example(reactor, {}, ConfigError("listen: is taken"))
    with captured() as events:
        program.startService()
        reactor.run()
    assert said(events) == ["example cannot start: listen: is taken"]
    assert reactor.stopped == 1
    assert len(no_exit) == 1


def test_a_bug_keeps_its_traceback(no_exit: list[Callable[[], None]]) -> None:
    """Only what is expected is put into one line."""
    reactor = Running()
    program = Example(reactor, {}, ZeroDivisionError("oh"))
    with captured() as events:
        program.startService()
        reactor.run()
    assert events[0]["log_failure"].type is ZeroDivisionError
    assert len(no_exit) == 1


def test_stopping_before_the_reactor_ran() -> None:
    """Nothing was begun, so there is nothing to end."""
    program = Example(Running(), {})
    program.startService()
    assert program.stopService().called
    assert not program.ended


def test_json_is_for_twistd_s_log_too() -> None:
    """With log_format json, twistd's application gets our observer."""
    application = Application("example")
    program = TwistdProgram("example", Running(), {}, "json")
    program.setServiceParent(application)
    assert isinstance(ILogObserver(application), JsonLines)
    assert list(IServiceCollection(application)) == [program]


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (CannotListenError("127.0.0.1", 443, OSError(98, "Address already in use")),
         "127.0.0.1 port 443: Address already in use; stop what listens there, or change the address in the settings"),
        (FileNotFoundError(2, "No such file or directory", "/x"), "/x: No such file or directory"),
        (ConfigError("x: y"), "x: y"),
    ],
)  # fmt: skip
def test_reasons_are_one_line(error: Exception, reason: str) -> None:
    """A taken port says which, and what to do."""
    assert reason_of(error) == reason


@pytest.mark.parametrize(("asked", "found"), [("", "RelayReactor"), ("-r select ", "SelectReactor")])
def test_twistd_runs_on_our_reactor_unless_another_is_asked_for(asked: str, found: str) -> None:
    """It is there before twistd builds anything."""
    code = f"""
from twisted.application.app import ServerOptions
from twisted.application.service import ServiceMaker
from appproxy.twistd.process.program import StateOptions

class Options(StateOptions):
    read_settings = staticmethod(lambda path: None)
    optParameters = [["state", "s", None, ""]]

class Twistd(ServerOptions):
    subCommands = [("program", None, Options, "")]

Twistd().parseOptions({asked.split()!r} + ["program", "--state", "."])
from twisted.internet import reactor
print(type(reactor).__name__)
"""
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert ended.stdout.strip() == found, ended.stderr
