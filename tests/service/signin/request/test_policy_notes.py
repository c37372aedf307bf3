"""What the audit and the metrics are told of policies at a sign-in."""

from __future__ import annotations

from dataclasses import replace

from appproxy.policy.authorizer import RequestContext
from appproxy.policy.conditional.compiled import PolicySet
from appproxy.policy.conditional.documents.reading import read_policy
from appproxy.service.signin.request.policy_notes import BreakGlassCount, exempted_from, notes
from tests.service.dispatch.gates.test_gate import ANN, NOW, WIKI, snapshot_of

BLOCK = {"name": "p", "state": "on", "users": {"include": ["all"]}, "applications": {"include": ["all"]},
         "grant": {"block": True}}


def test_a_break_glass_user_is_counted() -> None:
    """Each sign-in against a policy; not those of others, nor where no policy would have kept them out."""
    count = BreakGlassCount()
    context = RequestContext(WIKI, ANN, NOW)
    exempt = snapshot_of(WIKI, policies=PolicySet([read_policy(BLOCK)], exempt=[(ANN.provider, ANN.subject)]))
    assert notes(exempt, context, ANN, count) == {"break_glass": ["p"]} and count.so_far() == 1
    assert notes(exempt, context, ANN, count) and count.so_far() == 2
    off = replace(exempt, policies=PolicySet([read_policy({**BLOCK, "state": "off"})], exempt=[(ANN.provider, ANN.subject)]))
    assert notes(off, context, ANN, count) == {}
    others = snapshot_of(WIKI, policies=PolicySet([read_policy(BLOCK)]))
    assert notes(others, context, ANN, count) == {} == notes(snapshot_of(WIKI), context, ANN, count)
    assert exempted_from(others, context, ANN) == [] and count.so_far() == 2
