"""Whom a change concerns: nobody is overlooked, and those whom it does not concern are not looked at."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from appproxy.identity.session import Session
from appproxy.policy.risk.user_risk import COMPROMISED
from appproxy.publish.application import Application, Url
from appproxy.publish.routing import Router
from appproxy.service.relay.revocation import EVERYTHING, Affected, change_between, why_cut
from appproxy.store.snapshot import Snapshot
from tests.service.relay.test_relay import ANN, IDP, RelayRig
from tests.service.relay.test_relay import WIKI as ANNS

WIKI = replace(ANNS, assigned_users=frozenset({"ann", "bob"}))
DOCS = replace(WIKI, id="docs", name="docs", external=Url.parse("https://*.docs.example.com/"),
               internal=Url.parse("http://*.docs/"))
BEFORE = frozenset({"s9"})


def snapshot(*applications: Application, **how: Any) -> Snapshot:
    """What the node works from."""
    parts: dict[str, Any] = {"providers": {"builtin": IDP}, "revoked_sessions": BEFORE, "not_before": {("x", "y"): 1.0}, **how}
    return Snapshot(
        revision=2, applications={one.id: one for one in applications}, router=Router(applications), connectors={},
        connector_groups={}, keys=(), trust_bundle=(), **parts,
    )


OLD = snapshot(WIKI, DOCS)
ON_DOCS = replace(WIKI, id="new", name="new", external=Url.parse("https://a.docs.example.com/"))
AFTER = {
    "nothing": (OLD, Affected(frozenset(), [], set())),
    "a session": (replace(OLD, revoked_sessions=BEFORE | {"s1"}), Affected({"s1"}, [], set())),
    "a user": (replace(OLD, not_before={("x", "y"): 1.0, ("builtin", "ann"): 1e9}), Affected((), [("builtin", "ann")], set())),
    "a user again": (replace(OLD, not_before={("x", "y"): 2.0}), Affected((), [("x", "y")], set())),
    "a user's risk": (replace(OLD, user_risks={("builtin", "ann"): COMPROMISED}), Affected((), [("builtin", "ann")], set())),
    "an assignment": (snapshot(replace(WIKI, assigned_users=frozenset({"bob"})), DOCS), Affected((), [], {"wiki"})),
    "a place": (snapshot(replace(WIKI, external=Url.parse("https://b.example.com/")), DOCS), EVERYTHING),
    "an excluded host": (snapshot(WIKI, replace(DOCS, excluded_hosts=frozenset({"a.docs.example.com"}))), EVERYTHING),
    "one more": (snapshot(WIKI, DOCS, ON_DOCS), EVERYTHING),
    "one less": (snapshot(DOCS), EVERYTHING),
    "a provider": (replace(OLD, providers={"builtin": replace(IDP, issuer="https://other.example.com")}), EVERYTHING),
    "a router": (replace(OLD, router=Router([WIKI])), EVERYTHING),
}


@pytest.mark.parametrize("name", AFTER)
def test_whom_a_change_concerns(name: str) -> None:
    """As few as can be told."""
    after, change = AFTER[name]
    found = change_between(OLD, after)
    assert (set(found.sessions), list(found.subjects), set(found.applications), found.everything) == (
        set(change.sessions), list(change.subjects), set(change.applications), change.everything)


@pytest.mark.parametrize("name", AFTER)
def test_nobody_is_overlooked(name: str) -> None:
    """Whoever may no longer is among those whom the change concerns."""
    rig = RelayRig()
    sessions: list[Session | None] = [ANN, replace(ANN, id="s2", subject="bob"), None, replace(ANN, id="s3", provider="x")]
    for application, host in ((WIKI, "wiki.example.com"), (DOCS, "a.docs.example.com"), (DOCS, "b.docs.example.com")):
        for session in sessions:
            rig.start(application, session, f"https://{host}/in/")
    under_way, (after, _) = rig.relay.under_way, AFTER[name]
    change = change_between(OLD, after)
    concerned = under_way.all() if change.everything else under_way.of(change.sessions, change.subjects, change.applications)
    may_no_longer = {
        one for one in under_way.all()
        if why_cut(one, OLD, 1000.0) is None and why_cut(one, after, 1000.0) is not None
    }
    assert may_no_longer <= concerned
    assert bool(may_no_longer) is (name not in ("nothing", "a user again", "a user's risk"))
