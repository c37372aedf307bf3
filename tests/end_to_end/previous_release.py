"""The release before this one, taken out of git's history.

`COMMIT` is where it was made. Whoever makes a release moves it to that of the release before (CONTRIBUTING.md). A clone
without that part of the history (`git clone --depth`) has no previous release, and tests of it are skipped there.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from appproxy.demo.supervisor import Supervisor
from tests.end_to_end.world import PATIENCE, ROOT, Outcome, environment

#: Its connectors know of no other nodes than the one that they dial, and its service knows of no turns.
COMMIT = "f6e3f3f"
#: What a release installs.
_PACKAGES = ("appproxy", "twisted")


def history(commit: str = COMMIT) -> str:
    """Why there is no previous release here; "" where there is one."""
    with suppress(OSError):
        asked = ["git", "-C", str(ROOT), "cat-file", "-e", f"{commit}^{{commit}}"]
        if subprocess.run(asked, capture_output=True, check=False).returncode == 0:
            return ""
    return f"this is no clone whose history has {commit}, an earlier release"


def unpacked(directory: Path, commit: str = COMMIT) -> Path:
    """Its source, in that new directory."""
    packed = subprocess.run(
        ["git", "-C", str(ROOT), "archive", commit, *_PACKAGES], capture_output=True, check=True).stdout
    subprocess.run(["tar", "-x", "-C", str(directory)], input=packed, check=True)
    return directory


@dataclass(slots=True)
class Release:
    """The programs of one release, from its source, with the installed dependencies."""

    source: Path
    supervisor: Supervisor

    def command(self, *arguments: str, stdin: str = "") -> str:
        """A command that must succeed; gives what it prints."""
        ended = self.run(*arguments, stdin=stdin)
        assert ended.code == 0, f"appproxy {' '.join(arguments)}: {ended.err}"
        return ended.out

    def run(self, *arguments: str, stdin: str = "") -> Outcome:
        """A command."""
        command = [sys.executable, "-m", "appproxy.cli", *arguments]
        ended = subprocess.run(command, input=stdin, capture_output=True, text=True, timeout=PATIENCE, env=around(self.source),
                               cwd=self.source, check=False)
        return Outcome(ended.returncode, ended.stdout, ended.stderr)

    def start(self, name: str, command: Sequence[str], ready: str) -> None:
        """A program, until it is ready."""
        self.supervisor.start(name, command, ready, PATIENCE)


def around(source: Path) -> dict[str, str]:
    """The environment in which the programs of this source run, wherever they are started: not with what lies there."""
    return {**environment(), "PYTHONPATH": str(source), "PYTHONSAFEPATH": "1"}
