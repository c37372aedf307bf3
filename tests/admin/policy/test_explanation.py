"""What is explained is what the gate does: on every session that can be described."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from appproxy.errors import AppProxyError, ConfigError
from appproxy.policy.authorizer import is_assigned
from appproxy.policy.conditional.decision import decide
from appproxy.policy.conditional.facts import Asked
from appproxy.store.applications import applications
from appproxy.store.people import users
from appproxy.store.policies import policies
from tests.admin.conftest import NOW, Desk
from tests.policy.conditional.people import Person

EVERYBODY = {"users": {"include": ["all"]}, "applications": {"include": ["all"]}}
POLICIES = [
    {"name": "mfa", "state": "on", **EVERYBODY, "conditions": {"locations": {"include": ["all"], "exclude": ["office"]}},
     "grant": {"require": ["mfa"]}},
    {"name": "fresh", "state": "on", **EVERYBODY, "users": {"include": ["group:staff"]}, "grant": {"sign_in_within": "1h"}},
    {"name": "no phones", "state": "on", **EVERYBODY, "conditions": {"platforms": {"include": ["ios"]}},
     "grant": {"block": True}},
    {"name": "payroll", "state": "on", **EVERYBODY, "conditions": {"contexts": {"include": ["payroll"]}},
     "grant": {"require": ["phishing-resistant"]}},
    {"name": "dry run", "state": "report-only", **EVERYBODY, "grant": {"block": True}},
]
PHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 17_0 like Mac OS X)"


@pytest.fixture
def wiki(desk: Any) -> Any:
    """Users, an application, and policies of several kinds."""
    desk.call("POST", "/users", {"name": "ann", "password": "long enough", "groups": ["staff"]})
    desk.call("POST", "/users", {"name": "bob", "password": "long enough"})
    desk.call("POST", "/users", {"name": "eve", "password": "long enough"})
    desk.call("POST", "/applications", {"name": "wiki", "internal": "http://a:1/", "external": "https://wiki.example.com/",
                                        "users": ["ann", "bob"]})
    desk.call("PUT", "/locations/office", {"document": {"networks": ["192.0.2.0/24"]}})
    desk.call("PUT", "/contexts/payroll", {"document": {
        "applications": {"include": ["wiki"]}, "paths": ["/payroll/*"], "methods": ["writes"]}})
    for document in POLICIES:
        desk.call("PUT", f"/policies/{document['name']}", {"document": document, "force": True})
    return desk


def gate(desk: Desk, user: str, amr: tuple[str, ...], age: float, request: Asked) -> str:
    """What the gate would say: assigned, and each policy that is on."""
    with desk.store.reading() as reading:
        application = applications.find(reading, "wiki")
        made = policies.policy_set(reading, policies.read_locations(reading, lambda address: None))
        known = users.find(reading, user)
    person = Person(known.id, groups=tuple(group.id for group in known.groups), amr=amr, auth_time=NOW - age)
    if not is_assigned(application, person.subject, person.groups):
        return "refuse"
    program = made.program(application.id)
    assert program is not None
    decision = decide(program.assigned(person), program.facts(person, NOW, request))
    return "refuse" if decision.blocked else "sign in" if decision.demand else "pass"


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.sampled_from(["ann", "bob", "eve"]), st.sampled_from([("pwd",), ("pwd", "mfa"), ("hwk",)]),
    st.sampled_from([0, 59, 61, 6000]), st.sampled_from(["192.0.2.9", "198.51.100.1", "2001:db8::1"]),
    st.sampled_from(["", PHONE]), st.sampled_from(["GET", "POST"]), st.sampled_from(["/", "/payroll/may", "/x/../y"]),
)
def test_the_verdict_is_the_gates(
    wiki: Any, user: str, amr: tuple[str, ...], minutes: int, address: str, agent: str, method: str, path: str,
) -> None:
    """And a policy that is only reported, and would block all, changes none."""
    asked = {"application": "wiki", "user": user, "amr": list(amr), "sign_in_age": f"{minutes}m", "address": address,
             "user_agent": agent, "method": method, "path": path}
    found = wiki.record("GET", "/policy-explanation", asked)
    request = Asked(address, agent.encode(), method.encode(), path.encode())
    assert found["verdict"] == gate(wiki, user, amr, minutes * 60.0, request)
    assert [one["policy"] for one in found["policies"]] == sorted(str(document["name"]) for document in POLICIES)


def test_what_is_explained_names_its_reason(wiki: Any) -> None:
    """The policies that block or ask for more, by name, and where the user is."""
    ann = {"application": "wiki", "user": "ann"}
    phone = wiki.record("GET", "/policy-explanation", {**ann, "user_agent": PHONE})
    assert (phone["verdict"], phone["reason"]) == ("refuse", "blocked by no phones")
    old = wiki.record("GET", "/policy-explanation", {**ann, "address": "192.0.2.9", "sign_in_age": "2h"})
    assert (old["verdict"], old["locations"]) == ("sign in", ["office"])
    assert old["reason"] == "fresh: a sign-in of the last 60 minutes"


@pytest.mark.parametrize(("body", "why"), [
    ({"application": "wiki", "user": "nobody"}, "nobody"), ({"application": "gone", "user": "ann"}, "gone"),
    ({"application": "wiki"}, "user"), ({"application": "wiki", "user": "ann", "provider": "gone"}, "gone"),
    ({"application": "wiki", "user": "ann", "groups": ["gone"]}, "gone"),
    ({"application": "wiki", "user": "ann", "time": "tomorrow"}, "a moment with its zone"),
])
def test_what_is_not_there_is_named(wiki: Any, body: dict[str, object], why: str) -> None:
    """A verdict about somebody or something else would be worse than none."""
    with pytest.raises(AppProxyError, match=why):
        wiki.call("GET", "/policy-explanation", body)


def test_a_time_says_how_it_is_written(wiki: Any) -> None:
    with pytest.raises(ConfigError) as caught:
        wiki.call("GET", "/policy-explanation", {"application": "wiki", "user": "ann", "time": "2026-01-05"})
    assert caught.value.hint == "write it as 2026-12-24T18:00+01:00"


def test_each_provider_has_its_own_assignments(desk: Any) -> None:
    """A user of the application's second provider, one of a provider that it does not take, and an open application."""
    for name in ("corp", "other"):
        desk.call("POST", "/providers", {"name": name, "issuer": f"https://{name}", "client_id": "c", "client_secret": "c"})
    desk.call("POST", "/applications", {"name": "wiki", "internal": "http://a:1/", "external": "https://wiki.example.com/"})
    desk.call("PATCH", "/applications/wiki", {"settings": {"provider": "builtin,corp"}})
    desk.call("POST", "/applications/wiki/assignments", {"user": "carol", "provider": "corp"})

    def reason(user: str, provider: str) -> object:
        asked = {"application": "wiki", "user": user, "provider": provider}
        return desk.record("GET", "/policy-explanation", asked)["reason"]

    assert reason("carol", "corp") == "no policy is about this application"
    assert reason("dave", "corp") == "the application is not assigned to this user"
    assert reason("carol", "other") == "the application does not take this identity provider"
    desk.call("PATCH", "/applications/wiki", {"settings": {"assignment_required": "no"}})
    assert reason("dave", "corp") == "no policy is about this application"


