"""One connection of an HTTP/2 user: many streams, floods, deadlines, the end."""

from __future__ import annotations

from collections.abc import Callable
from ipaddress import IPv4Network

import pytest
from ngh2 import events as h2

from appproxy.errors import Code
from appproxy.http.proxies.trusted_proxies import TrustedProxies
from appproxy.service.exchange.exchange import Exchange
from appproxy.service.front.front import QUIET_SECONDS
from tests.service.h2_rig import HEAD, H2Rig, frame, request
from tests.service.recording_responder import RecordingResponder

_DATA, _HEADERS, _PRIORITY, _RESET, _SETTINGS, _PING, _GOAWAY, _WINDOW, _CONTINUATION = 0, 1, 2, 3, 4, 6, 7, 8, 9
_END_HEADERS, _END_STREAM = 4, 1
CALM, NO_ERROR = 11, 0


class Answering(RecordingResponder):
    """Answers at once."""

    def __call__(self, exchange: Exchange) -> None:
        super().__call__(exchange)
        exchange.answer(200, b"", exchange.head.target)


def farewell(data: bytes) -> tuple[int, int] | None:
    """Last stream and code of the GOAWAY in these frames; None: there is none."""
    while len(data) >= 9:
        size, kind = int.from_bytes(data[:3], "big"), data[3]
        if kind == _GOAWAY:
            return int.from_bytes(data[9:13], "big"), int.from_bytes(data[13:17], "big")
        data = data[9 + size:]
    return None


def flood(one: Callable[[int], bytes], at_most: int, first: bytes = b"", rig: H2Rig | None = None) -> tuple[H2Rig, int]:
    """Send up to so many; gives how many were taken before the connection was ended."""
    rig = rig or H2Rig()
    if first:
        rig.raw(first)
    for count in range(at_most):
        back = rig.raw(one(count))
        if rig.wire.disconnecting or rig.wire.aborted:
            found = farewell(back)
            assert found is not None and found[1] != NO_ERROR
            return rig, count
    return rig, at_most


