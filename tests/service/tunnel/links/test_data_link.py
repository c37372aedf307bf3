"""A data connection at the service."""

from __future__ import annotations

from typing import Any, cast

import pytest

from appproxy.errors import Code, RemoteProtocolError
from appproxy.net.loop.deadlines import NEVER
from appproxy.net.read_gate import HoldReason, ReadGate
from appproxy.tunnel.frames import Kind, encode
from appproxy.tunnel.limits import DEFAULT_LIMITS
from appproxy.tunnel.messages import Goodbye
from tests.service.tunnel.link_ends import EPOCH, LOST, Data, Request, Signal, StubEndpoint
from tests.service.world import Wire


def test_a_data_connection_of_nobody_is_closed() -> None:
    """Its connector has no signal connection here."""
    endpoint = StubEndpoint()
    endpoint.roster.remove(endpoint.peer, 0.0)
    data = Data(endpoint)
    assert data.wire.aborted and endpoint.peer.data == set() and len(endpoint.deadlines) == 0
    data.link.connectionLost()


def test_attach_to_a_request_that_wants_it() -> None:
    """The service agrees before the request hears of it, so that ATTACHED is the first frame."""
    data = Data()
    assert data.attach() == [Kind.ATTACHED]
    assert data.request.told == [("wants", True, True), ("attached", True)]
    assert data.endpoint.peer.data == {data.link}


@pytest.mark.parametrize("why", ["unknown", "epoch", "not wanted"])
def test_attach_that_is_refused(why: str) -> None:
    """No such request, one of a node that was here before, or one that wants nothing: the connection stays usable."""
    data = Data(request=Request(wanted=why != "not wanted"))
    kinds = data.attach(2 if why == "unknown" else 1, b"another!" if why == "epoch" else EPOCH)
    assert kinds == [Kind.DETACH] and data.link.request is None
    assert ("attached", True) not in data.request.told
    data.request.wanted = True
    assert data.attach() == [Kind.ATTACHED]


def test_frames_of_the_answer_reach_the_request() -> None:
    """In their order, each by its own name."""
    data = Data().attached()
    data.say(data.session.info(103, b"link: x\n") + data.session.head(200, b"") + data.session.body(b"x"))
    data.say(data.session.end(b"x-sum: 7\n"))
    assert data.request.told == [
        ("informed", 103, b"link: x\n"), ("headed", 200, b""), ("streamed", b"x"), ("ended", b"x-sum: 7\n")]


def test_a_broken_answer_reaches_the_request() -> None:
    """With its reason."""
    data = Data().attached()
    data.say(data.session.head(200, b"") + data.session.abort(Code.ORIGIN_TRUNCATED))
    assert data.request.told[-1] == ("aborted", Code.ORIGIN_TRUNCATED, "")


def test_stop_wakes_the_user_and_is_answered() -> None:
    """Nothing pauses them on this account any more; the session owes an ABORT."""
    data = Data().attached()
    user = ReadGate(Wire())
    data.link.feed(user)
    user.pauseProducing()
    assert data.link.paused
    data.say(data.session.stop(Code.CANCELLED))
    assert data.request.told == [("stopped",)] and data.kinds() == [Kind.ABORT]
    assert not user.held and data.wire.producer is None and not data.link.paused


def test_a_user_who_has_more_gives_none_of_it_behind_stop() -> None:
    """Over HTTP/2 it has been kept, and comes within the call that lets them go on: the connection is not broken by it."""
    data = Data().attached()

    class Kept(Wire):
        def resumeProducing(self) -> None:
            if ("stopped",) not in data.request.told:
                data.link.body(b"kept")

    user = ReadGate(Kept())
    data.link.feed(user)
    user.pauseProducing()
    data.say(data.session.stop(Code.CANCELLED))
    assert data.request.told == [("stopped",)] and data.kinds() == [Kind.ABORT]


def test_a_next_attach_parts_from_the_request_before() -> None:
    """That one's answer comes in line; what happens here is nothing to it any more."""
    data = Data().attached()
    data.say(data.session.stop(Code.CANCELLED))
    data.kinds()
    other = Request()
    data.endpoint.peer.in_flight[2] = cast(Any, other)
    data.session.answered_in_line()
    assert data.attach(2) == [Kind.ATTACHED]
    assert data.request.data is None and other.data is data.link
    data.request.take()
    data.link.connectionLost()
    assert (data.request.told, other.told[-1]) == ([], LOST)


def test_a_fault_ends_the_connection_and_breaks_what_it_carried() -> None:
    """The connector is blamed; frames behind it count no more."""
    data = Data().attached()
    data.request.fault = RemoteProtocolError("not now")
    data.say(data.session.head(200, b"") + data.session.body(b"x"))
    assert data.wire.aborted and data.endpoint.blamed == ["not now"]
    assert [what for what, *_ in data.request.told] == ["headed", "aborted"]


