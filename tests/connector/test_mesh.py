"""Nodes that tell of each other: a connector keeps its connections to all of them, wherever it began."""

from __future__ import annotations

from twisted.internet.error import ConnectionRefusedError

from appproxy.connector.enrol.service_dialer import ServiceAddress
from appproxy.connector.uplinks import Uplinks
from appproxy.tunnel.frames import Kind
from appproxy.tunnel.json_heads.node_list import NodePlace, encode_nodes
from tests.connector.rig import Rig, SignalPeer, finals, send
from tests.connector.test_uplink import OK

BALANCER = "connect.example.com"


class Mesh:
    """Nodes, each at an address of its own, and a balancer before them. `lists`: what each says of all."""

    def __init__(self, *nodes: str, balanced: str = "") -> None:
        self.rig = Rig()
        self.uplinks = Uplinks(
            ServiceAddress(BALANCER, 8443), lambda owner: self.rig.make_uplink(owner, BALANCER), self.rig)
        #: By address: who answers there, if anybody does.
        self.at = {f"{node}.example.com": node for node in nodes}
        self.at[BALANCER] = balanced or nodes[0]
        self.lists = {node: nodes for node in nodes}
        self.taken: list[tuple[str, SignalPeer]] = []
        self.dials: list[str] = []
        self.uplinks.start()
        self.settle()

    def places(self, node: str) -> tuple[NodePlace, ...]:
        """What this node says."""
        return tuple(NodePlace(one, f"{one}.example.com", 8443) for one in self.lists[node])

    def settle(self) -> None:
        """Whatever is dialled is answered, until nothing more is."""
        while any(each.alpn == b"appproxy-signal/1" for each in self.rig.dialled):
            dialled = next(each for each in self.rig.dialled if each.alpn == b"appproxy-signal/1")
            where = dialled.where
            assert isinstance(where, ServiceAddress)
            self.dials.append(where.host)
            node = self.at.get(where.host)
            if node is None:
                self.rig.dialled.remove(dialled)
                dialled.fail(ConnectionRefusedError())
                continue
            self.rig.dialled.remove(dialled)
            peer = SignalPeer(dialled.stand(), self.rig.clock)
            self.taken.append((node, peer))
            peer.welcome(epoch=node[:8].ljust(8, "-").encode(), host=f"{node}.example.com", node=node)
            if not peer.wire.end and self.lists[node]:
                peer.send(Kind.NODES, 0, encode_nodes(self.places(node)))

    def wait(self, seconds: int) -> None:
        """Time passes; who is there says something."""
        for _ in range(4 * seconds):
            self.rig.clock.advance(0.25)
            self.settle()
            for _, peer in self.taken:
                if not peer.wire.end:
                    peer.keep_alive()

    def say(self, node: str, *nodes: str) -> None:
        """This node's list is another one now."""
        self.lists[node] = nodes
        for peer in self.peers(node):
            peer.send(Kind.NODES, 0, encode_nodes(self.places(node)))
        self.settle()

    def peers(self, node: str) -> list[SignalPeer]:
        """This node's ends of what is up."""
        return [peer for one, peer in self.taken if one == node and not peer.wire.end]

    def counts(self) -> dict[str, int]:
        """Signal connections that are up, by node."""
        return {node: len(self.peers(node)) for node in self.lists if self.peers(node)}

    def kill(self, node: str) -> None:
        """It is gone without a word."""
        self.at = {where: one for where, one in self.at.items() if one != node}
        for peer in self.peers(node):
            peer.wire.lose()


def test_every_node_that_is_told_of_is_dialled() -> None:
    """At its own address, with both connections, wherever the first two came out."""
    mesh = Mesh("one", "two", "three")
    assert mesh.counts() == {"one": 2, "two": 2, "three": 2}
    assert sorted(mesh.uplinks.nodes) == ["one", "three", "two"]
    send(mesh.peers("three")[1], 1)
    mesh.rig.origin().deliver(OK)
    assert list(finals(mesh.peers("three")[1].read())) == [(Kind.RSP, 1, (200, b"hello"))]


def test_a_new_node_is_dialled_when_one_tells_of_it() -> None:
    """And one that is known already is not dialled again."""
    mesh = Mesh("one", "two")
    mesh.at["three.example.com"] = "three"
    mesh.lists["three"] = ("one", "two", "three")
    before = len(mesh.dials)
    for node in ("one", "two"):
        mesh.say(node, "one", "two", "three")
    assert mesh.counts() == {"one": 2, "two": 2, "three": 2} and mesh.dials[before:] == ["three.example.com"] * 2


def test_a_node_that_dies_is_dialled_until_the_others_give_it_up() -> None:
    """Then it is forgotten, with what it had asked for; of the others nothing is."""
    mesh = Mesh("one", "two")
    send(mesh.peers("one")[0], 1)
    send(mesh.peers("two")[0], 1)
    first, second = mesh.rig.origin(), mesh.rig.origin()
    mesh.kill("one")
    before = len(mesh.dials)
    mesh.wait(5)
    assert "one.example.com" in mesh.dials[before:] and first.end == ""
    mesh.say("two", "two")
    before = len(mesh.dials)
    mesh.wait(60)
    assert (list(mesh.uplinks.nodes), mesh.dials[before:]) == (["two"], [])
    assert (first.end, second.end) == ("aborted", "")


