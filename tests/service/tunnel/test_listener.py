"""Where connectors arrive."""

from __future__ import annotations

from dataclasses import replace

import pytest
from twisted.internet.defer import Deferred
from twisted.internet.testing import StringTransport

from appproxy.errors import Code
from appproxy.service.tunnel.hints import Concerned
from appproxy.service.tunnel.links.data_link import DataLink
from appproxy.service.tunnel.links.incoming import CONTROL, IncomingConnection
from appproxy.service.tunnel.links.signal_link import SignalLink
from appproxy.service.tunnel.listener import DATA, SIGNAL
from appproxy.service.tunnel.nodes.node_lists import NODES_EVERY
from appproxy.service.tunnel.rivals import ANSWER_SECONDS
from appproxy.store.snapshot import ConnectorState
from appproxy.tunnel.frames import Kind, encode
from appproxy.tunnel.json_heads.node_list import NodePlace, decode_nodes
from tests.service.world import GET, POST, Signal, User, World, only_request, requests


def goodbye(signal: Signal) -> Code | None:
    """Why the service has ended a signal connection."""
    signal.frames()
    return None if signal.session.peer_goodbye is None else signal.session.peer_goodbye.code


def set_state(world: World, id: str, state: ConnectorState) -> None:
    records = dict(world.snapshot.connectors)
    records[id] = replace(records[id], state=state)
    world.snapshot = replace(world.snapshot, connectors=records)


def test_an_unknown_connector_is_turned_away() -> None:
    """Its certificate may be ours, and its record gone: it hears which commands bring it back."""
    signal = World().signal("c9")
    assert goodbye(signal) is Code.REVOKED
    text = signal.session.peer_goodbye.text if signal.session.peer_goodbye else ""
    assert "does not know" in text and text.endswith("appproxy connector join TOKEN --state DIR --again")
    assert signal.wire.disconnecting


def test_a_revoked_one_too(world: World) -> None:
    """For good: dialling again cannot help."""
    set_state(world, "c1", ConnectorState.REVOKED)
    signal = world.signal("c1")
    assert goodbye(signal) is Code.REVOKED
    assert signal.session.peer_goodbye is not None and signal.session.peer_goodbye.permanent


def test_one_that_waits_for_approval_is_told_to_come_again(world: World) -> None:
    """It carries no traffic until then; whoever is to approve it sees that it is there."""
    set_state(world, "c1", ConnectorState.PENDING)
    signal = world.signal("c1")
    assert goodbye(signal) is Code.NOT_APPROVED
    assert signal.session.peer_goodbye is not None and not signal.session.peer_goodbye.permanent
    assert signal.session.peer_goodbye.text.endswith("appproxy connector approve c1")
    assert [one[:2] for one in world.seen] == [("c1", False)]
    set_state(world, "c1", ConnectorState.APPROVED)
    assert world.welcomed("c1")


OTHER = b"other instance!!"


def test_two_processes_with_one_certificate(world: World) -> None:
    """The second is refused while the first answers, and welcome when it has gone."""
    first = world.welcomed("c1")
    second = world.signal("c1", instance=OTHER)
    first.frames()
    first.link.dataReceived(first.session.take_output())  # its PONG
    world.clock.advance(ANSWER_SECONDS)
    assert goodbye(second) is Code.DUPLICATE
    first.lose()
    assert world.welcomed("c1", instance=OTHER)


def test_a_connector_whose_machine_was_lost_is_back(world: World) -> None:
    """Its connections still seem to be there, but nobody answers on them: it need not wait for the end of a heartbeat."""
    first = world.welcomed("c1")
    user = world.user()
    user.send(GET)
    assert [frame[0] for frame in first.frames()] == [Kind.REQ]
    second, third = (world.signal("c1", instance=OTHER, slot=slot) for slot in (0, 1))
    assert second.frames() == [] and first.frames() == []  # a PING, which is not answered
    world.clock.advance(ANSWER_SECONDS)
    assert first.wire.aborted
    ((id, _),) = requests(second.frames())
    second.answer(id, body=b"the second time")
    assert user.wire.take().endswith(b"the second time")
    assert [frame[0] for frame in third.frames()] == [Kind.WELCOME]


def test_one_round_of_questions_at_a_time(world: World) -> None:
    """However many connections a second process dials: the first one counts what it is asked."""
    first = world.welcomed("c1")
    for slot in (0, 1, 0, 1):
        world.signal("c1", instance=OTHER, slot=slot)
    assert first.wire.take().count(bytes([Kind.PING]) + bytes(7)) == 1


