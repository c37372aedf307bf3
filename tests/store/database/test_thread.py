"""The database's thread."""

from __future__ import annotations

import pytest
from twisted.internet.defer import Deferred

from appproxy.store.database.thread import GIVEN_UP, DatabaseThread
from tests.store.database.test_live import Pool, Reactor


class Rig:
    """A thread whose work is done when a test says so."""

    def __init__(self) -> None:
        self.reactor = Reactor()
        self.pool = Pool()
        self.interrupted = 0
        self.thread = DatabaseThread(self.reactor, self._interrupt, self.pool)
        self.thread.start()

    def _interrupt(self) -> None:
        self.interrupted += 1

    def work(self) -> None:
        """Do what waits first."""
        self.pool.work.popleft()()
        self.reactor.turn()


def heard(deferred: Deferred[object]) -> list[object]:
    """What it fires with."""
    found: list[object] = []
    deferred.addBoth(found.append)
    return found


def test_work_is_done_in_its_order_and_tells_what_came_of_it() -> None:
    """One piece after the other; a failure is of that piece alone."""
    rig = Rig()
    first, second = heard(rig.thread.do(divmod, 7, 2)), heard(rig.thread.do(divmod, 7, 0))
    rig.work()
    assert first == [(3, 1)] and second == []
    rig.work()
    assert "ZeroDivisionError" in str(second[0])


def test_what_hangs_is_interrupted() -> None:
    """By then somebody has to end it from outside, for the thread cannot."""
    rig = Rig()
    rig.thread.do(lambda: rig.reactor.advance(GIVEN_UP + 0.1))
    rig.work()
    assert rig.interrupted == 1


@pytest.mark.parametrize("waited", [GIVEN_UP - 0.1, GIVEN_UP + 0.1, 3 * GIVEN_UP])
def test_the_time_begins_with_the_work(waited: float) -> None:
    """However long it has waited for its turn, it then has all of its time."""
    rig = Rig()
    done = heard(rig.thread.do(lambda: rig.reactor.advance(GIVEN_UP - 0.1)))
    rig.reactor.advance(waited)
    rig.work()
    assert len(done) == 1 and rig.interrupted == 0


def test_nothing_is_left_behind() -> None:
    """What is done is watched no more."""
    rig = Rig()
    rig.thread.do(lambda: None)
    rig.work()
    assert rig.reactor.getDelayedCalls() == []
    rig.thread.stop()
    assert not rig.pool.running
