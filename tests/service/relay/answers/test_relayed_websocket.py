"""A WebSocket is ended in its own words, between two messages, and nothing of the user's is lost."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from appproxy.errors import FAILURES, Code
from appproxy.http.streams.websocket import MOST_FRAMES, POLICY_VIOLATION, SERVICE_RESTART, close_frame
from appproxy.service.relay.answers.movable import ANSWER_SECONDS, MESSAGE_SECONDS
from appproxy.service.relay.answers.relayed_websocket import close_code, is_websocket
from appproxy.tunnel.exchanges import State
from appproxy.tunnel.frames import Kind
from tests.service.streams import ANSWER, MASK, SWITCH, UPGRADE, Stream, said, websocket
from tests.service.world import WIKI, World

RESTART = close_frame(SERVICE_RESTART)


def ends(stream: Stream) -> dict[tuple[str, str], int]:
    """How streams of its node have ended."""
    return dict(stream.world.relay.moves.ends)


def test_what_passes_is_what_was_said() -> None:
    """Both ways, whatever is in it."""
    stream = websocket()
    assert stream.says(said(b"one") + said(b"t")) == said(b"one") + said(b"t")
    assert stream.user_says(said(b"two", mask=MASK)) == said(b"two", mask=MASK)
    assert stream.says(b"\xff" * 300) == b"\xff" * 300, "what is no WebSocket passes, too"


def test_an_idle_one_is_closed_at_once() -> None:
    """The user's answer goes to the application, then their direction's end; after both the request is over."""
    stream = websocket()
    assert stream.close() == RESTART
    assert stream.user_says(said(b"late", mask=MASK)) == said(b"late", mask=MASK), "what the user has sent still arrives"
    assert stream.says(said(b"lost")) == b"", "nothing comes behind Close"
    stream.user.send(ANSWER)
    frames = stream.data.frames()
    assert [(frame[0], frame[4]) for frame in frames if frame[0] != Kind.PING] == [(Kind.BODY, ANSWER), (Kind.END, b"")]
    assert stream.user.wire.closed and not stream.user.wire.aborted
    assert len(stream.world.log) == 1 and stream.world.log[0].failure is None
    stream.says(close_frame(SERVICE_RESTART))
    stream.data.say(stream.data.session.end())
    assert stream.request.state is State.DONE and not stream.world.relay.under_way.endless
    assert ends(stream) == {("websocket", "closed"): 1}


def test_a_message_under_way_comes_to_its_end() -> None:
    """However it is cut, and whatever follows it in the same piece."""
    stream = websocket()
    stream.says(said(b"first half, ", first=0x01))
    assert stream.close() == b""
    assert stream.says(b"\x80\x0b") == b"\x80\x0b"
    assert stream.says(b"second half" + said(b"next")) == b"second half" + RESTART
    assert stream.says(said(b"more")) == b""


def test_a_message_that_does_not_end() -> None:
    """Where a frame of it has ended Close may come between; in the middle of one there is nothing to be said."""
    between, within = websocket(), websocket()
    between.says(said(b"first half", first=0x01))
    within.says(said(b"first half")[:-1])
    for stream in (between, within):
        assert stream.close() == b""
        assert stream.look(MESSAGE_SECONDS - 0.1) == b""
    assert between.look(0.2) == RESTART and not between.user.wire.aborted
    assert within.look(0.2) == b"" and within.user.wire.aborted
    assert within.world.log[0].failure is Code.SHUTTING_DOWN
    assert ends(within) == {}, "it was not closed"


@pytest.mark.parametrize("within_frame", [False, True])
def test_a_user_who_does_not_answer(within_frame: bool) -> None:
    """Is not waited for: the application hears Close in their place, where that can be said."""
    stream = websocket()
    if within_frame:
        stream.user_says(said(b"hello", mask=MASK)[:-1])
    stream.close()
    assert stream.look(ANSWER_SECONDS - 0.1) == b"" and not stream.user.wire.closed
    stream.look(0.2)
    assert stream.user.wire.closed
    frames = [(frame[0], frame[4]) for frame in stream.data.frames() if frame[0] != Kind.PING]
    assert frames[-1] == (Kind.END, b"")
    if within_frame:
        assert len(frames) == 1
    else:
        close = frames[0][1]
        assert len(frames) == 2 and close[:2] == b"\x88\x82"
        assert bytes(one ^ close[2 + at % 4] for at, one in enumerate(close[6:])) == (1001).to_bytes(2, "big")


def test_one_that_closes_by_itself_is_left_alone() -> None:
    """Whoever has begun."""
    by_application, by_user = websocket(), websocket()
    by_application.says(close_frame(1000))
    by_user.user_says(close_frame(1000, MASK))
    for stream in (by_application, by_user):
        assert stream.request.movable is not None and not stream.request.movable.is_open
        assert stream.close() == b""


def test_a_user_who_leaves_instead() -> None:
    """Their connection's end is an answer, too."""
    stream = websocket()
    stream.close()
    stream.user.connection.readConnectionLost()
    assert stream.user.wire.closed
    assert [frame[0] for frame in stream.data.frames() if frame[0] != Kind.PING] == [Kind.END]
    other = websocket()
    other.close()
    other.user.leave()
    assert Kind.ABORT in other.data.kinds()


