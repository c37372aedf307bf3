"""Documents become policies, or an error that begins with the path to the wrong field and says what to write instead."""

from __future__ import annotations

from typing import Any

import pytest

from appproxy.errors import ConfigError
from appproxy.policy.conditional.documents.reading import read_location, read_policy, read_strength
from appproxy.policy.conditional.model import PolicyState

GOOD: dict[str, Any] = {
    "name": "p", "state": "on", "users": {"include": ["all"]}, "applications": {"include": ["all"]}, "grant": {"block": True}}


def test_a_whole_policy() -> None:
    """Everything that a document can say."""
    made = read_policy({
        "name": "Second factor", "state": "report-only", "message": "Use your key.",
        "users": {"include": ["user:ann", "corp/group:staff"], "exclude": ["group:guests"]},
        "applications": {"include": ["a1"], "exclude": ["a2"]},
        "conditions": {
            "locations": {"include": ["all"], "exclude": ["office"]}, "platforms": {"exclude": ["linux"]},
            "clients": {"include": ["native"]}, "contexts": {"include": ["payroll"]},
            "providers": {"include": ["builtin"]}, "strengths": {"exclude": ["mfa"]}, "sign_in_older_than": "8h",
            "times": {"exclude": [{"days": ["mon"], "from": "08:00", "to": "24:00", "zone": "Europe/Berlin"}]}},
        "grant": {"require": ["mfa", "gold"], "sign_in_within": "1h", "operator": "any"},
        "session": {"sign_in_frequency": "8h", "idle": "30m", "persistent": False, "bound_to_network": True},
    }, 7.0)
    assert made.state is PolicyState.REPORT_ONLY
    assert made.included.users == {("builtin", "ann")}
    assert made.included.groups == {("corp", "staff")}
    assert made.groups() == {("corp", "staff"), ("builtin", "guests")}
    assert {one.key for one in made.conditions} == {
        "clients", "contexts", "locations", "platforms", "providers", "strengths", "sign_in_older_than", "times"}
    assert made.grant.alternatives
    assert made.grant.sign_in_within == 3600.0
    assert made.controls.bound
    assert made.message == "Use your key."
    assert made.groups_since == 7.0


@pytest.mark.parametrize(("wrong", "message", "hint"), [
    ({"nmae": 1}, "nmae: there is no such field", "did you mean name?"),
    ({"name": ""}, "name: ", ""),
    ({"state": "On"}, "state: 'On' is none of", "did you mean on?"),
    ({"state": None}, "state: is needed", ""),
    ({"users": {}}, "users.include: is needed", '["all"]'),
    ({"users": {"include": "all"}}, "users.include: a list of texts", 'write ["all"]'),
    ({"users": {"include": ["ann"]}}, "users.include[0]: 'ann' names nobody", "user:NAME"),
    ({"users": {"include": ["all"], "exclude": ["all"]}}, "users.exclude: ", "off"),
    ({"users": {"inlcude": ["all"]}}, "users.inlcude: ", "include"),
    ({"applications": {"include": []}}, "applications.include: is needed", '["all"]'),
    ({"conditions": {"platforms": {"include": ["windos"]}}}, "conditions.platforms.include[0]: ", "did you mean windows?"),
    ({"conditions": {"clients": {"include": ["browsers"]}}}, "conditions.clients.include[0]: ", "did you mean browser?"),
    ({"conditions": {"contexts": {}}}, "conditions.contexts: says nothing", "leave it out"),
    ({"applications": {"include": ["tag:Payroll"]}}, "applications.include[0]: 'tag:Payroll' is no tag", "lower case"),
    ({"conditions": {"locations": {}}}, "conditions.locations: says nothing", "leave it out"),
    ({"conditions": {"locations": {"include": ["all"], "exclude": ["all"]}}}, "conditions.locations.exclude: ", "off"),
    ({"conditions": {"risk": "high"}}, "conditions.risk: there is no such field", "did you mean user_risk"),
    ({"conditions": {"times": {}}}, "conditions.times: says nothing", ""),
    ({"conditions": {"times": {"include": [{"from": "8", "to": "9:00", "zone": "UTC"}]}}},
     "conditions.times.include[0].from: a time of day", "08:00"),
    ({"conditions": {"times": {"include": [{"from": "08:00", "to": "09:00", "zone": "Mars/Base"}]}}},
     "conditions.times.include[0].zone: 'Mars/Base' is no time zone", "Europe/Berlin"),
    ({"conditions": {"times": {"include": [{"from": "08:00", "to": "09:00", "zone": "../../etc/passwd"}]}}},
     "conditions.times.include[0].zone: ", "Europe/Berlin"),
    ({"conditions": {"times": {"include": [{"from": "24:00", "to": "09:00", "zone": "UTC"}]}}},
     "conditions.times.include[0].from", ""),
    ({"conditions": {"times": {"include": [{"days": ["monday"], "from": "08:00", "to": "09:00", "zone": "UTC"}]}}},
     "conditions.times.include[0].days[0]: 'monday'", ""),
    ({"conditions": {"sign_in_older_than": "8"}}, "conditions.sign_in_older_than: ", "8h"),
    ({"grant": {}}, "grant: the policy asks for nothing", "block = true"),
    ({"grant": {"block": True, "require": ["mfa"]}}, "grant.block: ", ""),
    ({"grant": {"require": ["mfa"], "operator": "or"}}, "grant.operator: 'or'", ""),
    ({"grant": {"sign_in_within": "10s"}}, "grant.sign_in_within: a time of at least 5 minutes", "30m"),
    ({"session": {"idle": "30m"}}, "session: who is blocked has no session", ""),
    ({"grant": {}, "session": {"idle": "1m"}}, "session.idle: a time of at least 10 minutes", ""),
    ({"grant": {}, "session": {"persistent": "no"}}, "session.persistent: true or false", ""),
    ({"message": "a\nb"}, "message: ", ""),
])
def test_a_wrong_policy(wrong: dict[str, Any], message: str, hint: str) -> None:
    """Where, what, and what to do."""
    with pytest.raises(ConfigError) as caught:
        read_policy({**GOOD, **wrong})
    assert caught.value.message.startswith(message)
    assert hint in caught.value.hint


