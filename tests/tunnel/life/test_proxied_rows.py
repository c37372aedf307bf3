"""The life of a proxied request: each rule by itself, and what is true of every sequence of events."""

from __future__ import annotations

from collections.abc import Iterable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from appproxy.errors import LocalProtocolError
from appproxy.tunnel.exchanges import SERVICE_TRANSITIONS, State
from appproxy.tunnel.frames import Flag
from appproxy.tunnel.life.proxied import (
    ATTEMPTS,
    BORN,
    STATE,
    TELLING,
    WAITS,
    Action,
    Event,
    Fact,
    may_attach,
    with_body,
)
from appproxy.tunnel.life.proxied_rows import LIFE, Rows

A, E, F, S = Action, Event, Fact, State
BODY, HANDED, OVER, KEPT, ATTACHED = F.BODY, F.HANDED_OVER, F.USER_OVER, F.KEPT, F.ATTACHED
STREAM = BODY | HANDED | ATTACHED | F.UPGRADED
GONE = [A.FREE, A.FORGET]
TOLD = [*GONE, A.TELL]
#: What may go to another connector.
RETRIED = [A.SHUN, A.FREE, A.RETRY]


def life(state: State, facts: int = 0, attempts: int = 1) -> int:
    return state | facts | attempts << ATTEMPTS


def follow(before: int, event: Event) -> tuple[State, list[Action]]:
    """The state that follows, and what is to be done."""
    after, actions = LIFE[before | event]
    return State(after & STATE), list(actions)


@pytest.mark.parametrize(("state", "facts", "after", "actions"), [
    (S.SENT, 0, S.LIMBO, [A.WAIT_HELLO]),
    (S.BODY, BODY | HANDED, S.LIMBO, [A.WAIT_HELLO]),
    (S.STREAM, ATTACHED, S.STREAM, []),
    (S.CANCELLED, 0, S.DONE, GONE),
])
def test_a_signal_connection_goes(state: State, facts: int, after: State, actions: list[Action]) -> None:
    """Its HELLO is waited for; a stream has a connection of its own, and of a cancelled one no last word can come."""
    assert follow(life(state, facts), E.LINK_LOST) == (after, actions)


@pytest.mark.parametrize(("facts", "after"), [(0, S.SENT), (BODY, S.SENT), (BODY | HANDED, S.BODY)])
def test_a_connector_that_still_has_it_goes_on(facts: int, after: State) -> None:
    """On the new connection, and with the application's time from the start."""
    assert follow(life(S.LIMBO, facts), E.LISTED) == (after, [A.WAIT_ANSWER])


@pytest.mark.parametrize(("event", "facts", "attempts", "actions"), [
    # What it has ended may have been processed: once more where that changes nothing.
    (E.ENDED, F.IDEMPOTENT, 1, RETRIED),
    (E.ENDED, F.IDEMPOTENT, 2, TOLD),
    (E.ENDED, 0, 1, TOLD),
    # What it never got has not, and the same connector may have it again.
    (E.NOT_LISTED, 0, 1, [A.VACATE, A.RETRY]),
    (E.NOT_LISTED, 0, 2, [A.VACATE, A.RETRY]),
    (E.NOT_LISTED, 0, 3, [A.VACATE, A.FORGET, A.TELL]),
    (E.NOT_LISTED, BODY | HANDED, 1, [A.VACATE, A.FORGET, A.TELL]),
])
def test_a_connector_that_has_it_no_more(event: Event, facts: int, attempts: int, actions: list[Action]) -> None:
    """Its slot is freed once, and the user hears of it unless another may have it."""
    after = S.QUEUED if A.RETRY in actions else S.DONE
    assert follow(life(S.LIMBO, facts, attempts), event) == (after, actions)


@pytest.mark.parametrize(("state", "facts", "attempts", "actions"), [
    (S.SENT, F.IDEMPOTENT, 1, [A.CANCEL, A.SHUN, A.FREE, A.RETRY]),
    (S.SENT, BODY, 1, [A.CANCEL, A.SHUN, A.FREE, A.RETRY]),  # nothing of it was handed over
    (S.SENT, F.IDEMPOTENT, 2, []),
    (S.SENT, 0, 1, []),
    (S.SENT, F.IDEMPOTENT | F.ATTACHED, 1, []),
    (S.BODY, F.IDEMPOTENT | BODY | HANDED, 1, []),
    *((state, F.IDEMPOTENT, 1, []) for state in (S.QUEUED, S.STREAM, S.LIMBO, S.CANCELLED, S.DONE)),
])
def test_a_connector_that_does_not_answer(state: State, facts: int, attempts: int, actions: list[Action]) -> None:
    """Another one gets what may be sent twice, and what was certainly not begun; all else waits."""
    assert follow(life(state, facts, attempts), E.STUCK) == (S.QUEUED if actions else state, actions)


