"""May a request go to another connector?"""

from __future__ import annotations

import pytest

from appproxy.errors import Retry
from appproxy.tunnel.exchanges import SERVICE_TRANSITIONS, State
from appproxy.tunnel.retry import IDEMPOTENT, may_retry

ANY, UNKNOWN, NEVER = Retry.ANY, Retry.IDEMPOTENT, Retry.NEVER


def ask(
    state: State,
    processed: Retry,
    method: bytes = b"POST",
    handed_over: bool = False,
    attempts: int = 1,
    body_held: bool = False,
) -> bool:
    return may_retry(
        state, processed=processed, idempotent=method in IDEMPOTENT, handed_over=handed_over, attempts=attempts,
        body_held=body_held,
    )


@pytest.mark.parametrize(
    ("row", "may", "verdict"),
    [
        ("parked, not sent yet", ask(State.QUEUED, UNKNOWN), True),
        ("REJECT of a POST without a body", ask(State.SENT, ANY, handed_over=True, body_held=True), True),
        ("REJECT of a POST with a body still at the user's", ask(State.SENT, ANY), True),
        ("REJECT, the second one", ask(State.SENT, ANY, attempts=2), True),
        ("REJECT, the third one", ask(State.SENT, ANY, attempts=3), False),
        ("REJECT when the body is gone", ask(State.BODY, ANY, handed_over=True), False),
        ("REJECT when the body is still held", ask(State.BODY, ANY, handed_over=True, body_held=True), True),
        ("limbo, not listed, POST", ask(State.LIMBO, ANY, handed_over=True, body_held=True), True),
        ("limbo, not listed, third time", ask(State.LIMBO, ANY, attempts=3), False),
        ("lost, POST with a body, nothing handed over", ask(State.SENT, UNKNOWN), True),
        ("lost in limbo, POST with a body, nothing handed over", ask(State.LIMBO, UNKNOWN, attempts=2), True),
        ("lost, nothing handed over, third time", ask(State.SENT, UNKNOWN, attempts=3), False),
        ("lost, GET without a body", ask(State.SENT, UNKNOWN, b"GET", True, body_held=True), True),
        ("lost, GET, the second time", ask(State.SENT, UNKNOWN, b"GET", True, 2, True), False),
        ("lost, POST without a body", ask(State.SENT, UNKNOWN, b"POST", True, body_held=True), False),
        ("lost in limbo, GET", ask(State.LIMBO, UNKNOWN, b"GET", True, body_held=True), True),
        ("lost in limbo, POST without a body", ask(State.LIMBO, UNKNOWN, b"POST", True, body_held=True), False),
        ("lost, PUT, small and held", ask(State.BODY, UNKNOWN, b"PUT", True, body_held=True), True),
        ("lost, PUT, small and held, the second time", ask(State.BODY, UNKNOWN, b"PUT", True, 2, True), False),
        ("lost, PUT, no longer held", ask(State.BODY, UNKNOWN, b"PUT", True), False),
        ("lost, POST, small and held", ask(State.BODY, UNKNOWN, b"POST", True, body_held=True), False),
        ("the answer has begun", ask(State.STREAM, ANY, b"GET"), False),
        ("the user has gone", ask(State.CANCELLED, ANY, b"GET"), False),
        ("it is over", ask(State.DONE, ANY, b"GET"), False),
        ("final failure", ask(State.SENT, NEVER, b"GET"), False),
        ("final failure in limbo", ask(State.LIMBO, NEVER, b"GET"), False),
    ],
)
def test_the_retry_table(row: str, may: bool, verdict: bool) -> None:
    """Each row of the specification's retry table, and its neighbours."""
    assert may is verdict, row


def test_a_retry_is_possible_only_where_the_life_cycle_leads_back() -> None:
    """Whatever is known, no state without a way back to the queue allows a retry."""
    for state in SERVICE_TRANSITIONS:
        leads_back = State.QUEUED in SERVICE_TRANSITIONS[state].values() or state == State.QUEUED
        assert ask(State(state), ANY, b"GET", True, 1, True) is leads_back


def test_idempotent_methods() -> None:
    """Those of RFC 9110 section 9.2.2, and of IANA's registry."""
    assert {b"DELETE", b"GET", b"HEAD", b"OPTIONS", b"PUT", b"TRACE"} < IDEMPOTENT
    assert {b"PROPFIND", b"REPORT", b"MKCALENDAR", b"MOVE", b"UNLOCK"} < IDEMPOTENT
    assert not IDEMPOTENT & {b"POST", b"PATCH", b"LOCK", b"CONNECT", b"PRI", b"BREW"}
    assert len(IDEMPOTENT) == 35
