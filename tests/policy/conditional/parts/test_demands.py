"""What policies ask for adds up to the strictest."""

from __future__ import annotations

from math import inf

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appproxy.policy.conditional.parts.demands import NOTHING, UNLIMITED, Demand, SessionControls
from appproxy.policy.conditional.parts.transfers import Rule, Transfers

demands = st.builds(Demand, st.frozensets(st.sampled_from(["mfa", "key"])), st.sampled_from([60.0, 600.0, inf]))
controls = st.builds(SessionControls, st.sampled_from([60.0, inf]), st.sampled_from([30.0, inf]), st.booleans(), st.booleans())


@given(demands, demands)
def test_both_demands_are_met_by_what_meets_their_sum(one: Demand, other: Demand) -> None:
    """And nothing more is asked than one of them asks."""
    both = one | other
    assert both == other | one and both.strengths == one.strengths | other.strengths
    assert both.max_age == min(one.max_age, other.max_age) and both | NOTHING == both
    assert bool(both) is (bool(one) or bool(other))


@pytest.mark.parametrize(("demand", "words"), [
    (NOTHING, ""), (Demand(frozenset({"mfa"})), "the authentication strength 'mfa'"),
    (Demand(max_age=90.0), "a sign-in of the last 1.5 minutes"),
    (Demand(frozenset({"b", "a"}), 3600.0),
     "the authentication strength 'a' and the authentication strength 'b' and a sign-in of the last 60 minutes"),
])
def test_a_demand_in_words(demand: Demand, words: str) -> None:
    """For pages and logs, always in the same order."""
    assert str(demand) == words and bool(demand) is bool(words)


@given(controls, controls)
def test_a_session_has_the_strictest_limits(one: SessionControls, other: SessionControls) -> None:
    """In each respect."""
    both = one | other
    assert both == other | one and both | UNLIMITED == both
    assert (both.frequency, both.idle) == (min(one.frequency, other.frequency), min(one.idle, other.idle))
    assert both.persistent is (one.persistent and other.persistent) and both.bound is (one.bound or other.bound)


def test_rules_of_transfers_stay() -> None:
    """Whichever of two has some; of both what both let through."""
    reading, down = (SessionControls(transfers=one) for one in (Transfers(Rule("p")), Transfers(download=Rule("q"))))
    assert (reading | UNLIMITED).transfers == (UNLIMITED | reading).transfers == reading.transfers
    assert (reading | down).transfers == Transfers(Rule("p"), Rule("q"))
    assert (UNLIMITED | UNLIMITED).transfers is None