@pytest.mark.parametrize("document", [None, 3, [], "x", {}])
def test_no_policy_at_all(document: object) -> None:
    """Whatever JSON can say."""
    for read in (read_policy, read_location, read_strength):
        with pytest.raises(ConfigError):
            read(document)


@pytest.mark.parametrize(("wrong", "message"), [
    ({"networks": ["10.0.0.1/8"]}, "networks[0]: '10.0.0.1/8' is no network"),
    ({"networks": ["10.0.0.0/8", "office"]}, "networks[1]: "),
    ({"networks": ["::ffff:10.0.0.0/104"]}, "networks[0]: "),
    ({"countries": ["de"]}, "countries[0]: "),
    ({}, "networks: the location is nowhere"),
    ({"name": "all", "networks": ["10.0.0.0/8"]}, "name: "),
    ({"name": "trusted", "networks": ["10.0.0.0/8"]}, "name: "),
])
def test_a_wrong_location(wrong: dict[str, Any], message: str) -> None:
    """Bits behind a prefix are a slip of somebody who meant another network."""
    with pytest.raises(ConfigError) as caught:
        read_location({"name": "l", **wrong})
    assert caught.value.message.startswith(message)


@pytest.mark.parametrize(("ways", "message"), [
    ([], "any_of: "), ([{}], "any_of[0]: every sign-in would meet it"), ([{"acr": "2"}], "any_of[0].provider: is needed"),
    ([{"acr": "a b", "provider": "corp"}], "any_of[0].acr: "), ([{"amr": ["a"]}, 3], "any_of[1]: a table"),
])
def test_a_wrong_strength(ways: object, message: str) -> None:
    """One that everybody meets would be none."""
    with pytest.raises(ConfigError) as caught:
        read_strength({"name": "s", "any_of": ways})
    assert caught.value.message.startswith(message)


def test_what_to_ask_a_provider_for() -> None:
    """Its own values, in the order in which they are named."""
    made = read_strength({"name": "s", "any_of": [
        {"acr": "gold", "provider": "corp"}, {"amr": ["hwk"]}, {"acr": "2", "provider": "other"},
        {"acr": "best", "provider": "corp"}]})
    assert made.acr_values("corp") == ["gold", "best"]
    assert made.acr_values("builtin") == []
