"""Entries of the audit that nobody waits for, such as sign-ins: collected for a second, then written together.

Many are written piece by piece, each a transaction of its own, so that others' work for the database comes in between. What
waits is bounded, and what comes beyond is counted in an entry.

Whoever is not known can cause entries, too: of those some of each network are kept, and some in all; the rest is counted.
So is what one user causes beyond all that a person does.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IDelayedCall, IReactorTime
from twisted.logger import Logger
from twisted.python.failure import Failure

from appproxy.policy.networks import block_of
from appproxy.policy.thinning import OTHERS, Thinning
from appproxy.store.service import audit
from appproxy.store.service.actions import AUDIT_LEFT_OUT
from appproxy.store.service.audit import AuditEntry
from appproxy.store.service.note import ANONYMOUS, Action
from appproxy.store.transaction import Transaction

#: Seconds that an entry waits for others at most, and before the next try where the database was away.
_EVERY = 1.0
#: Entries of one transaction, and seconds between two where there are more. To write one takes some 15 ms of a processor, in
#: which requests wait at their turns, and a commit: so these have half of the time to themselves even then, and others' work
#: for the database comes in between.
_PIECE, _PAUSE = 500, 0.02
#: Entries about nobody from one network, and in how many seconds: as many as of failed passwords. A person who reads them
#: has seen enough by then, and one network cannot use up what is there for all.
_OF_ONE, _WINDOW = 20, 3600.0
#: Entries of one known user in that time. Fifty tabs make fifty, all day long a few more; a program that signs in every
#: second would fill the database, in which they stay.
_OF_USER = 300
#: Networks that are counted apart: each has one entry with its count in a window, so this bounds those entries too.
_NETWORKS = 1000
#: Entries about nobody in all: so many at once, and one more each second.
_BURST, _A_SECOND = 60.0, 1.0
#: Seconds between two looks for counts that are due.
_COUNTS_EVERY = 600.0
#: Entries that wait for the database, some 20 MB of memory; after that they are only counted. Those of four seconds where
#: 5,000 come in each.
_MOST = 20_000


class EntryWriter(Protocol):
    """What is needed of `store.database.live.LiveStore`."""

    def write(
        self, do: Callable[[Transaction, Sequence[AuditEntry]], None], entries: Sequence[AuditEntry], /
    ) -> Deferred[None]: ...

    def before_stop(self, callback: Callable[[], object], /) -> None: ...


class Notes:
    """Made once a node; `wall_clock` gives seconds since 1970. What it has when the store stops is written first."""

    log = Logger()

    def __init__(self, live: EntryWriter, clock: IReactorTime, wall_clock: Callable[[], float]) -> None:
        self._live = live
        self._clock = clock
        self._wall_clock = wall_clock
        #: What is being written comes first in them, so many.
        self._entries: list[AuditEntry] = []
        self._under_way = 0
        self._left_out = 0
        #: The last try has failed.
        self._away = False
        self._stopping = False
        #: A site of IPv6 counts as one, since whoever has it may change among 65,536 networks.
        self._thinning = Thinning(_OF_ONE, math.ceil(_BURST + _A_SECOND * _WINDOW), _WINDOW, _NETWORKS)
        self._known = Thinning(_OF_USER, sys.maxsize, _WINDOW)
        self._beyond = 0
        self._counting: IDelayedCall | None = None
        self._allowance = _BURST
        self._filled = clock.seconds()
        self._flushing: IDelayedCall | None = None
        live.before_stop(self._finish)

    def note(self, actor: str, action: Action, target: str = "", detail: Mapping[str, object] | None = None) -> None:
        """Keep an entry; see `audit.record`."""
        if not self._allowed(actor, detail or {}):
            if self._counting is None:
                self._counting = self._clock.callLater(_COUNTS_EVERY, self._count)
            return
        self._keep(AuditEntry(self._wall_clock(), actor, action, target, dict(detail or {})))

    def _keep(self, entry: AuditEntry) -> None:
        if len(self._entries) >= _MOST:
            self._left_out += 1
        else:
            self._entries.append(entry)
        self._schedule(0.0)

    def _schedule(self, pause: float) -> None:
        """Write what waits: a whole piece after the pause, less when a second is over."""
        if self._under_way or not (self._entries or self._left_out):
            return
        is_whole = len(self._entries) >= _PIECE and not self._away
        if self._flushing is None:
            # Never right here: the write would count as one of whoever has caused the entry.
            self._flushing = self._clock.callLater(pause if is_whole else _EVERY, self._flush)
        elif is_whole and self._flushing.getTime() > self._clock.seconds() + _PAUSE:
            self._flushing.reset(pause)

    def _finish(self) -> None:
        if self._counting is not None:
            self._counting.cancel()
            self._keep_counts(math.inf)
        self._stopping = True
        if self._flushing is not None:
            self._flushing.cancel()
            self._flushing = None
        # All of it at once: the store does what it has been given before it closes.
        waiting, count = self._entries[self._under_way :], self._left_out
        while waiting or count:
            self._write(waiting[:_PIECE], count).addErrback(self._complain)
            waiting, count = waiting[_PIECE:], 0

    def _count(self) -> None:
        """Look again until all that was counted has been written down."""
        self._counting = None
        self._keep_counts(self._clock.seconds())
        if len(self._thinning) or len(self._known):
            self._counting = self._clock.callLater(_COUNTS_EVERY, self._count)

    def _keep_counts(self, now: float) -> None:
        """Keep one entry for each network or user of which some were left out, once its window is over."""
        counts, users = {OTHERS: 0, **self._thinning.due(now)}, self._known.due(now)
        counts[OTHERS] += self._beyond + users.pop(OTHERS, 0)
        self._beyond = 0
        for network, count in counts.items():
            if count:
                detail = {"address": network or "others", "count": count}
                self._keep(AuditEntry(self._wall_clock(), ANONYMOUS, AUDIT_LEFT_OUT, "", detail))
        for user, count in users.items():
            provider, _, actor = user.partition("\n")
            self._keep(AuditEntry(self._wall_clock(), actor, AUDIT_LEFT_OUT, "", {"provider": provider, "count": count}))

    def _allowed(self, actor: str, detail: Mapping[str, object]) -> bool:
        """May one more entry be kept? One that may not is counted."""
        now = self._clock.seconds()
        if actor != ANONYMOUS:
            # A subject is somebody else's at another provider.
            return self._known.note(f"{detail.get('provider', '')}\n{actor}", now)
        if not self._thinning.note(block_of(str(detail.get("address", ""))), now):
            return False
        self._allowance = min(self._allowance + (now - self._filled) * _A_SECOND, _BURST)
        self._filled = now
        if self._allowance < 1.0:
            self._beyond += 1
            return False
        self._allowance -= 1.0
        return True

    def _flush(self) -> None:
        self._flushing = None
        piece, count = self._entries[:_PIECE], self._left_out
        self._under_way, self._left_out = len(piece), 0
        self._write(piece, count).addCallbacks(self._written, self._failed, errbackArgs=(count,))

    def _write(self, entries: list[AuditEntry], count: int) -> Deferred[None]:
        summary = [AuditEntry(self._wall_clock(), ANONYMOUS, AUDIT_LEFT_OUT, "", {"count": count})] if count else []
        return self._live.write(write, [*entries, *summary])

    def _written(self, _: object) -> None:
        del self._entries[: self._under_way]
        self._under_way, self._away = 0, False
        if not self._stopping:
            self._schedule(_PAUSE)

    def _failed(self, failure: Failure, count: int) -> None:
        """The database is away: what it missed is tried again with the next entries."""
        self._complain(failure)
        self._under_way, self._away = 0, True
        self._left_out += count
        if not self._stopping:
            self._schedule(_EVERY)

    def _complain(self, failure: Failure) -> None:
        self.log.error("the audit could not be written: {reason}", reason=failure.getErrorMessage())


def write(tx: Transaction, entries: Sequence[AuditEntry]) -> None:
    """Write entries down with their own times."""
    audit.record_all(tx, entries)