def test_an_application_that_goes_meanwhile() -> None:
    """The user has heard why: no break follows."""
    stream = websocket()
    stream.close()
    stream.data.link.connectionLost()
    assert stream.user.wire.closed and not stream.user.wire.aborted
    assert ends(stream) == {("websocket", "closed"): 1}


@pytest.mark.parametrize(("application_first", "stops_reading"), [(False, False), (True, False), (False, True)])
def test_both_ends_leave_after_our_close(application_first: bool, stops_reading: bool) -> None:
    """In whatever order, and without Close of theirs: the connection is closed, and the access log has it."""
    stream = websocket()
    stream.close()
    if stops_reading:
        stream.data.say(stream.data.session.stop(Code.ORIGIN_CLOSED))
    if application_first:
        stream.data.say(stream.data.session.end())
    stream.user.connection.readConnectionLost()
    if not application_first:
        stream.data.say(stream.data.session.end())
    assert stream.request.state is State.DONE and not stream.world.relay.under_way.endless
    assert stream.user.wire.closed and not stream.user.wire.aborted
    assert len(stream.world.log) == 1 and stream.world.log[0].failure is None


def test_a_user_who_has_left_before_our_close() -> None:
    """Their direction was over already: when the application's is, so is the connection."""
    stream = websocket()
    stream.user.connection.readConnectionLost()
    assert stream.close() == RESTART
    stream.data.say(stream.data.session.end())
    assert stream.request.state is State.DONE
    assert stream.user.wire.closed and len(stream.world.log) == 1


def test_one_that_its_application_stops_reading() -> None:
    """The application has left altogether: nobody else would end it."""
    stream = websocket()
    stream.close()
    stream.data.say(stream.data.session.stop(Code.ORIGIN_CLOSED))
    stream.data.say(stream.data.session.end())
    assert stream.request.state is State.DONE
    assert stream.user.wire.closed and len(stream.world.log) == 1


def test_a_slow_user_holds_nothing_up_afterwards() -> None:
    """Once they are parted from, the application's bytes are read up to its end, whoever had paused them."""
    stream = websocket()
    assert stream.request.exchange is not None
    stream.request.exchange.pauseProducing()  # type: ignore[attr-defined]
    gate = stream.data.link.read_gate
    stream.close()
    assert gate.held
    stream.look(ANSWER_SECONDS + 0.1)
    assert stream.request.exchange is None and not gate.held


def test_one_of_absurd_frames_is_cut() -> None:
    """It is relayed as ever and not followed any more, so that nobody knows where Close could be said."""
    stream = websocket()
    empty = b"\x01\x00" + bytes(2) * MOST_FRAMES
    assert stream.says(empty) == empty
    assert stream.request.movable is not None and stream.request.movable.is_open
    assert stream.close() == b""
    assert stream.look(MESSAGE_SECONDS + 0.1) == b"" and stream.user.wire.aborted
    assert stream.world.log[0].failure is Code.SHUTTING_DOWN


