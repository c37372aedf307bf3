"""The life of an origin request: each rule by itself, and what is true of every sequence of events."""

from __future__ import annotations

from collections.abc import Iterable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from appproxy.errors import LocalProtocolError
from appproxy.tunnel.exchanges import State
from appproxy.tunnel.life.origin import BORN, LIFE, STATE, Action, Event, Fact

A, E, S = Action, Event, State
BEGUN, WHOLE = Fact.BEGUN, Fact.WHOLE
FAILED = [A.DROP_ORIGIN, A.STOP_BODY, A.BREAK_ANSWER, A.SAY_FAIL, A.FINISH]
BROKEN = [A.DROP_ORIGIN, A.STOP_BODY, A.SAY_FAIL_UNHEARD, A.BREAK_ANSWER, A.FINISH]


def follow(life: int, event: Event) -> tuple[State, list[Action]]:
    """The state that follows, and what is to be done."""
    after, actions = LIFE[life | event]
    return State(after & STATE), list(actions)


@pytest.mark.parametrize("event", [E.BROKEN, E.DEADLINE, E.CANCELLED])
@pytest.mark.parametrize(("life", "actions"), [
    (S.RECEIVED, FAILED), (S.GATE, FAILED), (S.ORIGIN, FAILED), (S.ANSWERING | BEGUN, BROKEN),
])
def test_it_ends_with_the_frame_that_the_service_hears(event: Event, life: int, actions: list[Action]) -> None:
    """FAIL on a signal connection until the answer has begun; then ABORT, and FAIL too where that may not be seen."""
    assert follow(life, event) == (S.DONE, actions)


def test_one_that_gives_way_says_so_where_it_is_heard() -> None:
    """The service stops reading the data connection while its user does: FAIL goes first. After the end it is told."""
    fail_first = [A.DROP_ORIGIN, A.STOP_BODY, A.SAY_FAIL, A.BREAK_ANSWER, A.FINISH]
    assert follow(S.ANSWERING | BEGUN, E.GAVE_WAY) == (S.DONE, fail_first)
    assert follow(S.GATE, E.GAVE_WAY) == (S.DONE, FAILED)
    assert follow(S.DONE | BEGUN, E.GAVE_WAY) == (S.DONE, [A.TELL_GAVE_WAY])


@pytest.mark.parametrize(("life", "actions"), [
    (S.GATE, [A.LOSE_BODY, A.FORGET_ANSWER, *FAILED]),
    (S.ORIGIN, [A.LOSE_BODY, A.FORGET_ANSWER, *FAILED]),
    (S.ANSWERING | BEGUN, [A.LOSE_BODY, A.LOSE_ANSWER, *BROKEN]),
    (S.DONE | BEGUN, []),
])
def test_its_data_connection_is_lost(life: int, actions: list[Action]) -> None:
    """Nothing more can be written there."""
    assert follow(life, E.DATA_FAILED) == (S.DONE, actions)


def test_an_answer_is_over_when_the_service_has_it() -> None:
    """Not when a data connection ends that the answer was not complete on."""
    assert follow(S.ANSWERING | BEGUN, E.DATA_OVER) == (S.ANSWERING, [])
    assert follow(S.ANSWERING | BEGUN | WHOLE, E.DATA_OVER) == (S.DONE, [A.DROP_ORIGIN, A.FINISH])


def test_what_waits_for_the_data_connection_of_the_body() -> None:
    """An answer that has begun, or an upgrade."""
    assert follow(S.ANSWERING | BEGUN, E.BODY_OVER) == (S.ANSWERING, [A.ATTACH_ANSWER])
    assert follow(S.ORIGIN, E.BODY_OVER) == (S.ORIGIN, [A.RESUME_SWITCH])
    assert follow(S.DONE, E.BODY_OVER) == (S.DONE, [])


def test_the_application_hears_of_it_when_the_gate_opens() -> None:
    """Never before: until then another connector may have the request."""
    assert follow(S.GATE, E.HANDED_OVER) == (S.ORIGIN, [A.EXTEND, A.SEND])
    for event in (E.INFORMED, E.ANSWERED, E.HEADED):
        with pytest.raises(LocalProtocolError):
            LIFE[S.GATE | event]


def test_the_node_is_lost() -> None:
    """Nobody waits for a word."""
    assert follow(S.ORIGIN, E.NODE_LOST) == (S.DONE, [A.DROP_ORIGIN, A.FINISH])


def test_only_what_was_not_begun_is_rejected() -> None:
    """Nothing was written to the application; from ORIGIN, because no connection to it could be opened."""
    for state in (S.RECEIVED, S.GATE, S.ORIGIN):
        assert follow(state, E.REJECTED) == (S.DONE, [A.SAY_REJECT, A.FINISH])
    with pytest.raises(LocalProtocolError):
        LIFE[S.ANSWERING | E.REJECTED]


GOING_ON = [E.FORWARD, E.NEED_BODY, E.HANDED_OVER, E.INFORMED, E.HEADED, E.COMPLETE, E.DATA_OVER, E.BODY_OVER]

#: What may still come when all is over.
LATE = {E.BROKEN, E.DEADLINE, E.DEADLINE_EXCUSED, E.FAILED, E.GAVE_WAY, E.CANCELLED, E.DATA_FAILED, E.DATA_OVER, E.BODY_OVER}


def final_words(event: Event, actions: Iterable[Action]) -> int:
    """Frames that end the request for the service: where ABORT is heard, FAIL is not said."""
    words = sum(action in (A.SAY_FAIL, A.SAY_FAIL_UNHEARD, A.SAY_REJECT) for action in actions)
    return words + (event in (E.ANSWERED, E.DATA_OVER))  # RSP, END


@settings(max_examples=500)
@given(st.lists(st.one_of(st.sampled_from(GOING_ON), st.sampled_from(GOING_ON), st.sampled_from(list(Event))), max_size=30))
def test_every_life(events: list[Event]) -> None:
    """One end, with the connection to the application let go of and one final word, and nothing after it."""
    life, finished, answered = BORN, False, False
    for event in [*events, E.CANCELLED]:
        if event == E.COMPLETE and life & STATE != S.ANSWERING:
            continue
        before = life & STATE
        try:
            life, actions = LIFE[life | event]
        except LocalProtocolError:
            assert life & STATE == before and not (finished and event in LATE)
            continue
        answered = answered or event == E.HEADED
        if finished:
            assert set(actions) <= {A.TELL_GAVE_WAY} and life & STATE == S.DONE
            continue
        finished = A.FINISH in actions
        assert finished is (life & STATE == S.DONE)
        if finished:
            assert actions[-1] == A.FINISH and actions.count(A.FINISH) == 1
            assert final_words(event, actions) == (event != E.NODE_LOST)
            assert A.DROP_ORIGIN in actions or event in (E.ANSWERED, E.REJECTED)
            assert not answered or A.BREAK_ANSWER in actions or event in (E.DATA_OVER, E.NODE_LOST)
        else:
            assert not {A.SAY_FAIL, A.SAY_FAIL_UNHEARD, A.SAY_REJECT, A.DROP_ORIGIN} & set(actions)
    assert finished
