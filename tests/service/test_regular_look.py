"""What a node looks at again and again."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from twisted.internet.defer import Deferred
from twisted.internet.task import Clock
from twisted.logger import capturedLogs

from appproxy.errors import StoreError
from appproxy.service.regular_look import RegularLook


class Rig:
    """Looks every two seconds, each as long as the test says."""

    def __init__(self, away: str = "nothing is fetched now") -> None:
        self.clock = Clock()
        self.looks: list[Deferred[None]] = []
        self.look = RegularLook(self.clock, 2.0, self._look, failed="nothing could be fetched", away=away)
        self.look.start()

    async def _look(self) -> None:
        self.looks.append(Deferred())
        await self.looks[-1]

    def fail(self, *errors: Exception) -> list[str]:
        """Look after look fails so; what the log says."""
        with capturedLogs() as events:
            for error in errors:
                self.clock.advance(2.0)
                self.looks[-1].errback(error)
        return [str(event["log_format"]).format(**event) for event in events]


@pytest.fixture
def rig() -> Iterator[Rig]:
    """At the end nothing is left."""
    made = Rig()
    yield made
    made.look.stop()
    assert made.clock.getDelayedCalls() == []


def test_one_look_at_a_time(rig: Rig) -> None:
    """However long it takes; the first not at once, when all nodes may have begun."""
    assert rig.looks == []
    rig.clock.pump([2.0] * 3)
    assert len(rig.looks) == 1
    rig.looks[0].callback(None)
    rig.clock.advance(2.0)
    assert len(rig.looks) == 2


def test_an_outage_is_complained_of_once(rig: Rig) -> None:
    """Until the database has answered, or something else is wrong with it."""
    away, other = StoreError("it is away"), StoreError("it is full")
    assert rig.fail(away, away) == ["nothing is fetched now: it is away"]
    assert rig.fail(away, other) == ["nothing is fetched now: it is full"]
    rig.look.answered()
    assert rig.fail(other) == ["nothing is fetched now: it is full"]


def test_what_the_store_says_itself_is_not_said_twice() -> None:
    """Where it is enough that it does."""
    assert Rig(away="").fail(StoreError("it is away")) == []


def test_a_fault_of_ours_is_told_each_time(rig: Rig) -> None:
    """And looked again."""
    assert rig.fail(ZeroDivisionError(), ZeroDivisionError()) == ["nothing could be fetched"] * 2


def test_a_stop_gives_up_what_is_under_way(rig: Rig) -> None:
    """Whoever asks is told whether there was anything; nobody complains of that."""
    rig.clock.advance(2.0)
    with capturedLogs() as events:
        assert rig.look.stop() and not rig.look.stop()
    assert events == [] and not rig.look.running
