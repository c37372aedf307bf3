"""What exchanges ask of an HTTP/2 user's connection: all of a turn leaves at its end, and nothing of it fails them."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
from ngh2 import Priority
from ngh2 import events as h2

from appproxy.net.loop.deadlines import NEVER
from tests.service.h2_rig import H2Rig, request

OK = [(b":status", b"200")]
CANCEL, NO_ERROR = 8, 0
#: A stream that there is not.
GONE = 99


@dataclass(eq=False)
class Answering:
    """One exchange of our own: `complete`: its request has come whole; `room`: nobody waits for bytes to leave any longer."""

    stream: int
    complete: bool = True
    room: bool = True
    deadline: float = NEVER
    asked: int = 0
    was_reset: int | None = None

    def drained(self) -> bool:
        self.asked += 1
        return self.room

    def reset(self, code: int) -> None:
        self.was_reset = code

    def deadline_passed(self, now: float) -> None: ...


@pytest.fixture
def rig() -> H2Rig:
    """A connection whose user opens windows by hand."""
    return H2Rig(manual=True)


def heads(rig: H2Rig, kind: type[h2.Event] = h2.ResponseReceived) -> list[h2.Event]:
    """What the user has got."""
    return [event for event in rig.events if isinstance(event, kind)]


def test_verbs_for_a_stream_that_is_not_there(rig: H2Rig) -> None:
    """Say so where somebody would go on for it, and else do nothing; nothing is sent."""
    port, gone = rig.connection, Answering(GONE)
    assert port.send_head(GONE, OK) is False and port.send(gone, b"x") is False
    port.inform(GONE, [(b":status", b"103")])
    port.send_whole(gone, OK, b"body")
    port.send_whole(gone, OK, None)
    port.end(GONE, [])
    port.end(GONE, [(b"x", b"y")])
    port.reset(GONE, CANCEL)
    port.open_window(GONE)
    port.give_priority(GONE, Priority(3, False))
    rig.turn()
    assert rig.events == [] and not rig.wire.disconnecting and gone.asked == 0


def test_a_whole_answer(rig: H2Rig) -> None:
    """With a body or without one; it leaves at the end of the turn, when its exchange has said that it is over."""
    for body in (b"hello", None, b""):
        stream = rig.ask()
        exchange = Answering(stream)
        rig.connection.send_whole(exchange, OK, body)
        assert rig.wire.take() == b""
        rig.connection.over(exchange)
        rig.turn()
        assert rig.body(stream) == (body or b"") and exchange.was_reset is None


def test_interim_answers_and_trailers(rig: H2Rig) -> None:
    """Around the answer, in their order."""
    stream = rig.ask()
    port, exchange = rig.connection, Answering(stream)
    port.inform(stream, [(b":status", b"103"), (b"link", b"</a>")])
    assert port.send_head(stream, OK) and port.send(exchange, b"x")
    port.end(stream, [(b"x-sum", b"1")])
    port.over(exchange)
    rig.turn()
    kinds = [type(event) for event in rig.events]
    assert kinds.index(h2.InformationalResponseReceived) < kinds.index(h2.ResponseReceived) < kinds.index(h2.TrailersReceived)
    assert rig.body(stream) == b"x"


def test_whoever_waits_is_woken_when_bytes_have_left(rig: H2Rig) -> None:
    """Each time, until nobody waits for it; what waits is counted by stream."""
    stream = rig.ask()
    port, exchange = rig.connection, Answering(stream, room=False)
    port.send_head(stream, OK)
    port.send(exchange, b"x" * 100_000)
    rig.turn()
    waits, asked = port.waiting(stream), exchange.asked
    assert 0 < waits < 100_000 and asked > 0
    rig.user.acknowledge_received_data(60_000, stream)
    rig.turn()
    assert port.waiting(stream) < waits and exchange.asked > asked
    exchange.room = True
    rig.user.acknowledge_received_data(65_535 - 60_000, stream)
    rig.turn()
    asked = exchange.asked
    rig.user.acknowledge_received_data(30_000, stream)
    rig.turn()
    assert exchange.asked == asked and port.waiting(stream) == 0


def test_while_the_transport_is_full(rig: H2Rig) -> None:
    """Nothing is taken from the session; all of it leaves when there is room."""
    stream = rig.ask()
    rig.connection.pauseProducing()
    rig.connection.send_whole(Answering(stream), OK, b"hello")
    rig.connection.enlist()
    rig.turn()
    assert heads(rig) == []
    rig.connection.resumeProducing()
    rig.turn()
    assert rig.body(stream) == b"hello"


def resets(rig: H2Rig) -> list[tuple[int, int]]:
    """Streams that were broken off, as the user has heard."""
    return [(event.stream_id, event.error_code) for event in rig.events if isinstance(event, h2.StreamReset)]


@pytest.mark.parametrize("size", [2, 100_000])
def test_an_answer_before_its_request_is_complete(rig: H2Rig, size: int) -> None:
    """Once all of it has left, the user need not send the rest (RFC 9113 section 8.1), and not before."""
    stream = rig.ask(body=None)
    rig.responder.exchanges[-1].answer(200, b"", b"x" * size)
    rig.turn()
    assert resets(rig) == ([(stream, NO_ERROR)] if size == 2 else [])
    if size > 2:
        rig.user.acknowledge_received_data(65_535, stream)
        rig.turn()
        assert resets(rig) == [(stream, NO_ERROR)]
    assert len(rig.body(stream)) == size


def test_who_has_sent_all_meanwhile(rig: H2Rig) -> None:
    """Is not told that they need not."""
    stream = rig.ask(body=None)
    rig.responder.exchanges[-1].answer(200, b"", b"no")
    rig.user.end_stream(stream)
    rig.connection.dataReceived(rig.user.data_to_send())
    rig.turn()
    assert resets(rig) == [] and rig.body(stream) == b"no"


def test_a_stream_that_is_broken_off(rig: H2Rig) -> None:
    """The user hears why; others go on."""
    first, second = rig.ask(), rig.ask()
    rig.connection.reset(first, CANCEL)
    rig.connection.send_whole(Answering(second), OK, b"hello")
    rig.connection.enlist()
    rig.turn()
    closed = [event for event in heads(rig, h2.StreamClosed) if isinstance(event, h2.StreamClosed)]
    assert [(one.stream_id, one.error_code) for one in closed] == [(first, CANCEL), (second, NO_ERROR)]
    assert rig.body(second) == b"hello"


def test_windows_open_for_who_reads(rig: H2Rig) -> None:
    """As much as may be on its way; what was taken opens it again."""
    stream = rig.ask(request(b"POST"), body=None)
    rig.connection.open_window(stream)
    rig.turn()
    rig.user.send_data(stream, b"x" * 200_000)
    rig.turn()
    assert rig.user.queued_body_size(stream) == 0


def test_one_write_a_turn(rig: H2Rig) -> None:
    """However many have something to send."""
    streams = [rig.ask() for _ in range(3)]
    for stream in streams:
        rig.connection.send_whole(Answering(stream), OK, b"hello")
        rig.connection.over(Answering(stream))
        rig.connection.enlist()
    assert len(rig.clock.getDelayedCalls()) <= 2 and rig.wire.take() == b""
    rig.turn()
    assert [rig.body(stream) for stream in streams] == [b"hello"] * 3
