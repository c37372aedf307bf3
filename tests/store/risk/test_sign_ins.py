"""Sign-ins as they were judged: which are kept, what they are asked for, and where each bound lies."""

from __future__ import annotations

from typing import Any

import pytest

from appproxy.errors import NotFound
from appproxy.policy.risk.features import AddressStep, Seen, networks_of
from appproxy.policy.risk.learned import MOST_FORMER
from appproxy.policy.risk.levels import HIGH, LOW, UNKNOWN, Part
from appproxy.policy.risk.outcome import RiskState, SignInOutcome
from appproxy.policy.risk.scoring import Judgement
from appproxy.store.database.store import Store
from appproxy.store.paging import ListPage
from appproxy.store.risk import sign_ins
from appproxy.store.risk.sign_ins import UNDISPUTED, JudgedSignIn

DAY, HOUR = 86400.0, 3600.0
PASSED, ASKED, REFUSED = SignInOutcome.PASSED, SignInOutcome.ASKED, SignInOutcome.REFUSED
USUAL, OPEN, CONFIRMED = RiskState.USUAL, RiskState.OPEN, RiskState.CONFIRMED


class Kept:
    """What is kept of sign-ins."""

    def __init__(self, store: Store, now: float) -> None:
        self.store, self.now = store, now

    def add(
        self, at: float = 0.0, address: str = "192.0.2.7", subject: str = "ann", *, state: RiskState = USUAL,
        outcome: SignInOutcome = PASSED, session: str | None = None, score: float = 1.0, level: str = LOW, **others: Any,
    ) -> str:
        """One more, so many seconds from now; gives its id."""
        seen = Seen(self.now + at, networks_of(address), **{"browser": "Firefox on Linux", **others})
        with self.store.transaction(self.now + at) as tx:
            return sign_ins.add(
                tx, Judgement(seen, level, score, (Part("new", 1.26, "because"),)), provider="builtin", subject=subject,
                name=subject.title(), session=f"s{at}" if session is None else session, application="a1", outcome=outcome,
                state=state)

    def read(self, what: Any, *asked: object) -> Any:
        """What is asked of them."""
        with self.store.reading() as reading:
            return what(reading, *asked)

    def found(self, id_: str) -> JudgedSignIn:
        """One of them."""
        found: JudgedSignIn = self.read(sign_ins.find, id_)
        return found

    def mark(self, id_: str, state: RiskState) -> None:
        """What is thought of one."""
        with self.store.transaction(self.now) as tx:
            sign_ins.mark(tx, sign_ins.is_one(id_), state)

    def teaching(self, at: float = 0.0, subject: str = "ann") -> list[str]:
        """Addresses of those that tell what is usual, so many seconds from now."""
        return [one.networks.address for one in self.read(sign_ins.teaching, "builtin", subject, self.now + at)]


@pytest.fixture
def kept(store: Store, now: float) -> Kept:
    """Nothing yet."""
    return Kept(store, now)


def test_all_of_it_comes_back(kept: Kept) -> None:
    """As it was seen and judged; a name is cut to what a row has room for."""
    seen: dict[str, Any] = {"country": "DE", "place": (52.5, 13.25), "browser": "Safari on macOS", "system": "macos",
                            "device": "d1", "step": AddressStep.BLOCK, "new_device": False}
    id_ = kept.add(5.0, "2001:db8:1:2::9", "u" * 200, state=OPEN, score=12.34, level=HIGH, **seen)
    one = kept.found(id_)
    assert one.seen == Seen(kept.now + 5.0, networks_of("2001:db8:1:2::9"), **seen)
    assert (one.subject, one.name) == ("u" * 200, ("U" + "u" * 127))
    assert (one.score, one.level, one.outcome, one.state) == (12.34, HIGH, PASSED, OPEN)
    assert one.parts == (Part("new", 1.3, "because"),)
    told = sign_ins.described(one)
    assert (told["address"], told["score"], told["level"], told["state"]) == ("2001:db8:1:2::/64", 12.3, "high", "open")
    unknown = kept.found(kept.add(6.0, "192.0.2.8", level=UNKNOWN, new_device=None))
    assert (unknown.seen.place, unknown.seen.new_device) == (None, None)
    assert sign_ins.described(unknown)["level"] == "unknown"


