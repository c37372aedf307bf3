"""Several service nodes behind one address: each has its own requests, and none ends those of another."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, cast

from hypothesis import given, settings
from hypothesis import strategies as st

from appproxy.connector.enrol.service_dialer import ServiceAddress
from appproxy.connector.node import MOST_IN_FLIGHT
from appproxy.connector.uplinks import Uplinks
from appproxy.tunnel.frames import Kind
from appproxy.tunnel.ids import LARGEST
from appproxy.tunnel.json_heads.node_list import MOST_NODES
from appproxy.tunnel.limits import DEFAULT_LIMITS
from appproxy.tunnel.messages import decode_hello, encode_hello
from tests.connector.rig import Rig, SignalPeer, Wire, finals, send
from tests.connector.test_uplink import OK, finished

SLOTS = (0, 1)


class Busy:
    """Requests of a node: as many as there can be, and as many that ended."""

    def __init__(self, largest: int) -> None:
        self._open = tuple(range(largest - MOST_IN_FLIGHT, largest))
        self._ended = tuple(each - MOST_IN_FLIGHT for each in self._open)

    def open_ids(self) -> tuple[int, ...]:
        """Those under way."""
        return self._open

    def ended_ids(self) -> tuple[int, ...]:
        """Those of before."""
        return self._ended


class World:
    """A connector whose connections all go to one address, behind which are nodes; a test says which one takes each."""

    def __init__(self, *nodes: str) -> None:
        self.rig = rig = Rig()
        self.uplinks = Uplinks(ServiceAddress("connect.example.com", 8443), rig.make_uplink, rig)
        self.taken: list[tuple[str, SignalPeer]] = []
        self.uplinks.start()
        for node in nodes:
            self.take(node)

    def take(self, node: str) -> SignalPeer:
        """The next signal connection that is dialled is taken by this node."""
        for _ in range(600):
            if self.waiting():
                break
            self.rig.clock.advance(0.25)
        peer = self.rig.signal()
        self.taken.append((node, peer))
        peer.welcome(epoch=node[:8].ljust(8, "-").encode(), node=node)
        return peer

    def waiting(self) -> bool:
        """Was a signal connection dialled?"""
        return any(each.alpn == b"appproxy-signal/1" for each in self.rig.dialled)

    def fill(self, *nodes: str) -> None:
        """Until each of these nodes has both of its signal connections, a balancer gives them out in turn."""
        for turn in range(100):
            if all(len(self.peers(node)) == len(SLOTS) for node in nodes):
                return
            self.take(nodes[turn % len(nodes)])
        raise AssertionError("the slots are never filled")

    def peers(self, node: str) -> list[SignalPeer]:
        """This node's ends of what is up."""
        return [peer for one, peer in self.taken if one == node and not peer.wire.end]

    def lose(self, node: str) -> None:
        """It is gone."""
        for peer in self.peers(node):
            peer.wire.lose()

    def request(self, node: str, id: int) -> Wire:
        """A request of this node, and the connection to the application."""
        send(self.peers(node)[0], id)
        return self.rig.origin()


def test_each_node_has_an_uplink() -> None:
    """With its own epoch, data connections and requests; ids may be the same."""
    world = World("one", "two")
    nodes = world.uplinks.nodes
    assert list(nodes) == ["one", "two"] and len(world.rig.welcomes) == 2
    assert [uplink.pool.epoch for uplink in nodes.values()] == [b"one-----", b"two-----"]
    origins = [world.request(node, 1) for node in nodes]
    assert world.uplinks.in_flight == 2 and [len(uplink.requests) for uplink in nodes.values()] == [1, 1]
    for node, origin in zip(nodes, origins, strict=True):
        origin.deliver(OK)
        assert list(finals(world.peers(node)[0].read())) == [(Kind.RSP, 1, (200, b"hello"))]


def test_another_node_ends_nothing_of_the_first() -> None:
    """Neither when it comes nor when it goes."""
    world = World("one", "two")
    origin = world.request("one", 1)
    world.take("three")
    assert list(world.uplinks.nodes) == ["one", "two", "three"]
    world.lose("two")
    world.lose("three")
    assert origin.end == ""
    origin.deliver(OK)
    assert list(finals(world.peers("one")[0].read())) == [(Kind.RSP, 1, (200, b"hello"))]


def test_both_slots_of_all_nodes_are_filled() -> None:
    """A connection that a node has no use for is closed, and dialled again until the right node takes it."""
    world = World("one", "two")
    origin = world.request("one", 1)
    world.fill("one", "two")
    assert list(world.uplinks.nodes) == ["one", "two"] and origin.end == ""


def test_a_restarted_node_takes_the_place_of_the_old_one() -> None:
    """What the old one had asked for is given up; the other node's goes on."""
    world = World("one", "two")
    world.fill("one", "two")
    first, second = world.request("one", 1), world.request("two", 1)
    world.lose("one")
    world.take("reborn")
    assert list(world.uplinks.nodes) == ["reborn", "two"]
    assert (first.end, second.end) == ("aborted", "")


