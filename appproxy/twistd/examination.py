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

from twisted.internet.interfaces import IDelayedCall
from twisted.internet.protocol import ProcessProtocol
from twisted.python.failure import Failure

from appproxy.tunnel.findings import Findings, steps_of

#: Seconds for all steps; each has a bound of its own, and there may be many applications.
MOST_SECONDS = 60.0
#: Seconds for which a report is told again, so that whoever asks on and on costs little.
FRESH = 5.0
#: Bytes of a report.
_MOST = 4 << 20


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
            doctor = _Doctor(self._reactor, self._ended)
            try:
                self._reactor.spawnProcess(doctor, self._command[0], self._command, self._environment)
            except OSError as error:
                self._ended(Findings((), refused=f"the doctor cannot be started: {error.strerror}"))

    def _ended(self, findings: Findings) -> None:
        self._last = self._reactor.seconds(), findings
        waiting, self._waiting = self._waiting, []
        for tell in waiting:
            tell(findings)


class _Doctor(ProcessProtocol):
    """One run."""

    def __init__(self, reactor: Any, ended: Callable[[Findings], None]) -> None:
        self._reactor = reactor
        self._ended = ended
        self._said = bytearray()
        self._complained = b""
        self._late: IDelayedCall | None = None
        self._too_late = False

    def connectionMade(self) -> None:
        """It is started."""
        self._late = self._reactor.callLater(MOST_SECONDS, self._kill)

    def outReceived(self, data: bytes) -> None:
        """A part of the report."""
        if len(self._said) <= _MOST:
            self._said += data

    def errReceived(self, data: bytes) -> None:
        """Why there is none."""
        self._complained = (self._complained + data)[:1000]

    def processEnded(self, reason: Failure) -> None:
        """Called by Twisted. The exit code says only whether something is broken."""
        if self._late is not None and self._late.active():
            self._late.cancel()
        self._ended(self._findings())

    def _findings(self) -> Findings:
        if self._too_late:
            return Findings((), refused=f"the doctor did not end within {MOST_SECONDS:g} s")
        try:
            steps = json.loads(bytes(self._said))
            return Findings(steps_of(steps if isinstance(steps, list) else [steps]))
        except ValueError:
            why = self._complained.decode("utf-8", "replace").strip() or "it said nothing"
            return Findings((), refused=f"the doctor could not run: {why}")

    def _kill(self) -> None:
        self._too_late = True
        transport: Any = self.transport
        transport.signalProcess("KILL")
