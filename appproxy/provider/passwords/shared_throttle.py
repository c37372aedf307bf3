"""Counts attempts in memory, as all processes of the service do, and learns what the others and those before have counted.

An attempt is decided from memory alone. What came of it is written beside the request, a moment later, and read by the other
nodes when they hear of it (or at the next look, where nobody tells): for that moment each node decides by what it knows.
"""

from __future__ import annotations

import hmac
from collections.abc import Callable
from dataclasses import replace
from hashlib import sha256
from typing import Any

from twisted.internet.defer import Deferred, maybeDeferred, succeed
from twisted.internet.task import LoopingCall
from twisted.logger import Logger
from twisted.python.failure import Failure

from appproxy.policy.paced import Paced
from appproxy.provider.passwords.throttle import (
    CountedAttempt,
    MemoryThrottle,
    RepeatedPassword,
    ThrottleGo,
    ThrottleWait,
)
from appproxy.store.database.live import LiveStore
from appproxy.store.people import password_attempts
from appproxy.store.people.password_attempts import KeptAttempt, LearnedAttempts

#: Seconds between two transactions of a process, and between two looks: one that guesses at several nodes gains so much.
_EVERY = 0.2
#: Seconds between looks where nobody has told of anything: notices may be lost, and a file gives none.
_NET = 10.0
#: Attempts that wait to be written while the database is away; more than a node checks in ten minutes are not.
_MOST_WAITING = 5_000


class SharedThrottle:
    """One throttle of several processes. `wall_clock`: seconds since 1970. `start` it before requests come."""

    log = Logger()

    def __init__(
        self, live: LiveStore, reactor: Any, wall_clock: Callable[[], float], random_bytes: Callable[[int], bytes],
    ) -> None:
        self._live = live
        self._seconds: Callable[[], float] = reactor.seconds
        self._wall_clock = wall_clock
        self._memory = MemoryThrottle()
        self._process = random_bytes(8).hex()
        #: Of this process alone until the store has given the one of all.
        self._key = random_bytes(32)
        self._last = 0
        self._loaded = self._looking = self._failing = False
        self._waiting: list[KeptAttempt] = []
        self._writing = Paced(reactor, _EVERY, self._write)
        self._looks = Paced(reactor, _EVERY, self._look)
        self._net = LoopingCall(self._looks.ask)
        self._net.clock = reactor
        self._ends: list[Callable[[], object]] = []

    def start(self) -> None:
        """Learn what was counted before, and from now on what others count."""
        self._ends.append(self._live.on_notice(password_attempts.PASSWORD_ATTEMPTS, self._looks.ask))
        self._live.before_stop(self._finish)
        self._net.start(_NET)

    def stop(self) -> None:
        """Learn nothing more. What waits is still written."""
        while self._ends:
            self._ends.pop()()
        if self._net.running:
            self._net.stop()
        self._looks.stop()

    def begin(self, who: CountedAttempt, now: float) -> ThrottleGo | ThrottleWait | RepeatedPassword:
        """May this password be tried? With `ThrottleGo` it is counted."""
        device = None if who.device is None else self._digest("device", who.device)
        return self._memory.begin(replace(who, name=self._digest("name", who.name), device=device), now)

    def succeeded(self, go: ThrottleGo, now: float) -> None:
        """The password was right."""
        self._memory.succeeded(go, now)
        self._keep(go, True)

    def failed(self, go: ThrottleGo, now: float) -> None:
        """The password was wrong."""
        self._memory.failed(go, now)
        self._keep(go, False)

    def abandoned(self, go: ThrottleGo, now: float) -> None:
        """The password could not be checked, which is nobody's failure."""
        self._memory.abandoned(go, now)

    def _digest(self, kind: str, text: str) -> str:
        return hmac.digest(self._key, f"{kind}\0{text}".encode("utf-8", "surrogatepass"), sha256)[:16].hex()

    def _keep(self, go: ThrottleGo, right: bool) -> None:
        who = go.who
        if self._loaded and len(self._waiting) < _MOST_WAITING:
            self._waiting.append(
                KeptAttempt(self._wall_clock(), who.name, who.device or "", who.network, who.block, right))
            self._writing.ask()

    def _finish(self) -> None:
        self._writing.stop()
        self._write()

    def _write(self) -> Deferred[None]:
        if not self._waiting:
            return succeed(None)
        attempts, self._waiting = self._waiting, []
        return self._live.write(password_attempts.keep, self._process, attempts).addErrback(self._not_written, attempts)

    def _not_written(self, failure: Failure, attempts: list[KeptAttempt]) -> None:
        """They wait for the database to answer; `_look` sees that it does."""
        self._waiting[:0] = attempts[: _MOST_WAITING - len(self._waiting)]
        self._complain(failure)

    def _look(self) -> None:
        if self._looking:
            return
        self._looking = True
        since = self._wall_clock() - password_attempts.KEPT
        looking = maybeDeferred(self._live.read, _learned, self._process, self._last, since)
        looking.addCallbacks(self._learn, self._complain).addErrback(self._broken).addBoth(self._looked)

    def _broken(self, failure: Failure) -> None:
        self.log.failure("what other nodes have counted could not be taken up", failure)

    def _looked(self, result: object) -> None:
        self._looking = False

    def _learn(self, found: tuple[bytes, LearnedAttempts]) -> None:
        self._key, learned = found
        self._loaded, self._failing = True, False
        ago = self._seconds() - self._wall_clock()
        for one in learned.attempts:
            who = CountedAttempt(one.name, one.network, one.block, one.device or None, b"")
            self._memory.learned(who, one.succeeded, min(self._seconds(), one.time + ago))
        self._last = learned.last
        if self._waiting:
            self._writing.ask()

    def _complain(self, failure: Failure) -> None:
        if not self._failing:
            self.log.warn("sign-in attempts are counted by this node alone for now: {reason}",
                          reason=failure.getErrorMessage())
        self._failing = True


def _learned(reading: Any, process: str, after: int, since: float) -> tuple[bytes, LearnedAttempts]:
    return password_attempts.digest_key(reading), password_attempts.of_others(reading, process, after, since)
