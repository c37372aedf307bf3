"""A command of ours in a process of its own, which writes a report: bounded in bytes and in seconds.

It may have started processes in its turn, which have its pipes too: the end of a command that is killed is not theirs.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from twisted.internet.error import ProcessExitedAlready
from twisted.internet.interfaces import IDelayedCall
from twisted.internet.protocol import ProcessProtocol
from twisted.python.failure import Failure

#: Bytes of a report.
_MOST = 4 << 20


@dataclass(frozen=True, slots=True)
class CommandReport:
    """What it has written when it ended: its output, what it complained of, and whether it was killed for taking too long."""

    output: bytes
    complaint: str
    too_late: bool


class ReportingCommand(ProcessProtocol):
    """One run. `ended` gets what was written; `seconds`: how long it may take; `most_complained`: bytes that are kept of its
    complaints; `nice`: how much others come first (0: alike, 19: nearly always).
    """

    def __init__(
        self, reactor: Any, ended: Callable[[CommandReport], object], seconds: float, most_complained: int, nice: int = 0,
    ) -> None:
        self._reactor = reactor
        self._ended = ended
        self._seconds = seconds
        self._most_complained = most_complained
        self._nice = nice
        self._output = bytearray()
        self._complained = b""
        self._late: IDelayedCall | None = None
        self._too_late = False

    def connectionMade(self) -> None:
        """It is started."""
        self._late = self._reactor.callLater(self._seconds, self._kill)
        pid = getattr(self.transport, "pid", None)
        if self._nice and pid:
            with suppress(OSError):  # it has ended already
                os.setpriority(os.PRIO_PROCESS, pid, self._nice)

    def outReceived(self, data: bytes) -> None:
        """A part of the report."""
        if len(self._output) <= _MOST:
            self._output += data

    def errReceived(self, data: bytes) -> None:
        """Why there is none."""
        self._complained = (self._complained + data)[:self._most_complained]

    def processEnded(self, reason: Failure) -> None:
        """Called by Twisted. The exit code says only whether something is broken."""
        if self._late is not None and self._late.active():
            self._late.cancel()
        output, complaint = bytes(self._output), self._complained.decode("utf-8", "replace").strip()
        if len(output) > _MOST:
            output, complaint = b"", f"its report has more than {_MOST >> 20} MiB"
        self._ended(CommandReport(output, complaint, self._too_late))

    def _kill(self) -> None:
        self._too_late = True
        transport: Any = self.transport
        with suppress(ProcessExitedAlready):
            transport.signalProcess("KILL")
        # Twisted tells of the end once nobody has the other ends of the pipes any more, or we have ours no more.
        transport.loseConnection()
