"""Entries of the audit as they are written, to whoever listens: server-sent events (HTML standard, section 9.2).

    written anywhere -> notice (PostgreSQL), or a look each second -> one read for all who wait -> each as far as they may
    user reads slowly -> theirs waits in the database, nobody else's does
    session or role ends -> their stream ends with a word, and their program's next request is told why

A position is the number of an entry, so that whoever comes back goes on where they were, at any node.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
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
from appproxy.service.exchange.exchange import Exchange
from appproxy.store.database.live import LiveStore
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
#: Nothing between may keep the answer, or hold it back (nginx).
_FIELDS = (
    b"content-type: text/event-stream\nx-accel-buffering: no\n" + NO_STORE + SECURITY_FIELDS)
#: Milliseconds after which a browser comes back.
_BEGINNING = b"retry: 2000\n\n"

#: What to send of an entry; None for nothing.
Show = Callable[[AuditRow], bytes | None]
#: Why the stream must end; "" where it may go on.
WhyNot = Callable[[], str]


@implementer(IPushProducer)
@dataclass(eq=False)
class _Listener:
    """One stream. `position`: of the last entry that was looked at for it, None until that is known."""

    exchange: Exchange
    key: Hashable
    why_not: WhyNot
    show: Show
    gone: Callable[[_Listener], None]
    wake: Callable[[], None]
    position: int | None
    heard: float
    paused: bool = False

    def take(self, row: AuditRow, now: float) -> None:
        """Send an entry, if it is theirs."""
        self.position = row.number
        data = self.show(row)
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
        live.on_notice(AUDIT, self._wake)
        live.subscribe(lambda old, new: self._judge())

    def __len__(self) -> int:
        return len(self._listeners)

    def open(self, exchange: Exchange, key: Hashable, after: int | None, why_not: WhyNot, show: Show) -> None:
        """Answer with a stream: of entries behind the number `after`, or, if that is None, of those from now on. `key`: whose
        it is. Raises RequestError(TOO_MANY_REQUESTS or OVERLOADED).
        """
        if sum(one.key == key for one in self._listeners) >= MOST_OF_ONE:
            raise RequestError(Code.TOO_MANY_REQUESTS, f"{MOST_OF_ONE} streams of one caller")
        if len(self._listeners) >= MOST or self.leaving():
            raise RequestError(Code.OVERLOADED, "no more streams of events")
        one = _Listener(
            exchange, key, why_not, show, self._gone, self._wake, after, self._reactor.seconds())
        self._listeners.append(one)
        exchange.responder = one
        exchange.start(200, _FIELDS + b"x-request-id: %b\n" % exchange.id.encode("ascii"), None)
        exchange.register_producer(one)
        exchange.write(_BEGINNING)
        if after is None:
            self._live.read(audit.newest).addCallbacks(lambda number: self._begin(one, number), self._lost)
        if not self._looking.running:
            self._looking.start(LOOK_EVERY, now=False)
        self._wake()

    def _begin(self, one: _Listener, number: int) -> None:
        one.position = number
        one.beat(self._reactor.seconds())
        self._wake()

    def _gone(self, one: _Listener) -> None:
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
                self._live.read(audit.newest).addCallbacks(lambda number, one=one: self._begin(one, number), self._lost)
            elif not one.paused and now - one.heard >= HEARTBEAT:
                one.beat(now)
        self._wake()

    def _judge(self) -> None:
        """Whoever may no longer hears no more."""
        for one in list(self._listeners):
            why = "the node ends" if self.leaving() else one.why_not()
            if why:
                self._end(one, why)

    def _wake(self) -> None:
        """There may be something new: one read at a time, and another one where something came meanwhile."""
        self._again = True
        if self._reading is None and self._listeners:
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
        """Give everybody what there is, from the position of whoever is furthest behind."""
        while self._again:
            self._again = False
            positions = [one.position for one in self._listeners if one.position is not None and not one.paused]
            if not positions:
                return
            rows = await self._live.read(audit.list_after, min(positions), BATCH)
            # A role may have ended while the database was asked.
            self._judge()
            now = self._reactor.seconds()
            for row in rows:
                for one in list(self._listeners):
                    if one.position is not None and one.position < row.number and not one.paused:
                        one.take(row, now)
            if len(rows) == BATCH:
                self._again = True
                await deferLater(self._reactor, PAUSE)
