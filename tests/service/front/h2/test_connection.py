"""One connection of an HTTP/2 user: many streams, floods, deadlines, the end."""

from __future__ import annotations

from collections.abc import Callable
from ipaddress import IPv4Network

import pytest
from ngh2 import events as h2

from appproxy.errors import Code
from appproxy.http.trusted_proxies import TrustedProxies
from appproxy.service.exchange.exchange import Exchange
from appproxy.service.front.front import QUIET_SECONDS
from tests.service.h2_place import HEAD, Place, frame, request
from tests.service.keeper import Keeper

_DATA, _HEADERS, _PRIORITY, _RESET, _SETTINGS, _PING, _GOAWAY, _WINDOW, _CONTINUATION = 0, 1, 2, 3, 4, 6, 7, 8, 9
_END_HEADERS, _END_STREAM = 4, 1
CALM, NO_ERROR = 11, 0


class Answering(Keeper):
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


def flood(one: Callable[[int], bytes], at_most: int, first: bytes = b"", place: Place | None = None) -> tuple[Place, int]:
    """Send up to so many; gives how many were taken before the connection was ended."""
    place = place or Place()
    if first:
        place.raw(first)
    for count in range(at_most):
        back = place.raw(one(count))
        if place.wire.disconnecting or place.wire.aborted:
            found = farewell(back)
            assert found is not None and found[1] != NO_ERROR
            return place, count
    return place, at_most


class TestStreams:
    """Many at once."""

    def test_a_thousand_requests(self) -> None:
        """One after the other and side by side, each gets its own answer."""
        place = Place(Answering())
        for turn in range(20):
            streams = {place.user.send_request(request(path=b"/%d-%d" % (turn, n)), end_stream=True): n for n in range(50)}
            place.turn()
            assert all(place.body(stream) == b"/%d-%d" % (turn, n) for stream, n in streams.items())
            place.events.clear()
        assert len(place.log) == 1000

    def test_all_of_a_turn_leaves_in_one_write(self) -> None:
        """However many answers a turn has, the transport is asked once."""
        place = Place()
        writes: list[bytes] = []
        place.connection._send = writes.append
        for _ in range(20):
            place.user.send_request(request(), end_stream=True)
        place.connection.dataReceived(place.user.data_to_send())
        for exchange in place.responder.exchanges:
            exchange.start(200, b"", None)
            exchange.write(b"x")
            exchange.write(b"y")
            exchange.finish()
        assert writes == []
        place.clock.advance(0)
        assert len(writes) == 1

    def test_streams_beyond_the_announced_number(self) -> None:
        """No more than 100 reach whoever answers."""
        place = Place(greet=False)
        for _ in range(150):
            place.user.send_request(request(), end_stream=True)
        place.connection.dataReceived(place.user.data_to_send())
        for _ in range(100):
            place.clock.advance(0)
        assert len(place.responder.exchanges) == 100

    def test_uploads_that_are_refused_do_not_add_up(self) -> None:
        """Each is answered early and reset; its user says no more of it, and may go on for ever."""
        place = Place(Answering())
        for _ in range(1_100):
            place.ask(request(b"POST"), None)
            place.clock.advance(0.03)
        assert not place.wire.disconnecting

    def test_many_requests_let_others_have_their_turn(self) -> None:
        """A few begin in each turn of the reactor, however many have come in one read; nothing is read meanwhile."""
        place = Place(greet=False)
        for _ in range(20):
            place.user.send_request(request(), end_stream=True)
        place.connection.dataReceived(place.user.data_to_send())
        assert len(place.responder.exchanges) == 8
        assert not place.wire.reading
        place.clock.advance(0)
        assert len(place.responder.exchanges) == 20
        assert place.wire.reading

    def test_large_heads_let_others_have_their_turn_sooner(self) -> None:
        """Of heads that are refused because of their size, too: what is done with one takes as long as it is large."""
        for fields in ([(b"cookie", b"a" * 30_000)], [(b"a", b"b" * 40_000)], [(b"a", b"b")] * 500):
            place = Place(greet=False)
            for _ in range(8):
                place.user.send_request(request(b"GET", b"/a", *fields), end_stream=True)
            place.connection.dataReceived(place.user.data_to_send())
            assert len(place.log) + len(place.responder.exchanges) <= 3
            for _ in range(8):
                place.clock.advance(0)
            assert len(place.log) + len(place.responder.exchanges) == 8

    def test_a_trusted_proxy_says_who_the_client_is(self) -> None:
        """Of each request by itself, as over HTTP/1.1."""
        place = Place()
        place.front.proxies = TrustedProxies((IPv4Network("203.0.113.0/24"),), "x-forwarded-for")
        for address in (b"192.0.2.1", b"192.0.2.2"):
            place.ask(request(b"GET", b"/", (b"x-forwarded-for", address)))
        assert [exchange.client for exchange in place.responder.exchanges] == ["192.0.2.1", "192.0.2.2"]

    def test_a_full_transport_stops_the_senders_not_the_session(self) -> None:
        """While the user's TCP takes nothing, nothing is taken from the session; what waits is bounded."""
        place = Place()
        stream = place.ask()
        exchange = place.responder.last
        exchange.start(200, b"", None)
        place.turn()
        place.connection.pauseProducing()
        exchange.write(b"x" * 10_000)
        place.turn()
        assert place.body(stream) == b""
        place.connection.resumeProducing()
        place.turn()
        assert len(place.body(stream)) == 10_000

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
        place = Place(Answering())
        stream = place.ask(headers)
        assert place.head(stream)[b":status"] == status and place.responder.exchanges == []
        assert place.body(place.ask()) == b"/a"

    def test_a_program_with_a_bad_head_gets_json(self) -> None:
        """Its Accept is heard all the same."""
        place = Place()
        for accept, kind in ((b"application/json", b"application/problem+json"), (b"*/*", b"text/html; charset=utf-8")):
            stream = place.ask(request(b"BREW" * 9, b"/", (b"accept", accept)))
            assert place.head(stream)[b"content-type"] == kind

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
        place = Place(Answering())
        stream = place.ask(request(b"GET", b"/", *fields))
        assert place.responder.exchanges == [] and place.head(stream) == {}
        assert place.body(place.ask()) == b"/a"

    def test_capital_letters_reach_nobody(self) -> None:
        """Names are lower case in HTTP/2: any other is no name."""
        place = Place()
        place.raw(frame(_HEADERS, _END_HEADERS | _END_STREAM, 1, HEAD + b"\x00\x03X-A\x01b"))
        assert place.responder.exchanges == []


