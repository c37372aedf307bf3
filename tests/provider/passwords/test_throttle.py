"""Guessing comes to nothing, and nobody can turn that against those who know their password."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from appproxy.policy.networks import block_of, network_of
from appproxy.provider.passwords.throttle import (
    DEVICE_BUCKET,
    LAST_LIMIT,
    NETWORK_BUCKET,
    STRANGER_LIMITS,
    CountedAttempt,
    MemoryThrottle,
    RepeatedPassword,
    ThrottleGo,
    ThrottleRule,
    ThrottleWait,
    name_limit,
    network_limit,
)

DAY = 86400.0
NEWCOMERS = int(STRANGER_LIMITS[0][1])


def who(name: str = "ann", address: str = "192.0.2.1", device: str | None = None, guess: object = "") -> CountedAttempt:
    """An attempt; each has its own password unless one is given."""
    who.count += 1  # type: ignore[attr-defined]
    text = str(guess) if guess != "" else str(who.count)  # type: ignore[attr-defined]
    return CountedAttempt(name, network_of(address), block_of(address), device, text.encode())


who.count = 0  # type: ignore[attr-defined]


def fails(throttle: MemoryThrottle, attempt: CountedAttempt, now: float = 0.0) -> bool:
    """Try a wrong password; was it checked?"""
    decided = throttle.begin(attempt, now)
    if isinstance(decided, ThrottleGo):
        throttle.failed(decided, now)
    return isinstance(decided, ThrottleGo)


def succeeds(throttle: MemoryThrottle, attempt: CountedAttempt, now: float = 0.0) -> bool:
    """Try the right password; was it checked?"""
    decided = throttle.begin(attempt, now)
    if isinstance(decided, ThrottleGo):
        throttle.succeeded(decided, now)
    return isinstance(decided, ThrottleGo)


def held_by(throttle: MemoryThrottle, attempt: CountedAttempt, now: float = 0.0) -> ThrottleRule | None:
    """Which rule would hold it back; it is not counted."""
    decided = throttle.begin(attempt, now)
    if isinstance(decided, ThrottleGo):
        throttle.abandoned(decided, now)
    return decided.rule if isinstance(decided, ThrottleWait) else None


class TestOneName:
    @pytest.mark.parametrize("networks", [1, 5, 1000])
    def test_at_most_a_hundred_guesses_a_day(self, networks: int) -> None:
        """However many addresses guess, and whenever: in no 24 hours are more than 100 passwords of a user tried."""
        throttle, times = MemoryThrottle(), []
        for second in range(0, int(3 * DAY), 60):
            for turn in range(10):
                number = (second + turn) % networks
                if fails(throttle, who(address=f"10.0.{number // 250}.{number % 250}"), second):
                    times.append(second)
        most = max(sum(1 for each in times if start <= each < start + DAY) for start in times)
        assert 15 <= most <= 100

    def test_names_that_nobody_has_bring_no_more_guesses(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Whoever tries more made-up names than are told apart makes nobody forget what was tried at a user's."""
        for name in ("_NAMES", "_PAIRS"):
            monkeypatch.setattr(f"appproxy.provider.passwords.throttle.{name}", 100)
        throttle, guessed = MemoryThrottle(), 0
        for turn in range(8):
            guessed += sum(fails(throttle, who(address=f"10.1.{turn}.{number}")) for number in range(60))
            for number in range(200):
                fails(throttle, who(f"nobody {turn} {number}", f"10.2.{turn}.{number // 10}"))
        assert 40 <= guessed <= 50

    def test_a_few_addresses_cannot_keep_a_user_out(self) -> None:
        """When they get nothing any more, the user gets in from a new device at another network, in known ones anyway."""
        throttle = MemoryThrottle()
        assert succeeds(throttle, who(address="198.51.100.1"))
        for _ in range(1000):
            for number in range(9):
                fails(throttle, who(address=f"192.0.2.{number}"), 1.0)
        for number in range(9):
            assert held_by(throttle, who(address=f"192.0.2.{number}"), 1.0) is ThrottleRule.NAME
        assert held_by(throttle, who(address="203.0.113.1"), 1.0) is None
        assert held_by(throttle, who(address="198.51.100.1"), 1.0) is None
        assert held_by(throttle, who(device="d"), 1.0) is None

    def test_a_thousand_addresses_cannot_keep_out_whom_we_know(self) -> None:
        """The room that is left when all newcomers have none belongs to networks that the user signed in from before."""
        throttle = MemoryThrottle()
        assert succeeds(throttle, who(address="198.51.100.1"))
        for number in range(1000):
            fails(throttle, who(address=f"10.1.{number // 250}.{number % 250}"))
        assert held_by(throttle, who(address="203.0.113.1")) is ThrottleRule.NAME
        assert held_by(throttle, who(address="198.51.100.1")) is None
        assert held_by(throttle, who(device="d")) is None

    def test_the_wait_is_true(self) -> None:
        """After the seconds that are told there is room for one, and not before."""
        throttle = MemoryThrottle()
        while fails(throttle, attempt := who()):
            pass
        decided = throttle.begin(attempt, 0.0)
        assert isinstance(decided, ThrottleWait)
        assert held_by(throttle, who(), decided.seconds - 1.0) is ThrottleRule.NAME
        assert held_by(throttle, who(), decided.seconds) is None

    def test_the_same_wrong_password_is_no_new_guess(self) -> None:
        """A program with an old password uses nothing up, and costs no check."""
        throttle = MemoryThrottle()
        assert fails(throttle, who(guess="old"))
        for minute in range(1000):
            assert isinstance(throttle.begin(who(guess="old"), minute * 60.0), RepeatedPassword)
        assert held_by(throttle, who(guess="new"), 60_000.0) is None
        assert held_by(throttle, who("bob", guess="old"), 60_000.0) is None

    def test_success_does_not_open_the_way_for_others(self) -> None:
        """A user who signs in all day, at an attacker's network or elsewhere, gives the attacker no more guesses."""
        throttle = MemoryThrottle()
        checked = 0
        for hour in range(24):
            assert succeeds(throttle, who(address=f"203.0.113.{hour}"), hour * 3600.0)
            for number in range(200):
                checked += fails(throttle, who(address=f"192.0.2.{number % 20}"), hour * 3600.0)
            succeeds(throttle, who(address="192.0.2.1"), hour * 3600.0)
        assert 15 <= checked <= 100


