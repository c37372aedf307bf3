"""What a policy would have done that is only reported, as operations tell it."""

from __future__ import annotations

from typing import Any

import pytest

from appproxy.errors import ConfigError, NotFound
from appproxy.store.policies import results
from appproxy.store.policies.results import DAY, PASSES, CountedHits, ReportedOf
from tests.admin.conftest import NOW

POLICY = {"state": "report-only", "users": {"include": ["all"]}, "applications": {"include": ["all"]},
          "grant": {"require": ["mfa"]}}


@pytest.fixture
def wiki(desk: Any) -> Any:
    """A desk with an application, a user and a policy."""
    desk.call("POST", "/users", {"name": "ann", "password": "long enough"})
    desk.call("POST", "/applications", {"name": "wiki", "internal": "http://a:1/", "external": "https://wiki.example.com/"})
    desk.call("PUT", "/policies/p", {"document": POLICY})
    return desk


def add(desk: Any, at: float, *found: tuple[ReportedOf, int, str]) -> None:
    """What a node has counted."""
    with desk.store.transaction(at) as tx:
        results.add(tx, {of: CountedHits(amount, at, "192.0.2.7", because) for of, amount, because in found})


def test_what_is_told(wiki: Any) -> None:
    """With names in place of ids, the most first, the last days first."""
    now, ann = NOW, wiki.record("GET", "/users/ann")["id"]
    application = wiki.record("GET", "/applications/wiki")["id"]
    hit = ReportedOf("p", "asks for more", "builtin", ann, application)
    other = ReportedOf("p", "refuses", "idp", "carla", "gone")
    add(wiki, now + 1, (hit, 3, "mfa"), (other, 1, "blocked"), (ReportedOf("p", PASSES), 9, ""))
    add(wiki, now + 2, (ReportedOf("p", "refuses"), 7, "blocked"))
    found = wiki.record("GET", "/policies/p/results")
    assert {key: found[key] for key in ("policy", "state", "decisions", "users", "passed", "more_users")} == {
        "policy": "p", "state": "report-only", "decisions": 11, "users": 2, "passed": 9, "more_users": True}
    assert [(row["decisions"], row["users"], row["passed"]) for row in found["days"]] == [(11, 2, 9)]
    assert [(row["user"], row["decisions"]) for row in found["by_user"]] == [("", 7), ("ann", 3), ("idp/carla", 1)]
    assert [row["application"] for row in found["by_application"]] == ["", "wiki", "gone"]
    assert [(row["reason"], row["decisions"]) for row in found["reasons"]] == [("blocked", 8), ("mfa", 3)]
    assert [(row["effect"], row["users"]) for row in found["effects"]] == [("refuses", 1), ("asks for more", 1)]
    assert {"time": now + 1, "user": "idp/carla", "application": "gone", "effect": "refuses", "reason": "blocked",
            "address": "192.0.2.7"} in found["examples"]


def test_how_far_it_looks_back(wiki: Any) -> None:
    """As far as results are kept."""
    add(wiki, NOW + 1, (ReportedOf("p", "refuses", "builtin", "x", "y"), 1, "blocked"))
    add(wiki, NOW - 40 * DAY, (ReportedOf("p", "refuses", "builtin", "x", "y"), 1, "blocked"))
    assert wiki.record("GET", "/policies/p/results", {"days": 1})["decisions"] == 1
    for days in (0, 32):
        with pytest.raises(ConfigError, match="1 to 31"):
            wiki.call("GET", "/policies/p/results", {"days": days})
    with pytest.raises(NotFound):
        wiki.call("GET", "/policies/none/results")
