"""Passwords are checked elsewhere, a few at a time."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from queue import Queue
from threading import get_ident, get_native_id
from typing import Any, cast

import pytest
from argon2 import PasswordHasher
from twisted.internet.defer import Deferred

from appproxy.errors import Code, RequestError
from appproxy.policy.fair_queue import Lane, LaneQueue
from appproxy.provider.passwords.checker import NICE, PasswordChecker, PasswordThreads, threads_for
from appproxy.provider.passwords.rules import hash_password, verify
from tests.fakes.outcome import got
from tests.fakes.threads import run_at_once
from tests.provider.house import CHEAP


class Later:
    """Keeps work until the test does it."""

    def __init__(self) -> None:
        self.waiting: list[tuple[Callable[[], Any], Deferred[Any]]] = []

    def __call__(self, work: Callable[[], Any]) -> Deferred[Any]:
        deferred: Deferred[Any] = Deferred()
        self.waiting.append((work, deferred))
        return deferred

    def work_off(self) -> None:
        """Do all of it."""
        while self.waiting:
            work, deferred = self.waiting.pop()
            deferred.callback(work())


def check(
    checker: PasswordChecker, kept: str | None, password: str, sender: str = "one", lane: Lane = Lane.STRANGER
) -> Deferred[tuple[bool, str | None]]:
    """Begin a check."""
    return Deferred.fromCoroutine(checker.check(kept, password, lane, sender))


class TestChecker:
    def test_right_and_wrong(self) -> None:
        """The right password is right, another one is not."""
        checker = PasswordChecker(run_at_once, CHEAP)
        kept = hash_password("correct horse", CHEAP)
        assert got(check(checker, kept, "correct horse")) == (True, None)
        assert got(check(checker, kept, "wrong horse")) == (False, None)

    def test_nobody(self) -> None:
        """For a name that nobody has, a hash of the same cost is computed, and the answer is no."""
        verified: list[str] = []

        def watched(kept: str, password: str) -> bool:
            verified.append(kept)
            return verify(kept, password)

        checker = PasswordChecker(run_at_once, CHEAP, verify=watched)
        assert got(check(checker, None, "nobody's password")) == (False, None)
        assert [kept.rsplit("$", 2)[0] for kept in verified] == ["$argon2id$v=19$m=8,t=1,p=1"]

    def test_new_parameters(self) -> None:
        """A right password whose hash has other parameters gets a new hash; a wrong one does not."""
        old = hash_password("correct horse", PasswordHasher(time_cost=2, memory_cost=8, parallelism=1))
        checker = PasswordChecker(run_at_once, CHEAP)
        right, new = got(check(checker, old, "correct horse"))
        assert right
        assert new is not None and "t=1" in new
        assert got(check(checker, old, "wrong horse")) == (False, None)

    def test_bounded(self) -> None:
        """When too many wait the next is told so, and is welcome again once they are done."""
        later = Later()
        checker = PasswordChecker(later, CHEAP, LaneQueue(2, 2), threads=1)
        for _ in range(3):
            check(checker, None, "x").addErrback(lambda _: None)
        with pytest.raises(RequestError) as caught:
            got(check(checker, None, "x"))
        assert caught.value.code is Code.OVERLOADED
        assert caught.value.failure.status == 503
        later.work_off()
        check(checker, None, "x")
        assert len(later.waiting) == 1

    @pytest.mark.parametrize(("cores", "threads"), [(1, 1), (2, 1), (3, 2), (64, 2)])
    def test_one_core_is_left_to_the_traffic(self, cores: int, threads: int) -> None:
        """And many make no more of them: each check takes 46 MiB."""
        assert threads_for(cores) == threads

    def test_no_more_at_once_than_there_are_threads(self) -> None:
        """The rest waits here, where the order is fair, and not in front of the threads."""
        later = Later()
        checker = PasswordChecker(later, CHEAP, threads=2)
        outcomes: list[object] = []
        for _ in range(5):
            check(checker, None, "x").addCallback(outcomes.append)
        assert len(later.waiting) == 2
        later.work_off()
        assert outcomes == [(False, None)] * 5

    def test_a_flood_does_not_delay_others(self) -> None:
        """Behind thirty checks of one address, another address waits for one, and a known device for none of them."""
        later = Later()
        order: list[str] = []
        checker = PasswordChecker(later, CHEAP, threads=1)
        for _ in range(30):
            check(checker, None, "x").addCallback(lambda _: order.append("flood"))
        check(checker, None, "x", "other").addCallback(lambda _: order.append("other"))
        check(checker, None, "x", "device", Lane.DEVICE).addCallback(lambda _: order.append("device"))
        later.work_off()
        assert order.index("device") == 1
        assert order.index("other") <= 3
        assert len(order) == 32

    def test_who_gives_way_is_told(self) -> None:
        """In a full lane the one with most there loses a place, and hears of it at once."""
        later = Later()
        lost: list[object] = []
        checker = PasswordChecker(later, CHEAP, LaneQueue(2, 2), threads=1)
        for _ in range(3):
            check(checker, None, "x").addErrback(lambda failure: lost.append(cast("RequestError", failure.value).code))
        check(checker, None, "x", "other").addErrback(lambda _: lost.append("other"))
        assert lost == [Code.OVERLOADED]

    def test_failed_work_makes_room(self) -> None:
        """Work that fails does not take a place for ever."""

        def broken(work: Callable[[], Any]) -> Deferred[Any]:
            raise MemoryError

        checker = PasswordChecker(broken, CHEAP, LaneQueue(1, 1), threads=1)
        for _ in range(3):
            with pytest.raises(MemoryError):
                got(check(checker, None, "x"))


class TestThreads:
    def test_another_thread_does_it(self) -> None:
        """The work runs in a thread of its own, and its result comes back through the reactor."""
        calls: Queue[Callable[[], None]] = Queue()

        class Reactor:
            """Takes calls from threads."""

            def callFromThread(self, do: Callable[..., None], *args: object) -> None:
                """Keep it for the test's thread."""
                calls.put(lambda: do(*args))

        threads = PasswordThreads(Reactor())  # type: ignore[arg-type]
        threads.start()
        try:
            waiting = threads(get_ident)
            calls.get(timeout=10)()
            assert got(waiting) != get_ident()
            if sys.platform == "linux":
                here = os.getpriority(os.PRIO_PROCESS, get_native_id())
                for _ in range(3):  # told once, not at each password
                    waiting = threads(lambda: os.getpriority(os.PRIO_PROCESS, get_native_id()))
                    calls.get(timeout=10)()
                    assert got(waiting) == min(here + NICE, 19)
                assert os.getpriority(os.PRIO_PROCESS, get_native_id()) == here
        finally:
            threads.stop()
        with pytest.raises(RequestError) as caught:
            threads(get_ident)
        assert caught.value.code is Code.SHUTTING_DOWN
        threads.stop()
