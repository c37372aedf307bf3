"""Who is let in, and what a guesser gets: the decision behind the sign-in form."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from twisted.internet.defer import Deferred

from appproxy.errors import Code, RequestError, StoreError
from appproxy.provider.checker import PasswordChecker
from appproxy.provider.desks import SignedIn
from appproxy.provider.doorman import Attempt, Doorman, Refused, normal_name
from appproxy.provider.throttle import NAME_RULE, Throttle
from tests.provider.house import CHEAP, PASSWORD, House, at_once, got
from tests.provider.test_checker import Later


def doorman(house: House, run: Callable[[Callable[[], Any]], Deferred[Any]] = at_once.run, most: int = 64) -> Doorman:
    """A doorman of his own, with a throttle of his own."""
    checker = PasswordChecker(run, CHEAP, most)
    return Doorman(house.live, checker, Throttle(), house.clock.seconds, lambda size: b"r" * size)


def attempt(house: House, password: str = PASSWORD, name: str = "ann", address: str = "192.0.2.1") -> Attempt:
    """Somebody tries."""
    return Attempt(name, password, address, house.now)


def tried(who: Doorman, what: Attempt) -> SignedIn | Refused:
    """The outcome."""
    return got(Deferred.fromCoroutine(who.sign_in(what)))


class TestSignIn:
    def test_right(self, house: House) -> None:
        """The right password gives a session of the user, from that moment."""
        result = tried(doorman(house), attempt(house))
        assert isinstance(result, SignedIn)
        assert result.user.name == "ann"
        assert result.session.user == result.user.id
        assert result.session.auth_time == house.now

    def test_wrong(self, house: House) -> None:
        """A wrong one gives nothing."""
        assert tried(doorman(house), attempt(house, "wrong horse")) == Refused(0.0)

    def test_many_at_once(self, house: House) -> None:
        """Of a hundred guesses sent at the same moment only the free ones are tried."""
        later = Later()
        who = doorman(house, later)
        results: list[SignedIn | Refused] = []
        for number in range(100):
            guess = attempt(house, f"guess number {number}", address=f"192.0.2.{number}")
            Deferred.fromCoroutine(who.sign_in(guess)).addCallback(results.append)
        assert len(later.waiting) == NAME_RULE.free
        assert len(results) == 100 - NAME_RULE.free
        assert all(isinstance(result, Refused) and result.wait > 0 for result in results)

    def test_success_gives_a_new_start(self, house: House) -> None:
        """Who mistypes now and then, and signs in between, never has to wait."""
        who = doorman(house)
        for _ in range(3):
            for _ in range(NAME_RULE.free - 1):
                assert tried(who, attempt(house, "wrong horse")) == Refused(0.0)
            assert isinstance(tried(who, attempt(house)), SignedIn)

    def test_too_busy_is_no_failure(self, house: House) -> None:
        """When too many sign in at once, who is turned away has not used up an attempt."""
        later = Later()
        who = doorman(house, later, 0)
        for _ in range(NAME_RULE.free * 2):
            with pytest.raises(RequestError) as caught:
                tried(who, attempt(house))
            assert caught.value.code is Code.OVERLOADED

    def test_a_lost_database_is_no_failure(self, house: House, monkeypatch: pytest.MonkeyPatch) -> None:
        """When the database is gone nobody is signed in, also with the right password, and nothing is counted."""

        def gone(*_: object) -> Deferred[object]:
            raise StoreError("gone")

        who = doorman(house)
        with monkeypatch.context() as broken:
            broken.setattr(house.live, "write", gone)
            for _ in range(NAME_RULE.free * 2):
                with pytest.raises(StoreError):
                    tried(who, attempt(house))
        assert isinstance(tried(who, attempt(house)), SignedIn)

    def test_secrets_in_print(self, house: House) -> None:
        """A printed attempt shows no password."""
        assert PASSWORD not in repr(attempt(house))


class TestNormalName:
    @pytest.mark.parametrize("typed", ["Ann", " ann\t", "\uff21\uff2e\uff2e", "aNN"])
    def test_one_name(self, typed: str) -> None:
        """However it is typed, it is one name, for the look-up and for counting failures."""
        assert normal_name(typed) == "ann"
