"""Upgraded streams: bytes both ways, each direction closed on its own."""

from __future__ import annotations

import pytest

from appproxy.errors import Code
from appproxy.tunnel.frames import Kind
from appproxy.tunnel.messages import decode_code, decode_response
from tests.connector.rig import DataPeer, Rig, SignalPeer, Wire, code, finals, request, send

SWITCH = b"HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n"


def upgraded(rig: Rig, first: bytes = b"") -> tuple[SignalPeer, DataPeer, Wire]:
    """A stream that stands."""
    signal, data = rig.with_data()
    send(signal, 1, request(upgrade=b"websocket"))
    origin = rig.origin()
    origin.take()
    origin.deliver(SWITCH + first)
    return signal, data, origin


def test_the_request_asks_for_the_upgrade(rig: Rig) -> None:
    """The fields that are between two ends only are the connector's to add."""
    signal, _ = rig.with_data()
    send(signal, 1, request(upgrade=b"websocket"))
    assert b"connection: upgrade\r\nupgrade: websocket\r\n" in rig.origin().take()


def test_an_upgrade_that_is_not_allowed(rig: Rig) -> None:
    """Of a protocol that the application does not list, the application hears nothing."""
    signal, _ = rig.with_data()
    send(signal, 1, request(upgrade=b"h2c"))
    assert b"upgrade" not in rig.origin().take()


def test_a_refused_upgrade(rig: Rig) -> None:
    """The user gets the application's own answer."""
    signal, _ = rig.with_data()
    send(signal, 1, request(upgrade=b"websocket"))
    rig.origin().deliver(b"HTTP/1.1 403 Forbidden\r\ncontent-length: 2\r\n\r\nno")
    assert list(finals(signal.read())) == [(Kind.RSP, 1, (403, b"no"))]


def test_bytes_both_ways(rig: Rig) -> None:
    """What comes right behind the 101 belongs to the stream; then all goes through as it is."""
    _, data, origin = upgraded(rig, b"hello")
    frames = data.read()
    assert [Kind(frame[0]) for frame in frames] == [Kind.ATTACH, Kind.HEAD, Kind.BODY]
    assert decode_response(frames[1][3]) == (101, b"upgrade: websocket\n")
    assert frames[2][4] == b"hello"
    data.attached(1)
    data.wire.deliver(data.session.body(b"\x81\x00"))
    assert origin.take() == b"\x81\x00"
    origin.deliver(b"\x82\x00")
    assert [frame[4] for frame in data.read()] == [b"\x82\x00"]


def test_it_does_not_count_as_in_flight(rig: Rig) -> None:
    """Idle WebSockets take no request's place."""
    _, data, _ = upgraded(rig)
    data.read()
    data.attached(1)
    assert rig.uplink.requests.in_flight == 0
    assert len(rig.uplink.requests) == 1


def test_the_application_closes_first(rig: Rig) -> None:
    """Its close ends its direction only; what the user still sends arrives."""
    _, data, origin = upgraded(rig)
    data.read()
    data.attached(1)
    origin.half_close()
    assert data.kinds() == [Kind.END]
    data.wire.deliver(data.session.body(b"bye"))
    assert origin.take() == b"bye"
    data.wire.deliver(data.session.end())
    assert origin.end == "lost"
    data.read()
    assert data.session.idle
    assert rig.ended[0].code is None
    assert rig.uplink.pool.idle == 2


def test_the_user_closes_first(rig: Rig) -> None:
    """The application sees the end of that direction, and may go on."""
    _, data, origin = upgraded(rig)
    data.read()
    data.attached(1)
    data.wire.deliver(data.session.end())
    assert origin.write_closed
    origin.deliver(b"last words")
    assert [frame[4] for frame in data.read()] == [b"last words"]
    origin.half_close()
    assert data.kinds() == [Kind.END]
    assert len(rig.uplink.requests) == 0


def test_a_half_closed_stream_does_not_stay(rig: Rig) -> None:
    """When one direction is closed, a minute of silence ends the other, and two seconds in which nobody looks."""
    signal, data, origin = upgraded(rig)
    data.read()
    data.attached(1)
    origin.half_close()
    wait(rig, 61, signal, data)
    rig.clock.pump([0.25] * 8)
    assert origin.end == "aborted"
    assert rig.ended[0].code is Code.ORIGIN_TIMEOUT


def test_a_silent_stream_ends_after_its_time(rig: Rig) -> None:
    """An hour here; each byte starts it again."""
    signal, data, origin = upgraded(rig)
    data.read()
    data.attached(1)
    wait(rig, 3500, signal, data)
    origin.deliver(b"x")
    wait(rig, 3500, signal, data)
    assert origin.end == ""
    wait(rig, 110, signal, data)
    rig.clock.pump([0.25] * 8)
    assert origin.end == "aborted"


