"""Keeps a connection on which notices come, and tells whom they concern."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sqlalchemy.pool import PoolProxiedConnection
from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IDelayedCall
from twisted.python.failure import Failure

from appproxy.store.database.away import AwayStore
from appproxy.store.database.notices import Notices
from appproxy.store.database.store import Store

InThread = Callable[[Callable[[], PoolProxiedConnection]], Deferred[PoolProxiedConnection]]


class Hearing:
    """`in_thread` runs what waits for the database. What is lost is tried for again after `again` seconds."""

    def __init__(self, reactor: Any, store: Store | AwayStore, in_thread: InThread, again: float) -> None:
        self._reactor = reactor
        self._store = store
        self._in_thread = in_thread
        self._again = again
        self._listeners: dict[str, list[Callable[[], object]]] = {}
        self._notices: Notices | None = None
        self._later: IDelayedCall | None = None
        self._running = False

    @property
    def hears(self) -> bool:
        """Is there such a connection now?"""
        return self._notices is not None

    def on(self, what: str, callback: Callable[[], object]) -> Callable[[], None]:
        """Call `callback` at each notice of `what`; gives its end."""
        self._listeners.setdefault(what, []).append(callback)
        return lambda: self._listeners[what].remove(callback)

    def start(self) -> None:
        """Listen, where there is something to hear."""
        self._running = self._store.can_hear(self._reactor)
        if self._running:
            self._connect()

    def stop(self) -> None:
        """Hear no more."""
        self._running = False
        if self._later is not None:
            self._later.cancel()
            self._later = None
        if self._notices is not None:
            self._notices.close()
            self._notices = None

    def _connect(self) -> None:
        self._later = None
        self._in_thread(self._store.listen).addCallbacks(self._connected, self._failed)

    def _connected(self, connection: PoolProxiedConnection) -> None:
        if not self._running:
            connection.invalidate()
            return
        self._notices = Notices(self._reactor, connection, self.heard, self._lost)
        for what in self._listeners:
            self.heard(what)  # it may have been said while nobody listened

    def _failed(self, reason: Failure) -> None:
        """The store's log says that the database is away."""
        if self._running:
            self._later = self._reactor.callLater(self._again, self._connect)

    def _lost(self) -> None:
        self._notices = None
        if self._running:
            self._later = self._reactor.callLater(self._again, self._connect)

    def heard(self, what: str) -> None:
        """It was told, or there is another sign of it."""
        for callback in list(self._listeners.get(what, ())):
            callback()
