"""The decision log through other policies, as a process of the service."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from twisted.internet.defer import Deferred
from twisted.internet.error import ProcessDone, ProcessTerminated
from twisted.python.failure import Failure

from appproxy.admin.base.problem import TooOften
from appproxy.errors import ConfigError
from appproxy.policy.conditional.replay import MOST_POLICIES
from appproxy.twistd.assembly.replaying import MOST_SECONDS, LogReplay
from tests.twistd.test_examination import Processes

REPORT = {"decisions": 3, "changes": []}


def replays() -> tuple[Processes, LogReplay]:
    """Nobody has asked yet."""
    processes = Processes()
    return processes, LogReplay(processes, Path("/var/lib/s"), {"A": "b", "NOTIFY_SOCKET": "/x"})


def asked(
    replay: LogReplay, policies: Any = (), without: tuple[str, ...] = (), age: float | None = None, caller: str = "user:ann"
) -> Deferred[object]:
    """Somebody asks."""
    return Deferred.fromCoroutine(replay(list(policies), without, age, caller))


def end(processes: Processes, said: bytes, complaint: bytes = b"", code: int = 0) -> None:
    """The newest one has said this."""
    protocol = processes.spawned[-1][0]
    protocol.outReceived(said)
    protocol.errReceived(complaint)
    protocol.processEnded(Failure(ProcessTerminated(code) if code else ProcessDone(0)))


def failed(asking: Deferred[object], kind: type[Exception]) -> str:
    """What it failed with."""
    failure = asking.addErrback(lambda failure: failure)
    return str(failure.result.trap(kind) and failure.result.value)  # type: ignore[attr-defined]


def test_it_is_the_command_that_people_type() -> None:
    """Documents are in files, and no name is an option; nothing is left behind."""
    processes, replay = replays()
    asking = asked(replay, [{"name": "--help"}], ("--version", "b"), 604_790.0)
    ((_, arguments, environment),) = processes.spawned
    *command, file = arguments[1:]
    assert command == ["-m", "appproxy.cli", "--state", "/var/lib/s", "policy", "replay", "--json", "--without=--version",
                       "--without=b", "--since=10080m"]
    assert environment == {"A": "b"} and json.loads(Path(file).read_text()) == {"name": "--help"}
    assert Path(file).parent.stat().st_mode & 0o77 == 0
    end(processes, json.dumps(REPORT).encode())
    assert asking.result == REPORT and not Path(file).parent.exists() and processes.getDelayedCalls() == []


def test_one_at_a_time() -> None:
    """Each takes all processors; the next one may come when it has ended, however that was."""
    processes, replay = replays()
    first = asked(replay)
    assert "another replay" in failed(asked(replay), TooOften)
    end(processes, b"", b"appproxy: no decision log is written; set decision_log\n", 2)
    assert failed(first, ConfigError) == "no decision log is written; set decision_log"
    second = asked(replay)
    end(processes, b"{}")
    assert second.result == {} and len(processes.spawned) == 2


def test_nobody_keeps_all_others_from_theirs() -> None:
    """After one that took its time it is others' turn for as long; who had a quick one hardly waits."""
    processes, replay = replays()
    asked(replay)
    processes.advance(40.0)
    end(processes, b"{}")
    assert "try again in 40 s" in failed(asked(replay), TooOften)
    other = asked(replay, caller="user:bob")
    processes.advance(1.0)
    end(processes, b"{}")
    assert other.result == {}
    assert "try again in 39 s" in failed(asked(replay), TooOften)
    processes.advance(39.0)
    again = asked(replay)
    end(processes, b"{}")
    assert again.result == {} and asked(replay, caller="user:bob").called is False


def test_too_long_is_too_long() -> None:
    """A whole log may take minutes: the service gives it one."""
    processes, replay = replays()
    asking = asked(replay)
    processes.advance(MOST_SECONDS)
    assert processes.signals == ["KILL"]
    end(processes, b"", b"", 9)
    assert "did not end within 60 s" in failed(asking, ConfigError)


@pytest.mark.parametrize("arguments", [
    {"age": 59.0}, {"age": 367 * 86_400.0},
    {"policies": [{}] * (MOST_POLICIES + 1)}, {"without": ("a",) * (MOST_POLICIES + 1)}])
def test_bounds(arguments: dict[str, Any]) -> None:
    """What is beyond them starts nothing."""
    processes, replay = replays()
    failed(asked(replay, **arguments), ConfigError)
    failed(Deferred.fromCoroutine(replay({}, (), None)), ConfigError)
    assert processes.spawned == []


def test_where_nothing_can_be_started() -> None:
    """It is said, and the next one may try."""
    processes, replay = replays()
    processes.none = True
    for _ in range(2):
        assert "cannot be started" in failed(asked(replay), ConfigError)
