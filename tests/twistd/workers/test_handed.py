"""The worker's end: connections become those of the listener that they were accepted for."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator

import pytest
from twisted.internet.address import IPv4Address
from twisted.internet.protocol import Factory, Protocol

from appproxy.config.values import Address
from appproxy.net.descriptors.packets import PacketPipe, pair
from appproxy.net.loop.exhaustion import EXHAUSTION
from appproxy.twistd.workers.handed import (
    CONNECTION,
    FAILED,
    NODE,
    PARTING,
    REPLACED,
    SERVES,
    STOP,
    TAKEN,
    HandedConnections,
)
from tests.net.hand_reactor import HandReactor


class Worker:
    """A worker's end, and the parent's."""

    def __init__(self) -> None:
        self.reactor = HandReactor()
        ours, theirs = pair()
        self.said: list[bytes] = []
        self.parent = PacketPipe(self.reactor, ours, lambda packet, _: self.said.append(packet), lambda: None)
        self.handed = HandedConnections(self.reactor, theirs.detach(), 77, 3)
        self.failed: list[str] = []
        self.over: list[bool] = []
        self.handed.failed = self.failed.append
        self.handed.over = self.over.append

    def give(self, setting: str) -> socket.socket:
        """A connection; gives its other end."""
        one, other = socket.socketpair()
        self.parent.send(CONNECTION + setting.encode(), one.fileno())
        self.reactor.turn()
        one.close()
        return other


@pytest.fixture
def worker() -> Iterator[Worker]:
    """One that listens at nothing yet."""
    made = Worker()
    yield made
    made.parent.close()
    made.handed.close()
    for one in made.reactor.adopted:
        one.socket.close()


def test_a_connection_goes_to_its_listener(worker: Worker) -> None:
    """And the parent hears that it was taken."""
    users, connectors = Factory.forProtocol(Protocol), Factory.forProtocol(Protocol)
    port = worker.handed.open("listen", Address("127.0.0.1", 443), users)
    worker.handed.open("tunnel_listen", None, connectors)
    assert port.getHost() == IPv4Address("TCP", "127.0.0.1", 443) and users.numPorts == 1
    with worker.give("tunnel_listen"), worker.give("listen") as other:
        assert [one.factory for one in worker.reactor.adopted] == [connectors, users]
        assert worker.said == [TAKEN, TAKEN]
        other.send(b"hello")
        found = worker.reactor.adopted[1].socket
        assert found.recv(5) == b"hello" and not os.get_blocking(found.fileno())


def test_a_listener_that_is_closed_takes_nothing(worker: Worker) -> None:
    """Who comes all the same is closed, and is not taken for one who waits."""
    users = Factory.forProtocol(Protocol)
    worker.handed.open("listen", None, users).stopListening()
    with worker.give("listen") as other:
        assert worker.reactor.adopted == [] and other.recv(1) == b"" and worker.said == [TAKEN]
    assert users.numPorts == 0


@pytest.mark.parametrize("error", [OSError("not connected"), ValueError("a fault of ours")])
def test_one_that_cannot_begin_keeps_no_other(worker: Worker, error: Exception) -> None:
    """It is closed, and counts as taken."""
    worker.handed.open("listen", None, Factory.forProtocol(Protocol))
    worker.reactor.refuses = error  # type: ignore[assignment]
    with worker.give("listen") as other:
        assert other.recv(1) == b"" and worker.said == [TAKEN]
    worker.reactor.refuses = None
    worker.give("listen").close()
    assert len(worker.reactor.adopted) == 1


def test_a_connection_for_which_no_file_may_be_opened(worker: Worker) -> None:
    """It is counted as any that is closed for that."""
    before = EXHAUSTION.closed
    worker.parent.send(CONNECTION + b"listen")
    worker.reactor.turn()
    assert EXHAUSTION.closed == before + 1 and worker.said == [TAKEN]


def test_what_the_worker_says(worker: Worker) -> None:
    """Which node it is, before anybody can ask for it; and that it serves."""
    worker.handed.is_node("0011")
    worker.handed.serves()
    worker.reactor.turn()
    assert worker.said == [NODE + b"0011", SERVES]
    assert (worker.handed.process, worker.handed.reloads) == (77, 3)


def test_what_the_parent_says(worker: Worker) -> None:
    """A reload that failed, and the end: for others, for all, or because the parent is gone."""
    worker.parent.send(FAILED + "listen: schön".encode())
    worker.parent.send(REPLACED)
    worker.parent.send(STOP)
    worker.parent.send(b"?from a later version")
    worker.reactor.turn()
    assert worker.failed == ["listen: schön"] and worker.over == [True, False]
    worker.parent.close()
    worker.reactor.turn()
    assert worker.over == [True, False, False]


@pytest.mark.parametrize("how", ["replaced", "stopped", "gone"])
def test_it_parts_once_its_parent_lets_it(worker: Worker, how: str) -> None:
    """Until then it takes what comes: the parent may have sent it before it heard."""
    worker.handed.open("listen", None, Factory.forProtocol(Protocol))
    parted: list[None] = []
    worker.handed.part().addCallback(parted.append)
    worker.reactor.turn()
    assert worker.said == [PARTING]
    worker.give("listen").close()
    assert len(worker.reactor.adopted) == 1 and parted == []
    if how == "gone":
        worker.parent.close()
    else:
        worker.parent.send(REPLACED if how == "replaced" else STOP)
    worker.reactor.turn()
    assert parted == [None] and worker.over == [how == "replaced"]


def test_one_that_its_parent_has_told_waits_for_nothing(worker: Worker) -> None:
    """It asks nobody."""
    worker.parent.send(STOP)
    worker.reactor.turn()
    parted: list[None] = []
    worker.handed.part().addCallback(parted.append)
    worker.reactor.turn()
    assert parted == [None] and worker.said == []
