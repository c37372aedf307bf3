"""Who is let in, and what a guesser gets: the decision behind the sign-in form."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pytest
from twisted.internet.defer import Deferred

from appproxy.errors import Code, RequestError, StoreError
from appproxy.identity.devices import Device, device_of
from appproxy.policy.fair_queue import LaneQueue
from appproxy.provider.assurance import Method
from appproxy.provider.passwords.authenticator import (
    PasswordAccepted,
    PasswordAttempt,
    PasswordAuthenticator,
    PasswordRefused,
    normal_name,
)
from appproxy.provider.passwords.checker import PasswordChecker
from appproxy.provider.passwords.rules import hash_password, verify
from appproxy.provider.passwords.throttle import STRANGER_LIMITS, MemoryThrottle, ThrottleRule
from appproxy.store.people import users
from tests.fakes.outcome import got
from tests.fakes.threads import run_at_once
from tests.provider.house import CHEAP, PASSWORD, House
from tests.provider.passwords.test_checker import Later


def authenticator(
    house: House, run: Callable[[Callable[[], Any]], Deferred[Any]] = run_at_once, most: int = 64,
    verify: Callable[[str, str], bool] = verify,
) -> PasswordAuthenticator:
    """An authenticator of its own, with a throttle of its own."""
    checker = PasswordChecker(run, CHEAP, LaneQueue(most, most), verify, threads=most)
    return PasswordAuthenticator(house.live, checker, MemoryThrottle(), house.clock.seconds, lambda size: b"r" * size)


def attempt(
    house: House, password: str = PASSWORD, name: str = "ann", address: str = "192.0.2.1", devices: tuple[Device, ...] = ()
) -> PasswordAttempt:
    """Somebody tries."""
    return PasswordAttempt(name, password, address, house.now, devices)


def tried(who: PasswordAuthenticator, what: PasswordAttempt) -> PasswordAccepted | PasswordRefused:
    """The outcome."""
    return got(Deferred.fromCoroutine(who.sign_in(what)))


def wrong(who: PasswordAuthenticator, house: House, count: int, **more: Any) -> list[ThrottleRule | None]:
    """So many different wrong passwords; what held each of them back."""
    outcomes = [tried(who, attempt(house, f"guess {more.get('address')} {number}", **more)) for number in range(count)]
    assert all(isinstance(outcome, PasswordRefused) for outcome in outcomes)
    return [outcome.wait.rule if isinstance(outcome, PasswordRefused) and outcome.wait else None for outcome in outcomes]


class TestSignIn:
    def test_right(self, house: House) -> None:
        """The right password gives a session of the user, from that moment, with the password alone proved."""
        result = tried(authenticator(house), attempt(house))
        assert isinstance(result, PasswordAccepted)
        assert result.who.user.name == "ann"
        assert result.who.session.user == result.who.user.id
        assert (result.who.session.auth_time, result.who.session.methods) == (house.now, (Method.PASSWORD,))

    def test_wrong(self, house: House) -> None:
        """A wrong one gives nothing."""
        assert tried(authenticator(house), attempt(house, "wrong horse")) == PasswordRefused()

    def test_what_is_told_of_failures(self, house: House) -> None:
        """Whose name it was, and whether the password was tried at all."""
        told: list[tuple[str, str, str, bool]] = []
        checker = PasswordChecker(run_at_once, CHEAP, LaneQueue(64, 64), verify, threads=64)
        who = PasswordAuthenticator(house.live, checker, MemoryThrottle(), house.clock.seconds, lambda size: b"r" * size,
                                    failed=lambda *said: told.append(said))
        wrong(who, house, 1, name="nobody")
        limits = wrong(who, house, 50)
        assert told[0] == ("192.0.2.1", "", "nobody", True)
        assert [tried for _, _, _, tried in told[1:]] == [limit is None for limit in limits]
        assert {user for _, user, _, _ in told[1:]} != {""} and False in {tried for _, _, _, tried in told}

    def test_many_at_once(self, house: House) -> None:
        """Of a hundred guesses sent at the same moment no more are tried than one after the other."""
        later = Later()
        who = authenticator(house, later)
        results: list[PasswordAccepted | PasswordRefused] = []
        for number in range(100):
            guess = attempt(house, f"guess number {number}", address=f"192.0.2.{number}")
            Deferred.fromCoroutine(who.sign_in(guess)).addCallback(results.append)
        assert len(later.waiting) == STRANGER_LIMITS[0][1]
        assert len(results) == 100 - STRANGER_LIMITS[0][1]
        assert all(isinstance(result, PasswordRefused) and result.wait is not None for result in results)

    def test_the_same_wrong_password_is_not_checked_again(self, house: House) -> None:
        """A program with an old password costs nothing, for a user and for nobody alike; a changed password is looked at."""
        checked: list[str] = []

        def watched(kept: str, password: str) -> bool:
            checked.append(password)
            return verify(kept, password)

        who = authenticator(house, verify=watched)
        for name in ("ann", "nobody"):
            for _ in range(50):
                assert tried(who, attempt(house, "old horse", name)) == PasswordRefused()
        assert checked == ["old horse"] * 2
        house.clock.advance(1)
        house.write(users.set_password, "ann", hash_password("old horse", CHEAP))
        assert isinstance(tried(who, attempt(house, "old horse")), PasswordAccepted)

    def test_who_is_held_back_is_noted(self, house: House) -> None:
        """By which rule, for whom if there is such a user, and not more often than the audit can bear."""
        noted: list[tuple[str, str, str, Mapping[str, object]]] = []

        def note(actor: str, action: str, target: str = "", detail: Mapping[str, object] | None = None) -> None:
            noted.append((actor, action, target, detail or {}))

        checker = PasswordChecker(run_at_once, CHEAP, LaneQueue(64, 64), verify, threads=64)
        who = PasswordAuthenticator(house.live, checker, MemoryThrottle(), house.clock.seconds, lambda size: b"r" * size, note)
        rules = wrong(who, house, 60)
        held = [rule for rule in rules if rule is not None]
        assert held and 0 < len(noted) <= 20
        actor, action, target, detail = noted[0]
        assert (actor, action, target) == ("anonymous", "user.sign_in_failed", house.read(users.find, "ann").id)
        assert detail == {"address": "192.0.2.1", "provider": "builtin", "reason": f"throttled: {held[0].value}"}

    def test_too_busy_is_no_failure(self, house: House) -> None:
        """When too many sign in at once, who is turned away has not used up an attempt."""
        later = Later()
        who = authenticator(house, later, 0)
        for number in range(100):
            with pytest.raises(RequestError) as caught:
                tried(who, attempt(house, f"x{number}"))
            assert caught.value.code is Code.OVERLOADED

    def test_a_lost_database_is_no_failure(self, house: House, monkeypatch: pytest.MonkeyPatch) -> None:
        """When the database is gone nobody is signed in, also with the right password, and nothing is counted."""

        def gone(*_: object) -> Deferred[object]:
            raise StoreError("gone")

        who = authenticator(house)
        with monkeypatch.context() as broken:
            broken.setattr(house.live, "write", gone)
            # Counted ones would be held back from the 16th on; those that the audit has only the number of write nothing.
            for _ in range(20):
                with pytest.raises(StoreError):
                    tried(who, attempt(house))
        assert isinstance(tried(who, attempt(house)), PasswordAccepted)

    def test_secrets_in_print(self, house: House) -> None:
        """A printed attempt shows no password."""
        assert PASSWORD not in repr(attempt(house))


class TestDevices:
    def known(self, who: PasswordAuthenticator, house: House) -> tuple[Device, ...]:
        """What Ann's browser has after a sign-in."""
        result = tried(who, attempt(house))
        assert isinstance(result, PasswordAccepted)
        user = result.who.user
        return (device_of((), user.id, user.credentials_changed, house.now, lambda size: b"d" * size),)

    def test_nobody_keeps_out_who_was_here_before(self, house: House) -> None:
        """However many guess from wherever, Ann signs in with her own browser, and it stays the same device."""
        who = authenticator(house)
        devices = self.known(who, house)
        for number in range(200):
            wrong(who, house, 1, address=f"10.0.0.{number}")
        assert wrong(who, house, 1, address="10.0.1.1") == [ThrottleRule.NAME]
        again = tried(who, attempt(house, devices=devices, address="10.0.1.1"))
        assert isinstance(again, PasswordAccepted)
        user = again.who.user
        assert device_of(devices, user.id, user.credentials_changed, house.now, bytes).id == devices[0].id

    def test_another_users_browser_is_a_strangers(self, house: House) -> None:
        """Somebody who has signed in here guesses at others like anybody."""
        who = authenticator(house)
        devices = self.known(who, house)
        house.write(users.add, "bob", hash_password(PASSWORD, CHEAP), "Bob", "", [])
        assert ThrottleRule.NAME in wrong(who, house, 50, name="bob", devices=devices)

    def test_a_new_password_ends_it(self, house: House) -> None:
        """Whoever has the browser of before counts as a stranger."""
        who = authenticator(house)
        devices = self.known(who, house)
        assert set(wrong(who, house, 20, devices=devices)) == {None, ThrottleRule.DEVICE}
        house.clock.advance(1)
        house.write(users.set_password, "ann", hash_password("another horse", CHEAP))
        assert ThrottleRule.DEVICE not in wrong(who, house, 20, devices=devices)


class TestNormalName:
    @pytest.mark.parametrize("typed", ["Ann", " ann\t", "\uff21\uff2e\uff2e", "aNN"])
    def test_one_name(self, typed: str) -> None:
        """However it is typed, it is one name, for the look-up and for counting failures."""
        assert normal_name(typed) == "ann"

    @pytest.mark.parametrize("typed", ["x" * 255, "\ufdfa" * 255])
    def test_what_is_remembered_is_bounded(self, typed: str) -> None:
        """Whatever is typed, and whatever Unicode makes of it."""
        assert len(normal_name(typed)) == 65
