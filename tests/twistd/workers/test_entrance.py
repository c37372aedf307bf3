"""The parent's end: accepts as many as can be taken, and looks at what connectors ask for without taking it."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from errno import EMFILE, ENETDOWN, ENOBUFS, ENOMEM, EPERM, EPROTO

import pytest
from twisted.internet.error import ConnectionLost
from twisted.logger import capturedLogs
from twisted.python.failure import Failure

from appproxy.twistd.workers import entrance
from appproxy.twistd.workers.entrance import LOOK_SECONDS, Entrance, Introductions
from tests.net.hand_reactor import HandReactor
from tests.tunnel.test_asked_node import NODE, WHOLE, hello


class Gate:
    """An entrance, and who came through it; `room` more are taken."""

    def __init__(self) -> None:
        self.reactor = HandReactor()
        self.found = socket.create_server(("127.0.0.1", 0))
        self.address = self.found.getsockname()
        self.taken: list[socket.socket] = []
        self.clients: list[socket.socket] = []
        self.room = 100
        self.entrance = Entrance(self.reactor, self.found, self.give)

    def give(self, found: socket.socket) -> bool:
        """Takes one if there is room."""
        if self.room:
            self.room -= 1
            self.taken.append(found)
            return True
        return False

    def come(self, count: int = 1) -> None:
        """Somebody connects."""
        self.clients += [socket.create_connection(self.address) for _ in range(count)]
        self.reactor.turn()


@pytest.fixture
def gate() -> Iterator[Gate]:
    """Open."""
    made = Gate()
    yield made
    made.entrance.close()
    for one in (*made.taken, *made.clients):
        one.close()


def test_who_comes_is_taken(gate: Gate) -> None:
    """All of them, in their order."""
    gate.come(40)
    assert [one.getpeername() for one in gate.taken] == [one.getsockname() for one in gate.clients]


def test_who_cannot_be_taken_waits(gate: Gate) -> None:
    """Nobody is refused; once there is room it goes on with who has waited longest."""
    gate.room = 1
    gate.come(3)
    assert len(gate.taken) == 1 and gate.reactor.readers == set()
    gate.entrance.resume()
    gate.room = 1
    gate.entrance.resume()
    gate.reactor.turn()
    assert len(gate.taken) == 2
    gate.room = 10
    gate.entrance.resume()
    gate.reactor.turn()
    assert [one.getpeername() for one in gate.taken] == [one.getsockname() for one in gate.clients]


class Unable:
    """A listening socket that cannot accept."""

    def __init__(self, number: int) -> None:
        self.number = number

    def accept(self) -> None:
        """No."""
        raise OSError(self.number, "not now")

    def fileno(self) -> int:
        """It is open."""
        return 0


@pytest.mark.parametrize("number", [EMFILE, ENOBUFS, ENOMEM, EPERM, EPROTO, ENETDOWN])
def test_what_cannot_be_accepted_now_is_tried_again(gate: Gate, monkeypatch: pytest.MonkeyPatch, number: int) -> None:
    """Without a descriptor, memory or network: it does not ask again at every turn, says so once, and forgets nobody."""
    monkeypatch.setattr(gate.entrance, "socket", Unable(number))
    with capturedLogs() as logs:
        gate.entrance.doRead()
        assert gate.reactor.readers == set()
        gate.reactor.advance(1.0)
        assert gate.reactor.readers == {gate.entrance}
        gate.entrance.doRead()
    assert len(logs) <= 1 and (number == EMFILE or "not now" in logs[0]["reason"])
    monkeypatch.setattr(gate.entrance, "socket", gate.found)
    gate.reactor.advance(1.0)
    gate.come()
    assert len(gate.taken) == 1


def test_an_entrance_that_the_reactor_has_given_up_goes_on(gate: Gate) -> None:
    """Whatever it found wrong, users find a listener; and when it is closed meanwhile nothing is left."""
    gate.reactor.removeReader(gate.entrance)
    gate.entrance.connectionLost(Failure(ConnectionLost()))
    assert gate.reactor.readers == set()
    gate.reactor.advance(1.0)
    gate.come()
    assert len(gate.taken) == 1
    gate.entrance.connectionLost(Failure(ConnectionLost()))
    gate.entrance.close()
    gate.entrance.connectionLost(Failure(ConnectionLost()))
    assert gate.reactor.getDelayedCalls() == [] and gate.reactor.readers == set()


def test_one_that_cannot_be_given_away_is_the_only_one_lost(gate: Gate, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its user is told at once; who comes behind it is served, also where it had waited for room."""
    faults = [ValueError("a fault")]

    def faulty(found: socket.socket) -> bool:
        if faults:
            raise faults.pop()
        return gate.give(found)

    monkeypatch.setattr(gate.entrance, "_give", faulty)
    with capturedLogs() as logs:
        gate.come(2)
    assert len(gate.taken) == 1 and gate.clients[0].recv(1) == b"" and logs[0]["log_failure"].check(ValueError)
    gate.room = 0
    gate.come()
    faults.append(ValueError("another"))
    gate.entrance.resume()
    gate.room = 1
    gate.come()
    assert len(gate.taken) == 2 and gate.clients[2].recv(1) == b""


