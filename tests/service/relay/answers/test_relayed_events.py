"""Event streams end between two events, and never look whole when they are not."""

from __future__ import annotations

import pytest

from appproxy.errors import Code
from appproxy.service.relay.answers.movable import MESSAGE_SECONDS
from appproxy.tunnel.exchanges import State
from appproxy.tunnel.frames import Kind
from tests.service.streams import EVENTS, events

LAST = b"0\r\n\r\n"


def chunk(data: bytes) -> bytes:
    """As HTTP/1.1 sends it."""
    return b"%x\r\n%s\r\n" % (len(data), data)


def test_between_two_events_it_ends_at_once() -> None:
    """As a whole answer: the browser asks again with Last-Event-ID. The application is not asked for more."""
    stream = events()
    assert stream.says(b"id: 1\ndata: one\n\n") == chunk(b"id: 1\ndata: one\n\n")
    assert stream.close() == LAST
    assert not stream.user.wire.aborted
    assert stream.data.kinds()[-1] == Kind.STOP
    assert stream.request.state is State.CANCELLED and not stream.request.exchange
    assert stream.world.log[0].failure is None
    assert dict(stream.world.relay.moves.ends) == {("event-stream", "closed"): 1}


def test_before_the_first_event() -> None:
    """Nothing is torn there."""
    assert events().close() == LAST


def test_an_event_under_way_comes_to_its_end() -> None:
    """And nothing behind it."""
    stream = events()
    stream.says(b"data: o")
    assert stream.close() == b""
    assert stream.says(b"ne\n") == chunk(b"ne\n")
    assert stream.says(b"\ndata: two\n\n") == chunk(b"\n") + LAST
    assert stream.says(b"data: three\n\n") == b""


def test_an_event_that_does_not_end() -> None:
    """It is broken off where everybody sees it."""
    stream = events()
    stream.says(b"data: o")
    stream.close()
    assert stream.look(MESSAGE_SECONDS - 0.1) == b"" and not stream.user.wire.aborted
    assert stream.look(0.2) == b"" and stream.user.wire.aborted
    assert stream.world.log[0].failure is Code.SHUTTING_DOWN


def test_the_application_ends_it_meanwhile() -> None:
    """That is its end."""
    stream = events()
    stream.says(b"data: o")
    stream.close()
    stream.data.say(stream.data.session.end())
    assert stream.user.wire.take() == LAST
    assert stream.look(MESSAGE_SECONDS + 1) == b"" and not stream.user.wire.aborted


@pytest.mark.parametrize("block", [
    EVENTS + b"content-encoding: gzip\n", b"content-type: application/grpc\n", b"content-type: text/html\n"])
def test_what_cannot_be_ended_so(block: bytes) -> None:
    """Where nobody sees the end of an event, or there are none: it goes on to the end, and is cut."""
    assert events(block).request.movable is None


def test_a_length_that_was_promised() -> None:
    """An answer that is shorter than it said is never whole."""
    stream = events(EVENTS + b"content-length: 1000\n")
    stream.says(b"data: one\n\n")
    stream.close()
    assert stream.user.wire.aborted


def test_there_are_no_words_for_a_revocation() -> None:
    """It is broken off, as ever."""
    stream = events()
    stream.request.cut(Code.NOT_ASSIGNED, "no longer assigned")
    assert stream.user.wire.aborted and dict(stream.world.relay.moves.ends) == {}
