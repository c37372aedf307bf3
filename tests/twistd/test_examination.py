"""The doctor's half at a connector, as a process."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from twisted.internet.error import ProcessDone, ProcessTerminated
from twisted.internet.task import Clock
from twisted.python.failure import Failure

from appproxy.tunnel.json_heads.findings import Findings
from appproxy.twistd.examination import FRESH, MOST_SECONDS, Examination

GOOD = [{"step": "disk", "health": "good", "detail": "free", "hint": "", "milliseconds": 1.0}]


class Processes(Clock):
    """A reactor whose processes are the test's."""

    def __init__(self) -> None:
        super().__init__()
        self.spawned: list[tuple[Any, list[str], dict[str, str]]] = []
        self.signals: list[str] = []
        self.none = False

    def spawnProcess(self, protocol: Any, executable: str, arguments: list[str], environment: dict[str, str]) -> None:
        """Called for each."""
        if self.none:
            raise OSError(11, "no process")
        self.spawned.append((protocol, arguments, environment))
        protocol.transport = self
        protocol.connectionMade()

    def signalProcess(self, name: str) -> None:
        """As a process's transport."""
        self.signals.append(name)

    def loseConnection(self) -> None:
        """As a process's transport: the pipes are closed."""


def examination() -> tuple[Processes, Examination, list[Findings]]:
    """Nobody has asked yet."""
    processes = Processes()
    return processes, Examination(processes, Path("/var/lib/c"), {"A": "b", "NOTIFY_SOCKET": "/x"}), []


def end(processes: Processes, said: bytes, complaint: bytes = b"", code: int = 1) -> None:
    """The newest one has said this."""
    protocol = processes.spawned[-1][0]
    protocol.outReceived(said)
    protocol.errReceived(complaint)
    protocol.processEnded(Failure(ProcessTerminated(code) if code else ProcessDone(0)))


def test_it_is_the_command_that_people_type() -> None:
    """With nothing in it that anybody has said; its exit code is not what counts."""
    processes, examine, heard = examination()
    examine(heard.append)
    examine(heard.append)
    ((_, arguments, environment),) = processes.spawned
    assert arguments[1:] == ["-m", "appproxy.cli", "doctor", "--state", "/var/lib/c", "--json"] and environment == {"A": "b"}
    end(processes, json.dumps(GOOD).encode())
    assert heard[0] is heard[1] and heard[0].steps[0].step == "disk" and processes.getDelayedCalls() == []


def test_who_asks_on_hears_the_same_for_a_while() -> None:
    """A process costs half a second."""
    processes, examine, heard = examination()
    examine(heard.append)
    end(processes, json.dumps(GOOD).encode(), code=0)
    examine(heard.append)
    assert len(processes.spawned) == 1 and heard[0] is heard[1]
    processes.advance(FRESH)
    examine(heard.append)
    assert len(processes.spawned) == 2


def test_what_is_no_report_is_said() -> None:
    """Such as an error of the command line."""
    for said, complaint in ((b"", b"Traceback\n"), (b"[7]", b"odd"), (b'{"a": 1}', b"odd")):
        processes, examine, heard = examination()
        examine(heard.append)
        end(processes, said, complaint)
        assert heard[0].steps == () and complaint.decode().strip() in heard[0].refused
    processes, examine, heard = examination()
    processes.none = True
    examine(heard.append)
    assert "cannot be started" in heard[0].refused


def test_one_that_does_not_end_is_ended() -> None:
    """Nobody waits for ever."""
    processes, examine, heard = examination()
    examine(heard.append)
    processes.advance(MOST_SECONDS)
    assert processes.signals == ["KILL"]
    end(processes, b"[")
    assert "did not end" in heard[0].refused
