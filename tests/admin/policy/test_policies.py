"""Operations on conditional access."""

from __future__ import annotations

from typing import Any

import pytest

from appproxy.errors import ConfigError

POLICY = {"name": "Guests", "state": "on", "users": {"include": ["group:guests"]}, "applications": {"include": ["wiki"]},
          "conditions": {"locations": {"include": ["all"], "exclude": ["office"]}}, "grant": {"require": ["mfa"]}}


@pytest.fixture
def wiki(desk: Any) -> Any:
    """A desk with an application, its users and a location."""
    desk.call("POST", "/users", {"name": "ann", "password": "long enough", "groups": ["guests"]})
    desk.call("POST", "/users", {"name": "bob", "password": "long enough"})
    desk.call("POST", "/applications", {"name": "wiki", "internal": "http://a:1/", "external": "https://wiki.example.com/",
                                        "users": ["ann", "bob"]})
    desk.call("PUT", "/locations/office", {"document": {"networks": ["192.0.2.0/24"]}})
    return desk


def test_from_setting_to_removing(wiki: Any) -> None:
    """What is shown can be set again; the audit has each version as it was written."""
    made = wiki.record("PUT", "/policies/Guests", {"document": POLICY})
    assert (made["name"], made["state"], made["version"], made["document"]) == ("Guests", "on", 1, POLICY)
    assert wiki.rows("/policies") == [wiki.record("GET", "/policies/guests")] == [made]
    assert wiki.record("PUT", "/policies/Guests", {"document": made["document"]})["version"] == 2
    assert wiki.record("DELETE", "/policies/Guests")["version"] == 2
    assert wiki.rows("/policies") == []
    audit = wiki.audit()
    assert [row.action for row in audit[:3]] == ["policy.remove", "policy.set", "policy.set"]
    assert audit[2].detail["document"] == POLICY


def test_the_audit_has_no_thousand_networks(wiki: Any) -> None:
    """Only how many."""
    assert wiki.audit()[0].detail["document"]["networks"] == 1


def test_built_in_strengths_are_listed(wiki: Any) -> None:
    """Until another takes the place of one, and again after that."""
    assert [row["name"] for row in wiki.rows("/strengths")] == ["mfa", "phishing-resistant", "device"]
    assert wiki.record("GET", "/strengths/mfa")["version"] == 0
    wiki.call("PUT", "/strengths/mfa", {"document": {"any_of": [{"amr": ["otp"]}]}})
    assert [(row["name"], row["version"]) for row in wiki.rows("/strengths")] == [
        ("phishing-resistant", 0), ("device", 0), ("mfa", 1)]
    wiki.call("DELETE", "/strengths/mfa")
    assert wiki.record("GET", "/strengths/mfa")["version"] == 0


def test_force_is_needed_to_lock_everybody_out(wiki: Any) -> None:
    """The check names what nobody could use."""
    everybody = {"state": "on", "users": {"include": ["all"]}, "applications": {"include": ["all"]}, "grant": {"block": True}}
    with pytest.raises(ConfigError, match="nobody could use wiki"):
        wiki.call("PUT", "/policies/p", {"document": everybody})
    assert wiki.rows("/policies") == [] == wiki.rows("/policy-check")
    wiki.call("PUT", "/policies/p", {"document": everybody, "force": True})
    assert wiki.rows("/policy-check") == [{"policy": "", "problem": "nobody can use wiki"}]


@pytest.mark.parametrize(("asked", "verdict", "effect", "because"), [
    ({"user": "ann", "address": "198.51.100.1"}, "sign in", "asks for more",
     "the authentication strength 'mfa' is not proved"),
    ({"user": "ann", "address": "198.51.100.1", "amr": ["pwd", "mfa"]}, "pass", "met", "all that it asks for is proved"),
    ({"user": "ann", "address": "192.0.2.1"}, "pass", "does not apply", "conditions.locations: office"),
    ({"user": "bob", "address": "198.51.100.1"}, "pass", "does not apply", "users.include"),
    ({"user": "bob", "groups": ["guests"]}, "sign in", "asks for more", "the authentication strength 'mfa' is not proved"),
])
def test_a_request_is_explained(wiki: Any, asked: dict[str, Any], verdict: str, effect: str, because: str) -> None:
    """By the gate's own rules."""
    wiki.call("PUT", "/policies/Guests", {"document": POLICY})
    found = wiki.record("GET", "/policy-explanation", {"application": "wiki", **asked})
    assert found["verdict"] == verdict
    assert found["policies"] == [{"policy": "Guests", "state": "on", "effect": effect, "because": because}]


