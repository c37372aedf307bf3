"""What other processes say of the database they share: PostgreSQL's LISTEN and NOTIFY.

A notice is a hint and no more: it carries no data, may be lost with its connection, and whoever hears it looks. A pooler that
gives each transaction another connection (PgBouncer's transaction mode) passes none on; the poll is the net below.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Collection
from contextlib import suppress
from typing import Any

import sqlalchemy as sa
from sqlalchemy.pool import PoolProxiedConnection
from twisted.internet.interfaces import IReactorFDSet, IReadDescriptor
from twisted.python.failure import Failure
from zope.interface import implementer

#: PostgreSQL's channels belong to a database, not to a schema of it.
CHANNEL = "appproxy"


def tell(connection: sa.Connection, what: Collection[str]) -> None:
    """Have all other processes hear of this once the transaction is committed; on SQLite nobody does."""
    if connection.dialect.name == "postgresql":
        for each in sorted(what):
            connection.execute(sa.select(sa.func.pg_notify(CHANNEL, each)))


def can_hear(engine: sa.Engine, reactor: object) -> bool:
    """Is there something to hear, and somebody who hears it?"""
    return engine.dialect.name == "postgresql" and reads_sockets(reactor)


def reads_sockets(reactor: object) -> bool:
    """Those of tests do not, all of them."""
    return bool(IReactorFDSet.providedBy(reactor))


def listen(engine: sa.Engine) -> PoolProxiedConnection:
    """A connection on which notices come; waits for the database. Raises its errors."""
    proxied = engine.raw_connection()
    try:
        connection: Any = proxied.driver_connection
        connection.autocommit = True
        connection.execute(f"LISTEN {CHANNEL}")
    except BaseException:
        proxied.invalidate()
        raise
    return proxied


@implementer(IReadDescriptor)
class Notices:
    """Reads the notices of one connection in the reactor's thread, where nobody waits for them. `heard` gets each text."""

    def __init__(
        self, reactor: Any, proxied: PoolProxiedConnection, heard: Callable[[str], None], lost: Callable[[], None]
    ) -> None:
        self._reactor = reactor
        self._proxied = proxied
        link: Any = proxied.driver_connection
        self._link = link
        # One of our own: the driver closes its descriptor when the connection breaks. The reactor could not forget that any
        # more, and would never read the next socket that has its number.
        self._number: int = os.dup(link.fileno())
        self._heard = heard
        self._lost = lost
        reactor.addReader(self)

    def logPrefix(self) -> str:
        """For Twisted's log."""
        return "notices"

    def fileno(self) -> int:
        """Of the socket; -1 when it is closed."""
        return self._number

    def doRead(self) -> None:
        """Something has come, or the end."""
        try:
            self._link.pgconn.consume_input()
            heard = []
            while (notice := self._link.pgconn.notifies()) is not None:
                heard.append(notice.extra.decode("ascii", "replace"))
        except Exception:
            self._end()
            self._lost()
            return
        for text in dict.fromkeys(heard):
            if self._number >= 0:  # what was heard before may have had us hear no more
                self._heard(text)

    def connectionLost(self, reason: Failure) -> None:
        """The reactor has found the socket broken, or stops."""
        if self._number >= 0:
            self._end()
            self._lost()

    def close(self) -> None:
        """Hear no more."""
        if self._number >= 0:
            self._end()

    def _end(self) -> None:
        self._reactor.removeReader(self)
        os.close(self._number)
        self._number = -1
        with suppress(Exception):
            self._proxied.invalidate()
