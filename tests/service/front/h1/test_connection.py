"""One user's connection with HTTP/1.1: framing, keep-alive, deadlines, farewells."""

from __future__ import annotations

from ipaddress import ip_network

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.internet.task import Clock

from appproxy.errors import Code
from appproxy.http.head import Fields
from appproxy.http.proxies.trusted_proxies import X_FORWARDED_FOR, TrustedProxies
from appproxy.service.exchange.exchange import Exchange
from appproxy.service.front.front import NEWCOMER_SECONDS, NOTICE_SECONDS, Front, Stamps
from appproxy.service.front.h1.connection import AT_ONCE, UserConnection
from tests.service.exchanges import Producer
from tests.service.recording_responder import RecordingResponder
from tests.service.world import Wire, logging, refusal

GET = b"GET /a HTTP/1.1\r\nHost: h.example.com\r\n\r\n"


class ConnectionRig:
    """One user's connection."""

    def __init__(self, responder: RecordingResponder | None = None) -> None:
        self.clock = Clock()
        self.responder = responder or RecordingResponder()
        self.log: list[Exchange] = []
        self.front = Front(
            self.responder, self.clock, refusal, Stamps(lambda: "0" * 32), entry=UserConnection, hooks=logging(self.log))
        self.connection = UserConnection(self.front, "203.0.113.7")
        self.wire = Wire()
        self.connection.makeConnection(self.wire)

    def send(self, data: bytes) -> bytes:
        self.connection.dataReceived(data)
        return self.wire.take()

    def advance(self, seconds: float) -> None:
        self.clock.pump([0.25] * int(seconds * 4))


def post(length: int = 5) -> bytes:
    return b"POST /a HTTP/1.1\r\nHost: h.example.com\r\nContent-Length: %d\r\n\r\n" % length


