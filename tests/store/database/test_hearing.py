"""What one process commits another hears of at once, where the database can tell."""

from __future__ import annotations

import os
import select
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
import sqlalchemy as sa
from twisted.internet.defer import Deferred, execute
from twisted.internet.interfaces import IReactorFDSet
from twisted.internet.task import Clock
from zope.interface import implementer

from appproxy.store.applications import applications
from appproxy.store.database.hearing import Hearing
from appproxy.store.database.notices import can_hear
from appproxy.store.database.store import Store
from appproxy.store.people.session import one_time
from appproxy.store.service import nodes
from appproxy.store.service.nodes import NodeRecord
from appproxy.store.transaction import NODES, SNAPSHOT

ONE = NodeRecord("0001", "one", "/one", "", "1.0")


@implementer(IReactorFDSet)
class Reactor(Clock):
    """Reads when the test says so."""

    def __init__(self) -> None:
        super().__init__()
        self.readers: list[Any] = []

    def addReader(self, reader: Any) -> None:
        self.readers.append(reader)

    def removeReader(self, reader: Any) -> None:
        os.fstat(reader.fileno())  # an epoll cannot forget what is closed
        assert reader.fileno() >= 0, "removed after it was closed"
        self.readers.remove(reader)

    def addWriter(self, writer: Any) -> None: ...

    def removeWriter(self, writer: Any) -> None: ...

    def removeAll(self) -> list[Any]:
        return []

    def getReaders(self) -> list[Any]:
        return self.readers

    def getWriters(self) -> list[Any]:
        return []

    def read(self, seconds: float = 5.0) -> None:
        """Whatever comes in so many seconds."""
        ready, _, _ = select.select(self.readers, [], [], seconds)
        for reader in ready:
            reader.doRead()


def here(do: Callable[[], Any]) -> Deferred[Any]:
    """In place of the database's thread."""
    return execute(do)


class Ears:
    """Somebody who listens."""

    def __init__(self, store: Store) -> None:
        self.reactor = Reactor()
        self.heard: list[str] = []
        self.hearing = Hearing(self.reactor, store, here, 1.0)
        for what in (SNAPSHOT, NODES):
            self.hearing.on(what, partial(self.heard.append, what))
        self.hearing.start()

    def take(self, seconds: float = 5.0) -> list[str]:
        """What was heard."""
        self.reactor.read(seconds)
        heard = sorted(self.heard)
        self.heard.clear()
        return heard


@pytest.fixture
def ears(store: Store, database_url: str) -> Ears:
    """On a server; the connection is new, so all may have changed before."""
    if database_url.startswith("sqlite"):
        pytest.skip("a file tells nobody")
    ears = Ears(store)
    assert ears.take(0) == [NODES, SNAPSHOT]
    return ears


def test_commits_are_heard_of(ears: Ears, store: Store, now: float) -> None:
    """Those that change what nodes work from, and no other."""
    with store.transaction(now) as tx:
        applications.publish(tx, "wiki", "http://wiki/", "https://wiki.example.com/")
        assert ears.take(0.1) == []  # nobody can see it yet
    assert ears.take() == [SNAPSHOT]
    with store.transaction(now) as tx:
        one_time.use_once(tx, "a", 1e10)
    with store.transaction(now) as tx:
        nodes.beat(tx, ONE)
    assert ears.take() == [NODES]
    with store.transaction(now) as tx:
        nodes.beat(tx, ONE)
    assert ears.take(0.1) == []
    ears.hearing.stop()
    assert not ears.reactor.readers and not ears.reactor.getDelayedCalls()


def test_a_lost_connection_is_made_again(ears: Ears, store: Store, now: float) -> None:
    """What was said meanwhile is looked for then."""
    with store.transaction(now) as tx:
        others = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query = 'LISTEN appproxy'"
        tx.connection.execute(sa.text(others))
    while ears.hearing.hears:
        assert ears.take() == []  # the server's last word, then its end
    assert not ears.reactor.readers
    ears.reactor.advance(1.0)
    assert ears.hearing.hears and ears.take(0) == [NODES, SNAPSHOT]
    ears.hearing.stop()


def test_a_file_tells_nobody(store: Store, database_url: str) -> None:
    """Its commits are found by looking; so they are where a reactor reads no sockets."""
    assert store.can_hear(Clock()) is False
    assert store.can_hear(Reactor()) is not database_url.startswith("sqlite")
    assert can_hear(sa.create_engine("sqlite://"), Reactor()) is False
