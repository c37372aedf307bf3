"""Names and passwords of directories: whose they are, what is kept of them, and for how long it counts."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pytest
from twisted.internet.defer import Deferred
from twisted.python.failure import Failure

from appproxy.errors import Code, RequestError
from appproxy.identity.devices import device_of
from appproxy.provider.directories.source import Directories
from appproxy.provider.oauth.grants import SignedIn, find_signed_in
from appproxy.provider.passwords.authenticator import (
    PasswordAccepted,
    PasswordAttempt,
    PasswordAuthenticator,
    PasswordRefused,
)
from appproxy.provider.passwords.checker import PasswordChecker
from appproxy.provider.passwords.throttle import MemoryThrottle, ThrottleRule
from appproxy.store.people import directories, directory_users, user_groups, users
from appproxy.store.people.directories import Directory
from appproxy.store.people.users import User
from tests.fakes.outcome import got
from tests.fakes.threads import run_at_once
from tests.provider.directories.fake import ACCOUNT, BASE, SECRET, FakeServer
from tests.provider.house import CHEAP, PASSWORD, House

REFRESH = 300.0


@dataclass
class Corp:
    """A house with two directories, corp before club, each with one server."""

    house: House
    corp: FakeServer = field(default_factory=FakeServer)
    club: FakeServer = field(default_factory=FakeServer)
    notes: list[Any] = field(default_factory=list)
    numbers: int = 0

    def __post_init__(self) -> None:
        for name, realms in (("corp", ("corp.example",)), ("club", ())):
            self.house.write(lambda tx, name=name, realms=realms: directories.add(
                tx, name, kind="openldap", servers=("ldaps://" + name,), bind_name=ACCOUNT, bind_password=SECRET,
                user_base=BASE, realms=realms, wrong_passwords=5))
        house = self.house
        self.directories = Directories(house.live, house.clock, lambda: house.now, self.random, self.dial)
        self.authenticator = PasswordAuthenticator(
            house.live, PasswordChecker(run_at_once, CHEAP), MemoryThrottle(), house.clock.seconds, self.random,
            lambda *entry: self.notes.append(entry), self.directories)
        self.corp.add("uid=eva,dc=corp", "right", uid="eva", entryUUID="1", mail="eva@mail.example", objectClass="person",
                      displayName="Eva", pwdChangedTime="1")

    def random(self, size: int) -> bytes:
        """Never the same."""
        self.numbers += 1
        return self.numbers.to_bytes(size, "big")

    def dial(self, directory: Directory) -> Any:
        """The server of a directory."""
        server = self.corp if directory.name == "corp" else self.club
        return lambda host, port: (server, object())

    def begin(self, name: str, password: str, address: str = "192.0.2.1", **more: Any) -> Deferred[Any]:
        """Type it."""
        attempt = PasswordAttempt(name, password, address, self.house.now, **more)
        return Deferred.fromCoroutine(self.authenticator.sign_in(attempt))

    def sign_in(self, name: str, password: str, address: str = "192.0.2.1", **more: Any) -> PasswordAccepted | PasswordRefused:
        """And wait for the answer."""
        waiting = self.begin(name, password, address, **more)
        results: list[Any] = []
        waiting.addBoth(results.append)
        for _ in range(100):
            if results:
                break
            self.house.clock.advance(0.5)
        [result] = results
        if isinstance(result, Failure):
            result.raiseException()
        assert isinstance(result, PasswordAccepted | PasswordRefused)
        return result

    def signed_in(self, name: str = "eva", password: str = "right", **more: Any) -> SignedIn:
        """Somebody who must be let in."""
        outcome = self.sign_in(name, password, **more)
        assert isinstance(outcome, PasswordAccepted), self.notes[-1]
        return outcome.who

    def reason(self) -> str:
        """What the audit was told last."""
        return str(self.notes[-1][3]["reason"])

    def admitted(self, who: SignedIn) -> SignedIn | None:
        """What is so now."""
        return got(Deferred.fromCoroutine(self.directories.admitted(who)))

    def user(self, name: str) -> User | None:
        """Who has this name."""
        return self.house.read(users.find_by_name, name)


@pytest.fixture
def corp(house: House) -> Any:
    """Two directories."""
    made = Corp(house)
    yield made
    made.directories.close()


def test_a_directorys_user_is_let_in_and_known_from_then_on(corp: Corp) -> None:
    who = corp.signed_in()
    user = who.user
    assert (user.name, user.display_name, user.email, user.password_hash) == ("eva", "Eva", "eva@mail.example", "")
    assert corp.house.read(find_signed_in, who.session) is not None
    for name in ("EVA", "eva@corp.example", "corp.example\\eva", "eva@mail.example"):
        assert corp.signed_in(name).user.id == who.user.id
    # Nothing but the name went to the other directory, ever.
    assert corp.club.binds == []


@pytest.mark.parametrize("password", ["wrong", ""])
def test_a_wrong_password_is_refused_and_an_empty_one_never_sent(corp: Corp, password: str) -> None:
    outcome = corp.sign_in("eva", password)
    assert outcome == PasswordRefused()
    assert all(sent for _, sent in corp.corp.binds + corp.club.binds)
    assert corp.user("eva") is None


def test_users_of_our_own_are_asked_of_no_directory(corp: Corp) -> None:
    corp.corp.add("uid=ann,dc=corp", "right", uid="ann", entryUUID="2", objectClass="person")
    assert isinstance(corp.sign_in("ann", PASSWORD), PasswordAccepted)
    assert isinstance(corp.sign_in("ann", "right"), PasswordRefused)
    assert corp.corp.binds == corp.club.binds == []
    other = corp.signed_in("ann@corp.example")
    assert (other.user.name, bool(other.user.directory)) == ("ann@corp.example", True)


def test_the_first_directory_that_knows_a_name_decides(corp: Corp) -> None:
    corp.club.add("uid=eva,dc=corp", "of the club", uid="eva", entryUUID="1", objectClass="person")
    assert isinstance(corp.sign_in("eva", "of the club"), PasswordRefused)
    assert not any(password == "of the club" for _, password in corp.club.binds)
    corp.club.add("uid=tom,dc=corp", "of the club", uid="tom", entryUUID="1", objectClass="person")
    tom = corp.signed_in("tom", "of the club").user
    # The same subject of another directory is somebody else.
    assert tom.id != corp.signed_in().user.id


def test_where_the_first_is_away_new_names_of_the_second_wait_and_known_ones_do_not(corp: Corp) -> None:
    for name in ("tom", "new"):
        corp.club.add(f"uid={name},dc=corp", "of the club", uid=name, entryUUID=name, objectClass="person")
    corp.signed_in("tom", "of the club")
    corp.directories.close()
    corp.corp.down = True
    outcome = corp.sign_in("new", "of the club")
    assert isinstance(outcome, PasswordRefused) and outcome.away
    assert "does not answer" in corp.reason()
    corp.signed_in("tom", "of the club")


def test_all_are_told_the_same_while_a_directory_is_away(corp: Corp) -> None:
    corp.corp.down = True
    told = {corp.sign_in(name, "wrong", f"192.0.2.{at}") for at, name in enumerate(("eva", "nobody", "ann"))}
    assert told == {PasswordRefused(away=True)}


def test_a_frozen_directory_holds_up_nobody_else(corp: Corp) -> None:
    corp.corp.frozen = True
    waiting = [corp.begin(f"u{at}", "x", f"10.0.{at}.1") for at in range(40)]
    assert isinstance(corp.sign_in("ann", PASSWORD), PasswordAccepted)
    corp.house.clock.pump([0.5] * 30)
    assert all(one.called for one in waiting)
    assert {got(one) for one in waiting} == {PasswordRefused(away=True)}


def test_neither_words_nor_time_tell_who_exists(corp: Corp) -> None:
    """Nobody, a user of our own, one of a directory: each refusal comes at the same moment, with the same work behind it."""
    for name, address in (("eva", "192.0.2.1"), ("nobody", "192.0.2.2"), ("ann", "192.0.2.3")):
        waiting = corp.begin(name, "wrong", address)
        corp.house.clock.advance(0.49)
        assert not waiting.called
        corp.house.clock.advance(0.02)
        assert got(waiting) == PasswordRefused()
    decoy = [dn for dn, _ in corp.corp.binds + corp.club.binds if dn not in (ACCOUNT, "uid=eva,dc=corp")]
    assert len(decoy) == 1


@pytest.mark.parametrize(("message", "stale", "reason"), [
    ("data 532, v1", True, "the password has expired"), ("data 773, v1", True, "changed first"),
    ("data 533, v1", False, "disabled"), ("data 701, v1", False, "account has expired"), ("data 775, v1", False, "locked"),
])
def test_states_of_accounts_are_told_apart_in_the_audit(corp: Corp, message: str, stale: bool, reason: str) -> None:
    corp.corp.says["uid=eva,dc=corp"] = (49, message, b"")
    assert corp.sign_in("eva", "right") == PasswordRefused(stale=stale)
    assert reason in corp.reason()


def test_a_directory_is_not_made_to_lock_anybody(corp: Corp) -> None:
    """Strangers have fewer tries than the owner's own networks; the owner's browser is not held up at all."""
    who = corp.signed_in(address="198.51.100.1")
    device = device_of((), who.user.id, who.user.credentials_changed, corp.house.now, corp.random)
    before = len(corp.corp.binds)
    outcomes = [corp.sign_in("eva", f"guess {at}", f"203.0.113.{at}") for at in range(20)]
    passed_on = [one for one in corp.corp.binds[before:] if one[0] == "uid=eva,dc=corp"]
    assert len(passed_on) == 3
    held = outcomes[-1]
    assert isinstance(held, PasswordRefused) and held.wait is not None and held.wait.rule is ThrottleRule.NAME
    corp.signed_in(address="198.51.100.1")
    for at in range(20):
        corp.sign_in("eva", f"again {at}", f"203.0.113.{at}")
    corp.signed_in(address="203.0.113.9", devices=(device,))


def test_names_of_nobody_are_held_back_alike(corp: Corp) -> None:
    kinds = [[corp.sign_in(name, f"guess {at}", f"203.0.113.{at}").wait is None  # type: ignore[union-attr]
              for at in range(8)] for name in ("eva", "nobody")]
    assert kinds[0] == kinds[1] and not all(kinds[0])


def test_the_same_wrong_password_is_passed_on_once_in_ten_minutes(corp: Corp) -> None:
    for _ in range(10):
        corp.sign_in("eva", "old")
    assert [one for one in corp.corp.binds if one[0] != ACCOUNT] == [("uid=eva,dc=corp", "old")]
    corp.house.clock.advance(601)
    corp.corp.passwords["uid=eva,dc=corp"] = "old"
    corp.signed_in(password="old")


def test_the_directory_is_asked_again_and_its_groups_are_those_of_now(corp: Corp) -> None:
    corp.corp.add("cn=staff,dc=corp", cn="staff", entryUUID="g1", objectClass="groupOfNames", member=["uid=eva,dc=corp"])
    corp.corp.add("cn=all,dc=corp", cn="all", entryUUID="g2", objectClass="groupOfNames", member=["cn=staff,dc=corp"])
    for name in ("staff", "all"):
        subject, called = got(Deferred.fromCoroutine(corp.directories.find_group("corp", name)))
        corp.house.write(lambda tx, subject=subject, called=called: directory_users.add_group(
            tx, directories.find(tx, "corp"), subject, f"corp {called}"))
    who = corp.signed_in()
    assert {one.name for one in who.user.groups} == {"corp staff", "corp all"}
    # A group of our own is not the directory's to take.
    corp.house.write(user_groups.add, "own")
    corp.house.write(users.add_to_group, who.user.id, "own")
    corp.corp.entries["cn=staff,dc=corp"]["member"] = [b"uid=tom,dc=corp"]
    corp.house.clock.advance(REFRESH - 1)
    searches = len(corp.corp.searches)
    assert corp.admitted(who) is not None and len(corp.corp.searches) == searches
    corp.house.clock.advance(2)
    now = corp.admitted(corp.house.read(find_signed_in, who.session))  # type: ignore[arg-type]
    assert now is not None and {one.name for one in now.user.groups} == {"own"}


@pytest.mark.parametrize("change", ["removed", "disabled", "password"])
def test_who_may_not_any_more_loses_every_session(corp: Corp, change: str) -> None:
    who = corp.signed_in()
    corp.house.clock.advance(REFRESH + 1)
    entry = corp.corp.entries["uid=eva,dc=corp"]
    if change == "removed":
        del corp.corp.entries["uid=eva,dc=corp"]
    elif change == "disabled":
        entry["pwdAccountLockedTime"] = [b"000001010000Z"]
    else:
        entry["pwdChangedTime"] = [b"2"]
    assert corp.admitted(who) is None
    assert corp.house.live.snapshot.not_before[("builtin", who.user.id)] > who.session.auth_time


def test_nobody_is_let_go_on_while_the_directory_is_away(corp: Corp) -> None:
    """The pages of the provider; open sessions with applications have their own rule."""
    who = corp.signed_in()
    corp.directories.close()
    corp.corp.down = True
    assert corp.admitted(who) is not None
    corp.house.clock.advance(REFRESH + 1)
    with pytest.raises(RequestError) as caught:
        corp.admitted(who)
    assert caught.value.code is Code.PROVIDER_UNREACHABLE


def test_a_new_name_is_the_same_user_and_a_new_entry_another_one(corp: Corp) -> None:
    who = corp.signed_in()
    corp.house.clock.advance(1)
    entry = corp.corp.entries.pop("uid=eva,dc=corp")
    corp.corp.entries["uid=evelyn,dc=corp"] = {**entry, "uid": [b"evelyn"]}
    corp.corp.passwords["uid=evelyn,dc=corp"] = "right"
    corp.corp.add("uid=eva,dc=corp", "hers", uid="eva", entryUUID="99", objectClass="person")
    other = corp.signed_in("eva", "hers").user
    assert (other.name, other.id != who.user.id) == ("eva", True)
    assert corp.house.read(find_signed_in, who.session) is not None  # the session's row; its cookie ends with the name
    assert corp.house.live.snapshot.not_before[("builtin", who.user.id)] > who.session.auth_time
    again = corp.signed_in("evelyn").user
    assert (again.id, again.name) == (who.user.id, "evelyn")


def test_two_entries_of_one_name_are_nobody(corp: Corp) -> None:
    """Nor does an address lead to a name that two have."""
    corp.corp.add("uid=eva,ou=x,dc=corp", "hers", uid="eva", entryUUID="2", mail="x@mail.example", objectClass="person")
    assert isinstance(corp.sign_in("eva", "right"), PasswordRefused)
    assert "several entries" in corp.reason()
    assert isinstance(corp.sign_in("x@mail.example", "hers"), PasswordRefused)
    assert corp.user("eva") is None


def test_who_is_disabled_here_stays_out(corp: Corp) -> None:
    who = corp.signed_in()
    corp.house.write(users.disable, who.user.id)
    assert corp.sign_in("eva", "right") == PasswordRefused()
    assert corp.reason() == "disabled"
    corp.house.write(users.disable, who.user.id, False)
    corp.signed_in()


def test_changed_settings_count_at_once_and_leave_no_connection(corp: Corp) -> None:
    corp.signed_in()
    corp.house.write(lambda tx: directories.change(tx, "corp", user_filter="(uid=tom)"))
    assert isinstance(corp.sign_in("eva", "right"), PasswordRefused)
    assert [one.closed for one in corp.corp.open[:2]] == [True, True]
    corp.house.write(lambda tx: directories.change(tx, "corp", user_filter=""))
    # What the other settings refused is not remembered with these.
    corp.signed_in()


def test_what_is_reported_to_who_sets_it_up(corp: Corp) -> None:
    corp.corp.add(BASE, objectClass="domain")
    good = got(Deferred.fromCoroutine(corp.directories.report("corp")))
    assert good == {"servers": [{"server": "corp:636", "problem": ""}], "problems": []}
    corp.club.passwords.clear()
    bad: Any = got(Deferred.fromCoroutine(corp.directories.report("club")))
    assert "refuses our account" in bad["servers"][0]["problem"]
