"""Requests on streams of HTTP/2: for users and their bodies the same as over HTTP/1.1."""

from __future__ import annotations

import pytest
from ngh2 import events as h2

from appproxy.connector.origin.h2.stream import MOST_WAITING, H2Stream
from appproxy.connector.requests.origin_request import OriginRequest
from appproxy.errors import Code
from appproxy.http.h2.session import WINDOW
from appproxy.tunnel.frames import Kind
from appproxy.tunnel.messages import decode_response
from tests.connector.h2_application import OK, H2Application, connected, first, h2_rig, uploading
from tests.connector.rig import Rig, code, finals, request, send, send_whole

HANDSHAKE = b"sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\nsec-websocket-version: 13\n"


def test_a_small_answer_goes_in_line() -> None:
    """One head out, one RSP back, and no data connection."""
    rig = h2_rig()
    signal, application, stream = first(rig)
    application.answer(stream)
    assert list(finals(signal.read())) == [(Kind.RSP, 1, (200, b"hello"))]
    assert rig.ended[0].status == 200


def test_the_body_in_pieces_is_one_answer() -> None:
    """Two DATA frames in one read are as good as one."""
    rig = h2_rig()
    signal, application, stream = first(rig)
    application.session.send_response(stream, OK)
    application.session.send_data(stream, b"hel")
    out = application.session.data_to_send()
    application.session.send_data(stream, b"lo", end_stream=True)
    application.wire.deliver(out + application.session.data_to_send())
    assert list(finals(signal.read())) == [(Kind.RSP, 1, (200, b"hello"))]


def test_a_body_that_came_in_the_request() -> None:
    """HEADERS and all of the body at once, and no data connection."""
    rig = h2_rig()
    signal = rig.online()
    send_whole(signal, 1, b"POST", b"hello")
    application = H2Application(rig, rig.origin())
    events = application.read()
    (head,) = [event for event in events if isinstance(event, h2.RequestReceived)]
    assert (dict(head.headers)[b"content-length"], head.end_stream) == (b"5", False)
    pieces = [event for event in events if isinstance(event, h2.DataReceived)]
    assert (b"".join(event.data for event in pieces), pieces[-1].end_stream) == (b"hello", True)
    application.answer(head.stream_id)
    assert list(finals(signal.read()))[-1] == (Kind.RSP, 1, (200, b"hello"))


def test_a_body_and_trailers_both_ways() -> None:
    """What gRPC needs: the user's body and its trailers, then the application's."""
    rig = h2_rig()
    signal, data, application = uploading(rig)
    data.wire.deliver(data.session.body(b"ab"))
    head, *_ = application.requests()
    assert dict(head.headers)[b":method"] == b"POST"
    assert not head.end_stream
    data.wire.deliver(data.session.body(b"cd") + data.session.end(b"x-sum: 1\n"))
    events = application.read()
    assert [event.data for event in events if isinstance(event, h2.DataReceived)] == [b"cd"]
    assert [event.headers for event in events if isinstance(event, h2.TrailersReceived)] == [((b"x-sum", b"1"),)]
    application.session.send_response(1, OK)
    application.session.send_data(1, b"xyz")
    application.say()
    application.session.send_trailers(1, [(b"grpc-status", b"0")])
    application.say()
    frames = data.read()
    assert [Kind(frame[0]) for frame in frames] == [Kind.HEAD, Kind.BODY, Kind.END]
    assert frames[1][4] == b"xyz"
    assert frames[2][4] == b"grpc-status: 0\n"
    assert rig.ended[0].status == 200


def test_a_sender_that_waits_for_an_answer_first() -> None:
    """GO: the head leaves without a byte of body, the answer begins, and both directions go on side by side."""
    rig = h2_rig()
    signal, data, application = uploading(rig)
    assert application.requests() == []
    data.wire.deliver(data.session.go())
    assert len(application.requests()) == 1
    for turn in (b"one", b"two"):
        if turn == b"one":
            application.session.send_response(1, OK)
        application.session.send_data(1, turn)
        application.say()
        assert turn in b"".join(frame[4] for frame in data.read())
        data.wire.deliver(data.session.body(b"to " + turn))
        assert application.body() == b"to " + turn