def test_one_that_is_not_there(kept: Kept) -> None:
    """With the command that lists them."""
    with pytest.raises(NotFound, match=r"no sign-in 'x' whose risk is known; see appproxy risk list --all"):
        kept.read(sign_ins.find, "x")


@pytest.mark.parametrize("other", [
    {"address": "192.0.2.8"}, {"browser": "Chrome on Linux"}, {"subject": "bob"}, {"outcome": ASKED}, {"session": "t"},
])  # fmt: skip
def test_applications_of_one_session(kept: Kept, other: dict[str, Any]) -> None:
    """Are one sign-in, however long it lasts; from elsewhere, or with another outcome, it is another one."""
    assert kept.add(session="s")
    assert kept.add(300 * DAY, session="s") == ""
    assert kept.add(1.0, **{"session": "s", **other})


@pytest.mark.parametrize("outcome", [ASKED, REFUSED])
def test_tries_of_one_hour(kept: Kept, outcome: SignInOutcome) -> None:
    """From one place are one, whichever session they would have had; an hour later they are told of again."""
    assert kept.add(0.0, outcome=outcome)
    assert kept.add(HOUR - 1.0, outcome=outcome) == ""
    assert kept.add(HOUR, outcome=outcome)


@pytest.mark.parametrize(("state", "teaches"), [
    (USUAL, True), (RiskState.PROVED, True), (RiskState.DISMISSED, True), (OPEN, False), (CONFIRMED, False)])
def test_what_teaches(kept: Kept, state: RiskState, teaches: bool) -> None:
    """What was usual, was proved, or an admin has dismissed; the newest first."""
    kept.add(0.0, "192.0.2.1")
    id_ = kept.add(1.0, "192.0.2.2")
    kept.mark(id_, state)
    assert kept.teaching() == (["192.0.2.2", "192.0.2.1"] if teaches else ["192.0.2.1"])


def test_two_weeks_without_an_objection(kept: Kept) -> None:
    """Then one that has passed teaches; one that was asked for more, or was an attack, never does."""
    kept.add(0.0, "192.0.2.1", state=OPEN)
    kept.add(0.0, "192.0.2.2", state=OPEN, outcome=ASKED)
    kept.mark(kept.add(0.0, "192.0.2.3", session="x"), CONFIRMED)
    assert kept.teaching(UNDISPUTED) == []
    assert kept.teaching(UNDISPUTED + 0.5) == ["192.0.2.1"]


def test_the_newest_that_teach_are_kept(kept: Kept) -> None:
    """Of each user so many: others lose nothing by it."""
    kept.add(-1.0, "192.0.2.99", "bob")
    for number in range(MOST_FORMER + 3):
        kept.add(float(number), f"192.0.2.{number}")
    assert kept.teaching() == [f"192.0.2.{number}" for number in reversed(range(3, MOST_FORMER + 3))]
    assert kept.teaching(subject="bob") == ["192.0.2.99"]


def test_whoever_goes_on_to_try_pushes_out_no_attack(kept: Kept) -> None:
    """What an admin has confirmed stays: else the network would be as good as any other again, and the user, too."""
    kept.mark(kept.add(0.0, "203.0.113.1", state=OPEN), CONFIRMED)
    usual = kept.add(1.0, "192.0.2.1")
    for number in range(60):
        kept.add(2.0 + number, f"198.51.100.{number}", state=OPEN, outcome=ASKED)
    assert kept.read(sign_ins.is_attacked, "builtin", "ann")
    assert kept.read(sign_ins.attacks_from, "203.0.113.1", kept.now - 1.0) == 1
    assert kept.found(usual).state is USUAL
    assert len(kept.read(sign_ins.held, "builtin", "ann")) == 20
    with kept.store.transaction(kept.now + 180 * DAY + 0.5) as tx:
        sign_ins.purge(tx)
    assert not kept.read(sign_ins.is_attacked, "builtin", "ann")


def test_attacks_from_a_network(kept: Kept) -> None:
    """Those that were confirmed, since then, from there."""
    for at, address in ((0.0, "203.0.113.1"), (10.0, "203.0.113.1"), (20.0, "203.0.113.2")):
        kept.mark(kept.add(at, address, session=f"{at}"), CONFIRMED)
    kept.add(30.0, "203.0.113.1", state=OPEN)
    assert [kept.read(sign_ins.attacks_from, "203.0.113.1", kept.now + since) for since in (-1.0, 0.0, 10.0)] == [2, 1, 0]


