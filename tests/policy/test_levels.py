"""What is counted drains, and memory is bounded."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appproxy.policy.levels import AddressLimit, LeakyBuckets, RateLimit


class TestLevels:
    def test_drains(self) -> None:
        """With time, and never below nothing."""
        levels = LeakyBuckets(0.5, 10)
        levels.add("a", 3.0, 0.0)
        assert [levels.at("a", now) for now in (0.0, 2.0, 6.0, 100.0)] == [3.0, 2.0, 0.0, 0.0]
        assert levels.at("b", 0.0) == 0.0

    def test_waits(self) -> None:
        """Until one more fits, and no longer for what rounding leaves."""
        levels = LeakyBuckets(0.1, 10)
        levels.add("a", 3.0, 0.0)
        assert levels.wait("a", 4.0, 0.0) == 0.0
        assert levels.wait("a", 3.0, 0.0) == pytest.approx(10.0)
        now = 0.0
        while (wait := levels.wait("a", 3.0, now)) > 0.0:
            now += wait
        assert now == pytest.approx(10.0)

    def test_nothing_is_kept_of_nothing(self) -> None:
        """What was taken back, or cleared, takes no memory; of too many the oldest go."""
        levels = LeakyBuckets(1.0, 3)
        levels.add("a", 1.0, 0.0)
        levels.add("a", -1.0, 0.0)
        assert len(levels) == 0
        for key in "abcde":
            levels.add(key, 1.0, 0.0)
        assert len(levels) == 3
        assert (levels.at("b", 0.0), levels.at("c", 0.0)) == (0.0, 1.0)
        levels.clear("c")
        assert levels.at("c", 0.0) == 0.0

    def test_a_high_level_is_not_forgotten_for_many_low_ones(self) -> None:
        """However many other keys are used once; of equal ones the least recently used goes."""
        levels = LeakyBuckets(0.001, 50)
        for key in ("a", "b", "c"):
            levels.add(key, 10.0, 0.0)
        for number in range(1000):
            levels.add(number, 1.0, 1.0)
        assert [levels.at(key, 1.0) > 9.0 for key in ("a", "b", "c")] == [True] * 3
        assert len(levels) == 50
        assert [number for number in range(1000) if levels.at(number, 1.0)] == list(range(953, 1000))

    def test_what_has_drained_is_forgotten_first(self) -> None:
        """Also when it was higher once."""
        levels = LeakyBuckets(1.0, 3)
        levels.add("a", 5.0, 0.0)
        levels.add("b", 50.0, 0.0)
        for key in "cd":
            levels.add(key, 1.0, 10.0)
        assert [levels.at(key, 10.0) for key in "abcd"] == [0.0, 40.0, 1.0, 1.0]

    def test_a_clock_that_goes_back(self) -> None:
        """Fills and drains nothing."""
        levels = LeakyBuckets(1.0, 3)
        levels.add("a", 2.0, 100.0)
        assert levels.at("a", 50.0) == 2.0


class TestRateLimit:
    def test_a_burst_and_then_the_rate(self) -> None:
        """So many at once, then as many as come back."""
        limit = RateLimit(3, 0.5)
        assert [limit.take("a", 0.0) for _ in range(4)] == [0.0, 0.0, 0.0, 2.0]
        assert limit.take("b", 0.0) == 0.0
        assert [limit.take("a", 2.0) for _ in range(2)] == [0.0, 2.0]

    @given(st.lists(st.floats(0, 10), max_size=200))
    def test_never_more(self, pauses: list[float]) -> None:
        """In any time: the burst, and the rate for that time."""
        limit, now, taken = RateLimit(5, 2.0), 0.0, 0
        for pause in pauses:
            now += pause
            taken += limit.take("a", now) == 0.0
        assert taken <= 5 + 2.0 * now + 1e-6

    def test_bounded(self) -> None:
        """However many come."""
        limit = RateLimit(5, 2.0, keys=10)
        for number in range(100):
            limit.take(number, 0.0)
        assert len(limit) == 10


class TestAddressLimit:
    def test_by_network(self) -> None:
        """Each address has its own, and of IPv6 each /64; a site of many networks comes to an end too."""
        limit = AddressLimit(5, 1.0)
        assert sum(limit.take("192.0.2.1", 0.0) == 0.0 for _ in range(10)) == 5
        assert limit.take("192.0.2.2", 0.0) == 0.0
        assert sum(limit.take(f"2001:db8::{number}", 0.0) == 0.0 for number in range(10)) == 5
        assert sum(limit.take(f"2001:db8:1:{number:x}::1", 0.0) == 0.0 for number in range(1000)) == 40