def test_a_relying_party(wiki: Any) -> None:
    """Is named as policies name it; of its requests nothing is known, and who could only be limited is kept out."""
    wiki.call("POST", "/clients", {"name": "Elsewhere", "redirect_uris": ["https://elsewhere.example/cb"]})
    asked = {"application": "relying-party:elsewhere", "user": "ann", "address": "192.0.2.9"}
    found = wiki.record("GET", "/policy-explanation", asked)
    assert (found["application"], found["verdict"]) == ("relying-party:Elsewhere", "pass")
    assert wiki.record("GET", "/policy-explanation", {**asked, "address": "198.51.100.1"})["verdict"] == "sign in"
    reading = {"name": "reading", "state": "on", **EVERYBODY, "applications": {"include": ["relying-party:Elsewhere"]},
               "session": {"read_only": True}}
    wiki.call("PUT", "/policies/reading", {"document": reading})
    found = wiki.record("GET", "/policy-explanation", asked)
    assert (found["verdict"], found["reason"]) == ("refuse", "blocked by reading")
    [told] = [one for one in found["policies"] if one["policy"] == "reading"]
    assert told["effect"] == "blocks" and told["because"].startswith("session: ")
    shown = wiki.record("GET", "/policies/reading")["document"]
    assert shown["applications"] == {"include": ["relying-party:Elsewhere"]}
    with pytest.raises(ConfigError, match="path"):
        wiki.call("GET", "/policy-explanation", {**asked, "path": "/x"})
    with pytest.raises(AppProxyError, match="gone"):
        wiki.call("GET", "/policy-explanation", {**asked, "application": "relying-party:gone"})
    desk_provider = {"name": "corp", "issuer": "https://corp", "client_id": "c", "client_secret": "c"}
    wiki.call("POST", "/providers", desk_provider)
    assert "built-in" in wiki.record("GET", "/policy-explanation", {**asked, "provider": "corp"})["reason"]