@pytest.mark.parametrize("state", [S.SENT, S.STREAM, S.CANCELLED])
@pytest.mark.parametrize("event", [E.LISTED, E.ENDED, E.NOT_LISTED])
def test_a_hello_says_nothing_of_what_is_not_in_limbo(state: State, event: Event) -> None:
    """A second connection of the same connector: nothing was lost."""
    assert follow(life(state), event) == (state, [])


@pytest.mark.parametrize(("state", "facts", "after", "actions"), [
    (S.SENT, BODY, S.SENT, [A.LEAVE_DATA]),
    (S.STREAM, 0, S.DONE, TOLD),
    (S.CANCELLED, 0, S.DONE, GONE),
    (S.LIMBO, BODY, S.LIMBO, [A.LEAVE_DATA]),
    (S.LIMBO, 0, S.LIMBO, [A.LEAVE_DATA]),
    (S.DONE, 0, S.DONE, []),
    (S.BODY, BODY | HANDED, S.DONE, [A.CANCEL, *TOLD]),
    (S.LIMBO, BODY | HANDED, S.DONE, [A.CANCEL, *TOLD]),
    (S.BODY, BODY | HANDED | KEPT | F.IDEMPOTENT, S.QUEUED, [A.CANCEL, *RETRIED]),
])
def test_a_data_connection_goes(state: State, facts: int, after: State, actions: list[Action]) -> None:
    """Before anything was handed over the connector attaches once more; after it the rest could never follow."""
    assert follow(life(state, facts | ATTACHED), E.DATA_LOST) == (after, actions)


@pytest.mark.parametrize(("state", "facts", "after", "actions"), [
    (S.SENT, BODY, S.SENT, [A.LEAVE_DATA]),
    (S.BODY, BODY | HANDED, S.CANCELLED, [A.LEAVE_DATA, A.WAIT_LAST_WORD, A.TELL]),
    (S.STREAM, 0, S.DONE, TOLD),
    (S.CANCELLED, 0, S.DONE, GONE),
])
def test_a_connector_breaks_off(state: State, facts: int, after: State, actions: list[Action]) -> None:
    """ABORT: where some of the body was handed over the connector's last word is still to come, and frees the slot."""
    assert follow(life(state, facts | ATTACHED), E.ABORTED) == (after, actions)


@pytest.mark.parametrize(("state", "actions", "after"), [
    (S.STREAM, TOLD, S.DONE),
    (S.CANCELLED, GONE, S.DONE),
    (S.SENT, TOLD, S.DONE),
    (S.BODY, TOLD, S.DONE),
    (S.LIMBO, TOLD, S.DONE),
    (S.QUEUED, [], S.QUEUED),
    (S.DONE, [], S.DONE),
])
def test_a_connector_goes_for_good(state: State, actions: list[Action], after: State) -> None:
    """It may have processed what it had; what it did not have waits for another."""
    assert follow(life(state, BODY | HANDED if state == S.BODY else 0), E.PEER_LOST) == (after, actions)


@pytest.mark.parametrize("state", [S.SENT, S.LIMBO])
def test_what_can_do_no_harm_goes_to_another(state: State) -> None:
    """Never to the one that was lost, and after its slot is free."""
    for facts in (F.IDEMPOTENT, BODY):
        assert follow(life(state, facts), E.PEER_LOST) == (S.QUEUED, RETRIED)


def test_another_connector_gets_it_from_the_beginning() -> None:
    """Nothing was handed over to it, and what is kept still is."""
    after, _ = LIFE[life(S.BODY, BODY | HANDED | OVER | KEPT | ATTACHED | F.IDEMPOTENT) | E.REJECTED]
    assert after == life(S.QUEUED, BODY | KEPT | F.IDEMPOTENT)


@pytest.mark.parametrize(("state", "facts", "actions", "after"), [
    (S.QUEUED, 0, [A.FORGET, A.UNPARK, A.TELL_NO_TURN], S.DONE),
    (S.SENT, 0, [A.WAIT_LAST_WORD, A.CANCEL, A.TELL_NO_ANSWER], S.CANCELLED),
    (S.STREAM, 0, [A.WAIT_LAST_WORD, A.CANCEL, A.TELL_NO_ANSWER], S.CANCELLED),
    (S.STREAM, STREAM | F.ORIGIN_OVER, [A.CANCEL, *GONE, A.TELL_NO_ANSWER], S.DONE),
    (S.CANCELLED, 0, GONE, S.DONE),
    (S.LIMBO, 0, [*GONE, A.TELL_NO_HELLO], S.DONE),
    (S.LIMBO, F.IDEMPOTENT, RETRIED, S.QUEUED),
    (S.DONE, 0, [], S.DONE),
])
def test_its_time_is_over(state: State, facts: int, actions: list[Action], after: State) -> None:
    """Whatever it waits for."""
    assert follow(life(state, facts), E.DEADLINE) == (after, actions)


