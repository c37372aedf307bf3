"""Long answers: kept until the service has taken the connection, and never faster than it reads."""

from __future__ import annotations

from appproxy.tunnel.frames import Kind
from tests.connector.rig import DataPeer, Rig, request, send

HEAD = b"HTTP/1.1 200 OK\r\ncontent-length: 1000000\r\n\r\n"


def test_a_stale_pooled_connection(rig: Rig) -> None:
    """A pooled connection that dies before ATTACHED: once more, whole, on a fresh one."""
    signal, stale = rig.with_data()
    send(signal, 1)
    origin = rig.origin()
    origin.deliver(HEAD + b"first")
    stale.wire.lose()
    fresh = rig.data()
    origin.deliver(b"second")
    assert [(Kind(frame[0]), frame[4]) for frame in fresh.read()] == [
        (Kind.ATTACH, b""), (Kind.HEAD, b""), (Kind.BODY, b"first"), (Kind.BODY, b"second")]
    fresh.attached(1)
    origin.deliver(b"third")
    assert [frame[4] for frame in fresh.read()] == [b"third"]


def test_the_idle_ones_are_as_stale(rig: Rig) -> None:
    """The second try does not take another pooled connection."""
    signal, stale = rig.with_data()
    send(signal, 1)
    rig.origin().deliver(HEAD + b"first")
    stale.wire.lose()
    assert rig.spare.read() == []
    assert rig.data().kinds() == [Kind.ATTACH, Kind.HEAD, Kind.BODY]


def test_not_a_third_time(rig: Rig) -> None:
    """When the fresh connection dies too, the answer is broken off."""
    signal, stale = rig.with_data()
    send(signal, 1)
    origin = rig.origin()
    origin.deliver(HEAD + b"first")
    stale.wire.lose()
    rig.data().wire.lose()
    assert origin.end == "aborted"
    assert len(rig.uplink.requests) == 0


def test_attach_is_answered_in_5_seconds_or_sent_again(rig: Rig) -> None:
    """A mute pooled connection is closed, and a fresh one dialled."""
    signal, mute = rig.with_data()
    send(signal, 1)
    rig.origin().deliver(HEAD + b"first")
    rig.clock.pump([0.5] * 13)
    assert mute.wire.end == "aborted"
    assert rig.data().kinds() == [Kind.ATTACH, Kind.HEAD, Kind.BODY]


def test_what_is_kept_is_bounded(rig: Rig) -> None:
    """Beyond 64 KiB the application waits until the service has taken the connection."""
    signal, data = rig.with_data()
    send(signal, 1)
    origin = rig.origin()
    origin.deliver(HEAD)
    origin.deliver(bytes(60_000))
    assert not origin.paused
    origin.deliver(bytes(60_000))
    assert origin.paused
    data.read()
    data.attached(1)
    assert not origin.paused


def test_a_slow_service_pauses_the_application(rig: Rig) -> None:
    """Back-pressure is the transport's: paused once, resumed once."""
    signal, data = rig.with_data()
    send(signal, 1)
    origin = rig.origin()
    origin.deliver(HEAD)
    data.read()
    data.attached(1)
    data.wire.clog()
    assert origin.paused
    data.wire.unclog()
    assert not origin.paused


def test_a_finished_answer_lets_go(rig: Rig) -> None:
    """An answer that ends while the service is slow leaves its connection to the application usable."""
    signal, data = rig.with_data()
    send(signal, 1)
    origin = rig.origin()
    origin.deliver(b"HTTP/1.1 200 OK\r\ncontent-length: 3\r\n\r\n")
    data.read()
    data.attached(1)
    origin.deliver(b"ab")
    origin.deliver(b"c")
    assert data.kinds() == [Kind.BODY, Kind.BODY, Kind.END]
    assert data.wire.producer is None
    rig.settle()
    send(signal, 2)
    assert rig.origins_dialled == []


def test_bytes_that_come_in_spite_of_the_pause(rig: Rig) -> None:
    """TLS may still deliver what it had read: the answer ends, and its connection is awake for the next request."""
    signal, data = rig.with_data()
    send(signal, 1)
    origin = rig.origin()
    origin.deliver(b"HTTP/1.1 200 OK\r\ncontent-length: 3\r\n\r\n")
    data.read()
    data.attached(1)
    data.wire.clog()
    assert origin.paused
    origin.protocol.dataReceived(b"abc")
    assert not origin.paused
    rig.settle()
    send(signal, 2)
    assert rig.origins_dialled == []


def test_a_slow_service_is_no_fault_of_the_application(rig: Rig) -> None:
    """While its answer is not being read, an application is not taken for silent."""
    signal, data = rig.with_data()
    send(signal, 1)
    origin = rig.origin()
    origin.deliver(HEAD)
    data.read()
    data.attached(1)
    data.wire.clog()
    for _ in range(70):
        rig.clock.advance(10)
        for peer in (signal, rig.second, data):
            peer.read()
            peer.keep_alive()
    assert origin.end == ""


def test_interim_answers_ride_on_an_attached_connection(rig: Rig) -> None:
    """INFO goes where the answer will go."""
    signal, data = rig.with_data()
    send(signal, 1, request(b"POST", length=1))
    origin = rig.origin()
    body(data)
    origin.deliver(b"HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n")
    assert data.kinds() == [Kind.INFO]
    assert signal.read() == []


def body(data: DataPeer) -> None:
    """Hand over a body of one byte."""
    data.read()
    data.attached(1)
    data.wire.deliver(data.session.body(b"x") + data.session.end())
