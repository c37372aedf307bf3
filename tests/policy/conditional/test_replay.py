"""Replayed decisions are the gate's: on generated sets, and in what is said of those who would get another answer."""

from __future__ import annotations

from dataclasses import replace
from random import Random
from typing import Any

import pytest

from appproxy.policy.conditional.compiled import PolicySet
from appproxy.policy.conditional.documents.reading import read_policy
from appproxy.policy.conditional.documents.strengths import strengths_of
from appproxy.policy.conditional.facts import Asked
from appproxy.policy.conditional.locations import Locations
from appproxy.policy.conditional.logged import Logged, Outcome
from appproxy.policy.conditional.model import Location
from appproxy.policy.conditional.replay import Replay, Report
from tests.policy.conditional import generated
from tests.policy.conditional.people import NOON
from tests.policy.conditional.test_compiled import compiled, judged, limited, policy, said

ANN = Logged(NOON, "a1", "builtin", "ann", Outcome.PASS, auth_time=NOON - 600.0, client="10.0.0.1")


def sets(*documents: dict[str, Any]) -> PolicySet:
    """With one location, a /32."""
    office = Locations([Location("office", ("10.0.0.1/32", "192.0.2.0/24"))])
    return PolicySet([read_policy(one) for one in documents], office, strengths_of([]))


def replayed(after: PolicySet, *entries: Logged, before: PolicySet | None = None) -> Report:
    """What a replay finds."""
    made = Replay(after, before)
    for one in entries:
        made.add(one)
    return made.report


def changes(report: Report) -> dict[tuple[str, str], int]:
    """Before and after, in words."""
    return {(before.value, after.value): tally.decisions for (before, after), tally in report.changes.items()}


def outcome_of(policies: PolicySet, entry: Logged, asked: Asked) -> Outcome:
    """What the gate's own question comes to."""
    decision = judged(policies, entry.application, entry, entry.now, asked)  # type: ignore[arg-type]
    word = said(decision)[0]
    if word == "pass" and decision is not None and limited(decision):
        return Outcome.LIMITED
    return {"pass": Outcome.PASS, "ask": Outcome.ASKED, "block": Outcome.REFUSED}[word]


@pytest.mark.parametrize("seed", range(40))
def test_it_is_the_gates_decision(seed: int) -> None:
    """With some policies changed, some new and some gone, whichever parts are decided once."""
    random = Random(seed)
    documents = [generated.document(random, f"p{number}") for number in range(8)]
    others = [generated.document(random, f"p{number}") for number in range(4, 10)]
    before, after = compiled(documents), compiled(others)
    shared = compiled(documents[:4])
    both = [PolicySet([*shared.policies.values(), *made.policies.values()], made.locations, made.strengths, (), made.contexts)
            for made in (compiled(documents[4:]), after)]
    for _ in range(15):
        person, asked, now = generated.person(random), generated.request(random), generated.moment(random)
        entry = Logged(
            now, random.choice(generated.APPLICATIONS), person.provider, person.subject, Outcome.PASS, "", person.groups,
            person.acr, person.amr, person.auth_time, credential=person.credential, client=asked.client,
            user_agent=asked.user_agent, method=asked.method, path=asked.path, upgrade=asked.upgrade,
            elsewhere=asked.elsewhere)
        for old, new in ((before, after), (both[0], both[1])):
            expected = outcome_of(old, entry, asked), outcome_of(new, entry, asked)
            found = replayed(new, entry, before=old)
            assert changes(found) == ({} if expected[0] is expected[1] else {
                (expected[0].value, expected[1].value): 1})


def test_the_log_itself_is_compared_where_nothing_is_proposed() -> None:
    """What was decided then, and what would be now."""
    found = replayed(sets(policy()), ANN, replace(ANN, outcome=Outcome.REFUSED), replace(ANN, subject="bob"))
    assert changes(found) == {("pass", "refused"): 2}
    [tally] = found.changes.values()
    assert (tally.users, tally.examples) == (2, [("ann", "a1", "p"), ("bob", "a1", "p")])
    assert (found.decisions, found.first, found.last) == (3, NOON, NOON)


