"""The life of a request, as tables: what must be true of every one."""

from __future__ import annotations

import pytest

from appproxy.errors import LocalProtocolError
from appproxy.tunnel.exchanges import (
    CONNECTOR_TRANSITIONS,
    SERVICE_TRANSITIONS,
    State,
    Step,
    Table,
    advance,
    to_dot,
)

TABLES = pytest.mark.parametrize(
    ("table", "first"), [(SERVICE_TRANSITIONS, State.QUEUED), (CONNECTOR_TRANSITIONS, State.RECEIVED)],
    ids=["service", "connector"],
)


def reach(table: Table, first: int) -> set[int]:
    """All states that can follow `first`, itself included."""
    seen = {first}
    todo = [first]
    while todo:
        for after in table[todo.pop()].values():
            if after not in seen:
                seen.add(after)
                todo.append(after)
    return seen


@TABLES
class TestBothTables:
    """What holds at either end."""

    def test_every_request_ends(self, table: Table, first: State) -> None:
        """From each state there is a way to DONE, and none out of it."""
        for state in table:
            assert State.DONE in reach(table, state)
        assert not table[State.DONE]

    def test_every_state_is_used(self, table: Table, first: State) -> None:
        """No state is listed that nothing leads to, and none is missing."""
        assert reach(table, first) == set(table)

    def test_the_user_may_always_leave(self, table: Table, first: State) -> None:
        """USER_LEFT and TIMEOUT have a row in every state but DONE, and lead to no state where work goes on."""
        for state, steps in table.items():
            if state != State.DONE:
                for step in (Step.USER_LEFT, Step.TIMEOUT):
                    assert steps[step] in (State.CANCELLED, State.DONE)

    def test_the_connection_may_always_be_lost(self, table: Table, first: State) -> None:
        """LOST has a row wherever the other end takes part."""
        for state, steps in table.items():
            if state not in (State.DONE, State.QUEUED):
                assert Step.LOST in steps

    def test_a_failure_is_always_final(self, table: Table, first: State) -> None:
        """FAIL ends the request in every state."""
        for state, steps in table.items():
            if state != State.DONE:
                assert steps[Step.FAIL] is State.DONE

    def test_cancelled_requests_never_come_back(self, table: Table, first: State) -> None:
        """After a cancel only CANCELLED and DONE are left, and LOST frees the slot."""
        assert reach(table, State.CANCELLED) == {State.CANCELLED, State.DONE}
        assert table[State.CANCELLED][Step.LOST] is State.DONE

    def test_states_are_values_that_print(self, table: Table, first: State) -> None:
        """The drawing names every state and every step of the table."""
        drawing = to_dot(table, "life")
        assert drawing.startswith("digraph life {\n")
        for state, steps in table.items():
            for step, after in steps.items():
                assert f'{State(state).name} -> {after.name} [label="{Step(step).name}"];' in drawing