def test_certificates_are_looked_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a connection has shown in its handshake it has shown for all its streams."""
    looks: list[object] = []

    def look(transport: object) -> list[bytes]:
        looks.append(transport)
        return [b"leaf"]

    monkeypatch.setattr("appproxy.service.front.h2.connection.shown_certificates", look)
    rig = H2Rig(Answering())
    assert looks == []
    for _ in range(2):
        rig.user.send_request(request(), end_stream=True)
        rig.turn()
    assert [exchange.shown_certificates for exchange in rig.log] == [[b"leaf"]] * 2 and len(looks) == 1


class TestStreams:
    """Many at once."""

    def test_a_thousand_requests(self) -> None:
        """One after the other and side by side, each gets its own answer."""
        rig = H2Rig(Answering())
        for turn in range(20):
            streams = {rig.user.send_request(request(path=b"/%d-%d" % (turn, n)), end_stream=True): n for n in range(50)}
            rig.turn()
            assert all(rig.body(stream) == b"/%d-%d" % (turn, n) for stream, n in streams.items())
            rig.events.clear()
        assert len(rig.log) == 1000

    def test_all_of_a_turn_leaves_in_one_write(self) -> None:
        """However many answers a turn has, the transport is asked once."""
        rig = H2Rig()
        writes: list[bytes] = []
        rig.connection._send = writes.append
        for _ in range(20):
            rig.user.send_request(request(), end_stream=True)
        rig.connection.dataReceived(rig.user.data_to_send())
        for exchange in rig.responder.exchanges:
            exchange.start(200, b"", None)
            exchange.write(b"x")
            exchange.write(b"y")
            exchange.finish()
        assert writes == []
        rig.clock.advance(0)
        assert len(writes) == 1

    def test_streams_beyond_the_announced_number(self) -> None:
        """No more than 100 reach whoever answers."""
        rig = H2Rig(greet=False)
        for _ in range(150):
            rig.user.send_request(request(), end_stream=True)
        rig.connection.dataReceived(rig.user.data_to_send())
        for _ in range(100):
            rig.clock.advance(0)
        assert len(rig.responder.exchanges) == 100

    def test_uploads_that_are_refused_do_not_add_up(self) -> None:
        """Each is answered early and reset; its user says no more of it, and may go on for ever."""
        rig = H2Rig(Answering())
        for _ in range(1_100):
            rig.ask(request(b"POST"), None)
            rig.clock.advance(0.03)
        assert not rig.wire.disconnecting

    def test_many_requests_let_others_have_their_turn(self) -> None:
        """A few begin in each turn of the reactor, however many have come; meanwhile one more read is taken, and no third."""
        rig, reading = H2Rig(greet=False), list[bool]()
        rig.front.hooks.add("started", lambda exchange: reading.append(rig.wire.reading))
        for number in (20, 80):
            assert rig.wire.reading
            for _ in range(number):
                rig.user.send_request(request(), end_stream=True)
            rig.connection.dataReceived(rig.user.data_to_send())
            assert len(rig.responder.exchanges) == 8
        rig.clock.advance(0)
        assert reading == [True] * 8 + [False] * 92
        assert rig.wire.reading

    def test_large_heads_let_others_have_their_turn_sooner(self) -> None:
        """Of heads that are refused because of their size, too: what is done with one takes as long as it is large."""
        for fields in ([(b"cookie", b"a" * 30_000)], [(b"a", b"b" * 40_000)], [(b"a", b"b")] * 500):
            rig = H2Rig(greet=False)
            for _ in range(8):
                rig.user.send_request(request(b"GET", b"/a", *fields), end_stream=True)
            rig.connection.dataReceived(rig.user.data_to_send())
            assert len(rig.log) + len(rig.responder.exchanges) <= 3
            for _ in range(8):
                rig.clock.advance(0)
            assert len(rig.log) + len(rig.responder.exchanges) == 8

    def test_a_trusted_proxy_says_who_the_client_is(self) -> None:
        """Of each request by itself, as over HTTP/1.1."""
        rig = H2Rig()
        rig.front.proxies = TrustedProxies((IPv4Network("203.0.113.0/24"),), "x-forwarded-for")
        for address in (b"192.0.2.1", b"192.0.2.2"):
            rig.ask(request(b"GET", b"/", (b"x-forwarded-for", address)))
        assert [exchange.client for exchange in rig.responder.exchanges] == ["192.0.2.1", "192.0.2.2"]

    def test_a_full_transport_stops_the_senders_not_the_session(self) -> None:
        """While the user's TCP takes nothing, nothing is taken from the session; what waits is bounded."""
        rig = H2Rig()
        stream = rig.ask()
        exchange = rig.responder.last
        exchange.start(200, b"", None)
        rig.turn()
        rig.connection.pauseProducing()
        exchange.write(b"x" * 10_000)
        rig.turn()
        assert rig.body(stream) == b""
        rig.connection.resumeProducing()
        rig.turn()
        assert len(rig.body(stream)) == 10_000

    @pytest.mark.parametrize(
        ("headers", "status"),
        [
            (request(b"TRACE"), b"405"),
            ([(b":method", b"CONNECT"), (b":authority", b"h.example.com:443")], b"405"),
            (request(b"BREW" * 9), b"501"),
            (request(path=b"/a#b"), b"400"),
            (request(path=b"/" + b"a" * 9000), b"414"),
            (request(b"GET", b"/", (b"host", b"other.example.com")), b"400"),
            (request(b"GET", b"/", *[(b"x", b"y" * 4000)] * 10), b"431"),
            (request(b"GET", b"/", *[(b"x", b"y")] * 101), b"431"),
        ],
    )
    def test_a_head_that_cannot_be_used(self, headers: list[tuple[bytes, bytes]], status: bytes) -> None:
        """It is answered as over HTTP/1.1, reaches nobody, and the connection lives on."""
        rig = H2Rig(Answering())
        stream = rig.ask(headers)
        assert rig.head(stream)[b":status"] == status and rig.responder.exchanges == []
        assert rig.body(rig.ask()) == b"/a"

    def test_a_program_with_a_bad_head_gets_json(self) -> None:
        """Its Accept is heard all the same."""
        rig = H2Rig()
        for accept, kind in ((b"application/json", b"application/problem+json"), (b"*/*", b"text/html; charset=utf-8")):
            stream = rig.ask(request(b"BREW" * 9, b"/", (b"accept", accept)))
            assert rig.head(stream)[b"content-type"] == kind

    @pytest.mark.parametrize(
        "fields",
        [
            [(b"connection", b"close")], [(b"transfer-encoding", b"chunked")], [(b"upgrade", b"h2c")],
            [(b"te", b"gzip")], [(b"x", b"a\r\nb: c")], [(b"x", b"a\0b")], [(b"x", b" a")], [(b"", b"a")],
            [(b":path", b"/b")], [(b":other", b"x")], [(b"content-length", b"x")],
            [(b"content-length", b"1"), (b"content-length", b"1")], [(b"x y", b"z")], [(b"x\r\ny", b"z")],
        ],
    )
    def test_what_is_malformed_reaches_nobody(self, fields: list[tuple[bytes, bytes]]) -> None:
        """The stream is reset; the connection lives on."""
        rig = H2Rig(Answering())
        stream = rig.ask(request(b"GET", b"/", *fields))
        assert rig.responder.exchanges == [] and rig.head(stream) == {}
        assert rig.body(rig.ask()) == b"/a"

    def test_capital_letters_reach_nobody(self) -> None:
        """Names are lower case in HTTP/2: any other is no name."""
        rig = H2Rig()
        rig.raw(frame(_HEADERS, _END_HEADERS | _END_STREAM, 1, HEAD + b"\x00\x03X-A\x01b"))
        assert rig.responder.exchanges == []