@pytest.mark.parametrize(("state", "facts", "event", "waits"), [
    (S.BODY, BODY | HANDED | ATTACHED, E.DEADLINE, True),
    (S.BODY, BODY | HANDED | ATTACHED, E.DEADLINE_UNREAD, False),  # the application does not read: it is late
    (S.BODY, BODY | HANDED | ATTACHED | OVER, E.DEADLINE, False),  # the user has sent all
    (S.STREAM, BODY | HANDED | ATTACHED, E.DEADLINE, False),
    (S.BODY, BODY | HANDED, E.DEADLINE, False),
    (S.SENT, BODY | ATTACHED, E.DEADLINE, False),
    (S.SENT, 0, E.DEADLINE, False),
])
def test_the_application_is_not_late_while_the_user_sends(state: State, facts: int, event: Event, waits: bool) -> None:
    """It has the whole time again from each piece, and from each time that one was missed."""
    late = (S.CANCELLED, [A.WAIT_LAST_WORD, A.CANCEL, A.TELL_NO_ANSWER])
    assert follow(life(state, facts), event) == ((state, [A.WAIT_ANSWER]) if waits else late)


@pytest.mark.parametrize(("state", "facts", "suspected"), [
    (S.SENT, BODY, True),
    (S.SENT, BODY | ATTACHED, False),
    (S.BODY, BODY | HANDED, False),
    (S.STREAM, BODY, False),
    (S.SENT, 0, False),
])
def test_a_connector_that_asks_for_no_body_is_marked(state: State, facts: int, suspected: bool) -> None:
    """It is the connector that is late then, and not the application; the roster counts it."""
    _, actions = follow(life(state, facts), E.DEADLINE)
    assert (A.SUSPECT in actions, A.TELL_NO_ATTACH in actions) == (suspected, suspected)


@pytest.mark.parametrize(("facts", "wait"), [
    (BODY, A.WAIT_ATTACH), (BODY | F.UPGRADE, A.WAIT_ATTACH), (F.UPGRADE, A.WAIT_ATTACH_STREAM), (0, A.WAIT_ANSWER),
])
def test_how_long_a_connector_may_take(facts: int, wait: Action) -> None:
    """One that has to ask for a body is to do so soon."""
    assert follow(life(S.QUEUED, facts, 0), E.DISPATCHED) == (S.SENT, [wait])


def test_an_end_that_crosses_a_cancel_frees_the_slot() -> None:
    """The application's END was the connector's last word about a stream."""
    assert follow(life(S.CANCELLED, STREAM), E.ORIGIN_ENDED) == (S.DONE, GONE)


def test_a_stream_ends_with_its_second_direction() -> None:
    """Whichever is the first."""
    half, actions = LIFE[life(S.STREAM, STREAM) | E.ORIGIN_ENDED]
    assert (half & STATE, actions) == (S.STREAM, ())
    assert follow(half, E.USER_ENDED) == (S.DONE, GONE)
    half, actions = LIFE[life(S.STREAM, STREAM) | E.USER_ENDED]
    assert (half & STATE, actions) == (S.STREAM, ())
    assert follow(half, E.ORIGIN_ENDED) == (S.DONE, GONE)


def test_the_table_of_the_protocol_is_obeyed() -> None:
    """What it forbids raises, and is not remembered."""
    rows = Rows()
    for state in State:
        if state in SERVICE_TRANSITIONS and state not in (S.SENT, S.BODY, S.LIMBO, S.CANCELLED):
            with pytest.raises(LocalProtocolError):
                rows[life(state) | E.ANSWERED]
    assert not rows


# Every sequence.

#: After these it is not over.
GOING_ON = {
    E.DISPATCHED, E.INFORMED, E.LINK_LOST, E.LISTED, E.ATTACH, E.ATTACH_BODY, E.SWITCHED, E.HANDED_OVER, E.OUTGROWN,
    E.USER_ENDED, E.REJECTED,
}
FROM_USER = {E.HANDED_OVER, E.OUTGROWN, E.USER_ENDED}