@pytest.mark.parametrize("how", ["cancel", "abort", "stop", "origin reset", "data lost"])
def test_every_end_closes_all(how: str, rig: Rig) -> None:
    """Whoever goes, nothing is left behind."""
    signal, data, origin = upgraded(rig)
    data.read()
    data.attached(1)
    match how:
        case "cancel":
            signal.send(Kind.CANCEL, 1, code())
        case "abort":
            data.wire.deliver(data.session.abort(Code.CANCELLED))
        case "stop":
            data.wire.deliver(data.session.stop(Code.CANCELLED))
        case "origin reset":
            origin.lose()
        case "data lost":
            data.wire.lose()
    assert origin.end
    assert len(rig.uplink.requests) == 0
    assert rig.ended[0].code is not None
    if how != "data lost":
        frames = data.read()
        assert Kind.ABORT in [Kind(frame[0]) for frame in frames]
        assert decode_code(frames[-1][3])[0] in (Code.CANCELLED, Code.ORIGIN_TRUNCATED)
        assert data.session.idle


def test_the_user_leaves_before_the_stream_is_attached(rig: Rig) -> None:
    """The slot becomes free, although nobody looks at the data connection any more."""
    signal, data, _ = upgraded(rig)
    signal.send(Kind.CANCEL, 1, code())
    data.read()
    data.wire.deliver(data.session.detach(1, Code.UNKNOWN_REQUEST))
    assert list(finals(signal.read())) == [(Kind.FAIL, 1, Code.CANCELLED)]


def test_back_pressure_both_ways(rig: Rig) -> None:
    """Each side's transport is the other's producer."""
    _, data, origin = upgraded(rig)
    data.read()
    data.attached(1)
    data.wire.clog()
    assert origin.paused and not data.wire.paused
    data.wire.unclog()
    origin.clog()
    assert data.wire.paused and not origin.paused
    origin.unclog()
    assert not data.wire.paused


def test_an_application_that_does_not_read(rig: Rig) -> None:
    """The data connection is paused, so the service's silence on it proves nothing: the stream lives."""
    signal, data, origin = upgraded(rig)
    data.read()
    data.attached(1)
    origin.clog()
    for _ in range(30):
        rig.clock.advance(10)
        for peer in (rig.second, signal):
            peer.read()
            peer.keep_alive()
    assert data.wire.end == ""
    origin.unclog()
    data.wire.deliver(data.session.body(b"still here"))
    assert origin.take() == b"still here"


def test_a_stale_data_connection(rig: Rig) -> None:
    """The 101 and what followed it go out once more on a fresh one."""
    _, stale, origin = upgraded(rig, b"hello")
    stale.wire.lose()
    fresh = rig.data()
    assert fresh.kinds() == [Kind.ATTACH, Kind.HEAD, Kind.BODY]
    fresh.attached(1)
    fresh.wire.deliver(fresh.session.body(b"there"))
    assert origin.take() == b"there"


def test_there_is_a_limit() -> None:
    """Beyond the number of streams that this machine can hold, an upgrade fails."""
    rig = Rig(most_streams=0)
    signal, _, origin = upgraded(rig)
    assert list(finals(signal.read())) == [(Kind.FAIL, 1, Code.TOO_MANY_UPGRADES)]
    assert origin.end == "aborted"


def wait(rig: Rig, seconds: int, *peers: SignalPeer | DataPeer) -> None:
    """Time passes; the connections of the tunnel stay alive."""
    for _ in range(0, seconds, 10):
        rig.clock.advance(10)
        for peer in (rig.second, *peers):
            peer.read()
            peer.keep_alive()


def test_bytes_to_the_user_leave_at_once(rig: Rig) -> None:
    """A message is all that a turn has to say on its connection: TLS need not wait for the turn's end."""
    _, data, origin = upgraded(rig)
    data.read()
    data.attached(1)
    origin.deliver(b"\x82\x00")
    assert [piece[-2:] for piece in data.wire.at_once] == [b"\x82\x00"]


