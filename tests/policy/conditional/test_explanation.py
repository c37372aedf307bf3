"""Each policy says what it does and which fact decides; that it agrees with the gate is tested with the rule."""

from __future__ import annotations

from typing import Any

import pytest

from appproxy.policy.conditional.explanation import Effect, explain
from appproxy.policy.conditional.facts import Asked
from tests.policy.conditional.people import NOON, Person
from tests.policy.conditional.test_compiled import compiled, policy

HOURS = {"times": {"include": [{"from": "08:00", "to": "09:00", "zone": "UTC"}]}}


@pytest.mark.parametrize(("fields", "effect", "because"), [
    ({}, Effect.BLOCKS, "grant.block"),
    ({"state": "off"}, Effect.OFF, "state"),
    ({"applications": {"include": ["a2"]}}, Effect.NOT_APPLIED, "applications"),
    ({"users": {"include": ["user:bob"]}}, Effect.NOT_APPLIED, "users.include"),
    ({"users": {"include": ["all"], "exclude": ["user:ann"]}}, Effect.NOT_APPLIED, "users.exclude"),
    ({"conditions": {"locations": {"include": ["one"]}}}, Effect.NOT_APPLIED,
     "conditions.locations: all of ten, office, trusted"),
    ({"conditions": {"platforms": {"include": ["ios"]}}}, Effect.NOT_APPLIED, "conditions.platforms: unknown"),
    ({"conditions": {"contexts": {"include": ["writes"]}}}, Effect.NOT_APPLIED, "conditions.contexts: payroll"),
    ({"conditions": {"clients": {"include": ["native"]}}}, Effect.NOT_APPLIED, "conditions.clients: browser"),
    ({"conditions": {"providers": {"include": ["corp"]}}}, Effect.NOT_APPLIED, "conditions.providers: builtin"),
    ({"conditions": {"strengths": {"include": ["mfa"]}}}, Effect.NOT_APPLIED, "conditions.strengths: acr unknown, amr pwd"),
    ({"conditions": {"devices": {"include": ["proved"]}}}, Effect.NOT_APPLIED, "conditions.devices: no device is proved"),
    ({"conditions": {"sign_in_older_than": "1h"}}, Effect.NOT_APPLIED,
     "conditions.sign_in_older_than: signed in 10 minutes ago"),
    ({"conditions": HOURS}, Effect.NOT_APPLIED, "conditions.times: outside of its windows, or in one that is excluded"),
    ({"grant": {"require": ["mfa"], "sign_in_within": "5m"}}, Effect.ASKS,
     "the authentication strength 'mfa' and a sign-in of the last 5 minutes is not proved"),
    ({"grant": {}, "session": {"no_download": True, "read_only": True}}, Effect.MET,
     "all that it asks for is proved; read-only, no download"),
    ({"grant": {"sign_in_within": "1h"}}, Effect.MET, "all that it asks for is proved"),
])
def test_one_policy(fields: dict[str, Any], effect: Effect, because: str) -> None:
    """The first fact that decides."""
    made = compiled([policy(**fields)])
    program = compiled([policy(applications={"include": ["a1"]})]).program("a1")
    assert program is not None
    [explained] = explain(made.policies.values(), program.facts(Person(), NOON, Asked("10.0.0.1", path=b"/payroll/may")), "a1")
    assert (explained.effect, explained.because) == (effect, because)
    assert explained.counts is (fields.get("state", "on") == "on")