def test_a_body_that_came_before_the_connection() -> None:
    """It waits, and follows the head; its end too."""
    rig = h2_rig()
    signal, data = rig.with_data()
    send(signal, 1, request(b"POST", length=2))
    data.read()
    data.attached(1)
    data.wire.deliver(data.session.body(b"ab") + data.session.end())
    application = connected(rig)
    rig.clock.advance(0)
    events = application.read()
    assert application.session.queued_body_size() == 0
    assert events == []
    application.answer(1)
    assert list(finals(signal.read())) == [(Kind.RSP, 1, (200, b"hello"))]


def test_a_length_that_is_not_kept() -> None:
    """More bytes than announced never reach the application as a good request."""
    rig = h2_rig()
    signal, data, application = uploading(rig, request(b"POST", length=2))
    data.wire.deliver(data.session.body(b"abc"))
    assert [event for event in application.read() if isinstance(event, h2.DataReceived)] == []


def test_a_slow_application_pauses_the_sender() -> None:
    """Its window is full: the data connection is read no more until it opens."""
    rig = h2_rig()
    signal, data, application = uploading(rig)
    piece = b"x" * 16_384
    for _ in range(20):
        if data.wire.paused:
            break
        data.wire.deliver(data.session.body(piece))
        rig.clock.advance(0)
    assert data.wire.paused
    forward = rig.uplink.requests.under_way[1]
    assert forward.upload is not None
    assert forward.upload.received <= 65_535 + MOST_WAITING + 3 * len(piece)
    got = application.body()
    assert got
    rig.clock.advance(0)
    while data.wire.paused and (more := application.body()):
        got += more
    assert not data.wire.paused


def test_a_slow_user_keeps_the_window_shut() -> None:
    """Of an answer that nobody takes no more than the window comes; then it goes on."""
    rig = h2_rig()
    signal, data = rig.with_data()
    send(signal, 1)
    application = connected(rig)
    application.session.send_response(1, OK)
    application.session.send_data(1, b"a")
    application.say()
    data.read()
    data.attached(1)
    data.wire.clog()
    application.session.send_data(1, b"x" * (4 * WINDOW), end_stream=True)
    for _ in range(5):
        application.say()
        application.read()
    got = sum(len(frame[4]) for frame in data.read() if frame[0] == Kind.BODY)
    assert got <= WINDOW + 1
    assert application.session.queued_body_size(1) >= 3 * WINDOW - 1
    data.wire.unclog()
    for _ in range(20):
        application.read()
        got += sum(len(frame[4]) for frame in data.read() if frame[0] == Kind.BODY)
    assert got == 4 * WINDOW


def test_the_window_of_the_connection_survives_those_who_leave() -> None:
    """Bytes of a stream that was broken off open the connection's window all the same."""
    rig = h2_rig()
    signal, data = rig.with_data()
    send(signal, 1)
    application = connected(rig)
    application.session.send_response(1, OK)
    application.session.send_data(1, b"a")
    application.say()
    data.read()
    data.attached(1)
    data.wire.clog()
    application.session.send_data(1, b"x" * WINDOW)
    application.say()
    forward = rig.uplink.requests.under_way[1]
    assert isinstance(forward, OriginRequest)
    stream = forward.connection
    assert isinstance(stream, H2Stream)
    assert stream._taken == WINDOW - 1
    signal.send(Kind.CANCEL, 1, code())
    assert stream._taken == 0


def test_a_user_who_leaves_resets_the_stream_alone() -> None:
    """The application hears CANCEL, and the connection serves the next."""
    rig = h2_rig()
    signal, application, stream = first(rig)
    application.requests()
    signal.send(Kind.CANCEL, 1, code())
    resets = [event for event in application.read() if isinstance(event, h2.StreamReset)]
    assert [(event.stream_id, event.error_code) for event in resets] == [(1, 8)]
    send(signal, 2)
    assert rig.origins_dialled == []
    application.read()
    application.answer(3)
    assert (Kind.RSP, 2, (200, b"hello")) in list(finals(signal.read()))


