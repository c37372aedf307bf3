"""Entries of the audit as they are written, to whoever listens: server-sent events (HTML standard, section 9.2).

    written anywhere -> notice (PostgreSQL), or a look each second -> one read for all who have the rest -> each what they may
    somebody catches up -> reads of their own, one a round and in turns, after that of those who wait for what is new
    user reads slowly -> theirs waits in the database, nobody else's does
    session or role ends -> their stream ends with a word, and their program's next request is told why

A position is the number of an entry, so that whoever comes back goes on where they were, at any node.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IPushProducer
from twisted.internet.task import LoopingCall, deferLater
from twisted.logger import Logger
from twisted.python.failure import Failure
from zope.interface import implementer

from appproxy.errors import Code, RequestError, StoreError
from appproxy.pages import NO_STORE, SECURITY_FIELDS
from appproxy.policy.paced import Paced
from appproxy.policy.sender import work_for
from appproxy.service.exchange.exchange import Exchange
from appproxy.store.database.live import HURRY, LiveStore
from appproxy.store.service import audit
from appproxy.store.service.audit import AuditRow
from appproxy.store.transaction import AUDIT

#: Streams of one caller, and of a node: each is judged every second, and costs a connection.
MOST_OF_ONE, MOST = 4, 200
#: Seconds without an entry after which a line is sent all the same: proxies between give up what is silent for a minute.
HEARTBEAT = 15.0
#: Seconds between two looks, where no notice has come.
LOOK_EVERY = 1.0
#: Entries of one read, and seconds until the next one: who catches up with a long audit leaves the database to others.
BATCH, PAUSE = 200, 0.05
#: Whoever lacks no more than so many numbers waits for what is new: one read brings both.
NEAR = BATCH // 2
#: Streams that catch up by the same read: more of them would keep those who wait for what is new too long.
TOGETHER = 8
#: Entries that are shown in one turn of the reactor, some 5 ms of work; to look up what somebody may counts as some.
TURN, JUDGED = 2 * BATCH, 10
#: Nothing between may keep the answer, or hold it back (nginx).
_FIELDS = (
    b"content-type: text/event-stream\nx-accel-buffering: no\n" + NO_STORE + SECURITY_FIELDS)
#: Milliseconds after which a browser comes back.
_BEGINNING = b"retry: 2000\n\n"

#: What to send of an entry; None for nothing.
Show = Callable[[AuditRow], bytes | None]
#: What somebody may hear at this moment: how to show it, or why their stream must end.
Judge = Callable[[], Show | str]


@implementer(IPushProducer)
@dataclass(eq=False)
class _Listener:
    """One stream. `position`: of the last entry that was looked at for it, None until that is known, which is `asked` for.
    `served`: the read that brought it something last; the one that waits for longest is next.
    """

    exchange: Exchange
    key: Hashable
    judge: Judge
    gone: Callable[[_Listener], None]
    wake: Callable[[], None]
    position: int | None
    heard: float
    served: int
    asked: bool = False
    paused: bool = False
    over: bool = False

    @property
    def reads(self) -> bool:
        """Can it take something now?"""
        return self.position is not None and not self.paused and not self.over

    def lacks(self, after: int, rows: Sequence[AuditRow]) -> bool:
        """Do these entries, of a read of all behind `after`, go on where it is? It may have come, or gone on, meanwhile."""
        return self.reads and after <= (self.position or 0) < rows[-1].number

    def take(self, rows: Sequence[AuditRow], show: Show, now: float) -> None:
        """Send what is theirs of entries, until they read no more."""
        for row in rows:
            if not self.reads:
                return
            if (self.position or 0) < row.number:
                self.position = row.number
                data = show(row)
                if data is not None:
                    self.heard = now
                    self.exchange.write(b"id: %d\ndata: %b\n\n" % (row.number, data))

    def beat(self, now: float) -> None:
        """Say that it goes on, and from where another one would: an id without data changes nothing but that."""
        self.heard = now
        self.exchange.write(b": \n\n" if self.position is None else b"id: %d\n\n" % self.position)

    # Responder and producer.

    def user_left(self, code: Code) -> None:
        """Nobody listens any more."""
        self.gone(self)

    def pauseProducing(self) -> None:
        """They read slowly."""
        self.paused = True

    def resumeProducing(self) -> None:
        """They have caught up."""
        self.paused = False
        self.wake()

    def stopProducing(self) -> None:
        """The connection is gone."""
        self.gone(self)


class EventStreams:
    """All of a node. `leaving`: does the node end, so that nobody is to hold it up?"""

    log = Logger()

    def __init__(self, live: LiveStore, reactor: Any, leaving: Callable[[], bool] = lambda: False) -> None:
        self._live = live
        self._reactor = reactor
        self.leaving = leaving
        self._listeners: list[_Listener] = []
        self._looking = LoopingCall(self._look)
        self._looking.clock = reactor
        self._reading: Deferred[None] | None = None
        self._again = False
        self._complained = False
        #: The last entry that is known of, and how often entries were read.
        self._newest = self._reads = 0
        notices = Paced(reactor, HURRY, self._wake)
        live.on_notice(AUDIT, lambda: notices.ask(at_once=True))
        live.subscribe(lambda old, new: self._judge())

    def __len__(self) -> int:
        return len(self._listeners)

    def open(self, exchange: Exchange, key: Hashable, after: int | None, judge: Judge) -> None:
        """Answer with a stream: of entries behind the number `after`, or, if that is None, of those from now on. `key`: whose
        it is; `judge` is asked every second, and before each batch. Raises RequestError(TOO_MANY_REQUESTS or OVERLOADED).
        """
        if sum(one.key == key for one in self._listeners) >= MOST_OF_ONE:
            raise RequestError(Code.TOO_MANY_REQUESTS, f"{MOST_OF_ONE} streams of one caller")
        if len(self._listeners) >= MOST or self.leaving():
            raise RequestError(Code.OVERLOADED, "no more streams of events")
        one = _Listener(exchange, key, judge, self._gone, self._wake, after, self._reactor.seconds(), self._reads)
        self._listeners.append(one)
        exchange.responder = one
        exchange.start(200, _FIELDS + b"x-request-id: %b\n" % exchange.id.encode("ascii"), None)
        exchange.register_producer(one)
        exchange.write(_BEGINNING)
        if after is None:
            self._ask(one)
        if not self._looking.running:
            self._looking.start(LOOK_EVERY, now=False)
        self._wake()

    def _ask(self, one: _Listener) -> None:
        """Where does it begin? One answer counts: what was written before another one would be lost."""
        if one.asked:
            return
        one.asked = True

        def answered(number: int) -> None:
            self._newest = max(self._newest, number)
            if not one.over:
                one.position = number
                one.beat(self._reactor.seconds())
                self._wake()

        def failed(failure: Failure) -> None:
            one.asked = False
            self._lost(failure)

        self._live.read(audit.newest).addCallbacks(answered, failed)

    def _gone(self, one: _Listener) -> None:
        one.over = True
        if one in self._listeners:
            self._listeners.remove(one)
        if not self._listeners and self._looking.running:
            self._looking.stop()

    def _end(self, one: _Listener, why: str) -> None:
        self._gone(one)
        one.exchange.detail = why
        one.exchange.write(b"event: end\ndata: \n\n")
        one.exchange.finish()

    def _look(self) -> None:
        """Called every second while anybody listens."""
        self._judge()
        now = self._reactor.seconds()
        for one in list(self._listeners):
            if one.position is None:
                self._ask(one)
            elif not one.paused and now - one.heard >= HEARTBEAT:
                one.beat(now)
        self._wake()

    def _judge(self) -> None:
        """Whoever may no longer hears no more."""
        for one in list(self._listeners):
            self._allowed(one)

    def _allowed(self, one: _Listener) -> Show | None:
        """How they are shown what they may hear now; None: nothing any more, and their stream has ended."""
        found = "the node ends" if self.leaving() else one.judge()
        if isinstance(found, str):
            self._end(one, found)
            return None
        return found

    def _wake(self) -> None:
        """There may be something new: one read at a time, and another one where something came meanwhile."""
        self._again = True
        if self._reading is None and self._listeners:
            with work_for(""):  # for all of them, whoever has woken it
                self._reading = Deferred.fromCoroutine(self._pump())
            self._reading.addCallbacks(self._written, self._lost).addBoth(self._read)

    def _read(self, _: object) -> None:
        self._reading = None

    def _written(self, _: object) -> None:
        self._complained = False

    def _lost(self, failure: Failure) -> None:
        """The database is away: the next look may find it."""
        if not failure.check(StoreError):
            self.log.failure("events could not be sent", failure)
        elif not self._complained:
            self._complained = True
            self.log.warn("events cannot be read now: {reason}", reason=failure.getErrorMessage())

    async def _pump(self) -> None:
        """In each round those who wait for what is new, then whoever is next of those who catch up."""
        while self._again:
            self._again = False
            reading = [one for one in self._listeners if one.reads]
            near = [position for one in reading if (position := one.position or 0) >= self._newest - NEAR]
            more = bool(near) and await self._give(min(near), MOST)
            behind = [one for one in reading if one.reads and (one.position or 0) < self._newest - NEAR]
            if behind:
                await self._give(min(behind, key=lambda one: one.served).position or 0, TOGETHER)
            if more or behind:
                self._again = True
                await deferLater(self._reactor, PAUSE)

    async def _give(self, after: int, most: int) -> bool:
        """Read what is behind `after`, for at most so many who are there; gives whether there is more."""
        rows = await self._live.read(audit.list_after, after, BATCH)
        if not rows:
            return False
        self._reads += 1
        self._newest = max(self._newest, rows[-1].number)
        lacking = [one for one in self._listeners if one.lacks(after, rows)]
        lacking.sort(key=lambda one: (one.position or 0, one.served))
        work = 0
        for one in lacking[:most]:
            # Others have had their turn since: it may have left, or read slowly.
            if one.lacks(after, rows) and (show := self._allowed(one)) is not None:
                one.served = self._reads
                one.take(rows, show, self._reactor.seconds())
            work += len(rows) + JUDGED
            if work >= TURN:
                work = 0
                await deferLater(self._reactor, 0.0)
        if len(rows) < BATCH:
            return False
        self._newest = await self._live.read(audit.newest)
        return True
