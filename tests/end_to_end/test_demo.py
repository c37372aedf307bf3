"""The one-command start, as people use it: read what it prints, do that, stop it."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
from pathlib import Path

from appproxy.demo.supervisor import Supervisor
from tests.end_to_end.ports import free_port
from tests.end_to_end.visitor import Visitor
from tests.end_to_end.world import PATIENCE, environment, until


def demo_of(tmp_path: Path, state: Path) -> tuple[Supervisor, str]:
    """A running demo, and what it printed."""
    supervisor = Supervisor(tmp_path, environment())
    command = [sys.executable, "-m", "appproxy.cli", "demo", "--port", str(free_port()), "--state", str(state)]
    supervisor.start("demo", command, "Ctrl-C stops everything", 2 * PATIENCE)
    return supervisor, supervisor.find("demo").output()


def programs_of(state: Path) -> list[str]:
    """Processes whose command line names this demo's directory."""
    found = subprocess.run(["ps", "-eo", "pid,args", "-ww"], capture_output=True, text=True, check=True)
    return [line for line in found.stdout.splitlines() if str(state) in line and "ps -eo" not in line]


def test_what_it_prints_works_and_it_leaves_nothing(tmp_path: Path) -> None:
    """Address, name and password lead to the sample application; Ctrl-C ends every process."""
    state = tmp_path / "demo"
    supervisor, said = demo_of(tmp_path, state)
    with supervisor:
        address = re.search(r"Open\s+(https://\S+)", said)
        signing = re.search(r"Sign in\s+(\S+)\s+with password\s+(\S+)", said)
        anchor = re.search(r"import (\S+)", said)
        assert address is not None
        assert signing is not None
        assert anchor is not None
        port = int(address[1].rpartition(":")[2].strip("/"))
        page = Visitor(port, Path(anchor[1])).sign_in(address[1], signing[1], signing[2])
        assert (page.status, page.url) == (200, address[1])
        assert "Alice Example" in page.text
        plain = {"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8"}
        for printed, answer in ((r"With curl\s+(.+)", "/headers"), (r"Commands\s+(.+)", "demo")):
            line = re.search(printed, said)
            assert line is not None
            # As typed at a prompt: another directory, and a PATH that knows nothing of us.
            ran = subprocess.run(["sh", "-c", line[1]], capture_output=True, text=True, cwd=tmp_path, env=plain, timeout=60)
            assert (ran.returncode, answer in ran.stdout) == (0, True), (line[1], ran)
        assert len(programs_of(state)) >= 3
        supervisor.end("demo", seconds=30, sign=signal.SIGINT)
        assert programs_of(state) == []


def test_killing_it_leaves_no_orphan(tmp_path: Path) -> None:
    """Even SIGKILL of the demo ends the programs that it has started."""
    state = tmp_path / "demo"
    supervisor, _ = demo_of(tmp_path, state)
    with supervisor:
        supervisor.find("demo").process.kill()
        until(lambda: not programs_of(state), "programs are left", 30)