class TestFloods:
    """Each of these costs us more than the user, if nothing bounds it."""

    def test_rapid_reset(self) -> None:
        """Requests that are cancelled at once: 200, then 50 a second. Nobody is asked for an answer that nobody wants."""
        def one(n: int) -> bytes:
            return (frame(_HEADERS, _END_HEADERS | _END_STREAM, 2 * n + 1, HEAD)
                    + frame(_RESET, 0, 2 * n + 1, CALM.to_bytes(4, "big")))

        place, count = flood(one, 1000)
        assert count == 200 and place.responder.exchanges == [] and place.log == []

    def test_requests_that_are_reset_soon(self) -> None:
        """In the next read: every one is over for whoever answers."""
        place = Place()
        for n in range(1000):
            place.raw(frame(_HEADERS, _END_HEADERS | _END_STREAM, 2 * n + 1, HEAD))
            place.raw(frame(_RESET, 0, 2 * n + 1, CALM.to_bytes(4, "big")))
            if place.wire.disconnecting:
                break
        assert n == 200 and len(place.responder.exchanges) == 201
        assert len(place.responder.left) == len(place.log) == 201

    def test_a_reset_request_takes_no_other_with_it(self) -> None:
        """Of those that came with it, only the one that was reset is passed over; the next on that connection is answered."""
        place = Place(Answering())
        place.raw(b"".join(frame(_HEADERS, _END_HEADERS | _END_STREAM, 2 * n + 1, HEAD) for n in range(5))
                  + frame(_RESET, 0, 5, CALM.to_bytes(4, "big")))
        assert [each.stream for each in place.responder.exchanges] == [1, 3, 7, 9]  # type: ignore[attr-defined]
        place.raw(frame(_HEADERS, _END_HEADERS | _END_STREAM, 11, HEAD))
        assert [each.stream for each in place.responder.exchanges][-1] == 11  # type: ignore[attr-defined]

    def test_resets_now_and_then_are_no_flood(self) -> None:
        """Browsers cancel; 40 a second go on for ever."""
        place = Place()
        for n in range(1000):
            place.raw(frame(_HEADERS, _END_HEADERS | _END_STREAM, 2 * n + 1, HEAD)
                      + frame(_RESET, 0, 2 * n + 1, CALM.to_bytes(4, "big")))
            place.clock.advance(0.025)
        assert not place.wire.disconnecting

    def test_streams_that_the_user_makes_us_reset(self) -> None:
        """A request followed by a fault of its own stream counts as if the user had reset it."""
        def one(n: int) -> bytes:
            return (frame(_HEADERS, _END_HEADERS, 2 * n + 1, HEAD + b"\x00\x0econtent-length\x011")
                    + frame(_DATA, 0, 2 * n + 1, b"two"))

        place, count = flood(one, 1000)
        assert count == 200 and len(place.responder.exchanges) == 201

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
        place = Place()
        place.connection.pauseProducing()
        place.raw(frame(_PING, 0, 0, b"12345678") * 150)
        assert place.wire.disconnecting

    def test_window_updates(self) -> None:
        """Those that answer no data are bounded."""
        assert flood(lambda n: frame(_WINDOW, 0, 0, b"\0\0\0\1") * 100, 200)[1] < 101

    def test_window_updates_that_answer_data_are_no_flood(self) -> None:
        """Two for each piece, as simple clients send them, go on for ever."""
        place = Place()
        place.raw(frame(_HEADERS, _END_HEADERS | _END_STREAM, 1, HEAD))
        exchange = place.responder.last
        exchange.start(200, b"", None)
        for _ in range(15_000):
            exchange.write(b"event")
            place.raw(frame(_WINDOW, 0, 0, b"\0\0\0\5") + frame(_WINDOW, 0, 1, b"\0\0\0\5"))
        assert not place.wire.disconnecting

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
        place, count = flood(lambda n: frame(_CONTINUATION, 0, 1, b"\x00\x01a\x01b"), 20, frame(_HEADERS, 0, 1, HEAD))
        assert count == 8 and place.responder.exchanges == []

    def test_an_hpack_bomb(self) -> None:
        """A small frame that unfolds to a hundred times its size ends the connection before it is unfolded."""
        fields = b"\x40\x01a\x7f\x80\x1e" + b"x" * (127 + 0x1E * 128) + b"\xbe" * 100
        place = Place()
        place.raw(frame(_HEADERS, _END_HEADERS | _END_STREAM, 1, HEAD + fields))
        assert place.wire.disconnecting and place.responder.exchanges == []

    def test_many_small_fields(self) -> None:
        """More than twice the lines that are answered with 431, and a thousand pieces of a cookie: the connection ends."""
        place = Place()
        place.raw(frame(_HEADERS, _END_HEADERS | _END_STREAM, 1, HEAD + b"\x00\x01a\x01b" * 1300))
        assert place.wire.disconnecting and place.responder.exchanges == []

    def test_what_was_under_way_hears_of_it(self) -> None:
        """A flood ends the connection's other requests too."""
        place, _ = flood(lambda n: frame(_PING, 0, 0, b"12345678"), 2000, frame(_HEADERS, 5, 1, HEAD))
        assert place.responder.left == [Code.CANCELLED] and "PING" in place.log[0].detail
        assert place.front.floods == 1


