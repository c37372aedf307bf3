"""An answer that comes piece by piece: its way to the user, and how long it may be silent."""

from __future__ import annotations

from dataclasses import replace

import pytest

from appproxy.errors import Code
from appproxy.publish.application import Application
from appproxy.service.relay.answers.streamed_answer import StreamedAnswer
from appproxy.service.relay.proxied_request import ProxiedRequest
from appproxy.tunnel.connections.silence import SILENCE_SECONDS
from appproxy.tunnel.exchanges import State
from appproxy.tunnel.frames import Kind
from tests.service.exchanges import FakeExchange, head_for
from tests.service.world import GET, POST, WIKI, Data, User, World, only_request

IDLE = WIKI.upgrade_idle_timeout
UPGRADE = (b"GET /socket HTTP/1.1\r\nHost: wiki.example.com\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
           b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n")
TRANSLATED = replace(WIKI, translate_body=frozenset({"html"}))
EVENTS = b"content-type: text/event-stream\n"
SWITCH = b"upgrade: websocket\nsec-websocket-accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\n"


class Begun:
    """A request that has its data connection."""

    def __init__(self, request: bytes = GET, *, body: bool = False, applications: tuple[Application, ...] = (WIKI,)) -> None:
        self.world = World(applications)
        self.signal = self.world.welcomed()
        self.user: User = self.world.user()
        self.user.send(request)
        self.world.advance(1)
        self.data: Data = self.world.attach(only_request(self.signal), body=body)
        (peer,) = self.world.relay.roster.peers.values()
        (found,) = peer.in_flight.values()
        assert isinstance(found, ProxiedRequest)
        self.request = found

    def head(self, status: int, block: bytes) -> None:
        self.data.say(self.data.session.head(status, block))

    def piece(self, piece: bytes) -> None:
        self.data.say(self.data.session.body(piece))

    @property
    def silence(self) -> float:
        """Seconds that it may still be silent."""
        return self.request.deadline - self.world.clock.seconds()


@pytest.mark.parametrize(("status", "block", "silence", "endless", "upgraded"), [
    (200, b"content-type: text/html\n", SILENCE_SECONDS, False, False),
    (200, EVENTS, 77.0, True, False),
    (200, b"content-type: application/grpc\n", SILENCE_SECONDS, True, False),
    (101, b"", 77.0, True, True),
])
def test_what_kind_of_answer_it_is(status: int, block: bytes, silence: float, endless: bool, upgraded: bool) -> None:
    """How long it may be silent, whether its session must end it, and whether it is an answer at all any more."""
    answer = StreamedAnswer(FakeExchange(head_for("https://wiki.example.com/")), status, block, 77.0)
    assert (answer.silence, answer.endless, answer.upgraded) == (silence, endless, upgraded)


@pytest.mark.parametrize(("request_", "status", "block", "seconds"), [
    (GET, 200, b"content-type: text/html\n", SILENCE_SECONDS), (GET, 200, EVENTS, IDLE), (UPGRADE, 101, SWITCH, IDLE),
])
def test_each_piece_begins_the_silence_anew(request_: bytes, status: int, block: bytes, seconds: float) -> None:
    """Of events too: they may pause as long at their end as at their beginning."""
    begun = Begun(request_)
    begun.head(status, block)
    assert begun.silence == seconds
    begun.world.advance(3)
    assert begun.silence == seconds - 3
    begun.piece(b"data: 1\n\n")
    assert begun.silence == seconds


def test_the_head_tells_the_length_if_it_is_known() -> None:
    """Else the pieces come in chunks, and the end is told by the last of them."""
    known, unknown = Begun(), Begun()
    known.head(200, b"content-length: 5\n")
    assert b"content-length: 5\r\n" in known.user.wire.take().lower()
    unknown.head(200, b"")
    assert b"transfer-encoding: chunked\r\n" in unknown.user.wire.take().lower()
    for begun, sent in ((known, b"hello"), (unknown, b"5\r\nhello\r\n0\r\n\r\n")):
        begun.piece(b"hello")
        begun.data.say(begun.data.session.end())
        assert begun.user.wire.take() == sent


def test_a_slow_reader_pauses_the_data_connection() -> None:
    """And nobody else."""
    begun = Begun()
    begun.head(200, b"")
    assert begun.user.wire.producer is not None
    begun.user.wire.producer.pauseProducing()
    assert begun.data.link.read_gate.held
    begun.user.wire.producer.resumeProducing()
    assert not begun.data.link.read_gate.held


def test_a_slow_reader_of_a_translated_answer_pauses_the_translator() -> None:
    """What was compressed may become much more: none of it is made for one who does not read."""
    begun = Begun(applications=(TRANSLATED,))
    begun.head(200, b"content-type: text/html\n")
    assert begun.user.wire.producer is not None
    begun.user.wire.take()
    begun.user.wire.producer.pauseProducing()
    begun.piece(b"<p>hello</p>")
    assert b"hello" not in begun.user.wire.take()
    begun.user.wire.producer.resumeProducing()
    begun.world.clock.pump([0] * 3)
    assert b"hello" in begun.user.wire.take()


def test_an_upload_under_an_answer_has_the_answers_time() -> None:
    """Both directions of one exchange: while either moves, nobody is late."""
    begun = Begun(POST, body=True)
    begun.head(200, b"")
    begun.world.advance(3)
    begun.user.send(b"he")
    assert begun.silence == SILENCE_SECONDS


def test_a_stream_takes_no_slot() -> None:
    """A request that waits for one gets it, and of the stream's own request nothing is kept."""
    begun = Begun(UPGRADE, body=True)
    roster = begun.world.relay.roster
    for peer in roster.peers.values():
        peer.limit = peer.usual = 1
    begun.world.user().send(GET)
    assert (roster.waiting, begun.request.head == b"") == (1, False)
    begun.head(101, SWITCH)
    assert (roster.waiting, begun.request.head) == (0, b"")
    assert only_request(begun.signal)


def test_an_upgrade_that_is_refused_ends_the_users_direction() -> None:
    """The connector was ready for a stream; now it knows that none comes."""
    begun = Begun(UPGRADE, body=True)
    begun.head(403, b"content-length: 2\n")
    assert begun.data.kinds() == [Kind.ATTACHED, Kind.END]


def test_a_head_that_crosses_the_users_leaving_begins_nothing() -> None:
    """The connector has sent it before it heard."""
    begun = Begun()
    head = begun.data.session.head(200, b"")
    begun.user.leave()
    begun.data.say(head)
    assert (begun.request.answer, begun.user.wire.take()) == (None, b"")


def test_a_piece_too_many_leaves_the_connector_its_last_word_and_no_more_time() -> None:
    """The slot is free two minutes later at most, however long events may pause."""
    begun = Begun()
    begun.head(200, EVENTS + b"content-length: 3\n")
    begun.piece(b"hello")
    assert (begun.request.state, begun.silence) == (State.CANCELLED, 120.0)


def test_an_answer_that_was_begun_is_never_a_page() -> None:
    """Whatever breaks it off, the user sees a break."""
    begun = Begun()
    begun.head(200, b"content-length: 5\n")
    begun.user.wire.take()
    begun.request.fail(Code.BACKEND_TIMEOUT, "silence in the answer")
    assert (begun.user.wire.take(), begun.user.wire.aborted) == (b"", True)
