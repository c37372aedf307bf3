"""The score of a sign-in: properties that hold whatever the history is, and what people expect of it."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appproxy.policy.risk.features import AddressStep, Key, Seen, networks_of
from appproxy.policy.risk.learned import BASELINE, LEAST, MOST
from appproxy.policy.risk.levels import HIGH, LOW, MEDIUM, UNKNOWN, Thresholds
from appproxy.policy.risk.scoring import LEAST_LEARNED, judge, with_news
from appproxy.policy.risk.signals import Circumstances

NOON = 1_700_481_600.0
LEVELS = Thresholds()
QUIET = Circumstances()
#: What Ann does: from home, with the same browser, around noon.
HOME = Seen(NOON, networks_of("192.0.2.7"), "DE", (50.0, 8.0), "Firefox on Linux", "linux", "ann's laptop")


def usual(days: int = 20) -> list[Seen]:
    """Ann's sign-ins of the last days."""
    history: list[Seen] = []
    for day in range(days, 0, -1):
        history.append(with_news(replace(HOME, time=NOON - day * 86400.0), history))
    return history


def of_all(count: int = 400) -> dict[Key, float]:
    """What others have done: most in Ann's country, each from somewhere else, seldom with a new device."""
    counts: Counter[Key] = Counter()
    for number in range(count):
        seen = Seen(
            NOON + number * 300.0 % 36000.0, networks_of(f"198.51.{number % 200}.{number % 250}"),
            "DE" if number % 9 else "FR", None,
            ("Chrome on Windows", "Firefox on Linux")[number % 2], ("windows", "linux")[number % 2], f"d{number}",
            (AddressStep.ADDRESS, AddressStep.ADDRESS, AddressStep.RANGE, AddressStep.COUNTRY)[number % 4], number % 20 == 0)
        counts.update(seen.counted())
    return {key: float(value) for key, value in counts.items()}


addresses = st.sampled_from(["192.0.2.7", "192.0.2.9", "192.0.7.1", "198.51.100.1", "203.0.113.9", "2001:db8::1"])
seen_ones = st.builds(
    Seen, st.floats(NOON - 1e6, NOON), st.builds(networks_of, addresses), st.sampled_from(["", "DE", "FR", "US"]),
    st.sampled_from([None, (50.0, 8.0), (40.0, -74.0)]), st.sampled_from(["Firefox on Linux", "Chrome on Windows"]),
    st.sampled_from(["linux", "windows"]), st.sampled_from(["", "a", "b"]))
histories = st.lists(st.builds(
    lambda one, step, new: replace(one, step=step, new_device=new), seen_ones, st.sampled_from(AddressStep),
    st.sampled_from([None, True, False])), max_size=12)
amounts = st.integers(0, 40)
circumstances = st.builds(
    Circumstances, amounts, amounts, amounts, amounts, amounts, amounts,
    st.lists(st.sampled_from(["tor", "vpn"]), unique=True).map(tuple), amounts)


@given(seen_ones, histories, circumstances, st.integers(0, 5000))
def test_every_part_is_bounded(seen: Seen, history: list[Seen], around: Circumstances, count: int) -> None:
    """However rare or usual something is: no part decides alone, and there is no logarithm of nothing."""
    told = judge(seen, history, of_all(count) if count < 50 else COUNTS, around, LEVELS)
    names = {"network", "client", "hour", "device"}
    learned = [part for part in told.parts if part.name in names]
    assert all(LEAST <= part.points <= MOST for part in learned)
    assert all(part.points > 0.0 for part in told.parts if part.name not in names)
    assert told.score >= LEAST_LEARNED


COUNTS = of_all()


@pytest.mark.parametrize(
    "what", ["own_failures", "failing_networks", "failed_names", "idle_names", "newcomers", "compromised"])
@given(seen=seen_ones, history=histories, around=circumstances, more=st.integers(1, 30))
def test_more_of_a_bad_sign_never_lowers_the_score(
    what: str, seen: Seen, history: list[Seen], around: Circumstances, more: int
) -> None:
    """Nobody gets a better score by failing more often."""
    worse = replace(around, **{what: getattr(around, what) + more})
    assert judge(seen, history, COUNTS, worse, LEVELS).score >= judge(seen, history, COUNTS, around, LEVELS).score


