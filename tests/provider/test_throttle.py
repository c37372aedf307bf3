"""Guessing passwords gets slower and slower."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from appproxy.provider.throttle import ADDRESS_RULE, NAME_RULE, Counter, Rule, Throttle

RULE = Rule(free=2, first=2.0, longest=10.0, forget=100.0, keys=3)


class TestCounter:
    def test_waits_double(self) -> None:
        """After the free attempts each further one waits twice as long, up to the longest wait."""
        counter = Counter(RULE)
        now, waits = 0.0, []
        for _ in range(6):
            counter.add("ann", now)
            waits.append(counter.wait("ann", now))
            now += waits[-1]
        assert waits == [0.0, 2.0, 4.0, 8.0, 10.0, 10.0]

    def test_waiting_ends(self) -> None:
        """The wait is over when its seconds have passed, and not before."""
        counter = Counter(RULE)
        counter.add("ann", 0.0)
        counter.add("ann", 0.0)
        assert counter.wait("ann", 1.5) == 0.5
        assert counter.wait("ann", 2.0) == 0.0

    def test_forgets(self) -> None:
        """A key that was silent long enough starts anew."""
        counter = Counter(RULE)
        counter.add("ann", 0.0)
        counter.add("ann", 101.0)
        assert counter.wait("ann", 101.0) == 0.0

    def test_bounded(self) -> None:
        """However many names are tried, memory stays bounded, and the newest are counted."""
        counter = Counter(RULE)
        for number in range(1000):
            counter.add(str(number), 0.0)
        assert len(counter) == RULE.keys
        counter.add("999", 0.0)
        assert counter.wait("999", 0.0) > 0

    def test_very_many_attempts(self) -> None:
        """Thousands of failures still give a finite wait."""
        counter = Counter(RULE)
        for _ in range(3000):
            counter.add("ann", 0.0)
        assert counter.wait("ann", 0.0) == 10.0

    @given(st.lists(st.tuples(st.sampled_from(["add", "back", "clear"]), st.sampled_from("abcde"),
                              st.floats(0, 50)), max_size=60))
    @settings(max_examples=50, deadline=None)
    def test_any_history(self, steps: list[tuple[str, str, float]]) -> None:
        """Whatever happens in whatever order: the wait lies between zero and the longest, memory is bounded."""
        counter = Counter(RULE)
        now = 0.0
        for step, key, passed in steps:
            now += passed
            if step == "add":
                counter.add(key, now)
            elif step == "back":
                counter.take_back(key)
            else:
                counter.clear(key)
            assert 0.0 <= counter.wait(key, now) <= RULE.longest
            assert len(counter) <= RULE.keys


class TestThrottle:
    def test_a_user_name_from_many_addresses(self) -> None:
        """The sixth guess at one user's password has to wait, wherever it comes from."""
        throttle = Throttle()
        for number in range(NAME_RULE.free):
            assert throttle.begin("ann", f"192.0.2.{number}", 0.0) == 0.0
        assert throttle.begin("ann", "192.0.2.99", 0.0) == NAME_RULE.first
        assert throttle.begin("bob", "192.0.2.99", 0.0) == 0.0

    def test_an_address_that_tries_many_names(self) -> None:
        """One address that tries a password on every name has to wait."""
        throttle = Throttle()
        for number in range(ADDRESS_RULE.free):
            assert throttle.begin(f"user{number}", "192.0.2.1", 0.0) == 0.0
        assert throttle.begin("someone", "192.0.2.1", 0.0) > 0.0
        assert throttle.begin("someone", "192.0.2.2", 0.0) == 0.0

    @pytest.mark.parametrize(
        ("one", "other", "same"),
        [
            ("2001:db8::1", "2001:db8::ffff", True),
            ("2001:db8::1", "2001:db8:0:1::1", False),
            ("::ffff:192.0.2.1", "192.0.2.1", True),
            ("unknown", "unknown", True),
        ],
    )
    def test_what_one_address_is(self, one: str, other: str, same: bool) -> None:
        """An IPv6 user cannot get around it with other addresses of their own network."""
        throttle = Throttle()
        for number in range(ADDRESS_RULE.free):
            throttle.begin(str(number), one, 0.0)
        assert (throttle.begin("someone", other, 0.0) > 0.0) is same

    def test_success_clears_the_name_only(self) -> None:
        """Signing in between guesses at others does not help the guesser."""
        throttle = Throttle()
        for number in range(ADDRESS_RULE.free - 1):
            throttle.begin(f"user{number}", "192.0.2.1", 0.0)
        assert throttle.begin("mallory", "192.0.2.1", 0.0) == 0.0
        throttle.succeeded("mallory", "192.0.2.1")
        assert throttle.begin("another", "192.0.2.1", 0.0) == 0.0
        assert throttle.begin("one more", "192.0.2.1", 0.0) > 0.0

    def test_success_gives_the_name_a_new_start(self) -> None:
        """Who mistyped four times and then signs in has all attempts again."""
        throttle = Throttle()
        for _ in range(NAME_RULE.free - 1):
            throttle.begin("ann", "192.0.2.1", 0.0)
        assert throttle.begin("ann", "192.0.2.1", 0.0) == 0.0
        throttle.succeeded("ann", "192.0.2.1")
        for _ in range(NAME_RULE.free):
            assert throttle.begin("ann", "192.0.2.1", 0.0) == 0.0

    def test_an_attempt_that_was_not_checked_does_not_count(self) -> None:
        """When the service was too busy to check, the user has lost no attempt."""
        throttle = Throttle()
        for _ in range(50):
            assert throttle.begin("ann", "192.0.2.1", 0.0) == 0.0
            throttle.abandoned("ann", "192.0.2.1")

    def test_waiting_attempts_do_not_lengthen_the_wait(self) -> None:
        """Reloading the page while waiting makes nothing worse."""
        throttle = Throttle()
        for _ in range(NAME_RULE.free):
            throttle.begin("ann", "192.0.2.1", 0.0)
        for _ in range(10):
            assert throttle.begin("ann", "192.0.2.1", 1.0) == NAME_RULE.first - 1.0