class TestWithABody:
    """A request that offers an upgrade and has a body: the body first, on a connection that is then free for the stream."""

    def sent(self, rig: Rig, length: int = 5) -> tuple[SignalPeer, DataPeer, Wire]:
        """Such a request; 5 bytes of its body have come."""
        signal, data = rig.with_data()
        send(signal, 1, request(b"POST", length=length, upgrade=b"websocket"))
        (frame,) = data.read()
        assert (Kind(frame[0]), frame[1]) == (Kind.ATTACH, 1), "the body alone"
        data.attached(1)
        origin = rig.origin()
        assert origin.take() == b""
        data.wire.deliver(data.session.body(b"hello"))
        head, _, body = origin.take().partition(b"\r\n\r\n")
        assert b"content-length: %d\r\nconnection: upgrade\r\nupgrade: websocket" % length in head and body == b"hello"
        return signal, data, origin

    def test_it_becomes_a_stream(self, rig: Rig) -> None:
        """The application has all of the body before the first byte of the stream."""
        _, data, origin = self.sent(rig)
        data.wire.deliver(data.session.end(b""))
        origin.deliver(SWITCH + b"hi")
        frames = data.read()
        assert [Kind(frame[0]) for frame in frames] == [Kind.ATTACH, Kind.HEAD, Kind.BODY]
        assert frames[0][1] == 3 and frames[2][4] == b"hi"
        data.attached(1)
        data.wire.deliver(data.session.body(b"raw"))
        assert origin.take() == b"raw"

    def test_a_refusal_after_the_body(self, rig: Rig) -> None:
        """Is an answer like any other."""
        signal, data, origin = self.sent(rig)
        data.wire.deliver(data.session.end(b""))
        origin.deliver(b"HTTP/1.1 403 Forbidden\r\ncontent-length: 2\r\n\r\nno")
        assert list(finals(signal.read())) == [(Kind.RSP, 1, (403, b"no"))]

    def test_a_long_answer_after_the_body(self, rig: Rig) -> None:
        """Gets a connection of its own."""
        _, data, origin = self.sent(rig)
        data.wire.deliver(data.session.end(b""))
        origin.deliver(b"HTTP/1.1 200 OK\r\ncontent-length: 7\r\n\r\nbe")
        frames = data.read()
        assert [Kind(frame[0]) for frame in frames] == [Kind.ATTACH, Kind.HEAD, Kind.BODY]
        assert frames[0][1] == 2

    def test_a_refusal_before_the_end_of_the_body(self, rig: Rig) -> None:
        """The rest of the body is not wanted; then the answer goes."""
        signal, data, origin = self.sent(rig, length=6)
        origin.deliver(b"HTTP/1.1 403 Forbidden\r\ncontent-length: 2\r\n\r\nno")
        assert data.kinds() == [Kind.STOP]
        data.wire.deliver(data.session.take_output())
        frames = data.read()
        assert [Kind(frame[0]) for frame in frames] == [Kind.ATTACH, Kind.HEAD, Kind.BODY, Kind.END]
        assert signal.read() == [] and origin.end == "aborted"

    def test_a_refusal_before_the_service_says_that_this_was_all(self, rig: Rig) -> None:
        """The application has had all of the body: its connection is kept, and the answer goes when the end has come."""
        signal, data, origin = self.sent(rig)
        origin.deliver(b"HTTP/1.1 403 Forbidden\r\ncontent-length: 2\r\n\r\nno")
        assert data.kinds() == []
        data.wire.deliver(data.session.end(b""))
        frames = data.read()
        assert [Kind(frame[0]) for frame in frames] == [Kind.ATTACH, Kind.HEAD, Kind.BODY, Kind.END]
        assert signal.read() == [] and origin.end == ""

    def test_a_switch_before_the_end_of_the_body(self, rig: Rig) -> None:
        """Nobody could tell the stream's bytes from the body's: it is refused."""
        signal, _, origin = self.sent(rig, length=6)
        origin.deliver(SWITCH)
        assert list(finals(signal.read())) == [(Kind.FAIL, 1, Code.ORIGIN_MALFORMED)]
        assert origin.end == "aborted"

    def test_a_switch_before_the_service_says_that_this_was_all(self, rig: Rig) -> None:
        """The application has had all of the body, and may switch: the stream begins when the end has come."""
        signal, data, origin = self.sent(rig)
        origin.deliver(SWITCH + b"hi")
        assert data.kinds() == [] and signal.read() == [] and origin.paused
        data.wire.deliver(data.session.end(b""))
        frames = data.read()
        assert [Kind(frame[0]) for frame in frames] == [Kind.ATTACH, Kind.HEAD, Kind.BODY], "where the body was"
        assert frames[0][1] == 3 and frames[2][4] == b"hi"
        data.attached(1)
        data.wire.deliver(data.session.body(b"raw"))
        assert origin.take() == b"raw"
        origin.deliver(b"more")
        assert [frame[4] for frame in data.read()] == [b"more"]

    @pytest.mark.parametrize("how", ["cancel", "abort", "origin lost", "origin closed", "data lost"])
    def test_an_end_before_the_service_says_that_this_was_all(self, how: str, rig: Rig) -> None:
        """Whoever goes while the switch waits: the user hears of it once, and nothing is left behind."""
        signal, data, origin = self.sent(rig)
        origin.deliver(SWITCH + b"hi")
        match how:
            case "cancel":
                signal.send(Kind.CANCEL, 1, code())
            case "abort":
                data.wire.deliver(data.session.abort(Code.CANCELLED))
            case "origin lost":
                origin.lose()
            case "origin closed":
                origin.lose(clean=True)
            case "data lost":
                data.wire.lose()
        if how in ("cancel", "origin lost", "origin closed"):
            data.wire.deliver(data.session.end(b""))
        assert origin.end
        assert [kind for kind, _, _ in finals(signal.read())] == [Kind.FAIL]
        assert len(rig.uplink.requests) == 0 and len(rig.ended) == 1
        assert Kind.HEAD not in data.kinds()

    def test_a_broken_body(self, rig: Rig) -> None:
        """Whoever leaves in the middle of it gets no stream."""
        signal, data, origin = self.sent(rig)
        data.wire.deliver(data.session.abort(Code.CANCELLED))
        assert list(finals(signal.read())) == [(Kind.FAIL, 1, Code.CANCELLED)]
        assert origin.end == "aborted"