class TestDevices:
    def test_counted_for_itself(self) -> None:
        """Ten wrong passwords in a known browser, then it waits; others do not."""
        throttle = MemoryThrottle()
        assert sum(fails(throttle, who(device="d")) for _ in range(50)) == DEVICE_BUCKET
        assert held_by(throttle, who(device="d")) is ThrottleRule.DEVICE
        assert held_by(throttle, who(device="e")) is None
        assert held_by(throttle, who()) is None

    def test_at_most_a_hundred_a_day(self) -> None:
        """Whoever has stolen a browser guesses as little as anybody."""
        throttle = MemoryThrottle()
        assert sum(fails(throttle, who(device="d"), float(second)) for second in range(0, int(DAY), 20)) <= 100

    def test_success_clears(self) -> None:
        """Who mistypes now and then never has to wait."""
        throttle = MemoryThrottle()
        for _ in range(20):
            for _ in range(5):
                assert fails(throttle, who(device="d"))
            assert succeeds(throttle, who(device="d"))


class TestNetworks:
    def test_an_address_that_tries_many_names(self) -> None:
        """Whoever tries name after name from one address comes to an end soon; known devices and users there do not."""
        throttle = MemoryThrottle()
        assert succeeds(throttle, who("known"))
        tried = sum(fails(throttle, who(f"user{number}")) for number in range(200))
        assert NETWORK_BUCKET <= tried <= network_limit(1)
        assert held_by(throttle, who("someone")) is ThrottleRule.NETWORK
        assert held_by(throttle, who("someone", "192.0.2.2")) is None
        assert held_by(throttle, who("someone", device="d")) is None
        assert held_by(throttle, who("known")) is None

    def test_one_name_counts_once(self) -> None:
        """A program that tries for one user all day is not held against its colleagues."""
        throttle = MemoryThrottle()
        for minute in range(1440):
            fails(throttle, who("broken"), minute * 60.0)
            assert held_by(throttle, who(f"user{minute}"), minute * 60.0) is None

    def test_success_takes_back(self) -> None:
        """A thousand people who mistype first and then sign in do not fill anything."""
        throttle = MemoryThrottle()
        for number in range(1000):
            assert fails(throttle, who(f"user{number}"))
            assert succeeds(throttle, who(f"user{number}"))

    def test_own_accounts_help_little(self) -> None:
        """An attacker with ten accounts, who signs in all the time, tries hardly more names."""
        throttle, tried = MemoryThrottle(), 0
        for number in range(300):
            succeeds(throttle, who(f"own{number % 10}"))
            tried += fails(throttle, who(f"user{number}"))
        assert tried <= NETWORK_BUCKET + 2

    def test_who_sprays_finds_the_least_room(self) -> None:
        """Names that failed from a network count at every other name there: it leaves the room to others."""
        throttle = MemoryThrottle()
        for number in range(20):
            fails(throttle, who(f"user{number}"))
        for number in range(int(LAST_LIMIT)):
            assert fails(throttle, who("ann", f"198.51.100.{number}"))
        assert held_by(throttle, who("ann")) is ThrottleRule.NAME
        assert held_by(throttle, who("ann", "203.0.113.1")) is None

    def test_a_site_of_many_networks(self) -> None:
        """A /48 of IPv6 has 65,536 networks, and tries as many names as four."""
        throttle = MemoryThrottle()
        tried = sum(fails(throttle, who(f"user{number}", f"2001:db8:1:{number:x}::1")) for number in range(1000))
        assert tried == NETWORK_BUCKET * 4
        assert held_by(throttle, who("someone", "2001:db8:1:ffff::1")) is ThrottleRule.NETWORK
        assert held_by(throttle, who("someone", "2001:db8:2::1")) is None

    def test_a_site_of_many_networks_at_one_name(self) -> None:
        """Nor does it take the newcomers' room of a name."""
        throttle = MemoryThrottle()
        tried = sum(fails(throttle, who("ann", f"2001:db8:1:{number:x}::1")) for number in range(1000))
        assert tried < NEWCOMERS
        assert held_by(throttle, who("ann", "2001:db8:2::1")) is None


