"""What all users' connections of one listener have in common."""

from __future__ import annotations

from ipaddress import ip_network

import pytest
from twisted.internet.address import IPv4Address, IPv6Address
from twisted.internet.protocol import Protocol
from twisted.internet.task import Clock

from appproxy.http.proxies.trusted_proxies import X_FORWARDED_FOR, TrustedProxies
from appproxy.service.front.front import QUIET_SECONDS, Entry, Front, FrontSettings, Stamps
from appproxy.service.front.h1.connection import UserConnection
from tests.service.recording_responder import RecordingResponder
from tests.service.world import Wire, refusal


class Made(Protocol):
    """A connection that writes down what it is asked, and goes when it is asked to."""

    def __init__(self, front: Front, client: str) -> None:
        self.front = front
        self.client = client
        self.asked: list[str] = []
        self.deadline = 0.5
        self.idle = False

    def connectionMade(self) -> None:
        self.front.connections.add(self)
        self.front.deadlines.add(self)

    def drain(self) -> None:
        self.asked.append("drain")
        self.front.connections.discard(self)

    def abort(self) -> None:
        self.asked.append("abort")
        self.front.connections.discard(self)

    def deadline_passed(self, now: float) -> None:
        self.asked.append("late")


def front(entry: Entry = Made, most: int | None = None, proxies: TrustedProxies | None = None) -> Front:
    return Front(
        RecordingResponder(), Clock(), refusal, Stamps(lambda: "0" * 32), entry=entry,
        settings=FrontSettings(proxies=proxies, most=most))


def enter(rig: Front) -> Made:
    made = rig.buildProtocol(None)
    assert isinstance(made, Made)
    made.makeConnection(Wire())
    return made


@pytest.mark.parametrize("entry", [Made, UserConnection])
def test_one_connection_too_many(entry: Entry) -> None:
    """It is closed at once, and counted; when another has gone there is room again."""
    rig = front(entry=entry, most=2)
    inside = []
    for _ in range(2):
        connection = rig.buildProtocol(None)
        assert connection is not None
        connection.makeConnection(Wire())
        inside.append(connection)
    assert (rig.buildProtocol(None), rig.turned_away) == (None, 1)
    rig.connections.discard(inside[0])
    assert rig.buildProtocol(None) is not None
    assert rig.turned_away == 1


def come_from(rig: Front, host: str) -> UserConnection | None:
    """A connection from this address, if it is taken."""
    connection = rig.buildProtocol(IPv4Address("TCP", host, 4711))
    if connection is None:
        return None
    assert isinstance(connection, UserConnection)
    connection.makeConnection(Wire())
    return connection


def test_one_address_gives_way_to_others() -> None:
    """Its oldest connection without a request does, and its place is free at once."""
    rig = front(entry=UserConnection, most=64)
    first = [come_from(rig, "203.0.113.9") for _ in range(56)]
    late = come_from(rig, "203.0.113.10")
    assert late is not None and late in rig.connections
    wires = [one.transport for one in first if one is not None]
    assert [isinstance(wire, Wire) and wire.aborted for wire in wires] == [True] + [False] * 55
    assert (len(rig.connections), rig.evicted, rig.turned_away) == (56, 1, 0)
    for one in [*first, late]:
        assert one is not None
        one.connectionLost()
    assert rig.connections == set()


def test_a_connection_at_work_is_not_idle() -> None:
    """Nor is one in the moment after its answer, whose end may still be on its way."""
    rig = front(entry=UserConnection, most=64)
    assert isinstance(rig.clock, Clock)
    one = come_from(rig, "203.0.113.9")
    assert one is not None and one.idle
    one.dataReceived(b"GET / HTTP/1.1\r\nhost: wiki.example.com\r\n")
    assert one.idle
    one.dataReceived(b"\r\n")
    assert not one.idle
    handler = rig.handler
    assert isinstance(handler, RecordingResponder)
    handler.last.answer(200, b"", b"done")
    assert not one.idle
    rig.clock.advance(QUIET_SECONDS)
    assert one.idle


def test_a_trusted_proxy_may_have_all_connections() -> None:
    """It carries many users."""
    rig = front(entry=UserConnection, most=64, proxies=TrustedProxies((ip_network("10.0.0.0/8"),), X_FORWARDED_FOR))
    assert None not in [come_from(rig, "10.0.0.1") for _ in range(64)]
    assert come_from(rig, "10.0.0.1") is None
    assert (rig.evicted, rig.turned_away) == (0, 1)


def test_without_a_limit_all_come_in() -> None:
    """Where the system sets it."""
    rig = front()
    assert len({enter(rig) for _ in range(1000)}) == 1000
    assert rig.turned_away == 0


@pytest.mark.parametrize(("shown", "client"), [
    ("203.0.113.9", "203.0.113.9"), ("2001:db8::9", "2001:db8::9"), ("::ffff:203.0.113.9", "203.0.113.9"),
    ("::ffff:9", "::ffff:9"),
])
def test_an_address_has_one_spelling(shown: str, client: str) -> None:
    """Also on a listener for both families, where the kernel shows IPv4 addresses inside IPv6."""
    connection = front().buildProtocol(IPv6Address("TCP", shown, 4711))
    assert isinstance(connection, Made)
    assert connection.client == client


def test_a_site_counts_as_eight_addresses() -> None:
    """With a connection from each of its networks it would have them all, and nobody more than anybody else."""
    rig = front()
    assert len({rig.owner_of(f"2001:db8:7:{number:x}::1") for number in range(2000)}) == 8
    assert rig.owner_of("192.0.2.1") == "192.0.2.1"


def test_an_address_that_is_none_is_empty() -> None:
    """Of a socket in the file system."""
    assert enter(front()).client == ""


def test_draining_asks_every_connection() -> None:
    """Each knows by itself what it still owes; those that come later can see that the end has begun."""
    rig = front()
    inside = [enter(rig) for _ in range(3)]
    assert not rig.draining
    rig.drain()
    assert ([one.asked for one in inside], rig.draining) == ([["drain"]] * 3, True)


def test_the_end_leaves_no_timer() -> None:
    """Each connection is broken, and none is told of a deadline any more."""
    rig = front()
    inside = [enter(rig) for _ in range(3)]
    rig.abort()
    assert isinstance(rig.clock, Clock)
    rig.clock.advance(10)
    assert [one.asked for one in inside] == [["abort"]] * 3
    assert rig.clock.getDelayedCalls() == []


def test_connections_are_numbered_unless_they_carry_several_users() -> None:
    """No number comes twice, on whatever listener; what a trusted proxy opens has none."""
    proxies = TrustedProxies((ip_network("192.0.2.0/24"),), "x-forwarded-for")
    one, other = front(proxies=proxies), front()
    peers = ((one, "198.51.100.1"), (other, "192.0.2.1"), (one, "198.51.100.1"))
    numbers = [each.number_connection(peer) for each, peer in peers]
    assert len(set(numbers)) == 3
    assert 0 not in numbers
    assert one.number_connection("192.0.2.1") == 0
