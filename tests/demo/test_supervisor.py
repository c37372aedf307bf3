"""Programs are started, waited for and ended; none is left behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from appproxy.demo.supervisor import ProgramFailed, Supervisor

READY = "import time; print('ready on port 7', flush=True); time.sleep(60)"
STUBBORN = "import signal, time; signal.signal(15, signal.SIG_IGN); print('ready', flush=True); time.sleep(60)"
PARENT = """
import sys, time
from pathlib import Path
from appproxy.demo.supervisor import Supervisor
supervisor = Supervisor(Path(sys.argv[1]))
supervisor.start("child", [sys.executable, "-c", "import time; print('ready', flush=True); time.sleep(60)"], "ready")
print(supervisor.find("child").process.pid, flush=True)
time.sleep(60)
"""


def alive(pid: int) -> bool:
    """Does this process run? One that nobody has waited for does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def gone(pid: int, seconds: float = 60.0) -> bool:
    """Does the process end within this time?"""
    deadline = time.monotonic() + seconds
    while alive(pid):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


def test_the_ready_line_is_given(tmp_path: Path) -> None:
    """Starting waits for the line that says the program is ready, and gives it."""
    with Supervisor(tmp_path) as supervisor:
        line = supervisor.start("one", [sys.executable, "-c", READY], "ready on")
        pid = supervisor.find("one").process.pid
        assert line == "ready on port 7"
        assert alive(pid)
    assert not alive(pid)


def test_a_program_that_fails_shows_its_log(tmp_path: Path) -> None:
    """When a program ends instead of becoming ready, its last words are in the error."""
    with Supervisor(tmp_path) as supervisor, pytest.raises(ProgramFailed, match="(?s)code 3.*no such port"):
        supervisor.start("one", [sys.executable, "-c", "print('no such port'); raise SystemExit(3)"], "ready")


def test_a_silent_program_is_not_waited_for_forever(tmp_path: Path) -> None:
    """A program that does not say it is ready fails in time."""
    with Supervisor(tmp_path) as supervisor, pytest.raises(ProgramFailed, match="did not say"):
        supervisor.start("one", [sys.executable, "-c", READY], "never said", 0.3)


def test_who_ignores_sigterm_is_killed(tmp_path: Path) -> None:
    """A program that will not end is ended."""
    supervisor = Supervisor(tmp_path)
    supervisor.start("one", [sys.executable, "-c", STUBBORN], "ready")
    assert supervisor.end("one", seconds=0.3) == -signal.SIGKILL


def test_a_program_that_ends_by_itself_is_noticed(tmp_path: Path) -> None:
    """Watching ends as soon as one program has ended."""
    with Supervisor(tmp_path) as supervisor:
        supervisor.start("one", [sys.executable, "-c", "print('ready', flush=True); raise SystemExit(4)"])
        with pytest.raises(ProgramFailed, match="one ended with code 4"):
            supervisor.watch()


def test_no_orphan_when_the_supervisor_is_killed(tmp_path: Path) -> None:
    """Killing the supervisor without warning ends its programs too."""
    parent = subprocess.Popen([sys.executable, "-c", PARENT, str(tmp_path)], stdout=subprocess.PIPE, cwd=os.getcwd())
    assert parent.stdout is not None
    child = int(parent.stdout.readline())
    assert alive(child)
    parent.kill()
    parent.wait()
    parent.stdout.close()
    assert gone(child)