def test_a_closed_entrance_stays_closed(gate: Gate) -> None:
    """Also who was accepted and waits is let go."""
    gate.room = 0
    gate.come()
    gate.entrance.close()
    gate.entrance.resume()
    gate.entrance.connectionLost(Failure(ConnectionLost()))
    assert gate.reactor.readers == set() and gate.clients[0].recv(1) == b""


class Hall:
    """Connections whose first bytes are looked at."""

    def __init__(self) -> None:
        self.reactor = HandReactor()
        self.told: list[tuple[socket.socket, str]] = []
        self.clients: list[socket.socket] = []
        self.all = Introductions(self.reactor, lambda found, node: self.told.append((found, node)))
        self.server = socket.create_server(("127.0.0.1", 0))

    def come(self) -> socket.socket:
        """Somebody connects; gives their end."""
        client = socket.create_connection(self.server.getsockname())
        self.clients.append(client)
        self.all.begin(self.server.accept()[0])
        return client

    def say(self, client: socket.socket, data: bytes) -> None:
        """They say something, and it arrives."""
        client.sendall(data)
        self.reactor.turn()

    @property
    def nodes(self) -> list[str]:
        """Who was asked for."""
        return [node for _, node in self.told]


@pytest.fixture
def hall() -> Iterator[Hall]:
    """Empty."""
    made = Hall()
    yield made
    made.all.close()
    made.server.close()
    for one in (*(found for found, _ in made.told), *made.clients):
        one.close()


def test_who_asks_for_a_node_is_told_with_all_bytes_untouched(hall: Hall) -> None:
    """Whoever speaks TLS there reads the ClientHello from its beginning."""
    hall.say(hall.come(), WHOLE)
    assert hall.nodes == [NODE] and hall.reactor.readers == set()
    found = hall.told[0][0]
    assert found.recv(len(WHOLE)) == WHOLE
    assert found.getsockopt(socket.SOL_SOCKET, socket.SO_RCVLOWAT) == 1


@pytest.mark.parametrize("cut", [1, 4, 5, 6, 300])
def test_a_hello_in_pieces_is_waited_for(hall: Hall, cut: int) -> None:
    """Without being asked about at every turn: the kernel tells when the rest is there."""
    client = hall.come()
    hall.say(client, WHOLE[:cut])
    assert hall.nodes == []
    assert hall.reactor.turn() == 0, "it is read again and again while nothing comes"
    hall.say(client, WHOLE[cut:])
    assert hall.nodes == [NODE]
    assert hall.told[0][0].getsockopt(socket.SOL_SOCKET, socket.SO_RCVLOWAT) == 1, "its worker would wait for as much"
    assert hall.told[0][0].recv(len(WHOLE)) == WHOLE


def test_strangers_are_for_anybody(hall: Hall) -> None:
    """Who names nobody, speaks no TLS, or leaves; a connector of before is one of them."""
    for data in (hello(None), b"GET / HTTP/1.1\r\n\r\n", b"\x16\x03\x01\xff\xff"):
        hall.say(hall.come(), data)
    client = hall.come()
    client.sendall(WHOLE[:10])
    hall.reactor.turn()
    client.close()
    hall.reactor.turn()
    assert hall.nodes == [""] * 4 and hall.reactor.readers == set()


def test_who_says_nothing_is_not_waited_for_for_long(hall: Hall) -> None:
    """The worker's limits for handshakes are for them."""
    hall.come()
    hall.reactor.turn()
    hall.reactor.advance(LOOK_SECONDS - 0.1)
    assert hall.nodes == []
    hall.reactor.advance(0.2)
    assert hall.nodes == [""] and hall.reactor.getDelayedCalls() == []


def test_only_so_many_are_waited_for(hall: Hall, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever comes beyond that is heard; the one that has been silent for longest is passed on."""
    monkeypatch.setattr(entrance, "MOST_LOOKED_AT", 3)
    first = hall.come()
    for _ in range(3):
        hall.come()
    assert [found.getpeername() for found, _ in hall.told] == [first.getsockname()]
    hall.say(hall.come(), WHOLE)
    assert hall.nodes == ["", NODE] or hall.nodes == ["", "", NODE]
