"""Sign-ins are judged by the ones before, and what becomes of them teaches: on both databases."""

from __future__ import annotations

from dataclasses import replace

import pytest
import sqlalchemy as sa

from appproxy.policy.risk.features import AddressStep, Seen, networks_of
from appproxy.policy.risk.levels import HIGH, LOW, MEDIUM, UNKNOWN, Thresholds
from appproxy.policy.risk.outcome import RiskState, SignInOutcome
from appproxy.policy.risk.scoring import Judgement
from appproxy.store.database.store import Store
from appproxy.store.people import users
from appproxy.store.risk import counts, failures, judging, risky_users, sign_ins
from appproxy.store.risk.judging import SigningIn
from appproxy.store.tables.risk import risk_counts

DAY = 86400.0
LEVELS = Thresholds()
#: Points of a sign-in that is held against its user.
BAD = 30.0


def seen(now: float, address: str = "192.0.2.7", device: str = "laptop") -> Seen:
    """A sign-in of somebody who is at home."""
    return Seen(now, networks_of(address), "DE", (50.0, 8.0), "Firefox on Linux", "linux", device)


class Place:
    """A store, and a user whose sign-ins are judged."""

    def __init__(self, store: Store, now: float) -> None:
        self.store = store
        self.now = now
        self.provider = "builtin"
        with store.transaction(now) as tx:
            self.subject = users.add(tx, "ann", "hash", "Ann", "", []).id

    def sign_in(
        self, one: Seen, outcome: SignInOutcome = SignInOutcome.PASSED, *, session: str = "", proved: bool = False,
        level: str | None = None, score: float = BAD,
    ) -> str:
        """One, judged, or taken for one of this level; gives its id."""
        with self.store.reading() as reading:
            told = judging.judged(reading, self.provider, self.subject, one, (), LEVELS)
        if level is not None:
            told = Judgement(told.seen, level, score, told.parts)
        who = SigningIn(self.provider, self.subject, "Ann", "a1", session or f"s{one.time}", proved)
        with self.store.transaction(one.time) as tx:
            return judging.concluded(tx, told, who, outcome, LEVELS)

    def state(self, id_: str) -> RiskState:
        """What is thought of one."""
        with self.store.reading() as reading:
            return sign_ins.find(reading, id_).state

    def teaches(self, now: float) -> list[str]:
        """The addresses of what teaches."""
        with self.store.reading() as reading:
            return [one.networks.address for one in sign_ins.teaching(reading, self.provider, self.subject, now)]

    def count(self) -> float:
        """The sign-ins that were counted over all users."""
        with self.store.reading() as reading:
            return counts.of(reading, [("all", "")]).get(("all", ""), 0.0)

    def level(self, now: float) -> str:
        """Of the user, as the snapshot has it."""
        snapshot = self.store.build_snapshot()
        return snapshot.user_risk(self.provider, self.subject, now)


@pytest.fixture
def place(store: Store, now: float) -> Place:
    """A store with a user of whom nothing is known."""
    return Place(store, now)


def test_what_is_usual_is_learned(place: Place) -> None:
    """Before that the risk is unknown; then the same again is low, and somebody from elsewhere is high."""
    for number in range(10):
        place.sign_in(seen(place.now + number * DAY))
    others = replace(seen(place.now, "198.51.100.1"), step=AddressStep.ADDRESS, new_device=False)
    with place.store.transaction(place.now) as tx:
        counts.add(tx, others.counted())
        tx.change(sa.update(risk_counts).values(amount=risk_counts.c.amount + 100.0))
    now = place.now + 10 * DAY
    stranger = Seen(now, networks_of("203.0.113.1"), "US", None, "Chrome on Windows", "windows", "other")
    with place.store.reading() as reading:
        usual = judging.judged(reading, place.provider, place.subject, seen(now), (), LEVELS)
        odd = judging.judged(reading, place.provider, place.subject, stranger, ("tor",), LEVELS)
        first = judging.judged(reading, place.provider, "somebody new", seen(now), (), LEVELS)
    assert (usual.level, odd.level, first.level) == (LOW, HIGH, UNKNOWN)
    assert "listed" in {part.name for part in odd.parts}


