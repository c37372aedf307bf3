"""How origin requests end: whatever happens in whatever order, with one end, one final frame, and nothing held on to."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appproxy.connector.requests.live_request import LiveRequest
from appproxy.connector.requests.origin_request import OriginRequest
from appproxy.connector.requests.upgraded_stream import UpgradedStream
from appproxy.connector.tunnel.attachment import DataAttachment
from appproxy.errors import Code
from appproxy.net.loop.deadlines import NEVER
from appproxy.tunnel.exchanges import State
from appproxy.tunnel.frames import FrameReader, Kind, signal_limits
from appproxy.tunnel.life.origin import Action, Fact
from appproxy.tunnel.messages import decode_code
from tests.connector.rig import request

#: Ways to end one, with the code that the service hears; None: nobody waits for one.
ENDS: list[tuple[Callable[[LiveRequest], None], Code | None]] = [
    (lambda one: one.cancel(), Code.CANCELLED),
    (lambda one: one.cancel(Code.SHUTTING_DOWN), Code.SHUTTING_DOWN),
    (lambda one: one.upload_broken(Code.CANCELLED), Code.CANCELLED),
    (lambda one: one.answer_stopped(Code.GAVE_WAY), Code.GAVE_WAY),
    (lambda one: one.deadline_passed(9.0), Code.ORIGIN_TIMEOUT),
    (lambda one: one.node_lost(), None),
]
STATES = [State.RECEIVED, State.GATE, State.ORIGIN]


class Half:
    """The body's side, or the answer's: notes what it hears."""

    def __init__(self, confirmed: bool = False) -> None:
        self.confirmed = confirmed
        self.heard: list[tuple[object, ...]] = []

    def stop(self, code: Code) -> None:
        self.heard.append(("stop", code))

    def lost(self) -> None:
        self.heard.append(("lost",))

    def break_off(self, code: Code, detail: str) -> None:
        self.heard.append(("break off", code))


class Table:
    """The table of requests: final frames, what is said after the end, and who has finished."""

    def __init__(self) -> None:
        self.finals: list[tuple[Kind, int, Code]] = []
        self.told: list[tuple[Kind, int, Code]] = []
        self.over: list[LiveRequest] = []

    def send_final(self, sender: Any, frame: bytes) -> None:
        self.finals.append(read(frame))

    def tell(self, sender: Any, frame: bytes) -> None:
        self.told.append(read(frame))

    def finished(self, one: LiveRequest) -> None:
        self.over.append(one)


def read(frame: bytes) -> tuple[Kind, int, Code]:
    [(kind, _, id_, head, _)] = FrameReader(signal_limits()).receive(frame)
    return Kind(kind), id_, decode_code(head)[0]


class Owner:
    def attachment_failed(self, attachment: DataAttachment, code: Code) -> None:
        raise AssertionError("a request that is over hears nothing of its connection")

    def attachment_over(self, attachment: DataAttachment) -> None:
        raise AssertionError("a request that is over hears nothing of its connection")

    def give_way(self) -> None: ...


class Live(LiveRequest):
    """One that counts how often the application was let go."""

    dropped = 0

    def __init__(self, life: int, *, upload: Half | None = None, answer: Half | None = None) -> None:
        self.said = Table()
        self.table = self.said  # type: ignore[assignment]
        self.id, self.life, self.request, self.deadline = 7, life, request(), 60.0
        self.upload, self.answer = upload, answer  # type: ignore[assignment]
        self.attachment: DataAttachment | None = DataAttachment(Owner(), 7, None, None)
        self.code, self.detail, self.status = None, "", 0

    def _drop_origin(self) -> None:
        self.dropped += 1


@pytest.mark.parametrize(("end", "code"), ENDS)
@pytest.mark.parametrize("state", STATES)
def test_it_ends_once_and_lets_go(end: Callable[[LiveRequest], None], code: Code | None, state: State) -> None:
    """One frame, or none where nobody waits; no deadline, no application, no data connection is left."""
    upload = Half()
    live = Live(state, upload=upload)
    end(live)
    assert live.state is State.DONE and live.deadline == NEVER and live.dropped == 1
    assert live.said.finals == ([] if code is None else [(Kind.FAIL, 7, code)])
    assert live.said.over == [live]
    assert upload.heard == ([] if code is None else [("stop", code)])
    assert live.attachment is not None
    live.attachment.failed(Code.CONNECTOR_LOST)  # it no longer has an owner


@pytest.mark.parametrize(("end", "code"), [one for one in ENDS if one[1] is not None])
@pytest.mark.parametrize("confirmed", [True, False])
def test_an_answer_that_has_begun_is_broken_off(
    end: Callable[[LiveRequest], None], code: Code, confirmed: bool
) -> None:
    """On its data connection; and by FAIL, too, where the service has not taken that yet, and may never look at it."""
    answer = Half(confirmed)
    live = Live(State.ANSWERING | Fact.BEGUN, answer=answer)
    end(live)
    assert answer.heard == [("break off", code)]
    assert live.said.finals == ([] if confirmed else [(Kind.FAIL, 7, code)])
    assert live.said.over == [live]


@given(st.sampled_from(STATES), st.lists(st.sampled_from(ENDS), min_size=2, max_size=6))
def test_whatever_comes_after_the_first_end_changes_nothing(
    state: State, ends: list[tuple[Callable[[LiveRequest], None], Code | None]]
) -> None:
    """Neither what the service hears, nor the code that the log says. (A node is lost only once: it ends all requests.)"""
    first, code = ends[0]
    live = Live(state, upload=Half())
    first(live)
    for end, _ in ends[1:]:
        if end is not ENDS[-1][0]:
            end(live)
    assert live.said.finals == ([] if code is None else [(Kind.FAIL, 7, code)])
    assert (live.said.over, live.dropped) == ([live], 1)
    assert live.code is (code or Code.CONNECTOR_LOST)


def test_every_action_can_be_carried_out() -> None:
    """By a request; and by the stream that it may become, whatever of these its life can bring."""
    assert set(OriginRequest.actions) == set(Action)
    assert set(LiveRequest.actions) <= set(UpgradedStream.actions) <= set(Action)


@pytest.mark.parametrize(("user", "share"), [("", b"#7"), ("ann", b"ann_____________"), ("@a", b"a_______________")])
def test_whom_it_counts_for(user: str, share: bytes) -> None:
    """Where nobody is named, it is a share of its own: two of them do not count together."""
    live = Live(State.RECEIVED)
    live.request = request(user=user)
    assert live.counts_for.endswith(share)
    other = Live(State.RECEIVED)
    other.id, other.request = 8, request(user=user)
    assert (live.counts_for == other.counts_for) == bool(user)
