"""The decision log through other policies, when an administrator asks the service for it: the very command, in a process of
its own, so that it takes nothing of the node's turns.
"""

from __future__ import annotations

import json
import math
import shutil
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from twisted.internet.defer import Deferred

from appproxy.admin.base.problem import TooOften
from appproxy.errors import ConfigError
from appproxy.policy.conditional.replay import LONGEST, MOST_POLICIES
from appproxy.twistd.process.command_report import CommandReport, ReportingCommand

#: Seconds for one replay: half a million decisions with the usual two processors, at 0.1 ms each and once more to compare.
MOST_SECONDS = 60.0
#: How much others come first (0: alike, 19: nearly always).
_NICE = 10


class LogReplay:
    """Runs one at a time. `reactor` has time and processes; `directory`: the service's state."""

    def __init__(self, reactor: Any, directory: Path, environment: Mapping[str, str]) -> None:
        self._reactor = reactor
        self._directory = directory
        self._environment = {name: value for name, value in environment.items() if name != "NOTIFY_SOCKET"}
        self._runs = False
        #: Until when those wait whose own have ended a while ago (monotonic seconds), by caller.
        self._rests: dict[str, float] = {}

    async def __call__(self, policies: object, without: Sequence[str], age: float | None, caller: str = "") -> object:
        """What `appproxy policy replay --json` says. `policies`: documents; `age`: how far back in seconds, None for the whole
        log.

        Whoever had one waits as long as it took until the next, so that nobody keeps all others from theirs.

        Raises ConfigError, with what the command has said, and TooOften while another one runs, or `caller` has to wait.
        """
        if not isinstance(policies, list):
            raise ConfigError("policies: a list of documents is needed")
        if len(policies) > MOST_POLICIES or len(without) > MOST_POLICIES:
            raise ConfigError(f"policies: at most {MOST_POLICIES} at once")
        if age is not None and not 60 <= age <= LONGEST:
            raise ConfigError(f"age: 1m to {LONGEST // 86_400}d is needed", hint="leave it out: the whole log")
        if self._runs:
            raise TooOften("another replay is under way", hint="try again in a minute")
        began = self._reactor.seconds()
        self._rests = {name: until for name, until in self._rests.items() if until > began}
        if caller in self._rests:
            raise TooOften("it is others' turn: your last replay has just ended",
                           hint=f"try again in {math.ceil(self._rests[caller] - began)} s")
        self._runs = True
        place = Path(tempfile.mkdtemp(prefix="appproxy-replay-"))
        try:
            return await self._run(self._command(place, policies, without, age))
        finally:
            self._runs = False
            now = self._reactor.seconds()
            self._rests[caller] = 2 * now - began
            shutil.rmtree(place, ignore_errors=True)

    def _command(self, place: Path, policies: Sequence[object], without: Sequence[str], age: float | None) -> list[str]:
        """Names are behind a sign, so that none of them is an option of its own."""
        files = []
        for number, document in enumerate(policies):
            files.append(place / f"{number}.json")
            files[-1].write_text(json.dumps(document), encoding="utf-8")
        return [
            sys.executable, "-m", "appproxy.cli", "--state", str(self._directory.absolute()), "policy", "replay", "--json",
            *(f"--without={name}" for name in without), *(() if age is None else (f"--since={math.ceil(age / 60)}m",)),
            *map(str, files)]

    def _run(self, command: list[str]) -> Deferred[object]:
        done: Deferred[object] = Deferred()

        def ended(report: CommandReport) -> None:
            try:
                done.callback(json.loads(report.output))
            except ValueError:
                done.errback(_why(report))

        run = ReportingCommand(self._reactor, ended, MOST_SECONDS, 2000, nice=_NICE)
        try:
            self._reactor.spawnProcess(run, command[0], command, self._environment)
        except OSError as error:
            raise ConfigError(f"the replay cannot be started: {error.strerror}") from error
        return done


def _why(report: CommandReport) -> ConfigError:
    if report.too_late:
        return ConfigError(f"the replay did not end within {MOST_SECONDS:g} s",
                           hint="take less of it, or run it at the service's machine: appproxy policy replay")
    what, _, hint = report.complaint.removeprefix("appproxy: ").partition("; ")
    return ConfigError(what or "the replay said nothing", hint=hint)