class TestService:
    """What holds at the service."""

    def test_only_the_unread_go_back(self) -> None:
        """After a loss, only what was sent and not answered goes back to the queue; REJECT, which says "not processed", may
        also come before the first of the body was seen.
        """
        back = {(State(state), Step(step)) for state, steps in SERVICE_TRANSITIONS.items()
                for step, after in steps.items() if after is State.QUEUED}
        assert back == {
            (State.SENT, Step.REJECT), (State.SENT, Step.RETRY),
            (State.BODY, Step.REJECT),
            (State.LIMBO, Step.REJECT), (State.LIMBO, Step.RETRY), (State.LIMBO, Step.NOT_LISTED),
        }

    def test_nothing_goes_back_once_the_user_has_bytes(self) -> None:
        """From STREAM no way leads to another connector."""
        assert reach(SERVICE_TRANSITIONS, State.STREAM) == {State.STREAM, State.CANCELLED, State.DONE}

    def test_the_slot_of_a_cancelled_request_stays_taken(self) -> None:
        """Only the connector's final frame or its loss ends a cancelled request; the user and the clock do not."""
        steps = SERVICE_TRANSITIONS[State.CANCELLED]
        ends = {Step(step) for step, after in steps.items() if after is State.DONE}
        assert ends == {
            Step.ANSWER, Step.FAIL, Step.REJECT, Step.END, Step.ABORT, Step.LOST, Step.NOT_LISTED,
        }

    def test_a_request_that_was_sent_is_cancelled_before_it_is_done(self) -> None:
        """After REQ, neither the user nor the clock frees the slot at once (rapid reset gains nothing)."""
        for state in (State.SENT, State.BODY, State.STREAM, State.LIMBO):
            for step in (Step.USER_LEFT, Step.TIMEOUT):
                assert SERVICE_TRANSITIONS[state][step] is State.CANCELLED

    def test_only_limbo_asks_what_the_connector_lists(self) -> None:
        """What HELLO lists decides only over requests whose connection was lost."""
        for step in (Step.LISTED, Step.LISTED_BODY):
            assert [state for state, steps in SERVICE_TRANSITIONS.items() if step in steps] == [State.LIMBO]

    def test_the_signals_death_leaves_streams_alone(self) -> None:
        """A download goes on when the signal connection is lost: it has a connection of its own."""
        assert SERVICE_TRANSITIONS[State.STREAM][Step.LOST] is State.STREAM
        assert SERVICE_TRANSITIONS[State.SENT][Step.LOST] is State.LIMBO
        assert SERVICE_TRANSITIONS[State.BODY][Step.LOST] is State.LIMBO


class TestConnector:
    """What holds at the connector."""

    def test_nothing_reaches_the_application_from_the_gate(self) -> None:
        """Out of GATE only the hand-over leads to the application, and only there an answer can come from."""
        ways = {Step(step) for step, after in CONNECTOR_TRANSITIONS[State.GATE].items() if after is State.ORIGIN}
        assert ways == {Step.HANDED_OVER}
        for state in (State.RECEIVED, State.GATE):
            assert not {Step.ANSWER, Step.HEAD, Step.INFO} & set(CONNECTOR_TRANSITIONS[state])

    def test_reject_is_said_only_before_the_application_answers(self) -> None:
        """REJECT promises that nothing was processed. From ORIGIN it is said where no connection could be opened."""
        states = {state for state, steps in CONNECTOR_TRANSITIONS.items() if Step.REJECT in steps}
        assert states == {State.RECEIVED, State.GATE, State.ORIGIN, State.CANCELLED}

    def test_a_cancelled_request_owes_one_final_frame(self) -> None:
        """After CANCEL the connector still says its last word."""
        for state in (State.RECEIVED, State.GATE, State.ORIGIN, State.ANSWERING):
            assert CONNECTOR_TRANSITIONS[state][Step.USER_LEFT] is State.CANCELLED


class TestAdvance:
    """The one reader of the tables."""

    def test_a_step_that_is_in_the_table(self) -> None:
        """The state that follows comes back, and compares as a number."""
        after = advance(SERVICE_TRANSITIONS, State.QUEUED, Step.DISPATCH)
        assert after is State.SENT
        assert int(after) == 2

    def test_numbers_do_as_well(self) -> None:
        """The hot path may use plain numbers."""
        assert advance(SERVICE_TRANSITIONS, int(State.SENT), int(Step.ANSWER)) is State.DONE

    @pytest.mark.parametrize(("state", "step"), [(State.DONE, Step.ANSWER), (State.QUEUED, Step.HEAD), (99, 1), (1, 99)])
    def test_a_step_that_is_not(self, state: int, step: int) -> None:
        """An impossible step is a fault that names state and step."""
        with pytest.raises(LocalProtocolError, match="no .* is possible"):
            advance(SERVICE_TRANSITIONS, state, step)