def test_who_leaves_while_it_waits(world: World) -> None:
    """Is forgotten."""
    first = world.welcomed("c1")
    world.signal("c1", instance=OTHER).lose()
    world.clock.advance(ANSWER_SECONDS)
    assert world.relay.roster.peers["c1"].links == {0: first.link}


def test_the_next_process_of_a_connector_that_drains(world: World) -> None:
    """It gets what is new; what the first one has it ends, on data connections that it dials meanwhile, too."""
    first = world.welcomed("c1")
    users = [world.user() for _ in range(3)]
    users[0].send(GET)
    ((old, _),) = requests(first.frames())
    second = world.signal("c1", instance=OTHER)
    first.link.dataReceived(first.session.drain())
    assert [frame[0] for frame in second.frames()] == [Kind.WELCOME]  # at once
    users[1].send(GET)
    ((new, _),) = requests(second.frames())
    assert new != old
    second.answer(new, body=b"new")
    assert users[1].wire.take().endswith(b"new")
    data = world.attach(old)
    assert [frame[0] for frame in data.frames()] == [Kind.ATTACHED]
    data.say(data.session.head(200, b"content-length: 3\n") + data.session.body(b"old") + data.session.end(b""))
    assert users[0].wire.take().endswith(b"old")
    first.lose()
    world.keep_alive(second, int(world.end_point.limits.limbo_seconds) + 2)
    assert world.relay.roster.leaving == {} and data.wire.aborted
    users[2].send(GET)
    assert len(requests(second.frames())) == 1


def test_a_process_that_drains_is_revoked_with_its_successor(world: World) -> None:
    """All that has the certificate goes."""
    first = world.welcomed("c1")
    first.link.dataReceived(first.session.drain())
    second = world.welcomed("c1", instance=OTHER)
    set_state(world, "c1", ConnectorState.REVOKED)
    world.end_point.snapshot_changed(world.snapshot, Concerned(everybody=True))
    assert goodbye(first) is goodbye(second) is Code.REVOKED
    assert world.relay.roster.all() == []


def test_a_new_connection_of_the_same_slot_replaces_the_old(world: World) -> None:
    """The old one was half open: the connector knows better."""
    old = world.welcomed("c1")
    world.welcomed("c1")
    assert old.wire.aborted
    assert len(world.relay.roster.peers["c1"].links) == 1


def drained(world: World) -> tuple[User, Signal]:
    """A connection that asks for no more, with a POST that its connector has."""
    old = world.welcomed("c1")
    user = world.user()
    user.send(POST + b"hello")
    assert [frame[0] for frame in old.frames()] == [Kind.REQ]
    old.link.dataReceived(old.session.drain())
    assert [frame[0] for frame in old.frames()] == [Kind.DRAINED]
    return user, old


def test_an_answer_on_a_drained_connection_comes_after_the_next_hello(world: World) -> None:
    """Nothing orders two connections: the answer was sent first, and is not lost."""
    user, old = drained(world)
    world.welcomed("c1", ended=(1,))
    old.answer(1, body=b"done")
    assert user.wire.take().endswith(b"done")
    old.lose()
    assert len(world.relay.roster.peers["c1"].links) == 1


def test_what_a_drained_connection_leaves_unanswered_goes_on_with_the_next(world: World) -> None:
    """Its connector has it, as HELLO says: the end of the old connection means nothing to it."""
    user, old = drained(world)
    new = world.welcomed("c1", open=(1,))
    old.lose()
    new.answer(1, body=b"done")
    assert user.wire.take().endswith(b"done")


def test_what_a_drained_connection_never_delivered_is_sent_again(world: World) -> None:
    """HELLO would name it."""
    user, _ = drained(world)
    new = world.welcomed("c1")
    ((id, _),) = requests(new.frames())
    new.answer(id, body=b"done")
    assert user.wire.take().endswith(b"done")


def test_an_answer_that_a_drained_connection_takes_with_it_is_missed_in_the_end(world: World) -> None:
    """It is not waited for longer than for a HELLO."""
    user, old = drained(world)
    new = world.welcomed("c1", ended=(1,))
    old.lose()
    assert user.wire.take() == b""
    world.keep_alive(new, int(world.end_point.limits.limbo_seconds) + 2)
    assert user.wire.take().startswith(b"HTTP/1.1 502")


