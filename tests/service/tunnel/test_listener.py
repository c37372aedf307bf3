"""Where connectors arrive."""

from __future__ import annotations

from dataclasses import replace

from twisted.internet.testing import StringTransport

from appproxy.errors import Code
from appproxy.service.tunnel.links import DataLink, SignalLink
from appproxy.service.tunnel.listener import CONTROL, DATA, SIGNAL, IncomingConnection
from appproxy.store.snapshot import ConnectorState
from appproxy.tunnel.frames import Kind, encode
from tests.service.world import GET, Signal, World, requests


def goodbye(signal: Signal) -> Code | None:
    """Why the service has ended a signal connection."""
    signal.frames()
    return None if signal.session.peer_goodbye is None else signal.session.peer_goodbye.code


def set_state(world: World, id: str, state: ConnectorState) -> None:
    records = dict(world.snapshot.connectors)
    records[id] = replace(records[id], state=state)
    world.snapshot = replace(world.snapshot, connectors=records)


def test_an_unknown_connector_is_turned_away() -> None:
    """Its certificate may be ours, and its record gone."""
    signal = World().signal("c9")
    assert goodbye(signal) is Code.REVOKED
    assert signal.wire.disconnecting


def test_a_revoked_one_too() -> None:
    """For good: dialling again cannot help."""
    world = World()
    set_state(world, "c1", ConnectorState.REVOKED)
    signal = world.signal("c1")
    assert goodbye(signal) is Code.REVOKED
    assert signal.session.peer_goodbye is not None and signal.session.peer_goodbye.permanent


def test_one_that_waits_for_approval_is_told_to_come_again() -> None:
    """It carries no traffic until then."""
    world = World()
    set_state(world, "c1", ConnectorState.PENDING)
    signal = world.signal("c1")
    assert goodbye(signal) is Code.NOT_APPROVED
    assert signal.session.peer_goodbye is not None and not signal.session.peer_goodbye.permanent
    set_state(world, "c1", ConnectorState.APPROVED)
    assert world.welcomed("c1")


def test_two_processes_with_one_certificate() -> None:
    """The second is refused while the first lives, and welcome when it has gone."""
    world = World()
    first = world.welcomed("c1")
    second = world.signal("c1", instance=b"other instance!!")
    assert goodbye(second) is Code.DUPLICATE
    first.lose()
    assert world.welcomed("c1", instance=b"other instance!!")


def test_a_new_connection_of_the_same_slot_replaces_the_old() -> None:
    """The old one was half open: the connector knows better."""
    world = World()
    old = world.welcomed("c1")
    world.welcomed("c1")
    assert old.wire.aborted
    assert len(world.relay.roster.peers["c1"].links) == 1


def test_the_second_slot_stands_beside_the_first() -> None:
    """Two signal connections of one connector."""
    world = World()
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


def test_a_draining_service_asks_for_no_answers_in_a_hurry() -> None:
    """DRAIN goes to every connector, and newcomers are sent away for a moment."""
    world = World()
    signal = world.welcomed("c1")
    world.end_point.drain()
    assert [frame[0] for frame in signal.frames()] == [Kind.DRAIN]
    assert goodbye(world.signal("c2")) is Code.SHUTTING_DOWN


def test_a_moved_connector_serves_its_new_group_at_once() -> None:
    """Without a restart; the configuration that goes with it is hinted."""
    world = World()
    signal = world.welcomed("c1")
    records = dict(world.snapshot.connectors)
    records["c1"] = replace(records["c1"], group="other")
    world.snapshot = replace(world.snapshot, connectors=records)
    world.relay.configuration = 7
    world.end_point.snapshot_changed(world.snapshot, True)
    assert [frame[0] for frame in signal.frames()] == [Kind.CONFIG]
    assert world.relay.roster.peers["c1"].group == "other"
    world.user().send(GET)
    assert requests(signal.frames()) == []


def test_many_changes_are_told_in_few_words() -> None:
    """The first at once, later ones together half a second after it: a connector takes no flood of hints."""
    world = World()
    signal = world.welcomed("c1")

    def change() -> None:
        world.relay.configuration += 1
        world.end_point.snapshot_changed(world.snapshot, True)

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


def test_a_broken_protocol_ends_one_connection_and_no_more() -> None:
    """The peer is told, it is counted, and other connectors go on."""
    world = World()
    bad, good = world.welcomed("c1"), world.welcomed("c2", instance=b"j" * 16)
    bad.link.dataReceived(encode(Kind.REQ, 5, b"a service does not get requests"))
    assert bad.wire.disconnecting
    assert world.end_point.protocol_errors == 1
    assert not good.wire.disconnecting


def test_a_connector_that_falls_silent_is_given_up() -> None:
    """40 s, in which it was asked twice."""
    world = World()
    signal = world.welcomed("c1")
    world.advance(20)
    assert signal.wire.take()[4] == Kind.PING
    world.advance(21)
    assert signal.wire.aborted


def test_a_connection_without_hello_goes() -> None:
    """Ten seconds."""
    world = World()
    link = SignalLink(world.end_point, "c1", "")
    transport = StringTransport()
    link.makeConnection(transport)
    world.advance(11)
    assert transport.disconnecting


def test_an_expired_certificate_ends_the_connection() -> None:
    """Never later than notAfter."""
    world = World()
    signal = world.welcomed("c1")
    signal.link.not_after = 1e9 - 1
    world.advance(2)
    assert signal.wire.disconnecting


def test_data_connections_need_a_signal_connection() -> None:
    """A connector that is not here has nothing to attach."""
    world = World()
    data = world.data("c1")
    assert data.wire.aborted


def test_all_goes_when_a_connector_does_not_come_back() -> None:
    """Data connections, requests, and its place in the roster."""
    world = World()
    signal = world.welcomed("c1")
    user = world.user()
    user.send(GET)
    data = world.data("c1")
    signal.lose()
    world.advance(6)
    assert data.wire.aborted
    assert world.relay.roster.peers == {}
    assert world.end_point.links == set()


def test_alpn_decides_what_a_connection_speaks() -> None:
    """Tunnel protocols need a certificate of ours; HTTP goes to the control end points; nothing else is spoken."""
    world = World()
    assert world.end_point.protocol_for(SIGNAL, None, None) is None
    assert world.end_point.protocol_for(DATA, None, None) is None
    assert world.end_point.protocol_for(None, None, None) is None
    assert world.end_point.protocol_for(b"h2", None, None) is None
    assert world.end_point.protocol_for(SIGNAL, b"no certificate", None) is None
    assert not isinstance(world.end_point.protocol_for(CONTROL, None, None), SignalLink | DataLink | None)


def test_a_handshake_that_never_ends_is_cut() -> None:
    """30 s."""
    world = World()
    entry = IncomingConnection(world.end_point, None)
    transport = StringTransport()
    entry.makeConnection(transport)
    world.advance(31)
    assert transport.disconnecting


def test_nothing_is_left_after_abort() -> None:
    """No timer, no connection."""
    world = World()
    world.welcomed("c1")
    world.user().send(GET)
    world.end_point.abort()
    world.front.abort()
    world.relay.deadlines.stop()
    world.advance(10)
    assert world.clock.getDelayedCalls() == []
