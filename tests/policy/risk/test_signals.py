"""What happens around a sign-in."""

from __future__ import annotations

import pytest

from appproxy.policy.risk.features import Seen, networks_of
from appproxy.policy.risk.levels import Thresholds
from appproxy.policy.risk.signals import Circumstances, distance, signals

SEEN = Seen(0.0, networks_of("192.0.2.7"))


@pytest.mark.parametrize(("around", "names"), [
    (Circumstances(), []),
    (Circumstances(own_failures=4, failing_networks=2, failed_names=1, newcomers=4), []),
    (Circumstances(own_failures=5), ["failures"]), (Circumstances(failing_networks=3), ["guessed-elsewhere"]),
    (Circumstances(failed_names=2), ["many-names"]), (Circumstances(failed_names=30, signed_in_names=29), []),
    (Circumstances(newcomers=5), ["newcomers"]), (Circumstances(lists=("tor",)), ["listed"]),
    (Circumstances(compromised=1), ["compromised-network"]),
])
def test_what_is_a_signal(around: Circumstances, names: list[str]) -> None:
    """What happens every day is none."""
    assert [part.name for part in signals(SEEN, [], around)] == names


def test_lists_are_named() -> None:
    """And three of them are no more than they can be."""
    [one] = signals(SEEN, [], Circumstances(lists=("tor", "vpn", "bots")))
    assert (one.because, one.points) == ("in tor, vpn, bots", 18.0)


def test_distances() -> None:
    """Around the earth, and half of it at most."""
    assert distance((0.0, 0.0), (0.0, 0.0)) == 0.0
    assert distance((52.5, 13.4), (48.1, 11.6)) == pytest.approx(505, abs=5)
    assert distance((0.0, 0.0), (0.0, 180.0)) == pytest.approx(20015, abs=5)


@pytest.mark.parametrize("tried", [0, 1, 2, 5, 20])
def test_made_up_names_raise_the_risk_of_others_by_little(tried: int) -> None:
    """However many, and whatever else has failed there: four points, where ten are a factor of ten."""
    def points(idle: int) -> float:
        return sum(part.points for part in signals(SEEN, (), Circumstances(failed_names=tried, idle_names=idle)))

    assert points(10_000) - points(0) <= 4.0
    assert points(2) >= points(0)
    assert points(10_000) < Thresholds().medium or points(0) > 6.0