def test_a_slot_has_one_drained_connection_at_most(world: World) -> None:
    """And none behind one that is lost."""
    _, first = drained(world)
    second = world.welcomed("c1", ended=(1,))
    assert not first.wire.aborted
    second.link.dataReceived(second.session.drain())
    third = world.welcomed("c1", ended=(1,))
    assert first.wire.aborted and not second.wire.aborted
    third.lose()
    assert second.wire.aborted


def test_the_second_slot_stands_beside_the_first(world: World) -> None:
    """Two signal connections of one connector."""
    world.welcomed("c1", slot=0)
    world.welcomed("c1", slot=1)
    assert len(world.relay.roster.peers["c1"].links) == 2


def test_a_draining_connector_gets_no_more_requests() -> None:
    """DRAINED says that the last one has been sent."""
    world = World(connectors=("c1",))
    signal = world.welcomed("c1")
    signal.link.dataReceived(signal.session.drain())
    assert [frame[0] for frame in signal.frames()] == [Kind.DRAINED]
    world.user().send(GET)
    assert signal.frames() == []
    assert world.relay.roster.waiting == 1


def test_a_draining_service_asks_for_no_answers_in_a_hurry(world: World) -> None:
    """DRAIN goes to every connector, and newcomers are sent away for a moment."""
    signal = world.welcomed("c1")
    world.end_point.drain()
    assert [frame[0] for frame in signal.frames()] == [Kind.DRAIN]
    assert goodbye(world.signal("c2")) is Code.SHUTTING_DOWN


def test_a_moved_connector_serves_its_new_group_at_once(world: World) -> None:
    """Without a restart; the configuration that goes with it is hinted."""
    signal = world.welcomed("c1")
    records = dict(world.snapshot.connectors)
    records["c1"] = replace(records["c1"], group="other")
    world.snapshot = replace(world.snapshot, connectors=records)
    world.relay.configuration = 7
    world.end_point.snapshot_changed(world.snapshot, Concerned(everybody=True))
    assert [frame[0] for frame in signal.frames()] == [Kind.CONFIG]
    assert world.relay.roster.peers["c1"].group == "other"
    world.user().send(GET)
    assert requests(signal.frames()) == []


def test_many_changes_are_told_in_few_words(world: World) -> None:
    """The first at once, later ones together half a second after it: a connector takes no flood of hints."""
    signal = world.welcomed("c1")

    def change() -> None:
        world.relay.configuration += 1
        world.end_point.snapshot_changed(world.snapshot, Concerned(everybody=True))

    for _ in range(100):
        change()
    assert [frame[3] for frame in signal.frames()] == [b"1"]
    world.clock.advance(0.5)
    assert [frame[3] for frame in signal.frames()] == [b"100"]
    for _ in range(100):  # `frames` reads as strictly as a connector does
        for _ in range(5):
            change()
            world.clock.advance(0.1)
        assert len(signal.frames()) <= 2
    world.clock.pump([0.5, 0.5])
    change()
    before = len(world.clock.getDelayedCalls())
    change()
    assert len(world.clock.getDelayedCalls()) > before
    world.end_point.abort()
    assert len(world.clock.getDelayedCalls()) <= before


def test_a_broken_protocol_ends_one_connection_and_no_more(world: World) -> None:
    """The peer is told, it is counted, and other connectors go on."""
    bad, good = world.welcomed("c1"), world.welcomed("c2", instance=b"j" * 16)
    bad.link.dataReceived(encode(Kind.REQ, 5, b"a service does not get requests"))
    assert bad.wire.disconnecting
    assert world.end_point.protocol_errors == 1
    assert not good.wire.disconnecting


def test_a_connector_that_falls_silent_is_given_up(world: World) -> None:
    """40 s, in which it was asked twice."""
    signal = world.welcomed("c1")
    world.advance(20)
    assert signal.wire.take()[4] == Kind.PING
    world.advance(21)
    assert signal.wire.aborted


def test_a_connection_without_hello_goes(world: World) -> None:
    """Ten seconds."""
    link = SignalLink(world.end_point, "c1", "")
    transport = StringTransport()
    link.makeConnection(transport)
    world.advance(11)
    assert transport.disconnecting


