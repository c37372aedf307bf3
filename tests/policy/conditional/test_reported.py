"""What policies would have done that are only reported."""

from __future__ import annotations

from random import Random

import pytest

from appproxy.policy.conditional.compiled import NO_POLICIES
from appproxy.policy.conditional.reported import ASKS, LIMITS, REFUSES, Reported, report
from tests.policy.conditional import generated
from tests.policy.conditional.people import NOON, Person
from tests.policy.conditional.test_compiled import compiled, judged, policy


@pytest.mark.parametrize("seed", range(60))
def test_it_is_what_the_gate_would_do(seed: int) -> None:
    """The same policies as if they were on: each that decides is a hit, and none else."""
    random = Random(seed)
    numbers = range(random.randint(1, 8))
    documents = [{**generated.document(random, f"p{number}"), "state": "report-only"} for number in numbers]
    reporting = compiled(documents, reporting=True)
    counting = compiled([{**one, "state": "on"} for one in documents])
    for _ in range(20):
        application, person = random.choice(generated.APPLICATIONS), generated.person(random)
        asked = (application, person, generated.moment(random), generated.request(random))
        program, decision = reporting.program(application), judged(counting, *asked)
        if program is None or decision is None:
            assert program is None and decision is None
            continue
        found = report(program, program.facts(*asked[1:]))
        names = {does: {one.policy for one in found.hits if one.does == does} for does in (REFUSES, ASKS, LIMITS)}
        assert names[REFUSES] == {one.name for one in decision.blocked}
        assert names[ASKS] >= {one.name for one in decision.lacking}
        limited = () if decision.controls.transfers is None else decision.controls.transfers.rules
        assert names[LIMITS] <= {rule.policy for _, rule in limited} | names[ASKS] | names[LIMITS]
        assert {one.policy for one in found.hits}.isdisjoint(found.passing)


def reported(person: Person, **fields: object) -> Reported:
    """One policy that is only reported, for a request of somebody."""
    program = compiled([policy(state="report-only", **fields)], reporting=True).program("wiki")
    assert program is not None
    return report(program, program.facts(person, NOON, generated.request(Random(1))))


def test_reasons_can_be_counted() -> None:
    """What is asked for, and the facts that have few values."""
    found = reported(Person(), grant={"require": ["mfa"]}, conditions={"clients": {"include": ["browser"]}})
    [hit] = found.hits
    assert (hit.does, hit.because) == (ASKS, "the authentication strength 'mfa'; clients: browser")
    found = reported(Person(), grant={"block": True})
    assert [(hit.does, hit.because) for hit in found.hits] == [(REFUSES, "blocked")]
    found = reported(Person(), grant={}, session={"read_only": True})
    assert [(hit.does, hit.because) for hit in found.hits] == [(LIMITS, "read-only")]
    found = reported(Person(), grant={"block": True}, conditions={"clients": {"include": ["native"]}})
    assert (found.hits, found.passing) == ([], ["p"])


def test_without_any_there_is_nothing_to_look_at() -> None:
    """So that a request pays for nothing."""
    assert compiled([policy(state="on"), policy(name="q", state="off")]).reporting() is NO_POLICIES
    assert compiled([policy(state="report-only")]).reporting().program("wiki") is not None
