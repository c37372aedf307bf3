"""An answer that comes piece by piece: its way to the user, and how long it may be silent."""

from __future__ import annotations

import pytest

from appproxy.errors import Code
from appproxy.service.relayed import Relayed
from appproxy.service.streamed import StreamedAnswer
from appproxy.tunnel.silence import SILENCE_SECONDS
from tests.service.exchanges import FakeExchange, head_for
from tests.service.world import GET, WIKI, Data, User, World, only_request

IDLE = WIKI.upgrade_idle_timeout
UPGRADE = (b"GET /socket HTTP/1.1\r\nHost: wiki.example.com\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
           b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n")
EVENTS = b"content-type: text/event-stream\n"
SWITCH = b"upgrade: websocket\nsec-websocket-accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\n"


class Begun:
    """A request that has its data connection."""

    def __init__(self, request: bytes = GET) -> None:
        self.world = World()
        signal = self.world.welcomed()
        self.user: User = self.world.user()
        self.user.send(request)
        self.data: Data = self.world.attach(only_request(signal))
        (peer,) = self.world.relay.roster.peers.values()
        (found,) = peer.in_flight.values()
        assert isinstance(found, Relayed)
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
    assert begun.data.link.tap.held
    begun.user.wire.producer.resumeProducing()
    assert not begun.data.link.tap.held


def test_a_head_that_crosses_the_users_leaving_begins_nothing() -> None:
    """The connector has sent it before it heard."""
    begun = Begun()
    head = begun.data.session.head(200, b"")
    begun.user.leave()
    begun.data.say(head)
    assert (begun.request.answer, begun.user.wire.take()) == (None, b"")


def test_an_answer_that_was_begun_is_never_a_page() -> None:
    """Whatever breaks it off, the user sees a break."""
    begun = Begun()
    begun.head(200, b"content-length: 5\n")
    begun.user.wire.take()
    begun.request.fail(Code.BACKEND_TIMEOUT, "silence in the answer")
    assert (begun.user.wire.take(), begun.user.wire.aborted) == (b"", True)
