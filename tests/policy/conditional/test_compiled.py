"""Compiled policies against the text of the rule, on generated sets; and what must be true of every set."""

from __future__ import annotations

from dataclasses import replace
from math import inf
from random import Random

import pytest

from appproxy.policy.conditional.compiled import NO_POLICIES, PolicySet
from appproxy.policy.conditional.decision import Decision
from appproxy.policy.conditional.documents.contexts import read_context
from appproxy.policy.conditional.documents.reading import read_location, read_policy, read_strength
from appproxy.policy.conditional.explanation import Effect, explain
from appproxy.policy.conditional.facts import Asked
from appproxy.policy.conditional.locations import Locations
from appproxy.policy.conditional.parts.contexts import Contexts
from tests.policy.conditional import generated, naive
from tests.policy.conditional.people import NOON, Person

#: Sets, and requests to each, of the usual run; a hundred times as many by `python -m bench.policies --rule`.
SETS, REQUESTS = 60, 20
ANN, FRONT_PAGE = Person(), Asked()
WORLD = naive.World(
    generated.LOCATIONS, generated.STRENGTHS, generated.CONTEXTS, generated.TAGGED, generated.PATHS)


def compiled(documents: list[generated.Document], *, reporting: bool = False) -> PolicySet:
    """A set of these."""
    locations = Locations(read_location(one) for one in generated.LOCATIONS)
    strengths = {name: read_strength({"name": name, "any_of": ways}) for name, ways in generated.STRENGTHS.items()}
    contexts = Contexts(read_context(one, generated.TAGGED) for one in generated.CONTEXTS)
    return PolicySet([read_policy(one, 0.0, generated.TAGGED) for one in documents], locations, strengths, (), contexts,
                     reporting=reporting)


def judged(
    policies: PolicySet, application: str, person: Person = ANN, now: float = NOON, asked: Asked = FRONT_PAGE,
) -> Decision | None:
    """What a set decides; None where nothing can apply."""
    program = policies.program(application)
    return None if program is None else program.decide(program.facts(person, now, asked))


def said(decision: Decision | None) -> tuple[str, frozenset[str], float]:
    """A decision as the naive reference says it."""
    if decision is None:
        return "pass", frozenset(), inf
    if decision.blocked:
        return "block", frozenset(), inf
    return "ask" if decision.demand else "pass", decision.demand.strengths, decision.demand.max_age


def limited(decision: Decision) -> set[str]:
    """What of a session is limited, as the naive reference says it."""
    rules = () if decision.controls.transfers is None else decision.controls.transfers.rules
    names = {name.replace(" ", "_").replace("-", "_") for name, _ in rules}
    return names | {"no_upgrade" for _, rule in rules if not rule.upgrades}


def check_rule(seed: int, requests: int = REQUESTS) -> None:
    """One generated set agrees with the text of the rule on every request, and with itself on what must always hold."""
    random = Random(seed)
    documents = [generated.document(random, f"p{number}") for number in range(random.randint(1, 8))]
    policies = compiled(documents)
    # Later than the first, so that state and order can be told apart from it.
    blocking = {"name": "more", "state": "on", "users": {"include": ["all"]}, "applications": {"include": ["all"]},
                "conditions": {"locations": generated.lists(random, ("office", "one"))}, "grant": {"block": True}}
    stricter = compiled([*documents, blocking])
    counting = compiled([one for one in documents if one["state"] == "on"])
    for _ in range(requests):
        application, person = random.choice(generated.APPLICATIONS), generated.person(random)
        now, request = generated.moment(random), generated.request(random)
        asked = (application, person, now, request)
        decision = judged(policies, *asked)
        found = said(decision)
        expected = naive.outcome(documents, WORLD, *asked)
        assert found == expected, (documents, asked)
        if decision is not None and found[0] == "pass":
            assert limited(decision) == naive.limits(documents, WORLD, *asked)
        assert found[0] == "pass" or said(judged(stricter, *asked))[0] != "pass", "a blocking policy has granted"
        assert said(judged(counting, *asked)) == found, "a policy that is not on has changed an answer"
        _check_explained(policies, asked, found)
        if decision is not None and now < decision.holds_until < inf:
            early = random.uniform(now, decision.holds_until)
            assert said(judged(policies, application, person, early, request)) == found, "it did not hold so long"


