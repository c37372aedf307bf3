"""Descriptors of connectors that are of no use are bounded: for each certificate, and for each address."""

from __future__ import annotations

from dataclasses import replace

from twisted.internet.address import IPv4Address

from appproxy.service.tunnel.links.arrivals import Arrivals
from appproxy.service.tunnel.links.incoming import IncomingConnection
from appproxy.tunnel.frames import Kind
from tests.service.world import GET, Wire, World, only_request


def entry(world: World, id: str, host: str = "192.0.2.7") -> tuple[IncomingConnection, Wire]:
    """A connection whose handshake is complete."""
    made, wire = IncomingConnection(world.end_point, IPv4Address("TCP", host, 1)), Wire()
    made.makeConnection(wire)
    made.id = id
    world.end_point.left(made)
    world.end_point.arrivals.proved(made)
    return made, wire


def test_signal_connections_that_say_nothing(world: World) -> None:
    """64 of one certificate; the oldest goes. One that was welcomed counts no more."""
    welcomed = world.welcomed("c1")
    silent = []
    for _ in range(66):
        link = type(welcomed.link)(world.end_point, "c1", "")
        wire = Wire()
        link.makeConnection(wire)
        silent.append(wire)
    assert [wire.aborted for wire in silent] == [True, True, *[False] * 64]
    assert not welcomed.wire.aborted and not world.welcomed("c2").wire.aborted


def test_data_connections_without_a_request() -> None:
    """1,100 of one certificate; one that has a request is not among them."""
    world = World(connectors=("c1",))
    signal = world.welcomed("c1")
    world.user().send(GET)
    used = world.attach(only_request(signal))
    idle = [world.data("c1") for _ in range(1102)]
    assert [data.wire.aborted for data in idle].count(True) == 2
    assert idle[0].wire.aborted and idle[1].wire.aborted
    assert not used.wire.aborted
    used.say(used.session.head(200, b"content-length: 0\n") + used.session.end())
    assert idle[2].wire.aborted and not used.wire.aborted


def test_a_data_connection_that_never_has_a_request_is_closed() -> None:
    """Long after a connector would have closed it; one that is used in between has the whole time again."""
    world = World(connectors=("c1",))
    world.end_point.limits = replace(world.end_point.limits, kept_most=65.0)
    signal = world.welcomed("c1")
    never, now_and_then = world.data("c1"), world.data("c1")
    for second in range(131):
        world.keep_alive(signal, 1)
        if second == 100:
            world.user().send(GET)
            id = only_request(signal)
            now_and_then.say(now_and_then.session.attach(id, b"\0\0\0\0n678", False, True))
            now_and_then.say(now_and_then.session.head(200, b"content-length: 0\n") + now_and_then.session.end())
            assert [frame[0] for frame in now_and_then.frames()] == [Kind.ATTACHED]
    assert never.wire.aborted
    assert not now_and_then.wire.aborted


def test_calls_of_one_certificate_and_of_one_address(world: World) -> None:
    """Whoever opens many keeps no others out."""
    arrivals = Arrivals()
    other, its_wire = entry(world, "c2", "192.0.2.99")
    arrivals.calls(other)
    many = [entry(world, "c1", f"192.0.2.{number}") for number in range(17)]
    for one, _ in many:
        arrivals.calls(one)
    assert [wire.aborted for _, wire in many] == [True] + [False] * 16
    without = [entry(world, "", "198.51.100.66") for _ in range(257)]
    for one, _ in without:
        arrivals.calls(one)
    assert [wire.aborted for _, wire in without] == [True] + [False] * 256
    assert not its_wire.aborted


def test_a_revoked_connector_loses_all_of_its_connections(world: World) -> None:
    """Those that call control end points, and those that have said nothing yet, too; nothing is kept of it."""
    world.welcomed("c2")
    call, wire = entry(world, "c1")
    other, its_wire = entry(world, "c2")
    world.revoke("c1")
    assert wire.aborted and not its_wire.aborted
    call.connectionLost()
    other.connectionLost()
    assert world.end_point.arrivals.of == {}