class Model:
    """What must be true, kept by itself: the slot, the user, the deadline, and what the connectors may have had."""

    def __init__(self, flags: int) -> None:
        self.life = BORN[flags]
        self.idempotent = bool(flags & Flag.IDEMPOTENT)
        self.asked = bool(flags & Flag.ASK)
        self.slot = self.user_gone = self.waits = self.forgotten = False
        self.handed = False
        self.kept = True
        self.sent = 0

    @property
    def state(self) -> int:
        return self.life & STATE

    def possible(self, event: Event) -> bool:
        """Events that only come after others."""
        facts = self.life
        if event in FROM_USER:
            return bool(facts & F.BODY and facts & F.ATTACHED) and not facts & F.USER_OVER
        if event in (E.DISPATCHED, E.PARKED, E.REFUSED):
            return self.state == S.QUEUED
        if event == E.SWITCHED:
            return self.state == S.STREAM and bool(facts & F.ATTACHED and facts & F.UPGRADE) and not facts & F.UPGRADED
        if event in (E.ATTACH, E.ATTACH_BODY):
            return may_attach(facts, event == E.ATTACH_BODY, True)
        if event in (E.HEADED, E.ORIGIN_ENDED, E.ABORTED, E.STOPPED, E.DATA_LOST, E.DETACHED, E.DEADLINE_UNREAD):
            return bool(facts & F.ATTACHED)
        return self.slot or event in (E.DEADLINE, E.CUT, E.USER_LEFT)

    def some(self, number: int) -> Event:
        """One of the events that are possible, mostly of those that do not end it."""
        possible = [event for event in Event if self.possible(event)]
        going_on = [event for event in possible if event in GOING_ON]
        among = going_on or possible if number % 8 else possible
        return among[number // 8 % len(among)]

    def happens(self, event: Event) -> None:
        """It happens, unless the table of the protocol forbids it."""
        before, there = self.state, not self.user_gone
        if event in (E.DEADLINE, E.DEADLINE_UNREAD):
            self.waits = False
        try:
            self.life, actions = LIFE[self.life | event]
        except LocalProtocolError:
            return
        assert not actions or before != S.DONE, "an action after DONE"
        self.note(event, there)
        for action in actions:
            self.act(action, event)
        if there and event in (E.ANSWERED, E.ORIGIN_ENDED, E.USER_ENDED) and self.state == S.DONE:
            self.user_gone = True  # with their answer
        self.check(event)

    def note(self, event: Event, there: bool) -> None:
        if event == E.DISPATCHED:
            assert not self.slot
            self.slot, self.handed = True, False
            self.sent += 1
        elif event in (E.HANDED_OVER, E.SWITCHED):
            self.handed = True
        elif event == E.OUTGROWN:
            self.kept = False
        elif event == E.USER_LEFT:
            self.user_gone = True

    def act(self, action: Action, event: Event) -> None:
        if action in (A.FREE, A.VACATE):
            assert self.slot, "freed twice"
            self.slot = self.waits = False
        elif action in (A.UNPARK, A.REST):
            self.waits = False
        elif action >= WAITS:
            self.waits = True
        elif action == A.FORGET:
            assert not self.forgotten
            self.forgotten = True
        elif action in TELLING:
            assert not self.user_gone, "told twice"
            self.user_gone = True
        elif action == A.RETRY:
            self.may_go_elsewhere(event)

    def may_go_elsewhere(self, event: Event) -> None:
        assert not self.slot and not self.user_gone and self.sent <= 2
        has_body = bool(self.life & F.BODY)
        handed = self.handed or not has_body or self.asked
        if self.handed:
            assert self.kept and self.idempotent, "what was handed over of it is gone"
        assert event in (E.REJECTED, E.NOT_LISTED) or not handed or (self.idempotent and self.sent == 1), "sent twice"

    def check(self, event: Event) -> None:
        state = self.state
        assert self.slot is (state not in (S.QUEUED, S.DONE))
        assert self.forgotten is (state == S.DONE)
        assert self.user_gone is (state in (S.CANCELLED, S.DONE))
        if state == S.DONE:
            assert not self.waits
        elif state != S.QUEUED or event == E.PARKED:
            assert self.waits, "it would wait for ever"


FLAGS = st.lists(st.sampled_from([Flag.IDEMPOTENT, Flag.BODY, Flag.UPGRADE, Flag.ASK])).map(lambda flags: int(sum(set(flags))))


@settings(max_examples=1000)
@given(FLAGS, st.booleans(), st.lists(st.integers(0, 255), min_size=10, max_size=30))
def test_every_life(flags: int, set_apart: bool, numbers: Iterable[int]) -> None:
    """One slot freed once, one end for the user, a deadline until then, and nothing sent twice that must not be."""
    if not flags & Flag.BODY:
        flags &= ~int(Flag.ASK)
    model = Model(flags)
    if set_apart and not flags & (Flag.BODY | Flag.UPGRADE):
        model.life = with_body(model.life)
    for number in numbers:
        model.happens(model.some(number))
    for _ in range(8):
        if model.state == S.QUEUED and not model.waits:
            model.happens(E.PARKED)
        model.happens(E.DEADLINE)
    model.happens(E.CUT)  # of one whose user may send for ever
    model.happens(E.DEADLINE)
    assert model.state == S.DONE
