"""The measurement of risk: the same each time, and the model better than a rule about countries."""

from __future__ import annotations

from bench.risk import found, is_attack, is_new_network, judged, report, threshold_at
from bench.sign_ins import ATTACKS, KINDS, Kind, SignIns


def test_made_up_sign_ins() -> None:
    """One in a hundred is an attack, of each kind as many as is said; the same seed gives the same."""
    made = SignIns(100, 60, 3).all()
    assert made == SignIns(100, 60, 3).all() and made != SignIns(100, 60, 4).all()
    attacks = [one for one in made if one.kind is not Kind.OWN]
    assert abs(len(attacks) / len(made) - ATTACKS) < 0.002
    for kind, share in KINDS:
        assert abs(sum(one.kind is kind for one in attacks) - share * len(attacks)) <= 1.0
    assert [one.time for one in made] == sorted(one.time for one in made)


def test_what_is_found() -> None:
    """At one step-up in twenty sign-ins most takeovers from new networks, and more than by the rule."""
    told = judged(1, 120, 60)
    at = threshold_at([one.told.score for one in told], 0.05)
    fresh = [one for one in told if is_new_network(one)]
    assert len(fresh) > 15
    assert found(fresh, at) >= 0.85
    assert found(fresh, at) > sum(one.new_country for one in fresh) / len(fresh)
    assert sum(one.told.score >= at for one in told) / len(told) <= 0.051
    lines = report(told)
    assert f"{len(told)} sign-ins, {sum(map(is_attack, told))} attacks" in lines[0]
    assert any("rule: new country" in line for line in lines)