class TestFloods:
    """Each of these costs us more than the user, if nothing bounds it."""

    def test_rapid_reset(self) -> None:
        """Requests that are cancelled at once: 200, then 50 a second. Nobody is asked for an answer that nobody wants."""
        def one(n: int) -> bytes:
            return (frame(_HEADERS, _END_HEADERS | _END_STREAM, 2 * n + 1, HEAD)
                    + frame(_RESET, 0, 2 * n + 1, CALM.to_bytes(4, "big")))

        rig, count = flood(one, 1000)
        assert count == 200 and rig.responder.exchanges == [] and rig.log == []

    def test_requests_that_are_reset_soon(self) -> None:
        """In the next read: every one is over for whoever answers."""
        rig = H2Rig()
        for n in range(1000):
            rig.raw(frame(_HEADERS, _END_HEADERS | _END_STREAM, 2 * n + 1, HEAD))
            rig.raw(frame(_RESET, 0, 2 * n + 1, CALM.to_bytes(4, "big")))
            if rig.wire.disconnecting:
                break
        assert n == 200 and len(rig.responder.exchanges) == 201
        assert len(rig.responder.left) == len(rig.log) == 201

    def test_a_reset_request_takes_no_other_with_it(self) -> None:
        """Of those that came with it, only the one that was reset is passed over; the next on that connection is answered."""
        rig = H2Rig(Answering())
        rig.raw(b"".join(frame(_HEADERS, _END_HEADERS | _END_STREAM, 2 * n + 1, HEAD) for n in range(5))
                  + frame(_RESET, 0, 5, CALM.to_bytes(4, "big")))
        assert [each.stream for each in rig.responder.exchanges] == [1, 3, 7, 9]  # type: ignore[attr-defined]
        rig.raw(frame(_HEADERS, _END_HEADERS | _END_STREAM, 11, HEAD))
        assert [each.stream for each in rig.responder.exchanges][-1] == 11  # type: ignore[attr-defined]

    def test_resets_now_and_then_are_no_flood(self) -> None:
        """Browsers cancel; 40 a second go on for ever."""
        rig = H2Rig()
        for n in range(1000):
            rig.raw(frame(_HEADERS, _END_HEADERS | _END_STREAM, 2 * n + 1, HEAD)
                      + frame(_RESET, 0, 2 * n + 1, CALM.to_bytes(4, "big")))
            rig.clock.advance(0.025)
        assert not rig.wire.disconnecting

    def test_streams_that_the_user_makes_us_reset(self) -> None:
        """A request followed by a fault of its own stream counts as if the user had reset it."""
        def one(n: int) -> bytes:
            return (frame(_HEADERS, _END_HEADERS, 2 * n + 1, HEAD + b"\x00\x0econtent-length\x011")
                    + frame(_DATA, 0, 2 * n + 1, b"two"))

        rig, count = flood(one, 1000)
        assert count == 200 and len(rig.responder.exchanges) == 201

    def test_heads_that_are_refused(self) -> None:
        """Malformed heads, one after the other."""
        def one(n: int) -> bytes:
            return frame(_HEADERS, _END_HEADERS | _END_STREAM, 2 * n + 1, HEAD + b"\x00\x03X-A\x01b")

        assert flood(one, 1000)[1] == 200

    def test_pings(self) -> None:
        """1,000, then 100 a second."""
        assert flood(lambda n: frame(_PING, 0, 0, b"12345678"), 2000)[1] < 1000

    def test_settings(self) -> None:
        """As with pings."""
        assert flood(lambda n: frame(_SETTINGS, 0, 0, b"\0\4\0\0\xff\xff"), 2000)[1] < 1000

    def test_many_settings_in_one_frame(self) -> None:
        """A SETTINGS frame with more than 32 entries ends the connection."""
        assert flood(lambda n: frame(_SETTINGS, 0, 0, b"\0\4\0\0\xff\xff" * 33), 2)[1] == 0

    def test_pings_whose_answers_are_not_read(self) -> None:
        """What waits for a user who does not read is bounded."""
        rig = H2Rig()
        rig.connection.pauseProducing()
        rig.raw(frame(_PING, 0, 0, b"12345678") * 150)
        assert rig.wire.disconnecting

    def test_window_updates(self) -> None:
        """Those that answer no data are bounded."""
        assert flood(lambda n: frame(_WINDOW, 0, 0, b"\0\0\0\1") * 100, 200)[1] < 101

    def test_window_updates_that_answer_data_are_no_flood(self) -> None:
        """Two for each piece, as simple clients send them, go on for ever."""
        rig = H2Rig()
        rig.raw(frame(_HEADERS, _END_HEADERS | _END_STREAM, 1, HEAD))
        exchange = rig.responder.last
        exchange.start(200, b"", None)
        for _ in range(15_000):
            exchange.write(b"event")
            rig.raw(frame(_WINDOW, 0, 0, b"\0\0\0\5") + frame(_WINDOW, 0, 1, b"\0\0\0\5"))
        assert not rig.wire.disconnecting

    @pytest.mark.parametrize(
        "one",
        [
            frame(_DATA, 0, 1), frame(_PRIORITY, 0, 3, b"\0\0\0\1\1"), frame(0x77, 0, 0, b"greased"),
            frame(0x10, 0, 0, b"\0\0\0\1u=1"),
        ],
        ids=["empty data", "priority", "unknown types", "priority updates"],
    )
    def test_frames_that_say_nothing(self, one: bytes) -> None:
        """2,000, then 100 a second."""
        assert flood(lambda n: one * 10, 400, frame(_HEADERS, _END_HEADERS, 1, HEAD))[1] <= 201

    def test_continuations(self) -> None:
        """A head in more than 8 CONTINUATION frames ends the connection, and reaches nobody."""
        rig, count = flood(lambda n: frame(_CONTINUATION, 0, 1, b"\x00\x01a\x01b"), 20, frame(_HEADERS, 0, 1, HEAD))
        assert count == 8 and rig.responder.exchanges == []

    def test_an_hpack_bomb(self) -> None:
        """A small frame that unfolds to a hundred times its size ends the connection before it is unfolded."""
        fields = b"\x40\x01a\x7f\x80\x1e" + b"x" * (127 + 0x1E * 128) + b"\xbe" * 100
        rig = H2Rig()
        rig.raw(frame(_HEADERS, _END_HEADERS | _END_STREAM, 1, HEAD + fields))
        assert rig.wire.disconnecting and rig.responder.exchanges == []

    def test_many_small_fields(self) -> None:
        """More than twice the lines that are answered with 431, and a thousand pieces of a cookie: the connection ends."""
        rig = H2Rig()
        rig.raw(frame(_HEADERS, _END_HEADERS | _END_STREAM, 1, HEAD + b"\x00\x01a\x01b" * 1300))
        assert rig.wire.disconnecting and rig.responder.exchanges == []

    def test_what_was_under_way_hears_of_it(self) -> None:
        """A flood ends the connection's other requests too."""
        rig, _ = flood(lambda n: frame(_PING, 0, 0, b"12345678"), 2000, frame(_HEADERS, 5, 1, HEAD))
        assert rig.responder.left == [Code.CANCELLED] and "PING" in rig.log[0].detail
        assert rig.front.floods == 1