def test_a_second_factor_settles_what_came_from_the_same_place(kept: Kept) -> None:
    """And nothing else: not of another browser or address, of somebody else, or what was an attack."""
    same = kept.add(0.0, "203.0.113.1", state=OPEN)
    attack = kept.add(1.0, "203.0.113.1", session="x")
    kept.mark(attack, CONFIRMED)
    others = [kept.add(2.0, "203.0.113.2", state=OPEN), kept.add(3.0, "203.0.113.1", state=OPEN, browser="Chrome on Linux"),
              kept.add(4.0, "203.0.113.1", "bob", state=OPEN)]
    with kept.store.transaction(kept.now) as tx:
        settled = sign_ins.settle(tx, "builtin", "ann", kept.found(same).seen)
    assert [(one.id, one.state) for one in settled] == [(same, OPEN)]
    assert kept.found(same).state is RiskState.PROVED and kept.found(attack).state is CONFIRMED
    assert [kept.found(one).state for one in others] == [OPEN] * 3


def test_neighbours(kept: Kept) -> None:
    """Other users who have passed from an address since then, each once; and for whom it was a new one."""
    kept.add(0.0, "203.0.113.1")
    kept.add(1.0, "203.0.113.1", "bob", step=AddressStep.ADDRESS)
    kept.add(2.0, "203.0.113.1", "bob", step=AddressStep.ADDRESS)
    kept.add(3.0, "203.0.113.1", "cora", step=AddressStep.NONE)
    kept.add(4.0, "203.0.113.1", "dan", step=AddressStep.FIRST)
    kept.add(5.0, "203.0.113.1", "eve", outcome=ASKED)
    kept.add(6.0, "203.0.113.2", "fay")
    ask = ("203.0.113.1", "builtin", "ann")
    assert kept.read(sign_ins.neighbours, *ask, kept.now - 1.0) == (3, 1)
    assert kept.read(sign_ins.neighbours, *ask, kept.now + 3.0) == (1, 0)
    assert kept.read(sign_ins.neighbours, "192.0.2.1", "builtin", "ann", 0.0) == (0, 0)


def test_listing(kept: Kept) -> None:
    """The newest first; of one user, of some levels, so many, or a page by id."""
    ids = [kept.add(float(number), f"192.0.2.{number}", "ann" if number % 2 else "bob", level=(LOW, HIGH, UNKNOWN)[number % 3])
           for number in range(6)]

    def listed(**asked: Any) -> list[str]:
        with kept.store.reading() as reading:
            return [one.id for one in sign_ins.list_all(reading, **asked)]

    assert listed() == ids[::-1] and listed(limit=2) == [ids[5], ids[4]]
    assert listed(provider="builtin", subject="ann") == [ids[5], ids[3], ids[1]] and listed(provider="corp") == []
    assert listed(levels=(HIGH,)) == [ids[4], ids[1]] and listed(levels=(HIGH, UNKNOWN), limit=1) == [ids[5]]
    first = listed(page=ListPage(4))
    assert first == sorted(ids)[:4] and listed(page=ListPage(4, after=first[-1])) == sorted(ids)[4:]


def test_scores(kept: Kept) -> None:
    """The newest of those with a level, since then."""
    for number, level in enumerate((LOW, UNKNOWN, HIGH, LOW)):
        kept.add(float(number), score=float(number), level=level)
    assert kept.read(sign_ins.scores, kept.now - 1.0, 10) == [3.0, 2.0, 0.0]
    assert kept.read(sign_ins.scores, kept.now, 10) == [3.0, 2.0] and kept.read(sign_ins.scores, 0.0, 1) == [3.0]


def test_what_is_held_against_a_user(kept: Kept) -> None:
    """What is open, and theirs."""
    kept.add(0.0, state=OPEN, score=13.0)
    kept.add(1.0)
    kept.add(2.0, subject="bob", state=OPEN)
    assert kept.read(sign_ins.held, "builtin", "ann") == [(kept.now, 13.0)]


def test_half_a_year(kept: Kept) -> None:
    """Older ones are forgotten."""
    old = kept.add(0.0)
    for at, there in ((180 * DAY, True), (180 * DAY + 0.5, False)):
        with kept.store.transaction(kept.now + at) as tx:
            sign_ins.purge(tx)
        assert bool(kept.read(sign_ins.list_all)) is there, old