class TestBounds:
    def test_memory(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """However many names and addresses come, what is remembered of them is bounded."""
        for name in ("_NAMES", "_PAIRS"):
            monkeypatch.setattr(f"appproxy.provider.passwords.throttle.{name}", 50)
        throttle = MemoryThrottle()
        for number in range(500):
            address = f"10.{number >> 8}.{number & 255}.1"
            fails(throttle, who(f"user{number}", address))
            succeeds(throttle, who(f"other{number}", address))
            succeeds(throttle, who(f"third{number}", address, device=f"d{number}"))
        assert len(throttle) <= 51

    def test_limits_fall_with_tries(self) -> None:
        """Whoever has tried more never finds more room; a network in standing never less than a stranger."""
        for standing in (False, True):
            limits = [name_limit(tries, standing) for tries in range(20)]
            assert limits == sorted(limits, reverse=True)
        assert all(name_limit(tries, True) >= name_limit(tries, False) for tries in range(20))

    @given(st.lists(st.tuples(
        st.sampled_from(["right", "wrong", "away"]), st.sampled_from("abc"),
        st.sampled_from(["1.1.1.1", "2.2.2.2", "2001:db8::1"]), st.sampled_from([None, "d"]), st.floats(0, 5000),
    ), max_size=80))
    @settings(max_examples=60, deadline=None)
    def test_any_history(self, steps: list[tuple[str, str, str, str | None, float]]) -> None:
        """Whatever happens in whatever order: a wait is finite and true, and nothing is counted twice or forgotten at once."""
        throttle, now = MemoryThrottle(), 0.0
        for outcome, name, address, device, passed in steps:
            now += passed
            decided = throttle.begin(who(name, address, device), now)
            if isinstance(decided, ThrottleGo):
                end = {"right": throttle.succeeded, "wrong": throttle.failed, "away": throttle.abandoned}[outcome]
                end(decided, now)
            else:
                assert isinstance(decided, ThrottleWait)
                assert 0.0 < decided.seconds < DAY

    def test_not_checked_is_not_counted(self) -> None:
        """When the service was too busy to check, nobody has lost an attempt."""
        throttle = MemoryThrottle()
        for number in range(200):
            for attempt in (who(), who(f"user{number}"), who(device="d"), who("ann", "2001:db8::1")):
                decided = throttle.begin(attempt, 0.0)
                assert isinstance(decided, ThrottleGo)
                throttle.abandoned(decided, 0.0)
