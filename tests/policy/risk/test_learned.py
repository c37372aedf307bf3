"""The learned part: likelihood ratios, one feature at a time."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appproxy.policy.risk.features import AddressStep, Seen, networks_of
from appproxy.policy.risk.learned import LEAST, MOST, learned, points_of, step_weights

NOON = 1_700_481_600.0
ONE = Seen(NOON, networks_of("192.0.2.7"), "DE", None, "Firefox on Linux", "linux", "d", AddressStep.ADDRESS, False)


def points(seen: Seen, history: list[Seen], counts: dict[tuple[str, str], float]) -> dict[str, float]:
    """By part."""
    return {part.name: part.points for part in learned(seen, history, counts)}


@given(st.floats(0.0, 1e300))
def test_points_are_bounded(ratio: float) -> None:
    """And ten of them are a factor of ten."""
    assert LEAST <= points_of(ratio) <= MOST
    assert points_of(10.0) == pytest.approx(10.0) and points_of(1.0) == 0.0


@given(
    st.lists(st.sampled_from(AddressStep), max_size=40),
    st.dictionaries(st.sampled_from([s.value for s in AddressStep]), st.floats(0, 1e9)))
def test_weights_are_a_distribution(steps: list[AddressStep], counted: dict[str, float]) -> None:
    """None is nothing, and together they are one."""
    weights = step_weights([replace(ONE, step=step) for step in steps], {("step", key): n for key, n in counted.items()})
    assert sum(weights.values()) == pytest.approx(1.0)
    assert all(weight > 0.0 for weight in weights.values())


def test_a_network_that_everybody_uses_tells_less() -> None:
    """To come from one's own is less of a proof where all do, and from a new one no more of a suspicion."""
    rare = {("all", ""): 1000.0, ("address", "192.0.2.7"): 5.0}
    common = {**rare, ("address", "192.0.2.7"): 900.0, ("block", "192.0.2.0/24"): 900.0, ("range", "192.0.0.0/16"): 900.0,
              ("country", "DE"): 900.0}
    assert points(ONE, [ONE] * 5, rare)["network"] < points(ONE, [ONE] * 5, common)["network"] <= 0.5


def test_hours_wrap_around_midnight() -> None:
    """Who works at 23:00 is no stranger at 0:00."""
    late = replace(ONE, time=23 * 3600.0)
    counts = {("all", ""): 240.0, **{("hour", str(hour)): 10.0 for hour in range(24)}}
    near, far = (points(replace(ONE, time=hour * 3600.0), [late] * 20, counts)["hour"] for hour in (0, 12))
    assert near < 0.0 < far


def test_who_loses_every_cookie_is_not_suspected_for_it() -> None:
    """A new device is as usual for them; for others it is not."""
    counts = {("all", ""): 1000.0, ("device", "new"): 20.0, ("device", "known"): 980.0}
    new = replace(ONE, new_device=True)
    private, other = points(new, [new] * 20, counts)["device"], points(new, [ONE] * 20, counts)["device"]
    assert private < 3.0 < 10.0 < other
    assert "device" not in points(replace(ONE, new_device=None), [ONE] * 20, counts)