def test_a_new_node_in_the_place_of_one_that_drains() -> None:
    """One connection finds it; from then on both are served, nothing is dialled for the old one, and its end is its end."""
    world = World("old", "old")
    origin = world.request("old", 1)
    first, second = world.peers("old")
    first.wire.deliver(first.session.drain())
    world.take("new")
    world.take("new")
    assert list(world.uplinks.nodes) == ["old", "new"] and len(world.peers("new")) == 2
    world.rig.clock.advance(10)
    for peer in (*world.peers("old"), *world.peers("new")):
        peer.keep_alive()
    assert not world.waiting()
    send(second, 2)
    assert origin.end == ""
    world.lose("old")
    assert list(world.uplinks.nodes) == ["new"] and origin.end == "aborted"
    world.rig.clock.advance(10)
    assert not world.waiting()


def test_a_node_that_drains_may_have_others_beside_it() -> None:
    """What is found in its place is a node that was known before: it is expected back."""
    world = World("one", "two")
    world.fill("one", "two")
    (first, *_) = world.peers("one")
    first.wire.deliver(first.session.drain())
    world.take("two")
    world.lose("one")
    world.take("one")
    assert sorted(world.uplinks.nodes) == ["one", "two"]


def test_a_node_that_is_gone_is_forgotten() -> None:
    """Not at once, for it may be back, and waits for our answers; but when it waits no longer."""
    world = World("one", "two")
    world.fill("one", "two")
    origin = world.request("one", 1)
    world.lose("one")
    world.take("two")
    assert list(world.uplinks.nodes) == ["one", "two"] and origin.end == ""
    world.rig.clock.pump([1.0] * 6)
    world.take("two")
    assert list(world.uplinks.nodes) == ["two"] and origin.end == "aborted"


def test_a_hello_that_another_node_reads_lists_what_is_that_node_s_too() -> None:
    """Else it would take its own requests for lost, and give them to another connector."""
    world = World("one", "two")
    world.request("one", 7)
    world.request("two", 8)
    peer = world.take("two")
    assert peer.hello is not None and set(peer.hello.open) == {7, 8}


def test_a_hello_of_several_busy_nodes() -> None:
    """However many requests there are and were, with the largest of ids: it can be sent, and tells all of its own node."""
    world = World("one", "two", "three")
    for number, uplink in enumerate(world.uplinks.nodes.values()):
        uplink.limits = replace(DEFAULT_LIMITS, in_flight=MOST_IN_FLIGHT)
        uplink.requests = cast(Any, Busy(LARGEST - number * 10_000))
    for uplink in world.uplinks.nodes.values():
        connection = next(slot.current for slot in uplink.slots if slot.current is not None)
        hello = decode_hello(encode_hello(uplink.hello(connection)))
        assert set(uplink.requests.open_ids()) <= set(hello.open) and set(uplink.requests.ended_ids()) <= set(hello.ended)


def test_a_node_s_own_place_is_dialled_while_it_is_there() -> None:
    """Where it has told one; without it, where any node tells."""
    world = World()
    first = world.rig.signal()
    first.welcome(host="node-1.example.com", node="one")
    second = world.rig.signal()
    second.welcome(host="node-1.example.com", node="one")
    second.wire.lose()
    world.rig.clock.pump([0.25] * 4)
    assert "node-1" in str(next(each.where for each in world.rig.dialled if each.alpn == b"appproxy-signal/1"))
    world.rig.signal().wire.lose()
    first.wire.lose()
    world.rig.clock.pump([0.25] * 8)
    assert "connect" in str(next(each.where for each in world.rig.dialled if each.alpn == b"appproxy-signal/1"))


def test_draining_and_stopping_is_for_all_nodes() -> None:
    """It is over when all have nothing left; no node is added meanwhile."""
    world = World("one", "two")
    origin = world.request("two", 1)
    done = finished(world.uplinks.drain())
    for node in ("one", "two"):
        for peer in world.peers(node):
            assert Kind.DRAIN in {Kind(frame[0]) for frame in peer.read()}
            peer.wire.deliver(peer.session.drained())
    assert done == []
    origin.deliver(OK)
    assert done == [None]
    closed = finished(world.uplinks.close())
    assert closed == [None] and not world.peers("one") and not world.peers("two")
    world.uplinks.stop()
    world.rig.dialled.clear()
    world.rig.clock.pump([1.0] * 60)
    assert not world.waiting()


def test_names_of_nodes_are_bounded() -> None:
    """Whoever answers with a new one each time gets no more."""
    world = World(*(f"{number:03}" for number in range(MOST_NODES + 3)))
    assert len(world.uplinks.nodes) == MOST_NODES


@settings(max_examples=40)
@given(st.lists(st.tuples(st.sampled_from(["take", "lose", "wait"]), st.sampled_from(["one", "two", "three"])), max_size=25))
def test_whatever_others_do_a_node_keeps_its_requests(steps: list[tuple[str, str]]) -> None:
    """As long as one of its connections stays."""
    world = World("stays")
    origin = world.request("stays", 1)
    kept = world.peers("stays")[0]
    for step, node in steps:
        if step == "take":
            world.take(node)
        elif step == "lose":
            world.lose(node)
        else:
            world.rig.clock.advance(1.0)
        kept.keep_alive()
        for _, peer in world.taken:
            if not peer.wire.end:
                peer.keep_alive()
    assert origin.end == "" and not kept.wire.end
    uplinks = world.uplinks._all
    assert len({uplink.node for uplink in uplinks}) == len(uplinks), "two uplinks to one node"
    origin.deliver(OK)
    assert (Kind.RSP, 1, (200, b"hello")) in list(finals(kept.read()))