class TestEnds:
    """Deadlines, shutdown, loss."""

    def test_a_connection_without_a_word(self) -> None:
        """It is closed when the handshake time is over, HTTP/2's own settings included."""
        place = Place(greet=False)
        place.clock.pump([0.25] * 4 * 31)
        assert place.wire.aborted

    def test_an_idle_connection(self) -> None:
        """After the keep-alive time it is closed with a word; pings do not keep it open."""
        place = Place(Answering())
        place.ask()
        for _ in range(7):
            place.advance(10)
            place.user.ping()
            place.turn()
        place.advance(5.5)
        assert place.wire.closed
        assert [event.error_code for event in place.events if isinstance(event, h2.GoAwayReceived)] == [NO_ERROR]

    def test_a_request_under_way_is_not_idle(self) -> None:
        """However long the application takes."""
        place = Place()
        stream = place.ask()
        place.advance(300)
        place.responder.last.answer(200, b"", b"late")
        place.turn()
        assert place.body(stream) == b"late" and not place.wire.disconnecting

    def test_a_user_whose_tcp_takes_nothing(self) -> None:
        """A full transport that does not drain is cut off after the stall time."""
        place = Place()
        place.ask()
        place.connection.pauseProducing()
        place.clock.pump([0.25] * 4 * 89)
        assert not place.wire.aborted
        place.clock.pump([0.25] * 4 * 3)
        assert place.wire.aborted

    def test_draining_loses_nothing(self) -> None:
        """What is on its way is taken for a second; what is under way ends well; what comes later is refused unread."""
        place = Place()
        first = place.ask()
        place.front.drain()
        second = place.user.send_request(request(), end_stream=True)
        place.turn()
        assert len(place.responder.exchanges) == 2
        place.advance(1.5)
        word = [event.last_stream_id for event in place.events if isinstance(event, h2.GoAwayReceived)]
        assert word == [2**31 - 1, second] and not place.wire.disconnecting
        for exchange in place.responder.exchanges:
            exchange.answer(200, b"", b"done")
        place.turn()
        assert place.body(first) == place.body(second) == b"done"
        assert place.wire.closed

    def test_draining_an_idle_connection(self) -> None:
        """It is told, and closed after the moment in which a request might have been on its way."""
        place = Place()
        place.front.drain()
        place.turn()
        assert not place.wire.disconnecting
        place.advance(1.5)
        assert place.wire.closed

    def test_a_connection_is_idle_without_streams(self) -> None:
        """But not in the moment after an answer, whose end may still be on its way; then it may give way to others."""
        place = Place()
        place.advance(QUIET_SECONDS)
        assert place.connection.idle
        stream = place.ask()
        assert not place.connection.idle
        place.responder.last.answer(200, b"", b"done")
        place.turn()
        assert place.body(stream) == b"done"
        assert not place.connection.idle
        place.advance(QUIET_SECONDS)
        assert place.connection.idle

    def test_a_user_who_closes(self) -> None:
        """TCP's or TLS's end is the end of all streams."""
        place = Place()
        place.ask()
        place.ask()
        place.connection.readConnectionLost()
        place.connection.connectionLost()
        assert place.responder.left == [Code.CANCELLED] * 2 and len(place.log) == 2
        assert place.front.connections == set() and len(place.front.deadlines) == 0

    def test_a_user_who_says_goodbye(self) -> None:
        """After GOAWAY what is under way ends well, and then the connection."""
        place = Place()
        stream = place.ask()
        place.user.send_goaway()
        place.turn()
        assert not place.wire.disconnecting
        place.responder.last.answer(200, b"", b"x")
        place.turn()
        assert place.body(stream) == b"x" and place.wire.closed

    @pytest.mark.parametrize("full", [False, True])
    def test_words_after_a_goodbye(self, full: bool) -> None:
        """Frames that cross our end are no fault: the connection closes in peace once what was written has left."""
        place = Place(Answering())
        place.ask()
        if full:
            place.connection.pauseProducing()
        place.connection.dataReceived(frame(_GOAWAY, 0, 0, bytes(8)))
        place.connection.dataReceived(frame(_PING, 0, 0, b"12345678"))
        place.clock.advance(0)
        assert place.wire.disconnecting is not full
        if full:
            place.connection.resumeProducing()
            place.clock.advance(0)
        assert farewell(place.wire.take()) is None and place.wire.disconnecting
        assert place.front.floods == 0

    def test_a_protocol_error(self) -> None:
        """The user is told which, and the connection ends."""
        place = Place()
        place.ask()
        back = place.raw(frame(_DATA, 0, 0, b"x"))
        assert farewell(back) == (1, 1) and place.wire.disconnecting
        assert place.responder.left == [Code.CANCELLED]

    def test_a_user_who_does_not_take_the_end(self) -> None:
        """What was written has a moment to leave; then the connection is cut."""
        place, _ = flood(lambda n: frame(_PING, 0, 0, b"12345678"), 2000)
        place.clock.pump([0.25] * 7)
        assert place.wire.disconnecting and not place.wire.aborted
        place.clock.pump([0.25] * 2)
        assert place.wire.aborted

    def test_something_that_is_no_http2(self) -> None:
        """Garbage ends the connection."""
        place = Place(greet=False)
        place.raw(b"GET / HTTP/1.1\r\nhost: h.example.com\r\n\r\n")
        assert place.wire.disconnecting
