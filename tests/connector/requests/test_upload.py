"""A body on its way to the application: never faster than the application reads."""

from __future__ import annotations

from appproxy.connector.requests.origin_request import OriginRequest
from appproxy.errors import Code
from appproxy.tunnel.frames import Kind
from tests.connector.rig import DataPeer, Rig, SignalPeer, Wire, finals, request, send


def uploading(rig: Rig, length: int | None = 1000) -> tuple[SignalPeer, DataPeer, Wire]:
    """A body that has begun to flow."""
    signal, data = rig.with_data()
    send(signal, 1, request(b"POST", length=length))
    origin = rig.origin()
    data.read()
    data.attached(1)
    data.wire.deliver(data.session.body(b"first"))
    origin.take()
    return signal, data, origin


def test_a_slow_application_pauses_the_service(rig: Rig) -> None:
    """Back-pressure is the transport's: paused once, resumed once."""
    _, data, origin = uploading(rig)
    origin.clog()
    assert data.wire.paused
    origin.unclog()
    assert not data.wire.paused


def test_a_body_that_ends_while_the_application_is_slow(rig: Rig) -> None:
    """The data connection goes back to the pool awake, and is no longer the application's to pause."""
    signal, data, origin = uploading(rig, 8)
    data.wire.deliver(data.session.body(b"end") + data.session.end())
    assert origin.producer is None
    origin.deliver(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n")
    assert list(finals(signal.read())) == [(Kind.RSP, 1, (200, b""))]
    assert data.read() == []
    assert not data.wire.paused
    assert rig.uplink.pool.idle == 2


def test_the_application_dies_while_it_is_slow(rig: Rig) -> None:
    """The request fails, the body is stopped, and the data connection is awake again."""
    signal, data, origin = uploading(rig)
    origin.clog()
    origin.lose()
    assert not data.wire.paused
    assert list(finals(signal.read())) == [(Kind.FAIL, 1, Code.ORIGIN_CLOSED)]
    assert data.kinds() == [Kind.STOP, Kind.ABORT]
    assert data.session.idle


def test_what_goes_once_more_is_no_longer_paused_by_the_one_before(rig: Rig) -> None:
    """Two applications' connections would pause and resume the same data connection in turn."""
    signal, data = rig.with_data()
    send(signal, 1, request(b"PUT", length=1000))
    origin = rig.origin()
    data.read()
    data.attached(1)
    data.wire.deliver(data.session.body(b"first"))
    origin.clog()
    (forward,) = rig.uplink.requests.under_way.values()
    assert isinstance(forward, OriginRequest) and forward.upload is not None and data.wire.paused
    forward.upload.rewind()
    assert origin.producer is None and not data.wire.paused


def test_chunks_and_trailers(rig: Rig) -> None:
    """A body of unknown length goes in chunks, its trailers behind it."""
    _, data, origin = uploading(rig, None)
    data.wire.deliver(data.session.body(b"0123456789abcdef0"))
    assert origin.take() == b"11\r\n0123456789abcdef0\r\n"
    data.wire.deliver(data.session.end(b"checksum: 7\n"))
    assert origin.take() == b"0\r\nchecksum: 7\r\n\r\n"


def test_a_slow_user_is_no_fault_of_the_application(rig: Rig) -> None:
    """While the user takes their time the application's time does not run; once all is there it does."""
    signal, data, origin = uploading(rig, 8)
    for _ in range(20):
        rig.clock.advance(10)
        for peer in (signal, rig.second, data):
            peer.read()
            peer.keep_alive()
    assert origin.end == ""
    data.wire.deliver(data.session.body(b"end") + data.session.end())
    for _ in range(10):
        rig.clock.advance(10)
        for peer in (signal, rig.second, data):
            peer.read()
            peer.keep_alive()
    assert rig.ended[0].code is Code.ORIGIN_TIMEOUT


def test_the_data_connection_is_lost_in_the_upload(rig: Rig) -> None:
    """What the application has is not whole: its connection is reset, and the request fails."""
    signal, data, origin = uploading(rig)
    data.wire.lose()
    assert origin.end == "aborted"
    assert list(finals(signal.read())) == [(Kind.FAIL, 1, Code.CONNECTOR_LOST)]


def test_a_stale_connection_before_the_body(rig: Rig) -> None:
    """A pooled connection that dies before ATTACHED is replaced; the body comes on the fresh one."""
    signal, stale = rig.with_data()
    send(signal, 1, request(b"POST", length=2))
    origin = rig.origin()
    stale.wire.lose()
    fresh = rig.data()
    assert fresh.kinds() == [Kind.ATTACH]
    fresh.attached(1)
    fresh.wire.deliver(fresh.session.body(b"ok") + fresh.session.end())
    assert origin.take().endswith(b"\r\n\r\nok")
