"""Wrong passwords on their way to the store: collected for a second, then written in one transaction."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from hashlib import sha256
from typing import Protocol

from twisted.internet.defer import Deferred, succeed
from twisted.internet.interfaces import IDelayedCall, IReactorTime
from twisted.logger import Logger
from twisted.python.failure import Failure

from appproxy.store.risk import failures
from appproxy.store.risk.failures import NOBODY, UNTRIED, Failing
from appproxy.store.transaction import Transaction

#: Seconds between two transactions.
_EVERY = 1.0
#: Pairs of network and user that wait for the database: checking a password takes longer than a hundred of these.
_MOST = 5000
#: Names that nobody has are told apart so far, and no further: one may be somebody's password.
_KINDS = 32


class _Writing(Protocol):
    """What is needed of `store.database.live.LiveStore`."""

    def write(
        self, do: _Add, failed: Mapping[Failing, int], /
    ) -> Deferred[None]: ...

    def before_stop(self, callback: _Finish, /) -> None: ...


class _Add(Protocol):
    def __call__(self, tx: Transaction, failed: Mapping[Failing, int], /) -> None: ...


class _Finish(Protocol):
    def __call__(self) -> object: ...


class FailedPasswords:
    """Made once a node."""

    log = Logger()

    def __init__(self, live: _Writing, clock: IReactorTime) -> None:
        self._live = live
        self._clock = clock
        self._waiting: Counter[Failing] = Counter()
        self._later: IDelayedCall | None = None
        live.before_stop(self.write)

    def note(self, network: str, user: str, name: str, tried: bool) -> None:
        """A password was wrong, or was not even tried. `user`: an id, "" where nobody has this `name`."""
        if user:
            subject = user if tried else UNTRIED + user
        else:
            subject = f"{NOBODY}{sha256(name.encode('utf-8', 'replace')).digest()[0] % _KINDS}"
        key = (network[:64], subject)
        if key not in self._waiting and len(self._waiting) >= _MOST:
            return
        self._waiting[key] += 1
        if self._later is None:
            self._later = self._clock.callLater(_EVERY, self.write)

    def write(self) -> Deferred[None]:
        """Write what there is; fires when it is written, or could not be."""
        if self._later is not None and self._later.active():
            self._later.cancel()
        self._later = None
        if not self._waiting:
            return succeed(None)
        waiting, self._waiting = self._waiting, Counter()
        return self._live.write(failures.add, waiting).addErrback(self._failed)

    def _failed(self, failure: Failure) -> None:
        """The database is away, and so nobody signs in: what is lost tells of nobody who does."""
        self.log.error("wrong passwords could not be counted: {reason}", reason=failure.getErrorMessage())