def test_a_path_and_a_program_are_explained(wiki: Any) -> None:
    """By path, method and kind of client."""
    made = wiki.record("PUT", "/contexts/payroll", {"document": {
        "applications": {"include": ["wiki"]}, "paths": ["/payroll/*"], "methods": ["writes"]}})
    assert made["document"]["applications"] == {"include": ["wiki"]}
    assert wiki.rows("/contexts") == [made]
    conditions = {"contexts": {"include": ["payroll"]}, "clients": {"exclude": ["native"]}}
    wiki.call("PUT", "/policies/p", {"document": {**POLICY, "name": "p", "conditions": conditions}})
    asked = {"application": "wiki", "user": "ann", "path": "/payroll/may", "method": "POST"}
    for more, because in (
        ({}, "the authentication strength 'mfa' is not proved"), ({"client": "native"}, "conditions.clients: native"),
        ({"method": "GET"}, "conditions.contexts: the request is in no authentication context"),
    ):
        [told] = wiki.record("GET", "/policy-explanation", {**asked, **more})["policies"]
        assert told["because"] == because
    for wrong, said in (({"path": "x"}, "path: "), ({"path": "/?a"}, "path: "), ({"client": "phone"}, "client: 'phone'")):
        with pytest.raises(ConfigError, match=f"^{said}"):
            wiki.call("GET", "/policy-explanation", {**asked, **wrong})


def test_what_is_only_read_is_explained(wiki: Any) -> None:
    """As the gate says it: who passes, how limited; and what is not let through."""
    wiki.call("PUT", "/policies/p", {"document": {**POLICY, "name": "p", "grant": {}, "session": {"read_only": True}}})
    asked = {"application": "wiki", "user": "ann"}
    found = wiki.record("GET", "/policy-explanation", asked)
    assert (found["verdict"], found["reason"]) == ("pass", "all that policies ask for is proved; read-only by p")
    found = wiki.record("GET", "/policy-explanation", {**asked, "method": "POST"})
    assert (found["verdict"], found["reason"]) == ("refuse", "'p' lets through no POST, as it lets only read")


def test_a_time_is_explained(wiki: Any) -> None:
    """In any zone; without one nobody knows when it is."""
    hours = {"exclude": [{"from": "08:00", "to": "18:00", "zone": "Europe/Berlin"}]}
    document = {**POLICY, "name": "p", "conditions": {"times": hours}, "grant": {"block": True}}
    wiki.call("PUT", "/policies/p", {"document": document})
    asked = {"application": "wiki", "user": "ann"}
    for time, verdict in (("2026-01-05T07:30+00:00", "pass"), ("2026-01-05T17:30+00:00", "refuse")):
        assert wiki.record("GET", "/policy-explanation", {**asked, "time": time})["verdict"] == verdict
    with pytest.raises(ConfigError, match="^time: a moment with its zone"):
        wiki.call("GET", "/policy-explanation", {**asked, "time": "2026-01-05 07:30"})


def test_who_is_exempt_or_not_assigned_is_told_so(wiki: Any) -> None:
    """Before any policy."""
    wiki.call("PUT", "/policies/Guests", {"document": POLICY})
    wiki.call("POST", "/users", {"name": "eve", "password": "long enough"})
    assert wiki.record("PUT", "/break-glass/ann")["user"] == "ann"
    assert [row["user"] for row in wiki.rows("/break-glass")] == ["ann"]
    assert wiki.audit()[0].action == "break_glass.add"
    told = {user: wiki.record("GET", "/policy-explanation", {"application": "wiki", "user": user}) for user in ("ann", "eve")}
    assert told["ann"]["reason"] == "a break-glass user: no policy counts"
    assert told["eve"]["reason"] == "the application is not assigned to this user"
    wiki.call("DELETE", "/break-glass/ann")
    assert wiki.rows("/break-glass") == []