@pytest.mark.parametrize("within_frame", [False, True])
def test_its_connector_is_lost(within_frame: bool) -> None:
    """The user is told to come back: another connector may have it. In the middle of a frame it can only be broken off."""
    stream = websocket()
    if within_frame:
        stream.says(b"\x81\x05hell")
    stream.data.link.connectionLost()
    got = stream.user.wire.take()
    assert (got, stream.user.wire.aborted) == ((b"", True) if within_frame else (RESTART, False))
    assert stream.world.log[0].failure is Code.CONNECTOR_LOST


def test_the_application_breaks_off() -> None:
    """That is passed on as it is."""
    stream = websocket()
    stream.data.say(stream.data.session.abort(Code.ORIGIN_CLOSED, ""))
    assert stream.user.wire.aborted and stream.user.wire.take() == b""


def test_a_user_who_may_no_longer() -> None:
    """Hears so, and says nothing more; the application's connection ends at once."""
    stream = websocket()
    stream.request.cut(Code.NOT_ASSIGNED, "no longer assigned")
    assert stream.user.wire.take() == close_frame(POLICY_VIOLATION)
    assert stream.user.wire.closed and not stream.user.wire.aborted
    assert stream.data.kinds()[-2:] == [Kind.ABORT, Kind.STOP]
    assert stream.user.send(said(b"still here", mask=MASK)) == b"" and stream.heard() == b""
    assert stream.world.log[0].failure is Code.NOT_ASSIGNED
    assert ends(stream) == {("websocket", "refused"): 1}


def test_which_code_for_what() -> None:
    """What is ours makes clients come back, what is forbidden does not, and of the application's faults nothing is said."""
    codes = {code: close_code(code) for code in Code}
    assert {codes[one] for one in (Code.CONNECTOR_LOST, Code.SHUTTING_DOWN, Code.DEAD_PEER)} == {SERVICE_RESTART}
    assert {codes[one] for one in (Code.SIGN_IN_REQUIRED, Code.NOT_ASSIGNED, Code.POLICY_BLOCKED, Code.UNKNOWN_HOST)} == {
        POLICY_VIOLATION}
    assert {codes[one] for one in Code if FAILURES[one].source.value == "application"} == {0}


@pytest.mark.parametrize(("block", "found"), [
    (SWITCH, True), (b"upgrade: WebSocket\n", True), (b"upgrade: tcp\n", False), (b"", False),
    (b"upgrade: websocket\nupgrade: tcp\n", False)])
def test_what_is_a_websocket(block: bytes, found: bool) -> None:
    """Other protocols are not followed, and have no words of ours."""
    assert is_websocket(block) is found


def test_another_protocol() -> None:
    """Is relayed as ever, and cut at the end."""
    world = World((replace(WIKI, upgrades=frozenset({"tcp"})),))
    stream = Stream(world, world.welcomed(), UPGRADE.replace(b"websocket", b"tcp"), block=b"upgrade: tcp\n")
    assert stream.request.movable is None and stream.says(b"anything") == b"anything"


messages = st.lists(st.lists(st.binary(max_size=20), min_size=1, max_size=3), min_size=1, max_size=6)


@given(messages, st.data())
@settings(max_examples=100, deadline=None)
def test_no_message_is_torn(texts: list[list[bytes]], data: st.DataObject) -> None:
    """Whenever it is closed, and however the application's bytes come: the user gets whole messages and then Close."""
    whole, places = b"", {0}
    for parts in texts:
        for number, part in enumerate(parts):
            first = (0x80 if number == len(parts) - 1 else 0) | (0 if number else 1)
            whole += said(part, first=first)
        places.add(len(whole))
    stream = websocket()
    at = data.draw(st.integers(0, len(whole)))
    got = stream.says(whole[:at]) if at else b""
    got += stream.close()
    while at < len(whole):
        to = data.draw(st.integers(at + 1, len(whole)))
        got += stream.says(whole[at:to])
        at = to
    sent = got.removesuffix(RESTART)
    assert got == sent + RESTART and whole.startswith(sent) and len(sent) in places