def _check_explained(
    policies: PolicySet, asked: tuple[str, Person, float, Asked], found: tuple[str, frozenset[str], float]
) -> None:
    """What `explain` says policy by policy comes to the same answer."""
    application, person, now, request = asked
    program = policies.program(application)
    if program is None:
        return
    effects = {one.effect for one in explain(
        policies.policies.values(), program.facts(person, now, request), application) if one.counts}
    expected = "block" if Effect.BLOCKS in effects else "ask" if Effect.ASKS in effects else "pass"
    assert expected == found[0]


@pytest.mark.parametrize("seed", range(SETS))
def test_the_rule(seed: int) -> None:
    """Generated policies and requests."""
    check_rule(seed)


def policy(**fields: object) -> generated.Document:
    """A policy for everybody and everything that blocks, but for what is given."""
    return {"name": "p", "state": "on", "users": {"include": ["all"]}, "applications": {"include": ["all"]},
            "grant": {"block": True}, **fields}


def test_without_policies_nothing_is_asked() -> None:
    """The usual service: no program at all."""
    assert NO_POLICIES.program("a1") is None
    assert NO_POLICIES.next_edge(NOON) == inf


def test_only_applications_that_are_meant_have_a_program() -> None:
    """The others cost nothing."""
    made = compiled([policy(applications={"include": ["a1"]}), policy(name="off", state="off")])
    assert made.program("a1") is not None
    assert made.program("a2") is None
    assert compiled([policy(state="report-only")]).program("a1") is None
    assert compiled([policy(state="report-only")], reporting=True).program("a1") is not None


def test_an_excluded_application_is_left_alone() -> None:
    """A policy for all but one."""
    made = compiled([policy(applications={"include": ["all"], "exclude": ["a2"]})])
    assert said(judged(made, "a1"))[0] == "block"
    assert said(judged(made, "a2"))[0] == "pass"


@pytest.mark.parametrize(("conditions", "expected"), [
    ({}, 0), ({"locations": {"include": ["office"]}}, 1), ({"platforms": {"exclude": ["ios"]}}, 2),
    ({"strengths": {"exclude": ["mfa"]}}, 0), ({"clients": {"include": ["native"]}}, 0),
    ({"contexts": {"include": ["payroll"]}}, 4),
])
def test_it_says_what_of_a_request_it_looks_at(conditions: dict[str, object], expected: int) -> None:
    """A memo needs no more in its key."""
    program = compiled([policy(conditions=conditions)]).program("a1")
    assert program is not None
    assert program.varies == expected


def test_a_bound_session_looks_at_the_address() -> None:
    """Network binding is no condition, but looks at the network."""
    program = compiled([policy(grant={}, session={"bound_to_network": True})]).program("a1")
    assert program is not None
    assert program.binds
    assert program.varies == 1


def test_groups_are_known_since() -> None:
    """Sessions from before the moment at which a group was named first may lack it."""
    made = PolicySet([read_policy(policy(users={"include": ["group:g"]}), 50.0), read_policy(policy(name="q"), 0.0)])
    program = made.program("a1")
    assert program is not None
    assert program.groups_since("builtin") == 50.0
    assert program.groups_since("corp") == 0.0
    assert made.groups_of("builtin") == {"g"}


def test_an_unknown_time_of_sign_in_is_older_than_anything() -> None:
    """A provider that does not tell is asked."""
    made = compiled([policy(grant={"sign_in_within": "7d"})])
    assert said(judged(made, "a1", replace(Person(), auth_time=0.0))) == ("ask", frozenset(), 7 * 86400.0)


def test_what_is_under_way_does_not_grow_old() -> None:
    """A download goes on; the next request is asked."""
    program = compiled([policy(grant={"sign_in_within": "5m"}, session={"sign_in_frequency": "5m"})]).program("a1")
    assert program is not None
    facts = program.facts(Person(), NOON, Asked())
    assert program.decide(facts).demand.max_age == 300.0
    assert not program.decide(facts, aged=False).demand


def test_the_strictest_session_control_counts() -> None:
    """Each on its own."""
    made = compiled([
        policy(name="1", grant={}, session={"idle": "30m", "persistent": False}),
        policy(name="2", grant={}, session={"idle": "1h", "sign_in_frequency": "8h"})])
    decision = judged(made, "a1")
    assert decision is not None
    assert (decision.controls.idle, decision.controls.frequency) == (1800.0, 28800.0)
    assert not decision.controls.persistent
    assert not decision.controls.bound
