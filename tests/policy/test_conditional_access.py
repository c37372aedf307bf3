"""What policies make of a session that the authorizer would else let pass, as a table."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from appproxy.errors import Code
from appproxy.policy.authorizer import Authorizer, RequestContext
from appproxy.policy.conditional.compiled import PolicySet
from appproxy.policy.conditional.documents.reading import read_policy
from appproxy.policy.conditional.documents.strengths import strengths_of
from appproxy.policy.conditional.locations import Locations
from appproxy.policy.conditional.model import Location
from appproxy.policy.conditional.parts.demands import Demand
from appproxy.policy.verdict import Pass, Refuse, SignInRequired, Verdict
from tests.policy.test_authorizer import LATE, LONG, NOW, App, Moment, User

ANN = User()
OFFICE = Locations([Location("office", ("192.0.2.0/24",), trusted=True)])


def judge(
    fields: dict[str, Any], user: User = ANN, now: float = NOW, client: str = "192.0.2.1", since: float = 0.0, **how: Any,
) -> Verdict[User]:
    """The verdict with one policy for everybody and everything."""
    document = {"name": "p", "state": "on", "users": {"include": ["all"]}, "applications": {"include": ["all"]}, **fields}
    exempt = how.pop("exempt", ())
    policies = PolicySet([read_policy(document, since)], OFFICE, strengths_of([]), exempt)
    begun = how.pop("begun", False)
    context = RequestContext(App(), user, now, client, begun=begun)
    return Authorizer(Moment(policies=policies)).authorize(context, **how)


def test_a_block_has_the_words_of_the_admin() -> None:
    """And the log the name of the policy."""
    verdict = judge({"grant": {"block": True}, "message": "Not today."})
    assert verdict == Refuse(Code.POLICY_BLOCKED, "ann is blocked by 'p'", message="Not today.")


def test_who_is_not_assigned_hears_nothing_of_policies() -> None:
    """As without them."""
    verdict = judge({"grant": {"block": True}}, User("bob"))
    assert isinstance(verdict, Refuse) and verdict.code is Code.NOT_ASSIGNED


def test_what_is_missing_is_asked_for() -> None:
    """As a demand, which the sign-in takes to the provider."""
    verdict = judge({"grant": {"require": ["mfa"], "sign_in_within": "5m"}, "message": "Use your key."},
                    User(auth_time=NOW - 300))
    assert isinstance(verdict, SignInRequired)
    assert verdict.demand == Demand(frozenset({"mfa"}), 300.0)
    assert verdict.message == "Use your key."
    assert "'p' asks for" in verdict.reason


def test_what_is_proved_passes() -> None:
    """Until it is too old."""
    both = {"grant": {"require": ["mfa"], "sign_in_within": "5m"}}
    verdict = judge(both, User(amr=("pwd", "otp", "mfa"), auth_time=NOW - 250))
    assert isinstance(verdict, Pass)
    assert verdict.holds_until == NOW + 50


def test_the_address_counts() -> None:
    """The same session, from two places."""
    elsewhere = {"conditions": {"locations": {"include": ["all"], "exclude": ["trusted"]}}, "grant": {"block": True}}
    assert isinstance(judge(elsewhere), Pass)
    assert isinstance(judge(elsewhere, client="198.51.100.1"), Refuse)
    # No address, or none that can be read, is in no location.
    assert isinstance(judge(elsewhere, client=""), Refuse)


def test_a_break_glass_user_is_let_in() -> None:
    """Whatever policies say; assignment still counts."""
    block = {"grant": {"block": True}}
    assert isinstance(judge(block, exempt=[("corp", "ann")]), Pass)
    assert isinstance(judge(block, User("bob"), exempt=[("corp", "bob")]), Refuse)
    assert isinstance(judge(block, exempt=[("other", "ann")]), Refuse)


def test_a_session_that_may_lack_a_group_signs_in_again() -> None:
    """A policy names a group that no session of before could hold: nobody slips through with an old cookie."""
    guests = {"users": {"include": ["corp/group:guests"]}, "grant": {"block": True}}
    assert isinstance(judge(guests, since=NOW - 101), Pass)
    verdict = judge(guests, since=NOW - 100)
    assert isinstance(verdict, SignInRequired) and not verdict.demand
    assert isinstance(judge(guests, User(groups=("guests",)), since=NOW - 101), Refuse)


def test_a_bound_session_stays_in_its_network() -> None:
    """Also one of which nobody knows where it began."""
    bound = {"session": {"bound_to_network": True}}
    there = User(network="192.0.2.1")
    assert isinstance(judge(bound, there), Pass)
    assert isinstance(judge(bound, there, client="192.0.2.2"), SignInRequired)
    assert isinstance(judge(bound, User()), SignInRequired)


def test_idle_sessions_end_sooner() -> None:
    """The strictest counts; what is under way is in use."""
    idle = {"session": {"idle": "30m"}}
    verdict = judge(idle, replace(LONG, seen=LATE - 1700), LATE)
    assert isinstance(verdict, Pass) and verdict.holds_until == LATE + 100
    late = replace(LONG, seen=LATE - 1800)
    assert isinstance(judge(idle, late, LATE), SignInRequired)
    assert isinstance(judge(idle, late, LATE, begun=True), Pass)


@pytest.mark.parametrize("fields", [{"grant": {"sign_in_within": "5m"}}, {"session": {"sign_in_frequency": "5m"}}])
def test_a_download_does_not_end_because_its_sign_in_grows_old(fields: dict[str, Any]) -> None:
    """As with the session's own end; a stream without end does."""
    old = User(auth_time=NOW - 300)
    assert isinstance(judge(fields, old), SignInRequired)
    assert isinstance(judge(fields, old, begun=True), SignInRequired)
    assert isinstance(judge(fields, old, begun=True, under_way=True), Pass)


def test_a_download_ends_when_it_is_blocked() -> None:
    """Or when a new policy asks for more than was proved."""
    assert isinstance(judge({"grant": {"block": True}}, begun=True, under_way=True), Refuse)
    assert isinstance(judge({"grant": {"require": ["mfa"]}}, begun=True, under_way=True), SignInRequired)
