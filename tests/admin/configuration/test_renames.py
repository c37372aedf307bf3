"""Other names, told by ids; and the configuration as it is called afterwards."""

from __future__ import annotations

from typing import Any

import pytest

from appproxy.admin.configuration.renames import renamed, renames_of
from appproxy.admin.configuration.sections import BRANDING, SECTIONS
from appproxy.errors import ConfigError

NOTHING: dict[str, Any] = {**{name: [] for name in SECTIONS}, BRANDING: {"name": "X"}}
PAIRS = {"groups": {"staff": "crew"}, "applications": {"wiki": "docs", "aaa": "zzz"}, "providers": {"corp": "firm"},
         "locations": {"office": "hq"}, "contexts": {"pay": "salaries"}, "device_authorities": {"Company": "Firm"},
         "strengths": {"own": "strong"}, "connector_groups": {"lab": "branch"}}


def after(section: str, entry: dict[str, Any], renames: dict[str, dict[str, str]] = PAIRS) -> dict[str, Any]:
    """One entry, as things are called afterwards."""
    before = {**NOTHING, section: [entry]}
    made = renamed(before, renames)
    assert made[BRANDING] == NOTHING[BRANDING] and before[section] == [entry]
    (one,) = made[section]
    return dict(one)


def test_names_that_differ_by_their_ids() -> None:
    """Two that change places are two other names; what is new, or without an id, is none."""
    there = {**NOTHING, "groups": [{"id": "1", "name": "a"}, {"id": "2", "name": "b"}, {"id": "3", "name": "c"}]}
    wanted = {"groups": [{"id": "1", "name": "b"}, {"id": "2", "name": "a"}, {"id": "3", "name": "c"}, {"id": "9",
        "name": "d"},
                         {"name": "e"}]}
    assert renames_of(there, wanted) == {"groups": {"a": "b", "b": "a"}}
    assert renames_of(there, {}) == renames_of(there, {"groups": [], "roles": [], "break_glass": []}) == {}


@pytest.mark.parametrize(("section", "what"), [("providers", "provider"), ("device_authorities", "device authority")])
def test_what_keeps_its_name(section: str, what: str) -> None:
    """It is in everybody's files; a thing of another kind may be called so and change."""
    there = {**NOTHING, section: [{"id": "builtin", "name": "builtin"}], "groups": [{"id": "g", "name": "builtin"}]}
    with pytest.raises(ConfigError, match=f"^{section}: the built-in {what} keeps its name"):
        renames_of(there, {section: [{"id": "builtin", "name": "own"}]})
    assert renames_of(there, {"groups": [{"id": "g", "name": "own"}]}) == {"groups": {"builtin": "own"}}


def test_without_other_names_it_is_the_same() -> None:
    """Not even a copy."""
    assert renamed(NOTHING, {}) is NOTHING


def test_things_have_their_own_names() -> None:
    """And keep what is none of these."""
    assert after("groups", {"id": "1", "name": "staff"}) == {"id": "1", "name": "crew"}
    assert after("groups", {"id": "1", "name": "wiki"}) == {"id": "1", "name": "wiki"}


def test_an_application_names_others() -> None:
    """Its connector group, its providers and the groups of our own; a group of another provider is that one's word."""
    entry = {"name": "wiki", "connector_group": "lab", "providers": ["corp", "builtin"], "segments": [], "cors": [],
        "assignments": [
        {"user": "", "group": "staff", "provider": "builtin"}, {"user": "", "group": "staff", "provider": "corp"},
        {"user": "staff", "group": "", "provider": "builtin"}]}
    made = after("applications", entry)
    assert (made["name"], made["connector_group"], made["providers"]) == ("docs", "branch", ["firm", "builtin"])
    assert [(one["user"], one["group"], one["provider"]) for one in made["assignments"]] == [
        ("", "crew", "builtin"), ("", "staff", "firm"), ("staff", "", "builtin")]


def test_native_clients_name_applications_in_order() -> None:
    """The order is that of the new names."""
    assert after("native_clients", {"name": "cli", "applications": ["aaa", "wiki"]})["applications"] == ["docs", "zzz"]


def test_policies_name_nearly_everything() -> None:
    """Each list by what it names; `all` and what is no name stay."""
    entry = {
        "name": "p", "users": {"include": ["all"], "exclude": ["group:staff", "user:staff", "corp/group:staff"]},
        "applications": {"include": ["wiki", "tag:wiki"]}, "grant": {"require": ["own", "mfa"]},
        "conditions": {"locations": {"exclude": ["office"]}, "contexts": {"include": ["pay"]},
        "providers": {"include": ["corp"]},
                       "devices": {"exclude": ["Company"]}, "clients": {"include": ["browser"]}},
    }  # fmt: skip
    made = after("policies", entry)
    assert made["users"] == {"include": ["all"], "exclude": ["group:crew", "user:staff", "firm/group:staff"]}
    assert made["applications"] == {"include": ["docs", "tag:wiki"]} and made["grant"] == {"require": ["strong", "mfa"]}
    assert made["conditions"] == {
        "locations": {"exclude": ["hq"]}, "contexts": {"include": ["salaries"]}, "providers": {"include": ["firm"]},
        "devices": {"exclude": ["Firm"]}, "clients": {"include": ["browser"]}}


def test_contexts_and_strengths() -> None:
    """A way of a strength keeps what it does not name."""
    assert after("contexts", {"name": "pay", "applications": {"include": ["wiki"]}}) == {
        "name": "salaries", "applications": {"include": ["docs"]}}
    ways = [{"acr": "2", "provider": "corp"}, {"device": "Company", "subject": {"CN": "x"}}, {"amr": ["otp"]}, {"acr": "1",
        "provider": ""}]
    assert after("strengths", {"name": "own", "any_of": ways})["any_of"] == [
        {"acr": "2", "provider": "firm"}, {"device": "Firm", "subject": {"CN": "x"}}, {"amr": ["otp"]}, {"acr": "1",
        "provider": ""}]


@pytest.mark.parametrize(("entry", "changed"), [
    ({"role": "reader", "user": "", "group": "staff", "provider": "builtin", "application": "wiki"},
     {"group": "crew", "application": "docs"}),
    ({"role": "reader", "user": "", "group": "staff", "provider": "corp", "application": ""}, {"provider": "firm"}),
])
def test_roles(entry: dict[str, Any], changed: dict[str, str]) -> None:
    """Of whom, and for what."""
    assert after("roles", entry) == {**entry, **changed}


def test_second_factors_are_of_groups() -> None:
    """That is their own name; of everybody it is none."""
    assert after("second_factors", {"group": "staff", "grace": 5.0}) == {"group": "crew", "grace": 5.0}
    assert after("second_factors", {"group": "", "grace": 5.0}) == {"group": "", "grace": 5.0}