def test_an_expired_certificate_ends_the_connection(world: World) -> None:
    """Never later than notAfter."""
    signal = world.welcomed("c1")
    signal.link.not_after = 1e9 - 1
    world.advance(2)
    assert signal.wire.disconnecting


def test_data_connections_need_a_signal_connection(world: World) -> None:
    """A connector that is not here has nothing to attach."""
    data = world.data("c1")
    assert data.wire.aborted


def test_all_goes_when_a_connector_does_not_come_back(world: World) -> None:
    """Data connections, requests, and its place in the roster."""
    signal = world.welcomed("c1")
    user = world.user()
    user.send(GET)
    data = world.data("c1")
    signal.lose()
    world.advance(6)
    assert data.wire.aborted
    assert world.relay.roster.peers == {}
    assert world.end_point.links == set()


def test_alpn_decides_what_a_connection_speaks(world: World) -> None:
    """Tunnel protocols need a certificate of ours; HTTP goes to the control end points; nothing else is spoken."""
    assert world.end_point.protocol_for(SIGNAL, None, None) is None
    assert world.end_point.protocol_for(DATA, None, None) is None
    assert world.end_point.protocol_for(None, None, None) is None
    assert world.end_point.protocol_for(b"h2", None, None) is None
    assert world.end_point.protocol_for(SIGNAL, b"no certificate", None) is None
    assert not isinstance(world.end_point.protocol_for(CONTROL, None, None), SignalLink | DataLink | None)


def test_a_handshake_that_never_ends_is_cut(world: World) -> None:
    """30 s."""
    entry = IncomingConnection(world.end_point, None)
    transport = StringTransport()
    entry.makeConnection(transport)
    world.advance(31)
    assert transport.disconnecting


def test_nothing_is_left_after_abort(world: World) -> None:
    """No timer, no connection."""
    world.welcomed("c1")
    world.user().send(GET)
    world.end_point.abort()
    world.front.abort()
    world.relay.deadlines.stop()
    world.advance(10)
    assert world.clock.getDelayedCalls() == []


def nodes_told(signal: Signal) -> list[tuple[NodePlace, ...]]:
    """The lists of nodes that have come."""
    return [decode_nodes(frame[3]) for frame in signal.frames() if frame[0] == Kind.NODES]


def test_connectors_are_told_of_all_nodes(world: World) -> None:
    """Behind WELCOME, which has the node's own place, and after each change; of many changes in a second once."""
    own, other = NodePlace("n1", "one.example.com", 8443), NodePlace("n2", "two.example.com", 8443)
    world.nodes.append(own)
    signal = world.signal("c1")
    frames = signal.frames()
    assert [frame[0] for frame in frames] == [Kind.WELCOME, Kind.NODES]
    welcome = signal.session.peer_welcome
    assert welcome is not None and (welcome.host, welcome.port) == ("one.example.com", 8443)
    assert decode_nodes(frames[1][3]) == (own,)
    world.nodes.append(other)
    for _ in range(3):
        world.end_point.node_lists.changed()
    assert nodes_told(signal) == [(own, other)]
    world.nodes.remove(own)
    world.clock.advance(NODES_EVERY)
    assert nodes_told(signal) == [(other,)]


def test_one_that_has_joined_at_another_node(world: World) -> None:
    """It is looked for once more before it is sent away for good; and not for good where the database cannot be asked."""
    looks: list[Deferred[bool]] = []

    def look() -> Deferred[bool]:
        looks.append(Deferred())
        return looks[-1]

    world.looked = look
    signal, gone, away, unknown = (world.signal("c9") for _ in range(4))
    assert signal.frames() == [] and len(looks) == 4
    gone.lose()
    looks[2].callback(False)
    assert goodbye(away) is Code.OVERLOADED
    assert away.session.peer_goodbye is not None and not away.session.peer_goodbye.permanent
    looks[3].callback(True)
    assert goodbye(unknown) is Code.REVOKED
    world.snapshot = replace(world.snapshot, connectors={
        **world.snapshot.connectors, "c9": replace(world.snapshot.connectors["c1"], id="c9")})
    looks[1].callback(True)
    assert "c9" not in world.relay.roster.peers
    looks[0].callback(True)
    assert [frame[0] for frame in signal.frames()] == [Kind.WELCOME]