def test_an_early_answer_ends_the_upload() -> None:
    """413 and RST_STREAM(NO_ERROR): the answer counts, the rest of the body is not asked for."""
    rig = h2_rig()
    signal, data, application = uploading(rig)
    data.wire.deliver(data.session.body(b"ab"))
    application.read()
    application.session.send_response(1, [(b":status", b"413")], end_stream=True)
    out = application.session.data_to_send()
    application.session.reset_stream(1, 0)
    application.wire.deliver(out + application.session.data_to_send())
    frames = data.read()
    assert decode_response(next(frame[3] for frame in frames if frame[0] == Kind.HEAD)) == (413, b"content-length: 0\n")
    assert Kind.STOP in [frame[0] for frame in frames]
    assert Kind.ABORT not in [frame[0] for frame in frames]


@pytest.mark.parametrize(("begun", "expected"), [(False, Code.ORIGIN_CLOSED), (True, Code.ORIGIN_TRUNCATED)])
def test_a_stream_that_is_reset(begun: bool, expected: Code) -> None:
    """Before an answer, or inside one."""
    rig = h2_rig()
    signal, data = rig.with_data()
    send(signal, 1, request(b"POST", length=0))
    application = connected(rig)
    if begun:
        application.session.send_response(1, OK)
        application.session.send_data(1, b"a")
        application.say()
        data.read()
        data.attached(1)
    application.session.reset_stream(1, 2)
    application.say()
    assert rig.ended[0].code == expected


def test_a_head_that_is_too_large() -> None:
    """The stream is broken off, the others go on."""
    rig = h2_rig()
    signal, application, stream = first(rig)
    send(signal, 2)
    application.read()
    application.answer(stream, headers=[*OK, (b"x", b"y" * 40_000)])
    assert list(finals(signal.read())) == [(Kind.FAIL, 1, Code.ORIGIN_HEAD_TOO_LARGE)]
    application.answer(3)
    assert list(finals(signal.read())) == [(Kind.RSP, 2, (200, b"hello"))]


def test_interim_answers() -> None:
    """103 is passed on, up to eight of them."""
    rig = h2_rig()
    signal, application, stream = first(rig)
    application.session.send_informational_response(stream, [(b":status", b"103"), (b"link", b"</a>")])
    application.say()
    assert [Kind(frame[0]) for frame in signal.read()] == [Kind.INFO]
    for _ in range(8):
        application.session.send_informational_response(stream, [(b":status", b"103")])
        application.say()
    assert (Kind.FAIL, 1, Code.ORIGIN_MALFORMED) in list(finals(signal.read()))


class TestUpgrades:
    """WebSockets over HTTP/2 (RFC 8441)."""

    def asked(self, rig: Rig, **settings: int) -> tuple:  # type: ignore[type-arg]
        signal, data = rig.with_data()
        send(signal, 1, request(upgrade=b"websocket", block=HANDSHAKE))
        return signal, data, connected(rig, **settings)

    def test_both_directions_until_both_are_closed(self) -> None:
        """The user gets the 101 that they wait for."""
        rig = h2_rig()
        signal, data, application = self.asked(rig, enable_connect_protocol=1)
        assert application.session.remote_settings
        application.session.send_response(1, [(b":status", b"200"), (b"sec-websocket-protocol", b"chat")])
        application.session.send_data(1, b"\x81\x02hi")
        application.say()
        frames = data.read()
        status, block = decode_response(next(frame[3] for frame in frames if frame[0] == Kind.HEAD))
        assert status == 101
        assert b"sec-websocket-accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\n" in block
        assert [frame[4] for frame in frames if frame[0] == Kind.BODY] == [b"\x81\x02hi"]
        data.attached(1)
        data.wire.deliver(data.session.body(b"yo"))
        assert application.body() == b"yo"
        application.session.end_stream(1)
        application.say()
        assert Kind.END in data.kinds()
        data.wire.deliver(data.session.end())
        rig.clock.advance(0)
        application.read()
        assert rig.ended[0].code is None

    def test_not_offered(self) -> None:
        """Is said so, in place of sending something that means nothing."""
        rig = h2_rig()
        signal, data, application = self.asked(rig)
        assert list(finals(signal.read())) == [(Kind.FAIL, 1, Code.UPGRADE_REFUSED)]
        assert application.requests() == []

    def test_refused_by_the_application(self) -> None:
        """Its answer is the user's."""
        rig = h2_rig()
        signal, data, application = self.asked(rig, enable_connect_protocol=1)
        application.answer(1, b"no", [(b":status", b"403")])
        assert list(finals(signal.read())) == [(Kind.RSP, 1, (403, b"no"))]
