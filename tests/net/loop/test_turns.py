"""Turns for work of which only so much may be done at the same time."""

from __future__ import annotations

from typing import Any

from twisted.internet.defer import Deferred

from appproxy.errors import Code, RequestError
from appproxy.net.loop.turns import FairTurns
from appproxy.policy.fair_queue import Lane, LaneQueue


def waiting(turns: FairTurns, sender: str, order: list[str]) -> Deferred[Any]:
    """Wait for a turn; `order` gets the sender's name when it has come."""
    return turns.take(Lane.STRANGER, sender).addCallback(lambda _: order.append(sender))


def test_in_a_fair_order() -> None:
    """Who has many waiting waits for themselves, and no more are at work than there are places."""
    turns, order = FairTurns(2, LaneQueue(10, 10), "full"), list[str]()
    for sender in ("a", "a", "a", "a", "b"):
        waiting(turns, sender, order)
    assert order == ["a", "a"]
    turns.give_back()
    turns.give_back()
    assert order == ["a", "a", "a", "b"]


def test_who_has_given_up_takes_no_place() -> None:
    """Nobody gives it back then."""
    turns, order, failed = FairTurns(1, LaneQueue(10, 10), "full"), list[str](), list[Any]()
    waiting(turns, "a", order)
    waiting(turns, "b", order).addErrback(failed.append)
    waiting(turns, "c", order)
    given_up = turns.take(Lane.STRANGER, "d")
    given_up.addErrback(failed.append)
    given_up.cancel()
    waiting(turns, "e", order)
    for _ in range(3):
        turns.give_back()
    assert order == ["a", "b", "c", "e"]
    assert len(failed) == 1


def test_no_room() -> None:
    """Whose work has no place hears why."""
    turns, failed = FairTurns(1, LaneQueue(1, 1), "too much of it"), list[Any]()
    for _ in range(3):
        waiting(turns, "a", []).addErrback(failed.append)
    [failure] = failed
    assert isinstance(failure.value, RequestError)
    assert (failure.value.code, failure.value.detail) == (Code.OVERLOADED, "too much of it")
