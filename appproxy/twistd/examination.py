"""A connector's half of the doctor, run when the service asks for it: the very command, in a process of its own.

So it takes nothing of the connector's turns, and looks at what an administrator's own call would look at: the settings, the
machine, the way to the service, and the applications that are configured. Nothing that the service says goes into it.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from appproxy.tunnel.json_heads.findings import Findings, steps_of
from appproxy.twistd.process.command_report import CommandReport, ReportingCommand

#: Seconds for all steps; each has a bound of its own, and there may be many applications.
MOST_SECONDS = 60.0
#: Seconds for which a report is told again, so that whoever asks on and on costs little.
FRESH = 5.0


class Examination:
    """`__call__` runs it; who asks meanwhile hears the same. `reactor` has time and processes."""

    def __init__(self, reactor: Any, directory: Path, environment: Mapping[str, str]) -> None:
        self._reactor = reactor
        self._command = [sys.executable, "-m", "appproxy.cli", "doctor", "--state", str(directory.absolute()), "--json"]
        self._environment = {name: value for name, value in environment.items() if name != "NOTIFY_SOCKET"}
        self._waiting: list[Callable[[Findings], None]] = []
        self._last: tuple[float, Findings] | None = None

    def __call__(self, tell: Callable[[Findings], None]) -> None:
        """Run it, and tell what it has found."""
        if self._last is not None and self._reactor.seconds() - self._last[0] < FRESH:
            tell(self._last[1])
            return
        self._waiting.append(tell)
        if len(self._waiting) == 1:
            doctor = ReportingCommand(self._reactor, lambda report: self._ended(_findings(report)), MOST_SECONDS, 1000)
            try:
                self._reactor.spawnProcess(doctor, self._command[0], self._command, self._environment)
            except OSError as error:
                self._ended(Findings((), refused=f"the doctor cannot be started: {error.strerror}"))

    def _ended(self, findings: Findings) -> None:
        self._last = self._reactor.seconds(), findings
        waiting, self._waiting = self._waiting, []
        for tell in waiting:
            tell(findings)


def _findings(report: CommandReport) -> Findings:
    if report.too_late:
        return Findings((), refused=f"the doctor did not end within {MOST_SECONDS:g} s")
    try:
        steps = json.loads(report.output)
        return Findings(steps_of(steps if isinstance(steps, list) else [steps]))
    except ValueError:
        return Findings((), refused=f"the doctor could not run: {report.complaint or 'it said nothing'}")