class TestEnds:
    """Deadlines, shutdown, loss."""

    def test_a_connection_without_a_word(self) -> None:
        """It is closed when the handshake time is over, HTTP/2's own settings included."""
        rig = H2Rig(greet=False)
        rig.clock.pump([0.25] * 4 * 31)
        assert rig.wire.aborted

    def test_an_idle_connection(self) -> None:
        """After the keep-alive time it is closed with a word; pings do not keep it open."""
        rig = H2Rig(Answering())
        rig.ask()
        for _ in range(7):
            rig.advance(10)
            rig.user.ping()
            rig.turn()
        rig.advance(5.5)
        assert rig.wire.closed
        assert [event.error_code for event in rig.events if isinstance(event, h2.GoAwayReceived)] == [NO_ERROR]

    def test_a_request_under_way_is_not_idle(self) -> None:
        """However long the application takes."""
        rig = H2Rig()
        stream = rig.ask()
        rig.advance(300)
        rig.responder.last.answer(200, b"", b"late")
        rig.turn()
        assert rig.body(stream) == b"late" and not rig.wire.disconnecting

    def test_a_user_whose_tcp_takes_nothing(self) -> None:
        """A full transport that does not drain is cut off after the stall time."""
        rig = H2Rig()
        rig.ask()
        rig.connection.pauseProducing()
        rig.clock.pump([0.25] * 4 * 89)
        assert not rig.wire.aborted
        rig.clock.pump([0.25] * 4 * 3)
        assert rig.wire.aborted

    def test_draining_loses_nothing(self) -> None:
        """What is on its way is taken for a second; what is under way ends well; what comes later is refused unread."""
        rig = H2Rig()
        first = rig.ask()
        rig.front.drain()
        second = rig.user.send_request(request(), end_stream=True)
        rig.turn()
        assert len(rig.responder.exchanges) == 2
        rig.advance(1.5)
        word = [event.last_stream_id for event in rig.events if isinstance(event, h2.GoAwayReceived)]
        assert word == [2**31 - 1, second] and not rig.wire.disconnecting
        for exchange in rig.responder.exchanges:
            exchange.answer(200, b"", b"done")
        rig.turn()
        assert rig.body(first) == rig.body(second) == b"done"
        assert rig.wire.closed

    def test_draining_an_idle_connection(self) -> None:
        """It is told, and closed after the moment in which a request might have been on its way."""
        rig = H2Rig()
        rig.front.drain()
        rig.turn()
        assert not rig.wire.disconnecting
        rig.advance(1.5)
        assert rig.wire.closed

    def test_a_connection_is_idle_without_streams(self) -> None:
        """But not in the moment after an answer, whose end may still be on its way; then it may give way to others."""
        rig = H2Rig()
        rig.advance(QUIET_SECONDS)
        assert rig.connection.idle
        stream = rig.ask()
        assert not rig.connection.idle
        rig.responder.last.answer(200, b"", b"done")
        rig.turn()
        assert rig.body(stream) == b"done"
        assert not rig.connection.idle
        rig.advance(QUIET_SECONDS)
        assert rig.connection.idle

    def test_a_user_who_closes(self) -> None:
        """TCP's or TLS's end is the end of all streams."""
        rig = H2Rig()
        rig.ask()
        rig.ask()
        rig.connection.readConnectionLost()
        rig.connection.connectionLost()
        assert rig.responder.left == [Code.CANCELLED] * 2 and len(rig.log) == 2
        assert rig.front.connections == set() and len(rig.front.deadlines) == 0

    def test_a_user_who_says_goodbye(self) -> None:
        """After GOAWAY what is under way ends well, and then the connection."""
        rig = H2Rig()
        stream = rig.ask()
        rig.user.send_goaway()
        rig.turn()
        assert not rig.wire.disconnecting
        rig.responder.last.answer(200, b"", b"x")
        rig.turn()
        assert rig.body(stream) == b"x" and rig.wire.closed

    @pytest.mark.parametrize("full", [False, True])
    def test_words_after_a_goodbye(self, full: bool) -> None:
        """Frames that cross our end are no fault: the connection closes in peace once what was written has left."""
        rig = H2Rig(Answering())
        rig.ask()
        if full:
            rig.connection.pauseProducing()
        rig.connection.dataReceived(frame(_GOAWAY, 0, 0, bytes(8)))
        rig.connection.dataReceived(frame(_PING, 0, 0, b"12345678"))
        rig.clock.advance(0)
        assert rig.wire.disconnecting is not full
        if full:
            rig.connection.resumeProducing()
            rig.clock.advance(0)
        assert farewell(rig.wire.take()) is None and rig.wire.disconnecting
        assert rig.front.floods == 0

    def test_a_protocol_error(self) -> None:
        """The user is told which, and the connection ends."""
        rig = H2Rig()
        rig.ask()
        back = rig.raw(frame(_DATA, 0, 0, b"x"))
        assert farewell(back) == (1, 1) and rig.wire.disconnecting
        assert rig.responder.left == [Code.CANCELLED]

    def test_a_user_who_does_not_take_the_end(self) -> None:
        """What was written has a moment to leave; then the connection is cut."""
        rig, _ = flood(lambda n: frame(_PING, 0, 0, b"12345678"), 2000)
        rig.clock.pump([0.25] * 7)
        assert rig.wire.disconnecting and not rig.wire.aborted
        rig.clock.pump([0.25] * 2)
        assert rig.wire.aborted

    def test_something_that_is_no_http2(self) -> None:
        """Garbage ends the connection."""
        rig = H2Rig(greet=False)
        rig.raw(b"GET / HTTP/1.1\r\nhost: h.example.com\r\n\r\n")
        assert rig.wire.disconnecting
