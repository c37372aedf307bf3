"""The list of nodes that connectors are sent."""

from __future__ import annotations

from appproxy.service.tunnel.links.signal_link import SignalLink
from appproxy.service.tunnel.nodes.node_lists import NODES_EVERY
from appproxy.tunnel.frames import Kind
from appproxy.tunnel.json_heads.node_list import NodePlace, decode_nodes
from tests.service.world import Signal, Wire, World

ONE, TWO = NodePlace("n1", "one.example.com", 8443), NodePlace("n2", "two.example.com", 8443)


def lists(signal: Signal) -> list[tuple[NodePlace, ...]]:
    """Those that have come."""
    return [decode_nodes(frame[3]) for frame in signal.frames() if frame[0] == Kind.NODES]


def test_nodes_are_announced_where_there_are_any() -> None:
    """A lone node sends no list: its place is known by the address that it was dialled at."""
    world = World()
    signal = world.welcomed()
    made = world.end_point.node_lists
    made.changed()
    assert made.frame() == b"" and lists(signal) == [] and made.place_of("n1") == NodePlace("n1", "", 0)
    world.nodes[:] = [TWO, ONE]
    assert made.place_of("n1") == ONE and made.place_of("n3") == NodePlace("n3", "", 0)
    world.clock.advance(NODES_EVERY)
    made.changed()
    assert lists(signal) == [(TWO, ONE)]


def test_many_changes_are_one() -> None:
    """Each node of a list may be dialled: the first one comes at once, and the last one a second later."""
    world = World()
    signal = world.welcomed()
    for nodes in ([ONE], [TWO], [ONE, TWO]):
        world.nodes[:] = nodes
        world.end_point.node_lists.changed()
    assert lists(signal) == [(ONE,)]
    world.clock.advance(NODES_EVERY)
    assert lists(signal) == [(ONE, TWO)]
    world.clock.advance(60.0)
    assert lists(signal) == []


def test_who_is_not_let_in_yet_hears_nothing() -> None:
    """A connection before its WELCOME does not know yet what a list is."""
    world = World()
    world.nodes[:] = [ONE]
    link, wire = SignalLink(world.end_point, "c1", "198.51.100.1"), Wire()
    link.makeConnection(wire)
    assert link in world.end_point.links
    world.end_point.node_lists.changed()
    assert wire.take() == b""


def test_the_end() -> None:
    """Nothing is sent any more that was to be sent."""
    world = World()
    signal = world.welcomed()
    world.nodes[:] = [ONE]
    for _ in range(2):
        world.end_point.node_lists.changed()
    assert lists(signal) == [(ONE,)]
    world.end_point.node_lists.stop()
    world.clock.advance(60.0)
    assert lists(signal) == []