def test_one_at_risk_teaches_only_once_it_is_settled(place: Place) -> None:
    """By a second factor, by an admin, or by two weeks without an objection."""
    now = place.now
    risky = place.sign_in(seen(now, "203.0.113.1"), level=HIGH)
    assert (place.state(risky), place.teaches(now), place.level(now)) == (RiskState.OPEN, [], HIGH)
    assert place.teaches(now + sign_ins.UNDISPUTED + 1) == ["203.0.113.1"]
    assert place.count() == 0.0
    place.sign_in(seen(now + 60, "203.0.113.1"), level=HIGH, proved=True, session="t")
    assert place.count() == 1.0
    assert (place.state(risky), place.level(now + 60)) == (RiskState.PROVED, LOW)
    assert place.teaches(now + 60) == ["203.0.113.1"] * 2


def test_who_was_asked_and_did_not_come_back(place: Place) -> None:
    """Teaches nothing, not even in time, and is held against the user; trying again and again is one row."""
    now = place.now
    ids = [
        place.sign_in(seen(now + number, "203.0.113.1"), SignInOutcome.ASKED, level=MEDIUM, score=15.0)
        for number in range(5)
    ]
    assert ids[0] and ids[1:] == [""] * 4
    assert (place.level(now), place.teaches(now + 100 * DAY)) == (MEDIUM, [])
    assert place.sign_in(seen(now, "203.0.113.9"), SignInOutcome.ASKED, level=LOW, score=0.0) == ""


def test_confirm_and_dismiss(place: Place) -> None:
    """Confirmed: high for good, sessions end, and the network is suspicious. Dismissed: low, and it teaches."""
    now = place.now
    first, second = (place.sign_in(seen(now + at, f"203.0.113.{at}"), level=MEDIUM, score=13.0) for at in (1, 2))
    with place.store.transaction(now + 10) as tx:
        judging.confirm(tx, first)
    snapshot = place.store.build_snapshot()
    assert snapshot.user_risk(place.provider, place.subject, now + 1000 * DAY) == HIGH
    assert snapshot.not_before[(place.provider, place.subject)] == now + 10
    with place.store.reading() as reading:
        told = judging.judged(reading, place.provider, "bob", seen(now + 20, "203.0.113.1"), (), LEVELS)
    assert [part.name for part in told.parts] == ["compromised-network"]
    place.sign_in(seen(now + 30, "203.0.113.2"), level=MEDIUM, proved=True)
    assert place.level(now + 30) == HIGH  # a second factor does not settle what an admin has said
    with place.store.transaction(now + 40) as tx:
        judging.dismiss(tx, second, LEVELS)
    assert place.level(now + 40) == HIGH
    with place.store.transaction(now + 50) as tx:
        judging.dismiss(tx, first, LEVELS)
    assert place.level(now + 50) == LOW
    assert "203.0.113.1" in place.teaches(now + 50)


def test_one_of_two_attacks_is_dismissed(place: Place) -> None:
    """The other one is an attack all the same, and the user stays at high risk."""
    first, second = (place.sign_in(seen(place.now + at, f"203.0.113.{at}"), level=HIGH) for at in (1, 2))
    with place.store.transaction(place.now + 10) as tx:
        judging.confirm(tx, first)
        judging.confirm(tx, second)
        judging.dismiss(tx, first, LEVELS)
    assert place.level(place.now + 1000 * DAY) == HIGH


def test_dismissing_a_user(place: Place) -> None:
    """All that is open teaches; what was confirmed as an attack stays one."""
    now = place.now
    attack, open_ = (place.sign_in(seen(now + at, f"203.0.113.{at}"), level=HIGH) for at in (1, 2))
    with place.store.transaction(now + 10) as tx:
        judging.confirm(tx, attack)
        assert judging.dismiss_user(tx, place.provider, place.subject, "Ann", LEVELS) == 1
    assert (place.state(attack), place.state(open_), place.level(now + 10)) == (RiskState.CONFIRMED, RiskState.DISMISSED, LOW)
    assert place.teaches(now + 10 + sign_ins.UNDISPUTED) == ["203.0.113.2"]


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_what_a_user_has_is_bounded(place: Place) -> None:
    """Whoever has the password but no second factor, and tries again and again, does not push out what teaches."""
    for number in range(45):
        place.sign_in(seen(place.now + number, f"198.51.100.{number}"))
    for number in range(30):
        place.sign_in(seen(place.now + 100 + number, f"203.0.113.{number}"), SignInOutcome.ASKED, level=HIGH)
    with place.store.reading() as reading:
        rows = sign_ins.list_all(reading, provider=place.provider, subject=place.subject)
    assert [row.outcome for row in rows].count(SignInOutcome.ASKED) == 20
    assert [row.outcome for row in rows].count(SignInOutcome.PASSED) == 40


