"""Entries of the audit that nobody waits for, such as sign-ins: collected for a second, then written in one transaction.

Whoever is not known can cause entries, too: of those a few are kept a minute, and the others are counted.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IDelayedCall, IReactorTime
from twisted.logger import Logger
from twisted.python.failure import Failure

from appproxy.store import audit
from appproxy.store.audit import ANONYMOUS
from appproxy.store.transaction import Transaction

#: Seconds between two transactions.
_EVERY = 1.0
#: Entries about nobody: so many at once, and one more each second. A person who reads them has seen enough by then.
_BURST, _A_SECOND = 60.0, 1.0
#: Entries that wait for the database; after that they are only counted.
_MOST = 1000


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry; `time` in seconds since 1970, the others as in `audit.record`."""

    time: float
    actor: str
    action: str
    target: str
    detail: Mapping[str, object]


class Note(Protocol):
    """Takes entries: `Notes.note`, or what stands for it."""

    def __call__(self, actor: str, action: str, target: str = "", detail: Mapping[str, object] | None = None) -> None: ...


def nowhere(actor: str, action: str, target: str = "", detail: Mapping[str, object] | None = None) -> None:
    """A `Note` that keeps nothing: for programs without an audit."""


class Writing(Protocol):
    """What is needed of `store.live.LiveStore`."""

    def write(self, do: Callable[[Transaction, Sequence[Entry]], None], entries: Sequence[Entry], /) -> Deferred[None]: ...

    def before_stop(self, callback: Callable[[], object], /) -> None: ...


class Notes:
    """Made once a node; `wall` gives seconds since 1970. What it has when the store stops is written first."""

    log = Logger()

    def __init__(self, live: Writing, clock: IReactorTime, wall: Callable[[], float]) -> None:
        self._live = live
        self._clock = clock
        self._wall = wall
        self._entries: list[Entry] = []
        self._left_out = 0
        self._allowance = _BURST
        self._filled = clock.seconds()
        self._flushing: IDelayedCall | None = None
        live.before_stop(self._finish)

    def note(self, actor: str, action: str, target: str = "", detail: Mapping[str, object] | None = None) -> None:
        """Keep an entry; see `audit.record`."""
        if len(self._entries) >= _MOST or (actor == ANONYMOUS and not self._allowed()):
            self._left_out += 1
        else:
            self._entries.append(Entry(self._wall(), actor, action, target, dict(detail or {})))
        if self._flushing is None:
            self._flushing = self._clock.callLater(_EVERY, self._flush)

    def _finish(self) -> None:
        if self._flushing is not None:
            self._flushing.cancel()
            self._flush()

    def _allowed(self) -> bool:
        """May one more entry about nobody be kept?"""
        now = self._clock.seconds()
        self._allowance = min(self._allowance + (now - self._filled) * _A_SECOND, _BURST)
        self._filled = now
        if self._allowance < 1.0:
            return False
        self._allowance -= 1.0
        return True

    def _flush(self) -> None:
        self._flushing = None
        entries, self._entries = self._entries, []
        count, self._left_out = self._left_out, 0
        summary = [Entry(self._wall(), ANONYMOUS, "audit.left_out", "", {"count": count})] if count else []
        if entries or summary:
            self._live.write(write, [*entries, *summary]).addErrback(self._failed, entries, count)

    def _failed(self, failure: Failure, entries: list[Entry], count: int) -> None:
        """The database is away: what it missed is tried again with the next entries."""
        self.log.error("the audit could not be written: {reason}", reason=failure.getErrorMessage())
        both = [*entries, *self._entries]
        self._entries = both[:_MOST]
        self._left_out += count + len(both[_MOST:])


def write(tx: Transaction, entries: Sequence[Entry]) -> None:
    """Write entries down with their own times."""
    for one in entries:
        audit.record(tx, one.actor, one.action, one.target, one.detail, one.time)
