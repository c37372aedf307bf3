"""Coarse deadlines for very many objects."""

from __future__ import annotations

from twisted.internet.task import Clock
from twisted.logger import capturedLogs

from appproxy.net.loop.deadlines import NEVER, PARTS, Deadlines


class Item:
    """Waits, and writes down when it was told."""

    def __init__(self, deadline: float, again: float = NEVER) -> None:
        self.deadline = deadline
        self.again = again
        self.told: list[float] = []

    def deadline_passed(self, now: float) -> None:
        self.told.append(now)
        self.deadline, self.again = self.again, NEVER


def run(clock: Clock, seconds: float) -> None:
    clock.pump([0.25] * int(seconds * 4))


def test_is_told_once_within_a_tick() -> None:
    """A deadline is noticed, at most a tick late, and once."""
    clock = Clock()
    deadlines = Deadlines(clock)
    item = Item(2.0)
    deadlines.add(item)
    run(clock, 1.75)
    assert item.told == []
    run(clock, 5)
    assert item.told == [2.0]


def test_a_moved_deadline_counts_from_its_new_time() -> None:
    """Storing another number is all that it takes to wait longer."""
    clock = Clock()
    deadlines = Deadlines(clock)
    item = Item(1.0)
    deadlines.add(item)
    run(clock, 0.5)
    item.deadline = 3.0
    run(clock, 2)
    assert item.told == []
    run(clock, 1)
    assert item.told == [3.0]


def test_one_that_leaves_during_the_sweep_is_not_told() -> None:
    """What the first does to the second in the same tick counts."""
    clock = Clock()
    deadlines = Deadlines(clock)

    class Killer(Item):
        def deadline_passed(self, now: float) -> None:
            super().deadline_passed(now)
            for other in (first, second):
                if other is not self:
                    deadlines.discard(other)

    first, second = Killer(1.0), Killer(1.0)
    deadlines.add(first)
    deadlines.add(second)
    run(clock, 2)
    assert len(first.told) + len(second.told) == 1


def test_nothing_is_left_behind() -> None:
    """With nobody waiting there is no delayed call."""
    clock = Clock()
    deadlines = Deadlines(clock)
    item = Item(1.0)
    deadlines.add(item)
    deadlines.discard(item)
    run(clock, 1)
    assert clock.getDelayedCalls() == []
    deadlines.add(item)
    deadlines.stop()
    assert clock.getDelayedCalls() == []
    assert len(deadlines) == 0


def test_one_that_fails_holds_up_nobody() -> None:
    """It is dropped with a word in the log; the others are told, now and later."""
    clock = Clock()
    deadlines = Deadlines(clock)

    class Broken(Item):
        def deadline_passed(self, now: float) -> None:
            raise ZeroDivisionError

    others = [Item(1.0), Item(2.0)]
    for item in (others[0], Broken(1.0), others[1]):
        deadlines.add(item)
    with capturedLogs() as events:
        run(clock, 3)
    assert [item.told for item in others] == [[1.0], [2.0]]
    assert len(events) == 1
    assert len(deadlines) == 2


def test_one_at_rest_is_looked_at_seldom() -> None:
    """At one of `PARTS` ticks: its deadline is noticed, and noticed in time once it is awake."""
    clock = Clock()
    deadlines = Deadlines(clock)
    looks = []

    class Watched(Item):
        @property
        def deadline(self) -> float:
            looks.append(clock.seconds())
            return self.at

        @deadline.setter
        def deadline(self, at: float) -> None:
            self.at = at

    item = Watched(100.0)
    deadlines.add(item)
    run(clock, 1)
    looks.clear()
    deadlines.rest(item)
    run(clock, 35)
    assert len(looks) == 35 * 4 / PARTS
    run(clock, 70)
    assert item.told != []
    assert 100.0 <= item.told[0] < 100.0 + PARTS * 0.25
    item.deadline = clock.seconds() + 1.0
    deadlines.add(item)
    run(clock, 1)
    assert item.told[1:] == [clock.seconds()]


def test_one_at_rest_leaves_as_any() -> None:
    """Wherever it is looked at: by itself, with all others, and in the middle of a sweep."""
    clock = Clock()
    deadlines = Deadlines(clock)
    gone, staying = Item(1.0), Item(50.0)
    for item in (gone, staying):
        deadlines.add(item)
        deadlines.rest(item)
    assert len(deadlines) == 2
    deadlines.discard(gone)
    deadlines.rest(gone)  # it is not there any more
    run(clock, 5)
    assert (gone.told, len(deadlines)) == ([], 1)
    deadlines.stop()
    assert (clock.getDelayedCalls(), len(deadlines)) == ([], 0)



def test_one_at_rest_that_fails_is_dropped() -> None:
    """As any."""
    clock = Clock()
    deadlines = Deadlines(clock)

    class Broken(Item):
        def deadline_passed(self, now: float) -> None:
            raise ZeroDivisionError

    item = Broken(1.0)
    deadlines.add(item)
    deadlines.rest(item)
    with capturedLogs() as events:
        run(clock, 10)
    assert (len(events), len(deadlines)) == (1, 0)
