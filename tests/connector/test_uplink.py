"""One service node: greeting, loss, drain, and a node that was restarted."""

from __future__ import annotations

from twisted.internet.defer import Deferred

from appproxy.errors import Code
from appproxy.tunnel.frames import Kind
from tests.connector.rig import EPOCH, Rig, finals, request, send

OK = b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello"


def test_two_signal_connections_greet(rig: Rig) -> None:
    """Both slots say HELLO with the same instance."""
    rig.uplink.start()
    first, second = rig.signal(), rig.signal()
    first.read()
    second.read()
    assert first.hello is not None and second.hello is not None
    assert (first.hello.slot, second.hello.slot) == (0, 1)
    assert first.hello.instance == second.hello.instance == b"i" * 16
    assert first.hello.generation == 1
    assert rig.welcomes == []
    first.welcome()
    assert len(rig.welcomes) == 1


def test_data_connections_wait_for_the_welcome(rig: Rig) -> None:
    """Two are dialled as soon as the node is known, to the place that it names."""
    rig.uplink.start()
    signal, other = rig.signal(), rig.signal()
    assert rig.dialled == []
    signal.welcome(host="node-3.example.com")
    assert [each.alpn for each in rig.dialled] == [b"appproxy-data/1"] * 2
    assert str(rig.dialled[0].where) == "ServiceAddress(host='node-3.example.com', port=8443, node='node')"
    other.welcome(host="node-3.example.com")


def test_one_signal_connection_is_lost(rig: Rig) -> None:
    """Its answers go on the other one; it is dialled again, and data connections stay."""
    signal, data = rig.with_data()
    send(signal, 1)
    origin = rig.origin()
    signal.wire.lose()
    origin.deliver(OK)
    assert list(finals(rig.second.read())) == [(Kind.RSP, 1, (200, b"hello"))]
    assert data.wire.end == ""
    rig.clock.pump([0.25] * 2)
    again = rig.signal()
    again.read()
    assert again.hello is not None
    assert (again.hello.slot, again.hello.generation) == (0, 2)


def test_the_last_signal_connection_takes_the_data_connections_along(rig: Rig) -> None:
    """Without them nobody could be told anything."""
    signal, data = rig.with_data()
    signal.wire.lose()
    assert data.wire.end == ""
    rig.second.wire.lose()
    assert data.wire.end == "aborted"


def test_a_new_epoch(rig: Rig) -> None:
    """The node was restarted: what it had asked for is given up, without a word, and its ids may come again."""
    signal = rig.online()
    send(signal, 1)
    origin = rig.origin()
    signal.wire.lose()
    rig.clock.pump([0.25] * 2)
    again = rig.signal()
    again.welcome(epoch=b"epoch--2")
    assert origin.end == "aborted"
    assert again.read() == []
    assert rig.second.read() == []
    send(again, 1)
    rig.origin().deliver(OK)
    assert list(finals(again.read())) == [(Kind.RSP, 1, (200, b"hello"))]


def test_the_same_epoch_goes_on(rig: Rig) -> None:
    """A lost connection alone gives nothing up."""
    signal = rig.online()
    send(signal, 1)
    origin = rig.origin()
    signal.wire.lose()
    rig.clock.pump([0.25] * 2)
    rig.signal().welcome(epoch=EPOCH)
    assert origin.end == ""


def test_drain_waits_for_what_is_in_flight(rig: Rig) -> None:
    """DRAIN goes out; requests that were under way, and those that cross it, are served; then it is over."""
    signal = rig.online()
    send(signal, 1)
    done = finished(rig.uplink.drain())
    assert [Kind(frame[0]) for frame in signal.read()] == [Kind.DRAIN]
    rig.second.read()
    send(signal, 2)
    signal.wire.deliver(signal.session.drained())
    rig.second.wire.deliver(rig.second.session.drained())
    assert done == []
    for _ in (1, 2):
        rig.origin().deliver(OK)
    assert [id for _, id, _ in finals(signal.read())] == [1, 2]
    assert done == [None]


def test_drain_waits_for_drained(rig: Rig) -> None:
    """With nothing in flight, a request may still be on its way until the service has said DRAINED."""
    signal = rig.online()
    done = finished(rig.uplink.drain())
    signal.read()
    rig.second.read()
    signal.wire.deliver(signal.session.drained())
    assert done == []
    rig.second.wire.deliver(rig.second.session.drained())
    assert done == [None]


def test_a_draining_connector_does_not_dial(rig: Rig) -> None:
    """A signal connection that is lost while draining stays lost."""
    signal = rig.online()
    rig.dialled.clear()
    done = finished(rig.uplink.drain())
    signal.wire.lose()
    rig.second.wire.lose()
    rig.clock.advance(60)
    assert rig.dialled == []
    assert done == [None]


