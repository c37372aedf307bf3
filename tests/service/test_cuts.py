"""What is under way ends when a policy's window does, at a change, and not otherwise."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from appproxy.errors import Code
from appproxy.policy.conditional.compiled import NO_POLICIES, PolicySet
from appproxy.policy.conditional.documents.reading import read_policy
from appproxy.service.cuts import Cuts
from tests.service.relay.test_relay import ANN, RelayRig
from tests.service.relay.test_revocation import WIKI, snapshot

#: 12:00 on a Monday, in UTC.
NOON = 1_700_481_600.0


def policies(**fields: Any) -> PolicySet:
    """One, for everybody and everything."""
    document = {"name": "p", "state": "on", "users": {"include": ["all"]}, "applications": {"include": ["all"]},
                "grant": {"block": True}, **fields}
    return PolicySet([read_policy(document)])


AFTER_HOURS = policies(conditions={"times": {"exclude": [{"from": "08:00", "to": "12:10", "zone": "UTC"}]}})
SESSION = replace(ANN, issued=NOON - 60.0, expires=NOON + 9000.0, auth_time=NOON - 60.0)


class Desk:
    """Cuts over a relay, at a time that is set."""

    def __init__(self, made: PolicySet) -> None:
        self.now = NOON
        self.snapshot = snapshot(WIKI, policies=made)
        self.rig = RelayRig()
        self.cuts = Cuts(self.rig.relay, lambda: self.snapshot, lambda: self.now, None)
        self.cuts.snapshot_changed(None, self.snapshot)

    def until(self, now: float) -> None:
        """A second after the other."""
        while self.now < now:
            self.now += 1.0
            self.cuts.end_windows()


def test_a_window_ends_on_time() -> None:
    """Within a second, also for what asks nothing more; the reason is the policy."""
    desk = Desk(AFTER_HOURS)
    exchange = desk.rig.start(WIKI, SESSION)
    desk.until(NOON + 599.0)
    assert exchange.failure is None
    desk.until(NOON + 600.0)
    assert exchange.failure is Code.POLICY_BLOCKED
    assert "'p'" in exchange.detail


def test_an_assignment_ends_on_time() -> None:
    """What is under way ends with it, though nothing has changed in the store."""
    desk = Desk(NO_POLICIES)
    wiki = replace(WIKI, assignment_required=True, assigned_users=frozenset(), ending_users=((SESSION.subject, NOON + 60.0),))
    old, desk.snapshot = desk.snapshot, snapshot(wiki)
    desk.cuts.snapshot_changed(old, desk.snapshot)
    exchange = desk.rig.start(wiki, SESSION)
    desk.until(NOON + 59.0)
    assert exchange.failure is None
    desk.until(NOON + 60.0)
    assert exchange.failure is Code.NOT_ASSIGNED


def test_an_assignment_that_has_ended_is_forgotten_at_once() -> None:
    """Once for each end, and not before: nodes of the release before take it as lasting as long as it is there."""
    desk = Desk(NO_POLICIES)
    forgotten: list[float] = []
    desk.cuts = Cuts(desk.rig.relay, lambda: desk.snapshot, lambda: desk.now, None, lambda: forgotten.append(desk.now))
    desk.snapshot = snapshot(replace(WIKI, ending_users=(("ann", NOON + 10.0), ("bob", NOON + 30.0))))
    desk.cuts.snapshot_changed(None, desk.snapshot)
    desk.until(NOON + 60.0)
    assert forgotten == [NOON + 10.0, NOON + 30.0]


def test_a_change_moves_the_window() -> None:
    """A policy that is new, or gone, counts at once."""
    desk = Desk(AFTER_HOURS)
    exchange = desk.rig.start(WIKI, SESSION)
    old, desk.snapshot = desk.snapshot, snapshot(WIKI)
    desk.cuts.snapshot_changed(old, desk.snapshot)
    desk.until(NOON + 700.0)
    assert exchange.failure is None
    old, desk.snapshot = desk.snapshot, snapshot(WIKI, policies=AFTER_HOURS)
    desk.cuts.snapshot_changed(old, desk.snapshot)
    assert exchange.failure is Code.POLICY_BLOCKED


@pytest.mark.parametrize(("fields", "code"), [
    ({}, Code.POLICY_BLOCKED), ({"grant": {"require": ["mfa"]}}, Code.SIGN_IN_REQUIRED),
    ({"grant": {"sign_in_within": "5m"}}, None), ({"state": "report-only"}, None),
    ({"applications": {"include": ["x"]}}, None),
    ({"conditions": {"locations": {"include": ["office"]}}}, None),
])
def test_a_new_policy_is_judged_for_what_is_under_way(fields: dict[str, Any], code: Code | None) -> None:
    """Whoever would be blocked or lacks a proof is cut; that a sign-in is old is for the next request."""
    desk = Desk(PolicySet())
    exchange = desk.rig.start(WIKI, replace(SESSION, auth_time=NOON - 3000.0))
    old, desk.snapshot = desk.snapshot, snapshot(WIKI, policies=policies(**fields))
    desk.cuts.snapshot_changed(old, desk.snapshot)
    assert exchange.failure is code
