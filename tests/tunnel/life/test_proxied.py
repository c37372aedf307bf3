"""The life of a request as a number, and what may be done in it."""

from __future__ import annotations

import pytest

from appproxy.errors import Retry
from appproxy.tunnel.exchanges import State
from appproxy.tunnel.frames import Flag
from appproxy.tunnel.life.proxied import (
    ATTEMPTS,
    BORN,
    EVENT,
    STATE,
    TELLING,
    WAITS,
    WITHOUT_BODY,
    Action,
    Event,
    Fact,
    may_attach,
    may_retry,
    with_body,
)
from tests.tunnel.life.test_proxied_rows import ATTACHED, BODY, HANDED, KEPT, OVER, F, S, life


@pytest.mark.parametrize(("flags", "facts"), [
    (0, 0),
    (Flag.IDEMPOTENT, F.IDEMPOTENT),
    (Flag.BODY | Flag.IDEMPOTENT, F.IDEMPOTENT | BODY | KEPT),
    (Flag.BODY, BODY),
    (Flag.UPGRADE | Flag.IDEMPOTENT, F.UPGRADE | F.IDEMPOTENT),
    (Flag.BODY | Flag.ASK, BODY | F.ASKED),
])
def test_it_begins_in_the_queue(flags: int, facts: int) -> None:
    """With what its REQ says of it; a body that travels in the REQ needs no asking for."""
    assert BORN[int(flags)] == S.QUEUED | facts
    assert BORN[int(flags)] & WITHOUT_BODY == S.QUEUED | facts & ~(BODY | KEPT)


@pytest.mark.parametrize(("state", "facts", "body", "response", "may"), [
    (S.SENT, BODY, True, True, True),
    (S.SENT, BODY, True, False, True),
    (S.SENT, 0, False, True, True),
    (S.SENT, 0, True, True, False),
    (S.BODY, BODY | HANDED, True, True, False),  # somebody has had some of it
    (S.STREAM, BODY, True, False, True),  # an early answer
    (S.SENT, BODY | ATTACHED, True, True, False),  # on two connections at once
    (S.QUEUED, BODY, True, True, False),
    (S.CANCELLED, BODY, True, True, False),
    (S.DONE, BODY, True, True, False),
    (S.SENT, F.UPGRADE, True, True, True),  # a stream
    (S.SENT, F.UPGRADE, True, False, False),
    (S.BODY, F.UPGRADE | BODY | HANDED, True, True, False),
    (S.BODY, F.UPGRADE | BODY | HANDED | OVER, True, True, True),
    (S.SENT, BODY, False, False, False),
])
def test_what_a_connector_may_attach_for(state: State, facts: int, body: bool, response: bool, may: bool) -> None:
    """Not for a body that is over; a stream both ways."""
    assert may_attach(life(state, facts), body, response) is may


def test_a_body_may_be_asked_for_after_all() -> None:
    """It is kept, for another try, where that can do no harm."""
    assert with_body(life(S.QUEUED)) == life(S.QUEUED, BODY)
    assert with_body(life(S.QUEUED, F.IDEMPOTENT)) == life(S.QUEUED, F.IDEMPOTENT | BODY | KEPT)


@pytest.mark.parametrize(("facts", "attempts", "any_", "idempotent"), [
    (0, 1, True, False), (F.IDEMPOTENT, 1, True, True), (F.IDEMPOTENT, 2, True, False), (0, 3, False, False),
    # Nothing of a body was handed over: whoever has it cannot have begun, unless the application was to be asked first.
    (BODY, 1, True, True), (BODY | F.ASKED, 1, True, False), (BODY | F.ASKED | F.IDEMPOTENT, 1, True, True),
    # What was handed over is gone where it is not kept.
    (BODY | HANDED, 1, False, False), (BODY | HANDED | F.IDEMPOTENT, 1, False, False),
    (BODY | HANDED | KEPT | F.IDEMPOTENT, 1, True, True), (BODY | HANDED | KEPT | F.IDEMPOTENT, 2, True, False),
])
def test_what_another_connector_may_have(facts: int, attempts: int, any_: bool, idempotent: bool) -> None:
    """By what is known of what has become of it."""
    found = life(S.SENT, facts, attempts)
    assert (may_retry(found, Retry.ANY), may_retry(found, Retry.IDEMPOTENT)) == (any_, idempotent)
    assert not may_retry(found, Retry.NEVER)


def test_the_numbers_do_not_run_into_each_other() -> None:
    """State, facts, tries and events are parts of one number; what tells the user sets no deadline."""
    facts = sum(Fact)
    assert STATE & EVENT == 0 and not facts & (STATE | EVENT) and facts < 1 << ATTEMPTS
    assert all(state & STATE == state for state in State) and all(event & EVENT == event for event in Event)
    assert all(action < WAITS for action in TELLING) and Action.TELL in TELLING
