"""One connection on which notices come: what is heard of it, and how it ends, whoever ends it."""

from __future__ import annotations

import os
import socket
from collections import deque
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest
import sqlalchemy as sa
from twisted.internet.error import ConnectionLost
from twisted.internet.interfaces import IReactorFDSet, IReadDescriptor
from twisted.python.failure import Failure
from zope.interface import directlyProvides
from zope.interface.verify import verifyObject

from appproxy.store.database.notices import CHANNEL, Notices, can_hear, listen, reads_sockets, tell


class Link:
    """psycopg's connection, and SQLAlchemy's around it: `says` comes with the next look. `autocommit`: as it was set."""

    def __init__(self, broken: Exception | None = None) -> None:
        self.socket, self.far = socket.socketpair()
        self.says: deque[bytes] = deque()
        self.broken = broken
        self.autocommit = False
        self.executed: list[tuple[str, bool]] = []
        self.invalidated = 0
        self.driver_connection = self.pgconn = self

    def fileno(self) -> int:
        return self.socket.fileno()

    def execute(self, statement: str) -> None:
        if self.broken is not None:
            raise self.broken
        self.executed.append((statement, self.autocommit))

    def consume_input(self) -> None:
        if self.broken is not None:
            self.socket.close()  # as the driver does when the connection breaks
            raise self.broken

    def notifies(self) -> Any:
        return SimpleNamespace(extra=self.says.popleft()) if self.says else None

    def invalidate(self) -> None:
        self.invalidated += 1
        self.socket.close()


class Reactor:
    """Knows readers by descriptors that are open, as an epoll does."""

    def __init__(self) -> None:
        self.readers: list[Any] = []

    def addReader(self, reader: Any) -> None:
        os.fstat(reader.fileno())
        self.readers.append(reader)

    def removeReader(self, reader: Any) -> None:
        os.fstat(reader.fileno())
        self.readers.remove(reader)


class Ear:
    """Hears notices. `then`: what is done with each."""

    def __init__(self) -> None:
        self.link, self.reactor = Link(), Reactor()
        self.heard: list[str] = []
        self.lost = 0
        self.then: Any = lambda text: None
        self.notices = Notices(self.reactor, self.link, self._hear, self._lose)  # type: ignore[arg-type]

    def _hear(self, text: str) -> None:
        self.heard.append(text)
        self.then(text)

    def _lose(self) -> None:
        self.lost += 1

    def is_over(self) -> bool:
        """Is nothing left of it: no reader, no descriptor, no connection that is used again?"""
        return (self.reactor.readers, self.notices.fileno(), self.link.invalidated) == ([], -1, 1)


@pytest.fixture
def ear() -> Iterator[Ear]:
    """One that hears."""
    made = Ear()
    yield made
    made.notices.close()
    made.link.socket.close()
    made.link.far.close()


def test_what_comes_is_heard(ear: Ear) -> None:
    """In its order, each once however often it was said in between; what is no ASCII stops nobody."""
    verifyObject(IReadDescriptor, ear.notices)
    ear.link.says.extend([b"snapshot", b"nodes", b"snapshot", b"\xff"])
    ear.notices.doRead()
    assert ear.heard == ["snapshot", "nodes", "\ufffd"]
    ear.notices.doRead()
    assert len(ear.heard) == 3 and ear.lost == 0 and ear.reactor.readers == [ear.notices]


def test_the_descriptor_is_its_own(ear: Ear) -> None:
    """The driver closes its own when the connection breaks, and its number is soon another file's."""
    number = ear.link.fileno()
    assert ear.notices.fileno() != number
    ear.link.broken = OSError("gone")
    ear.notices.doRead()
    assert ear.is_over() and ear.lost == 1


@pytest.mark.parametrize("error", [OSError("gone"), RuntimeError("libpq"), ValueError("x")], ids=repr)
def test_whatever_breaks_it(ear: Ear, error: Exception) -> None:
    """It is told of once, and nothing is heard any more."""
    ear.link.broken = error
    ear.notices.doRead()
    ear.notices.connectionLost(Failure(ConnectionLost()))
    ear.notices.close()
    assert ear.is_over() and ear.lost == 1


def test_the_reactor_finds_it_broken(ear: Ear) -> None:
    """Then, too; and not twice."""
    for _ in range(2):
        ear.notices.connectionLost(Failure(ConnectionLost()))
    assert ear.is_over() and ear.lost == 1


def test_to_hear_no_more(ear: Ear) -> None:
    """Is no loss; it may be said again."""
    for _ in range(2):
        ear.notices.close()
    assert ear.is_over() and ear.lost == 0


def test_who_stops_hearing_by_what_is_heard(ear: Ear) -> None:
    """Hears nothing of what came with it."""
    ear.then = lambda text: ear.notices.close()
    ear.link.says.extend([b"snapshot", b"nodes"])
    ear.notices.doRead()
    assert ear.heard == ["snapshot"] and ear.is_over()


class Engine:
    """Gives one connection."""

    def __init__(self, link: Link) -> None:
        self.link = link

    def raw_connection(self) -> Link:
        return self.link


def test_a_connection_that_listens() -> None:
    """Without a transaction: in one, nothing would come before its end."""
    link = Link()
    assert listen(Engine(link)) is link  # type: ignore[arg-type,comparison-overlap]
    assert link.executed == [(f"LISTEN {CHANNEL}", True)] and link.invalidated == 0


@pytest.mark.parametrize("error", [OSError("gone"), KeyboardInterrupt()], ids=repr)
def test_one_that_cannot_listen_is_used_no_more(error: Any) -> None:
    """Not even where its program is stopped in this moment."""
    link = Link(error)
    with pytest.raises(type(error)):
        listen(Engine(link))  # type: ignore[arg-type]
    assert link.invalidated == 1


class Reading:
    """A reactor that reads sockets."""


def test_who_can_hear() -> None:
    """A server, where sockets are read; a file tells nobody, and reactors of tests read none."""
    reading = Reading()
    directlyProvides(reading, IReactorFDSet)
    file, server = sa.create_engine("sqlite://"), sa.create_engine("postgresql+psycopg://u@h/d")
    assert reads_sockets(reading) and not reads_sockets(Reactor())
    assert [can_hear(engine, reactor) for engine in (file, server) for reactor in (reading, Reactor())] == [
        False, False, True, False]


def test_what_is_told() -> None:
    """In the transaction itself, in one order; a file is told nothing."""
    said: list[str] = []

    def connection(dialect: str) -> Any:
        def execute(statement: Any) -> None:
            said.append(str(statement.compile(compile_kwargs={"literal_binds": True})))

        return SimpleNamespace(dialect=SimpleNamespace(name=dialect), execute=execute)

    tell(connection("sqlite"), {"nodes"})
    assert said == []
    tell(connection("postgresql"), {"snapshot", "nodes"})
    assert [line.split("'")[1::2] for line in said] == [[CHANNEL, "nodes"], [CHANNEL, "snapshot"]]