def test_a_connection_for_another_node_takes_the_place_of_none(world: World) -> None:
    """An address may lead elsewhere than it was told for; where that place is free it is as good as another."""
    signal = world.welcomed("c1")
    stray = world.signal("c1", node="elsewhere")
    assert goodbye(stray) is Code.OVERLOADED
    assert not signal.wire.disconnecting and world.relay.roster.peers["c1"].links == {0: signal.link}
    assert [frame[0] for frame in world.signal("c1", slot=1, node="elsewhere").frames()] == [Kind.WELCOME]
    again = world.welcomed("c1", node="n1")
    assert world.relay.roster.peers["c1"].links[0] is again.link


PARENT, STRANGER = b"start of parent1", b"another parent 2"
ONE, TWO, AGAIN = b"worker's start 1", b"worker's start 2", b"worker's start 3"


def workers(world: World) -> tuple[Signal, Signal]:
    """One connector with two of them."""
    return (world.welcomed("c1", instance=ONE, parent=PARENT, worker=1),
            world.welcomed("c1", instance=TWO, parent=PARENT, worker=2))


def test_workers_of_one_connector_share_its_requests() -> None:
    """Each gets its own, under ids that no other has; both are one connector to whoever counts them."""
    world = World(connectors=("c1",))
    one, two = workers(world)
    for _ in range(4):
        world.user().send(GET)
    given = [[id for id, _ in requests(one.frames())], [id for id, _ in requests(two.frames())]]
    assert [len(ids) for ids in given] == [2, 2] and len({*given[0], *given[1]}) == 4
    assert world.relay.roster.online("default") == 1 and [peer.id for peer in world.relay.roster.of("c1")] == ["c1", "c1"]


def test_a_data_connection_of_a_worker_finds_its_request() -> None:
    """Its certificate does not tell whose it is; the loss of one worker takes nothing of the other's."""
    world = World(connectors=("c1",))
    one, two = workers(world)
    world.user().send(GET)
    world.user().send(GET)
    first, second = only_request(one), only_request(two)
    idle = world.data("c1")
    data = world.attach(second)
    peers = world.relay.roster.of("c1")
    assert data.link.peer is peers[1] and idle.link.peer is None
    one.lose()
    world.clock.advance(world.end_point.limits.limbo_seconds)
    assert world.relay.roster.of("c1") == [peers[1]] and not data.wire.aborted and not idle.wire.aborted
    assert first != second


def test_a_worker_that_is_started_again_takes_the_place_of_the_one_before() -> None:
    """At once, and nobody else's; the connector was here all the time."""
    world = World(connectors=("c1",))
    one, _ = workers(world)
    one.lose()
    assert [one[:2] for one in world.seen] == [("c1", True)] * 2
    world.welcomed("c1", instance=AGAIN, parent=PARENT, worker=1)
    assert [peer.instance for peer in world.relay.roster.of("c1")] == [TWO, AGAIN]
    assert sorted(world.relay.roster.peers) == ["c1", "c1.2"]


@pytest.mark.parametrize("parent", [STRANGER, b""])
def test_another_parent_s_worker_is_no_worker(parent: bytes) -> None:
    """A copy of the certificate is found out as ever, whatever number it says."""
    world = World(connectors=("c1",))
    both = workers(world)
    rival = world.signal("c1", instance=AGAIN, parent=parent, worker=3 if parent else 0)
    both[1].frames()
    both[1].link.dataReceived(both[1].session.take_output())  # one PONG of either is enough
    world.clock.advance(ANSWER_SECONDS)
    assert goodbye(rival) is Code.DUPLICATE and len(world.relay.roster.of("c1")) == 2


def test_it_is_welcome_when_all_workers_drain() -> None:
    """One that drains leaves the others there."""
    world = World(connectors=("c1",))
    both = workers(world)
    rival = world.signal("c1", instance=AGAIN, parent=STRANGER, worker=1)
    both[0].link.dataReceived(both[0].session.drain())
    assert len(world.relay.roster.workers("c1")) == 2
    both[1].link.dataReceived(both[1].session.drain())
    assert goodbye(rival) is None and [peer.instance for peer in world.relay.roster.workers("c1")] == [AGAIN]


def test_workers_are_bounded() -> None:
    """What a certificate may take of a node is."""
    world = World(connectors=("c1",))
    for number in range(world.end_point.limits.workers):
        world.welcomed("c1", instance=b"%16d" % number, parent=PARENT, worker=number)
    assert goodbye(world.signal("c1", instance=AGAIN, parent=PARENT, worker=99)) is Code.OVERLOADED