def test_each_policy_has_its_part() -> None:
    """Also those that are only reported, which change nothing."""
    made = sets(
        policy(name="block", conditions={"locations": {"exclude": ["office"]}}), policy(name="try", state="report-only"),
        policy(name="ask", grant={"require": ["mfa"]}), policy(name="read", grant={}, session={"read_only": True}))
    found = replayed(made, ANN, replace(ANN, client="198.51.100.1"), replace(ANN, amr=("mfa",)))
    assert {key: (tally.decisions, tally.users) for key, tally in found.hits.items()} == {
        ("block", "refuses"): (1, 1), ("try", "refuses"): (3, 1), ("ask", "asks for more"): (2, 1), ("read", "limits"): (3, 1)}
    assert changes(found) == {("pass", "asked for more"): 1, ("pass", "refused"): 1, ("pass", "limited"): 1}


def test_what_the_log_does_not_have_is_said() -> None:
    """Last bits of addresses where a location is smaller; where a session began, if a policy would bind it."""
    elsewhere = policy(conditions={"locations": {"include": ["office"]}})
    cut, whole = replace(ANN, client="10.0.0.0", truncated=True), replace(ANN, client="192.0.2.0", truncated=True)
    assert replayed(sets(elsewhere), ANN, cut, whole).unsure == 1
    assert replayed(sets(policy()), cut).unsure == 0
    bound = sets(policy(grant={}, session={"bound_to_network": True}))
    assert replayed(bound, ANN).unsure == 1
    found = replayed(bound, replace(ANN, network="10.0.0.1"), replace(ANN, network="10.0.0.2"))
    assert (found.unsure, changes(found)) == (0, {("pass", "asked for more"): 1})


def test_who_is_exempt_passes() -> None:
    """As at the gate."""
    made = PolicySet([read_policy(policy())], exempt=[("builtin", "ann")])
    assert changes(replayed(made, ANN)) == {}


def test_parts_of_a_log_are_merged() -> None:
    """As if they were one; a user of both is one user."""
    bob = replace(ANN, subject="bob", now=NOON + 9.0)
    entries = [replace(ANN, skipped=2), *[replace(ANN, subject=f"u{number}") for number in range(20)], bob]
    whole = replayed(sets(policy()), *entries, bob)
    merged = replayed(sets(policy()), *entries[:12])
    merged.merge(replayed(sets(policy()), *entries[12:], bob))
    for one in (whole, merged):
        assert (one.decisions, one.skipped, one.first, one.last) == (23, 2, NOON, NOON + 9.0)
        assert [(tally.decisions, tally.users) for tally in one.changes.values()] == [(23, 22)]
        assert [(tally.decisions, tally.users) for tally in one.hits.values()] == [(23, 22)]
    empty = Report()
    empty.merge(whole)
    assert (empty.first, empty.decisions) == (NOON, 23)


def test_a_policy_about_risk_is_tried_on_the_log() -> None:
    """By the levels of then; who had none is asked by a policy that only leaves low ones out."""
    entries = [replace(ANN, sign_in_risk=level, user_risk=user) for level, user in (
        ("", ""), ("low", "low"), ("high", "low"), ("low", "high"))]
    ask = {"name": "ask", "state": "on", "users": {"include": ["all"]}, "applications": {"include": ["all"]},
           "grant": {"require": ["mfa"]}}
    for conditions, asked in (
        ({"sign_in_risk": {"include": ["high"]}}, 1), ({"sign_in_risk": {"exclude": ["low"]}}, 2),
        ({"user_risk": {"include": ["high"]}}, 1), ({"user_risk": {"include": ["low"]}}, 3),
    ):
        assert changes(replayed(sets({**ask, "conditions": conditions}), *entries)) == {("pass", "asked for more"): asked}
