"""What is asked for often is done seldom, and never forgotten."""

from __future__ import annotations

from twisted.internet.task import Clock

from appproxy.policy.paced import Paced


def test_the_first_is_at_once_and_the_others_together() -> None:
    """However many ask meanwhile: one more, when its time has come."""
    clock, done = Clock(), []
    paced = Paced(clock, 2.0, lambda: done.append(clock.seconds()))
    for _ in range(3):
        paced.ask(at_once=True)
    assert done == [0.0]
    clock.advance(1.0)
    paced.ask()
    clock.advance(1.0)
    assert done == [0.0, 2.0]
    clock.advance(10.0)
    assert done == [0.0, 2.0]
    paced.ask()
    assert done == [0.0, 2.0]
    clock.advance(0.0)
    assert done == [0.0, 2.0, 12.0]


def test_after_the_end() -> None:
    """Nothing is done any more."""
    clock, done = Clock(), []
    paced = Paced(clock, 2.0, lambda: done.append(clock.seconds()))
    paced.ask()
    paced.stop()
    clock.advance(10.0)
    assert done == [] and not clock.getDelayedCalls()
