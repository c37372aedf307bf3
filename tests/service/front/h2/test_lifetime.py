"""How long an HTTP/2 user's connection may go on as it is."""

from __future__ import annotations

import pytest
from twisted.internet.task import Clock

from appproxy.net.loop.deadlines import NEVER, Deadlines
from appproxy.service.front.front import NEWCOMER_SECONDS, NOTICE_SECONDS, FrontTimeouts
from appproxy.service.front.h2.lifetime import ConnectionLifetime, LifetimeAction

TIMES = FrontTimeouts()


def new(*, greeted: bool = True, requests: int = 0) -> ConnectionLifetime:
    """A connection that began at 0."""
    term = ConnectionLifetime(Deadlines(Clock()), TIMES, lambda now: None)
    term.begin(0)
    if greeted:
        term.greeted(0)
    for _ in range(requests):
        term.asked()
    return term


def act(term: ConnectionLifetime, now: float, taken: int | None = None, sending: bool = False) -> LifetimeAction:
    return term.decide(now, taken, sending)


def test_the_sweep_says_when_it_is_over() -> None:
    """Once, unless the connection has gone."""
    clock, heard = Clock(), list[float]()
    deadlines = Deadlines(clock)
    term = ConnectionLifetime(deadlines, TIMES, heard.append)
    term.begin(0)
    clock.pump([0.25] * int(4 * TIMES.handshake))
    assert heard == [TIMES.handshake]
    term.end()
    assert len(deadlines) == 0


def test_without_a_word() -> None:
    """Until SETTINGS have come, also when something else has."""
    term = new(greeted=False)
    assert term.deadline == TIMES.handshake
    assert act(term, TIMES.handshake) is LifetimeAction.ABORT
    assert act(new(greeted=False, requests=1), TIMES.handshake) is LifetimeAction.ABORT


def test_between_two_requests() -> None:
    """The pause begins with the last answer, not with later SETTINGS; while one is under way there is none."""
    term = new(requests=2)
    assert term.deadline == NEVER
    term.answered(5)
    assert term.deadline == NEVER
    term.answered(10)
    term.greeted(50)
    assert term.deadline == 10 + TIMES.keep_alive
    assert act(term, term.deadline) is LifetimeAction.LAST_WORD


def test_a_full_transport() -> None:
    """As long as the user's kernel takes something, however little, it goes on; what is asked meanwhile changes nothing."""
    term = new(requests=1)
    term.full(100, 7)
    assert term.deadline == 100 + TIMES.write_stall
    term.asked()
    term.rest(101)
    assert term.deadline == 100 + TIMES.write_stall
    assert act(term, 190, 8) is LifetimeAction.WAIT and term.deadline == 190 + TIMES.write_stall
    assert act(term, 280, 8) is LifetimeAction.ABORT
    assert act(term, 280, None) is LifetimeAction.ABORT
    term.room(281)
    assert term.deadline == NEVER and act(term, 281) is LifetimeAction.WAIT


def test_a_full_transport_of_one_who_rests() -> None:
    """It does not make the pause longer."""
    term = new()
    term.full(1, 7)
    assert term.deadline == TIMES.keep_alive


def test_a_goodbye() -> None:
    """After a moment in which requests may still arrive the last word is said, whatever is under way; once."""
    for requests in (0, 1):
        term = new(requests=requests)
        assert term.notice(10) is True and term.notice(11) is False
        assert term.deadline == 10 + NOTICE_SECONDS
        term.asked()
        assert term.deadline == 10 + NOTICE_SECONDS
        assert act(term, term.deadline) is LifetimeAction.LAST_WORD


@pytest.mark.parametrize("greeted", [False, True])
def test_a_goodbye_to_one_who_has_just_connected(greeted: bool) -> None:
    """The first words may be on their way; after that the time is as for everybody."""
    deadlines = Deadlines(Clock())
    term = ConnectionLifetime(deadlines, TIMES, lambda now: None)
    term.begin(9)
    if greeted:
        term.greeted(9.5)
    term.notice(10)
    assert term.deadline == (10 + NOTICE_SECONDS if greeted else 9 + NEWCOMER_SECONDS)


def test_after_the_last_word() -> None:
    """What is under way has all its time; then the user has a moment to close, unless they still read an answer."""
    term = new(requests=1)
    term.notice(10)
    term.last_word(11)
    assert term.deadline == NEVER
    assert act(term, 100) is LifetimeAction.WAIT
    term.answered(200)
    assert term.deadline == 200 + TIMES.linger
    assert act(term, 202, sending=True) is LifetimeAction.WAIT and term.deadline == 202 + TIMES.linger
    assert act(term, 204) is LifetimeAction.ABORT


def test_a_close() -> None:
    """What was written has a moment to leave."""
    term = new(requests=1)
    term.close(5)
    assert term.deadline == 5 + TIMES.linger