def test_closing_waits_for_the_last_bytes(rig: Rig) -> None:
    """After the drain all connections are closed politely."""
    signal, data = rig.with_data()
    done = finished(rig.uplink.close())
    assert (signal.wire.end, rig.second.wire.end, data.wire.end) == ("lost", "lost", "lost")
    assert done == [None]


def test_a_service_that_drains(rig: Rig) -> None:
    """What it gave is answered, then DRAINED; another connection is dialled meanwhile."""
    signal = rig.online()
    rig.dialled = [each for each in rig.dialled if each.alpn != b"appproxy-signal/1"]
    send(signal, 1)
    signal.wire.deliver(signal.session.drain())
    assert [each.alpn for each in rig.dialled].count(b"appproxy-signal/1") == 1
    assert signal.read() == []
    rig.origin().deliver(OK)
    assert [Kind(frame[0]) for frame in signal.read()] == [Kind.RSP, Kind.DRAINED]


def test_renewing_replaces_one_connection_after_the_other(rig: Rig) -> None:
    """Each is drained before its HELLO, so that the list in that is complete; no request is lost."""
    old = rig.online()
    rig.dialled.clear()
    send(old, 1)
    rig.uplink.renew()
    assert [Kind(frame[0]) for frame in old.read()] == [Kind.DRAIN]
    assert rig.second.read() == []
    send(old, 2)
    assert rig.dialled == []
    old.wire.deliver(old.session.drained())
    new = rig.signal()
    new.read()
    assert new.hello is not None
    assert (new.hello.generation, new.hello.open) == (2, (1, 2))
    new.welcome()
    send(new, 3)
    for _ in (1, 2, 3):
        rig.origin().deliver(OK)
    assert [id for _, id, _ in finals(old.read())] == [1, 2]
    assert [id for _, id, _ in finals(new.read())] == [3]
    assert old.wire.end == "lost"
    assert [Kind(frame[0]) for frame in rig.second.read()] == [Kind.DRAIN]


def test_renewing_when_the_service_closes_the_old_connection(rig: Rig) -> None:
    """Answers to what came on it take another one, and data connections stay."""
    old, data = rig.with_data()
    send(old, 1)
    rig.uplink.renew()
    old.read()
    old.wire.deliver(old.session.drained())
    new = rig.signal()
    old.wire.lose()
    new.welcome()
    rig.origin().deliver(OK)
    answers = [*finals(new.read()), *finals(rig.second.read())]
    assert answers == [(Kind.RSP, 1, (200, b"hello"))]
    assert data.wire.end == ""


def test_renewing_while_one_is_down(rig: Rig) -> None:
    """What is dialled anyway has the new certificate; the other one is replaced."""
    signal = rig.online()
    signal.wire.lose()
    rig.uplink.renew()
    assert [Kind(frame[0]) for frame in rig.second.read()] == [Kind.DRAIN]


def test_a_configuration_hint(rig: Rig) -> None:
    """CONFIG is passed on to whoever reads the configuration."""
    signal = rig.online()
    signal.send(Kind.CONFIG, 0, b"2")
    assert rig.changes == 1


def test_stopping_leaves_nothing(rig: Rig) -> None:
    """No connection, no timer."""
    signal, data = rig.with_data()
    send(signal, 1, request(b"POST", length=4))
    rig.origin()
    rig.uplink.stop()
    rig.origins.close()
    rig.deadlines.stop()
    assert signal.wire.end and data.wire.end
    assert rig.clock.getDelayedCalls() == []
    assert rig.ended[0].code is Code.CONNECTOR_LOST


def finished(deferred: Deferred[None]) -> list[None]:
    """Fills when it fires."""
    results: list[None] = []
    deferred.addCallback(results.append)
    return results


def test_the_service_has_moved(rig: Rig) -> None:
    """What leads to its old address is replaced, one after the other; idle data connections there go at once."""
    old, data = rig.with_data()
    good = frozenset({"192.0.2.7", "192.0.2.8"})
    rig.uplink.moved("elsewhere.example.com", frozenset({"192.0.2.8"}))
    rig.uplink.moved("connect.example.com", good)
    assert old.read() == rig.second.read() == [] and data.wire.end == ""
    rig.second.wire.host = "192.0.2.8"
    rig.uplink.moved("connect.example.com", frozenset({"192.0.2.8"}))
    assert [Kind(frame[0]) for frame in old.read()] == [Kind.DRAIN]
    assert data.wire.end != ""
    rig.uplink.moved("connect.example.com", frozenset({"192.0.2.8"}))  # it is under way
    old.wire.deliver(old.session.drained())
    new = rig.signal()
    new.wire.host = "192.0.2.8"
    new.welcome()
    assert old.wire.end == "lost" and rig.second.read() == []
    rig.uplink.moved("connect.example.com", frozenset({"192.0.2.8"}))
    assert new.read() == rig.second.read() == []