def test_a_thousand_pipelined_requests_need_no_deep_stack() -> None:
    """Answers that come at once are written in a loop."""
    rig = ConnectionRig()
    rig.responder.answer_at_once = b"x"
    answers = rig.send(GET * 1500)
    for _ in range(1500 // AT_ONCE):
        rig.clock.advance(0)
        answers += rig.wire.take()
    assert answers.count(b"HTTP/1.1 200 OK") == 1500


def test_pipelined_requests_let_others_have_their_turn() -> None:
    """A few are answered in each turn of the reactor, however many have come in one read, and all in the end."""
    rig = ConnectionRig()
    rig.responder.answer_at_once = b"x"
    assert rig.send(GET * 20).count(b"HTTP/1.1 200 OK") == AT_ONCE
    assert rig.send(GET * 2).count(b"HTTP/1.1 200 OK") == 0
    rig.clock.advance(0)
    assert rig.wire.take().count(b"HTTP/1.1 200 OK") == 22 - AT_ONCE


def test_reading_stops_when_too_much_waits() -> None:
    """What a user pipelines is bounded; it goes on when the answer is out."""
    rig = ConnectionRig()
    rig.send(GET)
    rig.send(GET * 2000)
    assert not rig.wire.reading
    rig.responder.last.answer(200, b"", b"")
    while len(rig.responder.exchanges) < 2001:
        rig.responder.last.answer(200, b"", b"")
    assert rig.wire.reading


class Echo(RecordingResponder):
    """Answers each request when it is complete, with what its body was."""

    def __call__(self, exchange: Exchange) -> None:
        super().__call__(exchange)
        if exchange.head.length:
            exchange.read_body(self)
        else:
            exchange.answer(200, b"", b"")

    def body_ended(self, trailers: Fields) -> None:
        self.last.answer(200, b"", self.body)


@given(st.lists(st.integers(1, 40), max_size=30))
@settings(max_examples=50, deadline=None)
def test_however_bytes_are_cut_the_same_requests_come_out(cuts: list[int]) -> None:
    """Requests and bodies do not depend on how the network cuts them."""
    rig = ConnectionRig(Echo())
    data = GET + post() + b"hello" + GET
    for cut in cuts:
        rig.connection.dataReceived(data[:cut])
        data = data[cut:]
    if data:
        rig.connection.dataReceived(data)
    assert [exchange.head.method for exchange in rig.responder.exchanges] == [b"GET", b"POST", b"GET"]
    answers = rig.wire.take()
    assert answers.count(b"HTTP/1.1 200 OK") == 3
    assert answers.count(b"hello") == 1


def test_a_body_waits_until_it_is_wanted() -> None:
    """Nothing of it is read before, and 100 Continue is sent only then."""
    rig = ConnectionRig()
    assert rig.send(post().replace(b"\r\n\r\n", b"\r\nExpect: 100-continue\r\n\r\n")) == b""
    rig.responder.last.read_body(rig.responder)
    assert rig.wire.take() == b"HTTP/1.1 100 Continue\r\n\r\n"
    rig.send(b"hello")
    assert rig.responder.body == b"hello" and rig.responder.ended


def test_an_unwanted_body_is_not_taken_in_without_end() -> None:
    """While nobody asks for it, at most a little more than 64 KiB wait."""
    rig = ConnectionRig()
    rig.send(post(10_000_000))
    rig.send(b"x" * 65537)
    assert not rig.wire.reading
    rig.responder.last.read_body(rig.responder)
    assert rig.wire.reading
    assert len(rig.responder.body) == 65537


@pytest.mark.parametrize(
    ("request_head", "status"),
    [
        (b"GET / HTTP/1.1\r\n\r\n", b"400"),
        (b"GET / HTTP/1.1\r\nHost: a.example.com\r\nHost: b.example.com\r\n\r\n", b"400"),
        (b"GET / HTTP/1.1\r\nHost: a.example.com\r\nX: " + b"y" * 40000 + b"\r\n\r\n", b"431"),
        (b"GET /" + b"y" * 9000 + b" HTTP/1.1\r\nHost: a.example.com\r\n\r\n", b"414"),
        (b"CONNECT a.example.com:443 HTTP/1.1\r\nHost: a.example.com:443\r\n\r\n", b"405"),
        (b"BREWBREWBREWBREWBREWBREWBREWBREWBREW / HTTP/1.1\r\nHost: a.example.com\r\n\r\n", b"501"),
        (b"GET / HTTP/3.0\r\nHost: a.example.com\r\n\r\n", b"505"),
        (b"POST / HTTP/1.1\r\nHost: a.example.com\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n", b"400"),
        (b"GET / HTTP/1.1\r\nHost: a.example.com\r\nExpect: 200-ok\r\n\r\n", b"417"),
    ],
)
def test_a_bad_head_is_answered_and_the_connection_closed(request_head: bytes, status: bytes) -> None:
    """Whoever answers never hears of it."""
    rig = ConnectionRig()
    answer = rig.send(request_head)
    assert answer.startswith(b"HTTP/1.1 " + status)
    assert b"connection: close" in answer
    assert rig.responder.exchanges == []
    assert rig.wire.closed
    assert len(rig.log) == 1


@pytest.mark.parametrize(
    "request_head",
    [
        b"GET / HTTP/1.1\r\nAccept: application/json\r\n\r\n",
        b"BREWBREWBREWBREWBREWBREWBREWBREWBREW / HTTP/1.1\r\nHost: a.example.com\r\nACCEPT:application/problem+json\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: a.example.com\r\nAccept: application/json\r\nX: " + b"y" * 40000 + b"\r\n\r\n",
        b"GET /" + b"y" * 9000 + b" HTTP/1.1\r\nHost: a.example.com\r\nAccept: application/json\r\n\r\n",
    ],
)
def test_a_program_with_a_bad_head_gets_json(request_head: bytes) -> None:
    """What is wrong with the head does not keep its Accept from being heard."""
    answer = ConnectionRig().send(request_head)
    assert b"content-type: application/problem+json\r\n" in answer
    assert b'"request_id": "' + b"0" * 32 in answer
    assert b"text/html" in ConnectionRig().send(request_head.replace(b"json", b"json, text/html"))


def test_a_program_with_a_bad_body_gets_json() -> None:
    """The head was good, so its Accept is known."""
    rig = ConnectionRig()
    rig.send(b"POST / HTTP/1.1\r\nHost: a.example.com\r\nAccept: application/json\r\nTransfer-Encoding: chunked\r\n\r\n")
    rig.responder.last.read_body(rig.responder)
    assert b"application/problem+json" in rig.send(b"what\r\n")


def test_the_head_of_one_is_not_the_accept_of_another() -> None:
    """A request that was good does not decide how the refusal of the next one is put."""
    rig = ConnectionRig()
    rig.responder.answer_at_once = b"x"
    rig.send(GET.replace(b"\r\n\r\n", b"\r\nAccept: application/json\r\n\r\n"))
    assert b"text/html" in rig.send(b"GET / HTTP/1.1\r\n\r\n")


def test_a_bad_second_request_does_not_disturb_the_first_answer() -> None:
    """It is parsed only after the first is answered."""
    rig = ConnectionRig()
    rig.send(GET + b"GARBAGE\r\n\r\n")
    rig.responder.last.start(200, b"", 4)
    rig.responder.last.write(b"fine")
    assert rig.wire.take().endswith(b"\r\n\r\nfine")
    rig.responder.last.finish()
    assert rig.wire.take().startswith(b"HTTP/1.1 400 ")


def test_garbage_in_a_chunked_body_ends_the_request() -> None:
    """Whoever answers is told, and the user gets 400."""
    rig = ConnectionRig()
    rig.send(b"POST / HTTP/1.1\r\nHost: h.example.com\r\nTransfer-Encoding: chunked\r\n\r\n")
    rig.responder.last.read_body(rig.responder)
    answer = rig.send(b"zz\r\n")
    assert rig.responder.left == [Code.BAD_REQUEST]
    assert answer.startswith(b"HTTP/1.1 400 ")
    assert rig.wire.closed or rig.wire.half_closed


def test_head_and_304_have_no_body() -> None:
    """The length of what is not sent is kept."""
    rig = ConnectionRig()
    rig.send(GET.replace(b"GET", b"HEAD"))
    rig.responder.last.answer(200, b"content-length: 77\n", b"")
    assert rig.wire.take() == b"HTTP/1.1 200 OK\r\ncontent-length: 77\r\n\r\n"
    rig.send(GET)
    rig.responder.last.start(304, b"content-length: 77\netag: x\n", 77)
    rig.responder.last.finish()
    assert rig.wire.take() == b"HTTP/1.1 304 Not Modified\r\ncontent-length: 77\r\netag: x\r\n\r\n"
    assert not rig.wire.disconnecting


def test_an_old_user_gets_no_chunks() -> None:
    """HTTP/1.0: a body of unknown length ends with the connection; interim answers are not sent."""
    rig = ConnectionRig()
    rig.send(b"GET / HTTP/1.0\r\nHost: h.example.com\r\n\r\n")
    rig.responder.last.inform(103, b"link: x\n")
    rig.responder.last.start(200, b"", None)
    rig.responder.last.write(b"body")
    rig.responder.last.finish()
    assert rig.wire.take() == b"HTTP/1.1 200 OK\r\nconnection: close\r\n\r\nbody"
    assert rig.wire.closed


def test_an_old_user_who_wants_to_stay_is_told_that_he_may() -> None:
    """HTTP/1.0 with keep-alive: the answer says so, and the next request is taken."""
    rig = ConnectionRig()
    request = b"GET / HTTP/1.0\r\nHost: h.example.com\r\nConnection: keep-alive\r\n\r\n"
    rig.send(request)
    rig.responder.last.answer(200, b"", b"x")
    assert b"connection: keep-alive\r\n" in rig.wire.take()
    rig.send(request)
    rig.responder.last.start(200, b"", 1)
    rig.responder.last.write(b"y")
    rig.responder.last.finish()
    assert b"connection: keep-alive\r\n" in rig.wire.take()
    assert not rig.wire.disconnecting


@pytest.mark.parametrize(
    "fields",
    [b"content-length: 4\n", b"a: b\ncontent-length: 3\n", b"a: b\ncontent-length: 4\ncontent-length: 4\n",
     b"a: b\nx-content-length: 4\n", b"a: b\ncontent-length: 4\n", b""],
)
def test_the_length_that_is_announced_is_the_one_that_is_sent(fields: bytes) -> None:
    """Once, whatever the application's own fields say."""
    rig = ConnectionRig()
    rig.send(GET)
    rig.responder.last.answer(200, fields, b"four")
    assert rig.wire.take().count(b"\r\ncontent-length: 4\r\n") == 1


def test_early_hints_come_before_the_answer() -> None:
    """103 is passed on at once."""
    rig = ConnectionRig()
    rig.send(GET)
    rig.responder.last.inform(103, b"link: </a.css>; rel=preload\n")
    assert rig.wire.take() == b"HTTP/1.1 103 Early Hints\r\nlink: </a.css>; rel=preload\r\n\r\n"


# Time.


def test_a_connection_that_says_nothing_goes() -> None:
    """30 s for the handshake and the first byte."""
    rig = ConnectionRig()
    rig.advance(29)
    assert not rig.wire.disconnecting
    rig.advance(2)
    assert rig.wire.disconnecting


def test_a_head_must_arrive_in_time_however_it_trickles() -> None:
    """A byte every five seconds does not count as progress."""
    rig = ConnectionRig()
    for byte in (b"G", b"E", b"T", b" "):
        rig.send(byte)
        rig.advance(5)
    rig.advance(1)
    assert rig.wire.take().startswith(b"HTTP/1.1 408 ")
    assert rig.wire.closed


def test_an_idle_connection_goes_after_75_seconds() -> None:
    """Keep-alive has an end."""
    rig = ConnectionRig()
    rig.responder.answer_at_once = b"x"
    rig.send(GET)
    rig.advance(74)
    assert not rig.wire.disconnecting
    rig.advance(2)
    assert rig.wire.closed


@pytest.mark.parametrize(("rate", "enough"), [(1, False), (239, False), (241, True)])
def test_a_body_must_come_at_240_bytes_a_second(rate: int, enough: bool) -> None:
    """In each window of half a minute, from the first on; the user is told why, and so is whoever answers."""
    rig = ConnectionRig()
    rig.send(post(1_000_000))
    rig.responder.last.read_body(rig.responder)
    came = b""
    for _ in range(31 if not enough else 120):
        came += rig.send(b"x" * rate)
        rig.advance(1)
    came += rig.wire.take()
    assert (rig.responder.left, came[:13]) == (([], b"") if enough else ([Code.REQUEST_TIMEOUT], b"HTTP/1.1 408 "))


def test_a_body_that_began_well_may_not_stop() -> None:
    """What came before is no credit."""
    rig = ConnectionRig()
    rig.send(post(1_000_000))
    rig.responder.last.read_body(rig.responder)
    rig.send(b"x" * 100_000)
    rig.advance(31)
    assert rig.responder.left == []
    rig.advance(30)
    assert rig.responder.left == [Code.REQUEST_TIMEOUT]


def test_each_body_has_its_own_time() -> None:
    """What came of the last one, or how it was paused, is neither credit nor excuse for the next."""
    rig = ConnectionRig()
    rig.send(post(50_000))
    rig.responder.last.read_body(rig.responder).pauseProducing()
    rig.advance(31)
    rig.wire.resumeProducing()
    rig.connection.read_gate.resumeProducing()
    rig.send(b"x" * 50_000)
    rig.responder.last.answer(200, b"", b"")
    rig.send(post(50_000))
    rig.responder.last.read_body(rig.responder)
    rig.advance(31)
    assert rig.responder.left == [Code.REQUEST_TIMEOUT]


def test_a_user_whom_we_pause_is_not_too_slow() -> None:
    """When the application does not read, the user is not to blame."""
    rig = ConnectionRig()
    rig.send(post(1_000_000))
    producer = rig.responder.last.read_body(rig.responder)
    producer.pauseProducing()
    rig.advance(100)
    producer.resumeProducing()
    assert rig.responder.left == []


class Answering(ConnectionRig):
    """A user who has the beginning of an answer, and reads no more of it."""

    def __init__(self) -> None:
        super().__init__()
        self.send(GET)
        self.source = Producer()
        self.responder.last.register_producer(self.source)
        self.responder.last.start(200, b"", None)
        self.stop_reading()

    def stop_reading(self) -> None:
        assert self.wire.producer is not None
        self.wire.producer.pauseProducing()

    def read_on(self) -> None:
        assert self.wire.producer is not None
        self.wire.producer.resumeProducing()


def test_a_reader_may_pause_for_a_minute_and_a_half() -> None:
    """Then whoever answers is told that they have left, and the connection is broken: it must not look complete."""
    rig = Answering()
    rig.advance(89)
    assert (rig.responder.left, rig.wire.aborted) == ([], False)
    rig.advance(2)
    assert (rig.responder.left, rig.wire.aborted) == ([Code.REQUEST_TIMEOUT], True)


def test_a_reader_who_goes_on_has_all_his_time_again() -> None:
    """Each pause counts by itself."""
    rig = Answering()
    for _ in range(3):
        rig.advance(60)
        rig.read_on()
        rig.advance(60)
        rig.stop_reading()
    rig.read_on()
    rig.advance(1000)
    assert (rig.responder.left, rig.wire.aborted) == ([], False)


def test_a_pause_that_is_over_is_no_reason_later() -> None:
    """A user who reads again, and sends, is not one who has stopped."""
    rig = ConnectionRig()
    rig.send(post(1_000_000))
    rig.responder.last.read_body(rig.responder)
    rig.responder.last.register_producer(Producer())
    rig.responder.last.start(200, b"", None)
    assert rig.wire.producer is not None
    rig.wire.producer.pauseProducing()
    rig.wire.producer.resumeProducing()
    for _ in range(200):
        rig.send(b"x" * 300)
        rig.advance(1)
    assert (rig.responder.left, rig.wire.aborted) == ([], False)


class LateWire(Wire):
    """As TLS: who unregisters a producer lets what was gathered be written, and that fills the transport."""

    def unregisterProducer(self) -> None:
        assert self.producer is not None
        self.producer.pauseProducing()
        super().unregisterProducer()


def test_an_answer_that_pauses_in_its_end_is_over() -> None:
    """The user of the next request, a long upload, has not stopped reading what was read long ago."""
    rig = ConnectionRig()
    rig.wire = LateWire()
    rig.connection.makeConnection(rig.wire)
    rig.send(GET)
    exchange = rig.responder.last
    exchange.register_producer(Producer())
    exchange.start(200, b"", 5)
    exchange.write(b"hello")
    exchange.finish()
    rig.send(post(1_000_000))
    rig.responder.last.read_body(rig.responder)
    for _ in range(200):
        rig.send(b"x" * 300)
        rig.advance(1)
    assert (rig.responder.left, rig.wire.aborted) == ([], False)


def test_a_body_under_an_answer_that_waits() -> None:
    """The user sends all that they have to: then only their reading counts, and not how little came of the body."""
    rig = ConnectionRig()
    rig.send(post(5) + b"hel")
    rig.responder.last.read_body(rig.responder)
    rig.responder.last.register_producer(Producer())
    rig.responder.last.start(200, b"", None)
    assert rig.wire.producer is not None
    rig.wire.producer.pauseProducing()
    rig.send(b"lo")
    assert rig.responder.ended
    rig.advance(60)
    assert rig.responder.left == []
    rig.advance(40)
    assert rig.responder.left == [Code.REQUEST_TIMEOUT]


def test_the_rest_of_an_unwanted_upload_is_thrown_away_for_a_moment() -> None:
    """So that the answer is read before a reset can swallow it; then the connection goes."""
    rig = ConnectionRig()
    rig.send(post(1_000_000))
    rig.responder.last.answer(413, b"", b"no")
    assert b"connection: close" in rig.wire.take()
    assert rig.wire.half_closed and not rig.wire.disconnecting
    assert rig.send(b"x" * 5000) == b""
    rig.advance(2.5)
    assert rig.wire.aborted


def test_leaving_is_told_once() -> None:
    """And the exchange is logged once."""
    rig = ConnectionRig()
    rig.send(GET)
    rig.connection.connectionLost()
    rig.responder.last.answer(200, b"", b"too late")
    assert rig.responder.left == [Code.CANCELLED]
    assert len(rig.log) == 1


def test_one_who_says_no_more_after_a_whole_request_gets_the_answer() -> None:
    """A half-close after the request means: I will send no more."""
    rig = ConnectionRig()
    rig.send(GET)
    rig.connection.readConnectionLost()
    assert rig.responder.left == []
    rig.responder.last.answer(200, b"", b"here")
    assert rig.wire.take().endswith(b"here")
    assert rig.wire.closed


def test_one_who_says_no_more_in_the_middle_has_left() -> None:
    """Half a body is no request."""
    rig = ConnectionRig()
    rig.send(post())
    rig.responder.last.read_body(rig.responder)
    rig.connection.readConnectionLost()
    assert rig.responder.left == [Code.CANCELLED]
    assert rig.wire.aborted


def test_draining_closes_idle_connections_and_the_others_after_their_answer() -> None:
    """Nobody is cut, and nobody stays."""
    rig = ConnectionRig()
    idle = UserConnection(rig.front, "203.0.113.8")
    wire = Wire()
    idle.makeConnection(wire)
    rig.advance(NEWCOMER_SECONDS)
    newcomer, new = UserConnection(rig.front, "203.0.113.9"), Wire()
    newcomer.makeConnection(new)
    rig.send(GET)
    rig.front.drain()
    rig.advance(NOTICE_SECONDS)
    assert wire.closed and not new.closed
    rig.advance(NEWCOMER_SECONDS - NOTICE_SECONDS)
    assert new.closed, "who has connected just now has the time to ask, and no more"
    assert not rig.wire.disconnecting
    rig.responder.last.answer(200, b"", b"last")
    answer = rig.wire.take()
    assert b"connection: close" in answer and answer.endswith(b"last")
    assert rig.wire.closed


def test_a_request_that_crosses_the_drain_is_answered() -> None:
    """Whoever was not told that an answer was the last may have sent the next request, and is told with that one's."""
    rig = ConnectionRig()
    rig.responder.answer_at_once = b"x"
    rig.send(GET)
    rig.front.drain(4.0)
    rig.advance(3)
    assert not rig.wire.disconnecting
    assert b"connection: close" in rig.send(GET)
    assert rig.wire.closed


def test_an_answer_that_began_before_the_drain_keeps_its_word() -> None:
    """Its head did not say that it was the last, so that one more may follow, for a moment."""
    for asks_again in (True, False):
        rig = ConnectionRig()
        rig.send(GET)
        rig.responder.last.start(200, b"", 4)
        rig.front.drain()
        rig.responder.last.write(b"last")
        rig.responder.last.finish()
        assert b"connection: close" not in rig.wire.take()
        assert not rig.wire.disconnecting
        if asks_again:
            rig.responder.answer_at_once = b"x"
            assert b"connection: close" in rig.send(GET)
        else:
            rig.advance(NOTICE_SECONDS)
        assert rig.wire.closed


def test_nothing_is_left_when_a_connection_ends() -> None:
    """No deadline, no timer, no connection."""
    rig = ConnectionRig()
    rig.send(GET)
    rig.connection.connectionLost()
    rig.advance(1)
    assert rig.clock.getDelayedCalls() == []
    assert rig.front.connections == set()


@pytest.mark.parametrize(("peer", "client"), [("10.0.0.1", "203.0.113.9"), ("198.51.100.7", "198.51.100.7")])
def test_a_front_proxy_is_believed_by_its_address_alone(peer: str, client: str) -> None:
    """Its field says who the client is, for each request of its connection; everybody else is who they are."""
    rig = ConnectionRig()
    rig.front.proxies = TrustedProxies((ip_network("10.0.0.0/8"),), X_FORWARDED_FOR)
    rig.connection = UserConnection(rig.front, peer)
    rig.connection.makeConnection(rig.wire)
    rig.responder.answer_at_once = b""
    for _ in range(2):
        rig.send(GET[:-2] + b"X-Forwarded-For: 1.1.1.1, 203.0.113.9\r\n\r\n")
        assert rig.responder.last.client == client
    rig.front.proxies = None
    rig.send(GET[:-2] + b"X-Forwarded-For: 1.1.1.1, 203.0.113.9\r\n\r\n")
    assert rig.responder.last.client == peer