def test_applications_of_one_session_are_one_sign_in(place: Place) -> None:
    """Else whoever opens many would have no history but today's."""
    assert place.sign_in(seen(place.now), session="s")
    assert place.sign_in(seen(place.now + 60), session="s") == ""
    assert place.sign_in(seen(place.now + 60, "192.0.2.8"), session="s")


def test_what_costs_nothing_is_no_more_than_a_hint_against_others(place: Place) -> None:
    """Whoever makes up names behind a shared address, or goes on when nothing is tried any more, puts nobody else at risk; but
    the user whose name it was is told apart.
    """
    here = "192.0.2.7"
    made_up = {(here, f"?{number}"): 1000 for number in range(32)} | {(here, f"!u{number}"): 1000 for number in range(100)}
    with place.store.transaction(place.now) as tx:
        failures.add(tx, made_up)
        failures.add(tx, {(here, "!" + place.subject): 50, ("192.0.2.9", "!" + place.subject): 1})
    with place.store.reading() as reading:
        others = judging.judged(reading, place.provider, "somebody", seen(place.now), (), LEVELS)
        found = failures.around(reading, here, place.subject, place.now)
    assert [(part.name, part.points) for part in others.parts] in ([], [("many-names", 4.0)])
    assert others.level in (UNKNOWN, LOW)
    assert found == failures.Failures(50, 1, 0, 132)


def test_wrong_passwords_are_seen(place: Place) -> None:
    """Of the user from here and from elsewhere, and of others from here."""
    here = "192.0.2.7"
    with place.store.transaction(place.now) as tx:
        failures.add(tx, {(here, place.subject): 6, (here, "u2"): 1, (here, "u3"): 9, ("192.0.2.9", place.subject): 1})
        failures.add(tx, {(here, place.subject): 1})
    with place.store.reading() as reading:
        found = failures.around(reading, here, place.subject, place.now + 3600)
        assert (found.own, found.elsewhere, found.others) == (7, 1, 2)
        assert failures.around(reading, here, "", place.now) == failures.Failures(0, 0, 3)
        assert failures.around(reading, here, place.subject, place.now + 26 * 3600) == failures.Failures(0, 0, 0)
        told = judging.judged(reading, place.provider, place.subject, seen(place.now), (), LEVELS)
    assert {part.name for part in told.parts} == {"failures", "many-names"}
    with place.store.transaction(place.now + 2 * DAY) as tx:
        failures.purge(tx)
    with place.store.reading() as reading:
        assert failures.around(reading, here, place.subject, place.now) == failures.Failures(0, 0, 0)


def test_counts_fade(place: Place) -> None:
    """Half in 90 days; what nobody has had for long is forgotten."""
    with place.store.transaction(place.now) as tx:
        counts.add(tx, [("all", ""), ("country", "DE")])
        counts.add(tx, [("all", "")])
        counts.fade(tx)
    for days, left in ((0.5, {("all", ""): 2.0, ("country", "DE"): 1.0}), (90.0, {("all", ""): 1.0, ("country", "DE"): 0.5}),
                       (360.0, {("all", ""): 0.125})):
        with place.store.transaction(place.now + days * DAY) as tx:
            counts.fade(tx)
            assert counts.of(tx, [("all", ""), ("country", "DE"), ("hour", "1")]) == pytest.approx(left)


def test_who_is_gone_is_forgotten(place: Place) -> None:
    """A user of the built-in provider with the next look."""
    place.sign_in(seen(place.now), level=HIGH)
    with place.store.transaction(place.now) as tx:
        judging.confirm_user(tx, place.provider, place.subject, "Ann")
        judging.purge(tx)
        assert len(risky_users.list_all(tx, place.now)) == 1
        users.remove(tx, "ann")
        judging.purge(tx)
        assert risky_users.list_all(tx, place.now) == []


def test_a_usual_sign_in_changes_no_snapshot(place: Place) -> None:
    """Nodes go on with what they remember."""
    before = place.store.revision()
    place.sign_in(seen(place.now))
    assert place.store.revision() == before
    place.sign_in(seen(place.now + 1, "203.0.113.1"), level=HIGH)
    assert place.store.revision() > before
