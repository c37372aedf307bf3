"""How late the reactor is."""

from __future__ import annotations

from twisted.internet.task import Clock

from appproxy.connector.reactor_lag import LOOK_SECONDS, ReactorLag


def test_a_turn_that_took_long_is_measured() -> None:
    """What came a quarter of a second late is told as that, until the next look comes in time."""
    clock = Clock()
    lag = ReactorLag(clock)
    lag.start()
    clock.advance(LOOK_SECONDS + 0.25)
    assert lag.milliseconds == 250
    clock.advance(LOOK_SECONDS)
    assert lag.milliseconds == 0


def test_nothing_is_left_behind() -> None:
    """Once it is stopped nobody is called any more; and to stop it twice is as once."""
    clock = Clock()
    lag = ReactorLag(clock)
    lag.start()
    lag.stop()
    lag.stop()
    assert clock.getDelayedCalls() == []
