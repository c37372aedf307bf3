"""Once at the end of a turn."""

from __future__ import annotations

import gc
from weakref import ref

import pytest
from twisted.internet.task import Clock

from appproxy.net.loop.flush_scheduler import SharedFlushScheduler, at_turn_end, shared_turn


class Waiting:
    """Counts how often it was flushed, and may ask for more."""

    def __init__(self, then: Waiting | None = None, clock: Clock | None = None) -> None:
        self.flushed = 0
        self._then = then
        self._clock = clock

    def flush_turn(self) -> None:
        self.flushed += 1
        if self._then is not None and self._clock is not None:
            at_turn_end(self._clock)(self._then.flush_turn)
            assert self._then.flushed == 0
            assert len(self._clock.getDelayedCalls()) == 1


def test_all_of_a_turn_in_one_call() -> None:
    """However many connections wrote, the reactor is asked for one call."""
    clock = Clock()
    waiting = [Waiting() for _ in range(100)]
    for one in waiting:
        at_turn_end(clock)(one.flush_turn)
    assert len(clock.getDelayedCalls()) == 1
    clock.advance(0)
    assert [one.flushed for one in waiting] == [1] * 100
    assert clock.getDelayedCalls() == []


def test_what_a_flush_causes_is_for_the_next_turn() -> None:
    """Two connections that write to each other do not hold the reactor."""
    clock = Clock()
    second = Waiting()
    at_turn_end(clock)(Waiting(second, clock).flush_turn)
    clock.advance(0)
    assert second.flushed == 1


def test_one_for_each_reactor() -> None:
    """Two reactors do not flush each other's connections."""
    here, there = Clock(), Clock()
    one = Waiting()
    at_turn_end(here)(one.flush_turn)
    assert at_turn_end(here) == at_turn_end(here) != at_turn_end(there)
    there.advance(0)
    assert one.flushed == 0


def test_a_reactor_that_has_gone_is_forgotten() -> None:
    """Nothing keeps an old reactor alive."""
    clock = Clock()
    at_turn_end(clock)(Waiting().flush_turn)
    clock.advance(0)
    gone = ref(clock)
    del clock
    gc.collect()
    assert gone() is None


def test_long_work_is_shared_among_turns() -> None:
    """Who comes after the time of a turn is over has the next one, in the order of asking; nothing is left behind."""
    clock, order = Clock(), list[int]()
    shared = SharedFlushScheduler(clock, 1.0)

    class Working:
        def __init__(self, number: int) -> None:
            self._number = number

        def flush_turn(self) -> None:
            order.append(self._number)
            clock.rightNow += 0.6
            if len(order) < 12:
                shared.add(self)

    for number in range(5):
        shared.add(Working(number))
    took = []
    while clock.calls:
        call, before = clock.calls.pop(0), len(order)
        call.func()
        took.append(len(order) - before)
    assert order == [0, 1, 2, 3, 4] * 3 + [0]
    assert max(took) == 2
    assert shared_turn(clock) is shared_turn(clock)


def test_a_fault_in_one_holds_up_no_other() -> None:
    """The reactor logs it; the rest has the next turn."""

    class Faulty:
        def flush_turn(self) -> None:
            raise ZeroDivisionError

    clock, other = Clock(), Waiting()
    shared = SharedFlushScheduler(clock, 1.0)
    shared.add(Faulty())
    shared.add(other)
    with pytest.raises(ZeroDivisionError):
        clock.advance(0)
    clock.advance(0)
    assert other.flushed == 1