@pytest.mark.parametrize("end", ["no HELLO", "an expired certificate", "a broken rule"])
def test_an_end_of_ours_does_not_wait_for_the_peer(end: str) -> None:
    """A connector that reads nothing and closes nothing is cut off within a second; no producer keeps the transport open."""
    signal = Signal(greeted=end != "no HELLO")
    endpoint = signal.endpoint
    if end == "a broken rule":
        signal.link.dataReceived(encode(Kind.RSP, 1, b"garbage"))
    else:
        signal.link.not_after = 2e9 if end == "no HELLO" else endpoint.today
        endpoint.clock.pump([0.25] * (41 if end == "no HELLO" else 5))
    assert signal.wire.closed and signal.wire.producer is None
    endpoint.clock.advance(1.0)
    assert signal.wire.aborted
    signal.link.connectionLost()
    assert endpoint.clock.getDelayedCalls() == []


def test_the_last_word_of_a_connector_ends_its_connections() -> None:
    """One that says ERROR and stays gets no more requests, and keeps no descriptor; before WELCOME, too."""
    greeted, silent, data = Signal(), Signal(greeted=False), Data()
    farewell = Goodbye(Code.PROTOCOL, None, False, "")
    for end in (greeted, silent, data):
        end.link.dataReceived(end.session.goodbye(farewell))
        assert end.wire.aborted


def test_a_connection_that_closes_while_it_reads_takes_no_request() -> None:
    """The end of one request may close it; ATTACH for the next one, in the same read, is then nobody's."""
    class Closing(Request):
        def ended(self, trailers: bytes) -> None:
            data.link.close()

    data = Data(request=Closing()).attached()
    data.link.end(b"")
    data.kinds()
    other = Request()
    data.endpoint.peer.in_flight[2] = cast(Any, other)
    data.say(data.session.head(200, b"") + data.session.end() + data.session.attach(2, EPOCH, True, True))
    assert other.told == []


def test_pieces_that_came_in_one_read_leave_as_one() -> None:
    """In their order with all else."""
    data = Data().attached()
    session = data.session
    data.say(session.head(200, b"") + session.body(b"a") + session.body(b"b") + session.end())
    told = [what for what in data.request.told if what[0] in ("headed", "streamed", "ended")]
    assert told == [("headed", 200, b""), ("streamed", b"ab"), ("ended", b"")]


def test_bytes_of_a_stream_leave_at_once() -> None:
    """They are all that a turn has to say on its connection; those of a body wait for the turn's end, with all others."""
    for upgraded in (False, True):
        data = Data(request=Request(upgraded=upgraded)).attached()
        data.kinds()
        data.link.body(b"hello")
        assert (len(data.wire.at_once), data.kinds()) == (upgraded, [Kind.BODY])


def test_the_end_of_a_body_lets_go_of_the_user() -> None:
    """END is written once; whoever was paused for it is awake."""
    data = Data().attached()
    user = ReadGate(Wire())
    data.link.feed(user)
    user.pauseProducing()
    data.link.body(b"hello")
    data.link.end(b"")
    data.link.end(b"")
    assert data.kinds() == [Kind.BODY, Kind.END]
    assert not user.held and data.wire.producer is None


def test_cancel_breaks_both_directions_off() -> None:
    """And wakes both: whoever feeds it, and itself, for the last frames must be heard."""
    data = Data().attached()
    user = ReadGate(Wire())
    data.link.feed(user)
    user.pauseProducing()
    data.link.read_gate.hold(HoldReason.SLOW_PEER)
    data.link.cancel()
    assert data.kinds() == [Kind.ABORT, Kind.STOP]
    assert not user.held and data.wire.reading
    data.say(data.session.abort(Code.CANCELLED))
    data.link.cancel()
    assert data.kinds() == []


def test_a_request_that_lets_go_hears_no_more() -> None:
    """What is left on the connection is thrown away until it is idle, which then has no deadline."""
    data = Data().attached()
    data.link.let_go()
    assert data.link.deadline != NEVER
    data.say(data.session.head(200, b"") + data.session.body(b"x"))
    assert data.request.told == []
    data.kinds()
    data.say(data.session.take_output())
    data.link.let_go()
    assert data.link.session.idle and data.link.deadline == 2 * DEFAULT_LIMITS.kept_most
    data.link.connectionLost()
    assert data.request.told == []


def test_a_lost_connection_tells_its_request_once() -> None:
    """The user is awake, and nothing of it is kept."""
    data = Data().attached()
    user = ReadGate(Wire())
    data.link.feed(user)
    user.pauseProducing()
    data.link.close()
    data.link.connectionLost()
    assert data.request.told == [LOST] and data.wire.aborted
    assert not user.held and data.endpoint.peer.data == set() and len(data.endpoint.deadlines) == 0
    data.link.body(b"late")
    data.link.go()
    assert data.wire.take() == b""


def test_a_silent_connector_is_cut_off_while_we_read() -> None:
    """Its silence proves nothing while we do not."""
    data = Data().attached()
    data.link.read_gate.hold(HoldReason.SLOW_PEER)
    data.expire()
    assert not data.wire.aborted
    data.link.read_gate.release(HoldReason.SLOW_PEER)
    data.expire()
    assert data.wire.aborted and data.request.told == [LOST]


def test_an_answer_in_line_frees_the_connection() -> None:
    """Not a frame is needed for it."""
    data = Data().attached()
    data.link.end(b"")
    data.kinds()
    data.link.answer_elsewhere()
    assert data.link.session.idle and data.kinds() == []
    assert data.link.answer_over
