"""Starts programs, waits until each says that it is ready, and ends them all: none outlives this process.

Also used by the end-to-end tests and the benchmark.
"""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

from appproxy.errors import AppProxyError

#: linux/prctl.h.
_PR_SET_PDEATHSIG = 1
#: Often enough for a person not to notice, seldom enough to cost nothing.
_LOOK_EVERY = 0.05
#: Lines of a failed program's log that are shown.
_SHOWN_LINES = 15


class ProgramFailed(AppProxyError):
    """A program did not become ready, or ended by itself; the message shows the end of its log."""


@dataclass(slots=True)
class ChildProgram:
    """A program under way; `log` is the file that has its output."""

    name: str
    process: subprocess.Popen[bytes]
    log: Path

    def output(self) -> str:
        """What it has printed so far."""
        return self.log.read_text(errors="replace")

    def tail(self) -> str:
        """The last lines of what it has printed."""
        return "\n".join(self.output().splitlines()[-_SHOWN_LINES:])


def twistd(*arguments: str) -> list[str]:
    """The command that runs twistd in the foreground with this very Python, wherever its script is."""
    return [sys.executable, "-c", "from twisted.scripts.twistd import run; run()", "-n", "--pidfile=", *arguments]


class Supervisor:
    """The programs that were started; a context manager that ends them."""

    def __init__(self, logs: Path, environment: Mapping[str, str] | None = None) -> None:
        self._logs = logs
        self._environment = dict(os.environ if environment is None else environment)
        self._environment["PYTHONUNBUFFERED"] = "1"
        self.programs: list[ChildProgram] = []

    def __enter__(self) -> Supervisor:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(self, name: str, command: Sequence[str], ready: str = "", seconds: float = 30.0) -> str:
        """Start a program; gives the line of its output that contains `ready`, "" when it need say nothing.

        Raises ProgramFailed when it ends before that, or does not say it in `seconds`.
        """
        log = self._logs / f"{name}.log"
        with log.open("wb") as output:
            process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT, env=self._environment,
                start_new_session=True, preexec_fn=_end_with_parent(os.getpid()),
            )  # fmt: skip
        program = ChildProgram(name, process, log)
        self.programs.append(program)
        return self.wait_for(program, ready, seconds) if ready else ""

    def finish(self, name: str, command: Sequence[str], seconds: float = 30.0) -> str:
        """Run a program to its end; gives its output. Raises ProgramFailed unless it ends well, in `seconds`."""
        self.start(name, command)
        program = self.find(name)
        try:
            code = program.process.wait(seconds)
        except subprocess.TimeoutExpired as error:
            raise ProgramFailed(f"{name} did not end within {seconds:g} s:\n{program.tail()}") from error
        finally:
            self.end(name)
        if code:
            raise ProgramFailed(f"{name} ended with code {code}:\n{program.tail()}")
        return program.output()

    def wait_for(self, program: ChildProgram, text: str, seconds: float) -> str:
        """The first line of the program's output that contains `text`. Raises ProgramFailed."""
        deadline = time.monotonic() + seconds
        while True:
            ended = program.process.poll()
            for line in program.output().splitlines():
                if text in line:
                    return line
            if ended is not None:
                raise ProgramFailed(f"{program.name} ended with code {ended}:\n{program.tail()}")
            if time.monotonic() > deadline:
                raise ProgramFailed(f"{program.name} did not say {text!r} within {seconds:g} s:\n{program.tail()}")
            time.sleep(_LOOK_EVERY)

    def find(self, name: str) -> ChildProgram:
        """The newest program of this name."""
        return next(program for program in reversed(self.programs) if program.name == name)

    def watch(self) -> None:
        """Wait until a program ends by itself, and raise ProgramFailed then."""
        while True:
            for program in self.programs:
                code = program.process.poll()
                if code is not None:
                    raise ProgramFailed(f"{program.name} ended with code {code}:\n{program.tail()}")
            time.sleep(4 * _LOOK_EVERY)

    def end(self, name: str, seconds: float = 10.0, sign: signal.Signals = signal.SIGTERM) -> int:
        """End one program and whatever it has started; gives its exit code."""
        program = self.find(name)
        self.programs.remove(program)
        return _end(program.process, seconds, sign)

    def stop(self, seconds: float = 10.0) -> None:
        """End all, the last one first; who does not end in time is killed."""
        while self.programs:
            _end(self.programs.pop().process, seconds, signal.SIGTERM)


def _end(process: subprocess.Popen[bytes], seconds: float, sign: signal.Signals) -> int:
    """Ask, wait, insist. The process leads a group of its own, so that nothing of it is left."""
    if process.poll() is None:
        process.send_signal(sign)
        with suppress(subprocess.TimeoutExpired):
            process.wait(seconds)
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    return process.wait()


def _end_with_parent(parent: int) -> Callable[[], None]:
    """What a child runs before it becomes the program: it asks the kernel for SIGTERM when its parent dies.

    And it hears SIGINT, which a script's background jobs and all below them are deaf to.
    """
    prctl = ctypes.CDLL(None, use_errno=True).prctl

    def ask() -> None:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        prctl(_PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)
        if os.getppid() != parent:  # it died meanwhile
            os._exit(1)

    return ask


def _stop_waiting(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def interrupted_by_signals() -> None:
    """From now on SIGTERM and SIGHUP end this program as Ctrl-C does."""
    signal.signal(signal.SIGTERM, _stop_waiting)
    signal.signal(signal.SIGHUP, _stop_waiting)