@given(seen_ones, histories, circumstances)
def test_a_list_never_lowers_the_score(seen: Seen, history: list[Seen], around: Circumstances) -> None:
    """One more list that has the address."""
    worse = replace(around, lists=(*around.lists, "another"))
    assert judge(seen, history, COUNTS, worse, LEVELS).score >= judge(seen, history, COUNTS, around, LEVELS).score


@given(seen_ones, histories)
def test_a_known_device_is_never_worse_than_a_new_one(seen: Seen, history: list[Seen]) -> None:
    """All else being the same."""
    known = replace(seen, device="k")
    before = [*history, replace(HOME, device="k", step=AddressStep.ADDRESS, new_device=False)]
    device = {part.name: part.points for part in judge(known, before, COUNTS, QUIET, LEVELS).parts}.get("device", 0.0)
    new = judge(replace(known, device="n"), before, COUNTS, QUIET, LEVELS)
    assert device <= {part.name: part.points for part in new.parts}.get("device", 0.0)


def test_the_same_as_ever_is_low() -> None:
    """At home, with the own laptop."""
    told = judge(HOME, usual(), COUNTS, QUIET, LEVELS)
    assert (told.level, told.seen.step, told.seen.new_device) == (LOW, AddressStep.ADDRESS, False)
    assert told.score < 0.0


def test_a_stranger_from_far_away_is_high() -> None:
    """Another country, another browser, no device, at night: and each part says why."""
    seen = Seen(NOON - 36000.0 + 86400.0, networks_of("203.0.113.9"), "US", None, "Chrome on Windows", "windows", "another")
    told = judge(seen, usual(), COUNTS, QUIET, LEVELS)
    assert told.level == HIGH
    assert [part.name for part in told.parts] == ["network", "client", "hour", "device"]
    assert told.parts[0].because == "a new network, in no country of this user"
    assert told.score == pytest.approx(sum(part.points for part in told.parts))


def test_the_own_device_abroad_is_not_high() -> None:
    """A journey is no attack as long as the laptop comes along."""
    told = judge(replace(HOME, networks=networks_of("203.0.113.9"), country="US", place=None), usual(), COUNTS, QUIET, LEVELS)
    assert told.level != HIGH


def test_before_there_is_a_baseline_the_level_is_unknown() -> None:
    """Of a young organisation as of a new user; but what is signalled counts at once."""
    few = {key: value * (BASELINE - 1) / 400.0 for key, value in COUNTS.items()}
    for history, counts in ((usual(), few), (usual(2), COUNTS), ([], {})):
        told = judge(HOME, history, counts, QUIET, LEVELS)
        assert (told.level, told.parts, told.score) == (UNKNOWN, (), 0.0)
    attacked = Circumstances(own_failures=2, failed_names=12)
    told = judge(HOME, [], {}, attacked, LEVELS)
    assert (told.level, [part.name for part in told.parts]) == (MEDIUM, ["many-names"])
    told = judge(HOME, [], {}, replace(attacked, lists=("tor",)), LEVELS)
    assert told.level == HIGH


def test_an_office_that_mistypes_is_no_stuffing() -> None:
    """Many names fail where many more sign in."""
    office = Circumstances(failed_names=30, signed_in_names=300)
    assert judge(HOME, usual(), COUNTS, office, LEVELS).level == LOW
    assert judge(HOME, usual(), COUNTS, replace(office, signed_in_names=0), LEVELS).score >= 10.0


def test_nobody_flies_so_fast() -> None:
    """New York, an hour after Frankfurt; the day after is no matter."""
    far = replace(HOME, place=(40.7, -74.0))
    soon = judge(replace(far, time=NOON - 86400.0 + 3600.0), usual(), COUNTS, QUIET, LEVELS)
    assert [part.because for part in soon.parts if part.name == "travel"] == ["6164 km from the last sign-in, 1.0 h before"]
    assert "travel" not in {part.name for part in judge(far, usual(), COUNTS, QUIET, LEVELS).parts}


def test_who_always_travels_is_less_suspicious_abroad() -> None:
    """How often somebody comes from a new network is learned, too."""
    history: list[Seen] = []
    for day in range(20, 0, -1):
        history.append(with_news(replace(
            HOME, time=NOON - day * 86400.0, networks=networks_of(f"203.{day}.0.1"), country=("US", "FR", "JP")[day % 3],
        ), history))
    new = replace(HOME, networks=networks_of("198.18.0.1"), country="BR", place=None)
    traveller, homely = (judge(new, one, COUNTS, QUIET, LEVELS).score for one in (history, usual()))
    assert traveller < homely - 3.0
