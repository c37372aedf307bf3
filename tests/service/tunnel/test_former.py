"""Data connections that a connector dialled for the process before this one."""

from __future__ import annotations

from pathlib import Path
from typing import Any, cast

from hypothesis import given
from hypothesis import strategies as st
from twisted.internet.error import ConnectionRefusedError
from twisted.internet.testing import MemoryReactorClock
from twisted.python.failure import Failure

from appproxy.service.tunnel.former import FormerProcesses, PassedOn, epoch_of
from appproxy.tunnel.connections.data import DataSession
from appproxy.tunnel.connections.signal import Role
from appproxy.tunnel.frames import Kind
from appproxy.tunnel.limits import DEFAULT_LIMITS
from tests.service.tunnel.link_ends import EPOCH, Request, StubEndpoint
from tests.service.world import Wire

FORMER = b"epoch_no"


class Former:
    """A process with a predecessor, and what the connector has dialled here."""

    def __init__(self, directory: Path, *, there: bool = True) -> None:
        self.reactor = MemoryReactorClock()
        self.path = directory / f"{FORMER.hex()}.sock"
        if there:
            self.path.touch()
        self.former = FormerProcesses(directory, self.reactor)
        self.end_point = StubEndpoint()
        self.request = Request()
        self.end_point.peer.in_flight[1] = cast(Any, self.request)
        self.link = self.former.undecided(cast(Any, self.end_point), "c1")
        self.wire = Wire()
        self.link.makeConnection(self.wire)
        self.session = DataSession(Role.CONNECTOR, 0.0)

    def way(self) -> Wire:
        """The connection to the predecessor, which has just been opened."""
        ((path, factory, *_),) = self.reactor.unixClients
        assert path == str(self.path)
        protocol = factory.buildProtocol(None)
        way = Wire()
        protocol.makeConnection(way)
        return way


@given(st.binary(max_size=60))
def test_anything_may_come_first(data: bytes) -> None:
    """Nothing but a whole ATTACH names an epoch."""
    assert epoch_of(data) in (None, b"")


def test_the_first_attach_tells_whose_it_is() -> None:
    """However it is cut; what comes behind it does not matter."""
    attach = DataSession(Role.CONNECTOR, 0.0).attach(7, FORMER, False, True)
    assert [epoch_of(attach[:size]) for size in range(len(attach))] == [None] * len(attach)
    assert epoch_of(attach) == epoch_of(attach + b"more") == FORMER


def test_a_connection_of_ours_is_taken(tmp_path: Path) -> None:
    """All that has come so far is read, in however many pieces it came."""
    here = Former(tmp_path)
    for byte in here.session.attach(1, EPOCH, True, True):
        here.link.dataReceived(bytes([byte]))
    assert [frame[0] for frame in here.session.receive(here.wire.take(), 0.0)] == [Kind.ATTACHED]
    here.link.dataReceived(here.session.head(200, b""))
    assert here.request.told[-1] == ("headed", 200, b"")
    here.link.connectionLost()
    assert here.request.data is None


def test_a_connection_for_the_predecessor_is_passed_on(tmp_path: Path) -> None:
    """With the connector that TLS has proved; until the way is open the connector is not read."""
    here = Former(tmp_path)
    attach = here.session.attach(1, FORMER, False, True)
    here.link.dataReceived(attach)
    assert not here.wire.reading
    way: Any = here.way()
    assert here.wire.reading and way.take() == b"c1\n" + attach
    here.link.dataReceived(b"more")
    assert way.take() == b"more"
    way.protocol.dataReceived(b"answer")
    assert here.wire.take() == b"answer"
    assert here.wire.producer is way and way.producer is here.wire
    here.link.connectionLost()
    assert way.aborted


def test_the_end_of_the_predecessor_ends_its_connections(tmp_path: Path) -> None:
    """What it has written before is still sent."""
    here = Former(tmp_path)
    here.link.dataReceived(here.session.attach(1, FORMER, False, True))
    way: Any = here.way()
    way.protocol.connectionLost()
    assert here.wire.closed


def test_a_predecessor_that_has_just_ended(tmp_path: Path) -> None:
    """The connection is closed; the connector knows what that means."""
    here = Former(tmp_path)
    here.link.dataReceived(here.session.attach(1, FORMER, False, True))
    ((_, factory, *_),) = here.reactor.unixClients
    factory.clientConnectionFailed(None, Failure(ConnectionRefusedError()))
    assert here.wire.aborted


def test_an_epoch_of_nobody_is_refused_as_ever(tmp_path: Path) -> None:
    """DETACH says that there is no such request."""
    here = Former(tmp_path, there=False)
    here.link.dataReceived(here.session.attach(1, FORMER, False, True))
    assert [frame[0] for frame in here.session.receive(here.wire.take(), 0.0)] == [Kind.DETACH]


def test_idle_connections_are_bounded(tmp_path: Path) -> None:
    """In time, as any other without a request."""
    here = Former(tmp_path)
    here.end_point.clock.pump([1.0] * int(2 * DEFAULT_LIMITS.kept_most + 2))
    assert here.wire.aborted


def test_the_predecessor_goes_on_with_what_it_is_given() -> None:
    """The line comes first, perhaps in pieces."""
    end_point = StubEndpoint()
    request = Request()
    end_point.peer.in_flight[1] = cast(Any, request)
    passed, wire, session = PassedOn(cast(Any, end_point)), Wire(), DataSession(Role.CONNECTOR, 0.0)
    passed.makeConnection(wire)
    passed.dataReceived(b"c")
    passed.dataReceived(b"1\n" + session.attach(1, EPOCH, False, True))
    passed.dataReceived(session.head(200, b""))
    assert request.told[-1] == ("headed", 200, b"")
    passed.connectionLost()
    assert request.data is None


def test_what_killed_processes_left_is_cleared(tmp_path: Path) -> None:
    """And nothing else."""
    former = Former(tmp_path).former
    others = [tmp_path / name for name in ("admin.sock", "service.lock", "0123456789abcdef.pem")]
    for other in others:
        other.touch()
    assert former.any and former.has(FORMER) and not former.has(b"")
    former.clear()
    assert not former.any and all(other.exists() for other in others)