def test_a_node_that_leaves() -> None:
    """It says so itself, drains and closes: nothing is dialled for it, what it has comes to its end."""
    mesh = Mesh("one", "two")
    peer = mesh.peers("one")[0]
    send(peer, 1)
    origin = mesh.rig.origin()
    mesh.at = {where: "two" for where in mesh.at if where != "one.example.com"}
    before = len(mesh.dials)
    mesh.say("two", "two")
    mesh.say("one", "two")
    for each in mesh.peers("one"):
        each.wire.deliver(each.session.drain())
    mesh.wait(10)
    assert mesh.counts() == {"one": 2, "two": 2}
    origin.deliver(OK)
    assert (Kind.RSP, 1, (200, b"hello")) in list(finals(peer.read()))
    for each in mesh.peers("one"):
        each.wire.lose()
    mesh.wait(60)
    assert (list(mesh.uplinks.nodes), mesh.dials[before:]) == (["two"], [])


def test_a_node_knows_best_whether_it_is_there() -> None:
    """One that others hear no more of, because it has lost the database, is kept as long as it is reached."""
    mesh = Mesh("one", "two")
    mesh.say("two", "two")
    mesh.peers("one")[0].wire.lose()
    mesh.wait(30)
    assert mesh.counts() == {"one": 2, "two": 2}


def test_a_node_is_back_in_the_lists() -> None:
    """Its connections are dialled again as ever."""
    mesh = Mesh("one", "two")
    mesh.say("two", "two")
    mesh.say("one", "two")
    mesh.peers("one")[0].wire.lose()
    mesh.wait(30)
    assert mesh.counts() == {"one": 1, "two": 2}
    mesh.say("two", "one", "two")
    mesh.wait(1)
    assert mesh.counts() == {"one": 2, "two": 2}


def test_a_process_in_the_place_of_another() -> None:
    """A node that was killed and started again has a new id and the old address."""
    mesh = Mesh("one", "two")
    mesh.kill("one")
    mesh.lists["again"] = ("two", "again")
    mesh.at["again.example.com"] = mesh.at["one.example.com"] = "again"
    mesh.say("two", "two", "again")
    mesh.wait(30)
    assert mesh.counts() == {"two": 2, "again": 2} and sorted(mesh.uplinks.nodes) == ["again", "two"]


def test_the_end_of_all_nodes() -> None:
    """They may come back elsewhere: the address of the beginning is tried as well as theirs."""
    mesh = Mesh("one", "two")
    mesh.kill("one")
    mesh.kill("two")
    before = len(mesh.dials)
    mesh.wait(60)
    assert set(mesh.dials[before:]) == {BALANCER, "one.example.com", "two.example.com"}
    mesh.lists["new"] = ("new",)
    mesh.at[BALANCER] = mesh.at["new.example.com"] = "new"
    mesh.wait(60)
    assert mesh.counts() == {"new": 2}
    mesh.wait(60)
    assert list(mesh.uplinks.nodes) == ["new"]


def test_nodes_that_tell_nothing() -> None:
    """As those of the first release: all is as it was, whatever others say."""
    mesh = Mesh("old")
    assert mesh.counts() == {"old": 2}
    mesh = Mesh("old", "two")
    mesh.say("two", "two")
    mesh.say("old")
    assert mesh.counts() == {"old": 2, "two": 2}


def test_a_node_without_a_place_of_its_own() -> None:
    """It is none to dial, and none that is gone either."""
    mesh = Mesh("one")
    (peer, _) = mesh.peers("one")
    peer.send(Kind.NODES, 0, encode_nodes([NodePlace("one", "", 0), NodePlace("two", "", 0)]))
    before = len(mesh.dials)
    peer.wire.lose()
    mesh.wait(5)
    assert mesh.counts() == {"one": 2} and len(mesh.dials) == before + 1


def test_a_connector_that_drains_follows_no_list() -> None:
    """It goes."""
    mesh = Mesh("one", "two")
    mesh.at["three.example.com"] = "three"
    mesh.lists["three"] = ("three",)
    mesh.uplinks.drain()
    mesh.say("one", "one", "two", "three")
    assert "three" not in mesh.uplinks.nodes


def test_workers_of_one_machine_share_an_address() -> None:
    """Each is dialled there, and asked for by its name; the rest of what it needs, too."""
    mesh = Mesh("one", "two")
    asked = {(one.node, one.data_place.node, mesh.uplinks.place_for(one, 0).node) for one in mesh.uplinks.nodes.values()}
    assert asked == {(node, node, node) for node in ("one", "two")}


def test_nodes_that_leave_together_vouch_for_nobody() -> None:
    """The last list of each has the others, for it was made before they left: none of them is dialled any more."""
    mesh = Mesh("one", "two", "three")
    mesh.say("one", "two", "three")
    mesh.say("two", "one", "three")
    mesh.say("three", "three")
    before = len(mesh.dials)
    for node in ("one", "two"):
        mesh.kill(node)
    mesh.wait(20)
    assert mesh.dials[before:] == [] and sorted(mesh.uplinks.nodes) == ["three"]
