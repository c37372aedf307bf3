"""What differs between two documents: exact to the field, and without telling what is hidden."""

from __future__ import annotations

from typing import Any

import pytest

from appproxy.admin.configuration.difference import Comparison, Difference, FieldChange, What, compare
from appproxy.admin.configuration.sections import BRANDING, SECTIONS
from appproxy.errors import ConfigError

NOTHING: dict[str, Any] = {**{name: [] for name in SECTIONS}, BRANDING: {}}
WIKI = {
    "id": "1", "name": "wiki", "external": "https://w/", "internal": "http://w/", "preauth": "oidc",
    "connector_group": "default",
    "providers": ["builtin"], "settings": {}, "segments": [], "cors": [], "assignments": [],
}  # fmt: skip
CORP = {
    "id": "2", "name": "corp", "kind": "oidc", "issuer": "https://c/", "client_id": "c", "client_secret": "",
    "scopes": ["openid"],
    "groups_claim": "groups", "algorithms": [], "ca_bundle": "", "pushed_requests": "auto", "session_hours": 12.0,
    "idle_minutes": 240.0, "fetch_groups": False, "settings": {},
}  # fmt: skip


def found(there: dict[str, Any], wanted: dict[str, Any], tells_hidden: bool = True) -> list[Difference]:
    """The changes; each document has these sections alone."""
    return list(compare({**NOTHING, **there}, wanted, tells_hidden=tells_hidden).changes)


def fields(section: str, before: dict[str, Any], after: dict[str, Any], tells_hidden: bool = True) -> list[FieldChange]:
    """Those of the one entry that differs."""
    (one,) = found({section: [before]}, {section: [after]}, tells_hidden)
    assert (one.what, one.before, one.after) == (What.CHANGE, before, after)
    return list(one.fields)


def test_nothing_differs() -> None:
    """Of the same, and of sections that the document leaves out."""
    assert found({"applications": [WIKI]}, {"applications": [dict(WIKI)]}) == []
    whole = compare({**NOTHING, "applications": [WIKI]}, {"providers": []})
    assert (whole.changes, whole.only_here, whole.renames) == ((), (), {})


def test_each_field_by_itself() -> None:
    """With what it was and what it is to be."""
    assert fields("applications", WIKI, {**WIKI, "internal": "http://x/", "preauth": "passthrough"}) == [
        FieldChange("internal", "http://w/", "http://x/"), FieldChange("preauth", "oidc", "passthrough")]


def test_settings_by_their_keys() -> None:
    """One that is gone has no value after; in their order."""
    before, after = {"tags": "a", "strict": "yes", "same": "x"}, {"same": "x", "strict": "no", "a": "b"}
    assert fields("applications", {**WIKI, "settings": before}, {**WIKI, "settings": after}) == [
        FieldChange("settings.a", None, "b"), FieldChange("settings.strict", "yes", "no"), FieldChange("settings.tags", "a",
        None)]


def test_what_ends_by_itself_is_told_apart() -> None:
    """An assignment that is there for a time and in no entry is no change, beside one that is for good; another end is one."""
    def one(user: str, expires: str = "") -> dict[str, Any]:
        return {"user": user, "group": "", "provider": "builtin", "maintainer": False, "expires": expires}

    def compared(*after: dict[str, Any]) -> Comparison:
        there = {**WIKI, "assignments": [one("ann", "2026-08-01T00:00:00Z"), one("bob")]}
        return compare({**NOTHING, "applications": [there]}, {"applications": [{**WIKI, "assignments": list(after)}]})

    told = compared()
    assert [(each.what, [field.field for field in each.fields]) for each in (*told.changes, *told.ending)] == [
        (What.CHANGE, ["assignments[user bob provider builtin]"]), (What.END, ["assignments[user ann provider builtin]"])]
    assert compared(one("ann", "2026-08-01T00:00:00Z"), one("bob")).ending == ()
    for expires in ("2026-08-02T00:00:00Z", ""):
        told = compared(one("ann", expires), one("bob"))
        assert [field.after["expires"] for field in told.changes[0].fields] == [expires] and told.ending == ()


def test_entries_by_what_tells_them_apart() -> None:
    """One is changed, one goes, one comes; their order is no difference."""
    one, two, three = ({"external": f"https://{name}/", "internal": "http://s/"} for name in "abc")
    changed = {**two, "internal": "http://t/"}
    assert fields("applications", {**WIKI, "segments": [one, two]}, {**WIKI, "segments": [changed, three]}) == [
        FieldChange("segments[https://a/]", one, None), FieldChange("segments[https://b/]", two, changed),
        FieldChange("segments[https://c/]", None, three)]
    assert found({"applications": [{**WIKI, "segments": [one, two]}]},
        {"applications": [{**WIKI, "segments": [two, one]}]}) == []


def test_a_reference_is_as_good_as_what_is_there() -> None:
    """But not where there is nothing."""
    reference, secret = {"environment": "X"}, "request.authorization"
    there, kept = {**WIKI, "settings": {secret: "Basic x"}}, {**WIKI, "settings": {secret: reference}}
    assert found({"applications": [there]}, {"applications": [kept]}) == []
    assert fields("applications", WIKI, kept) == [FieldChange(f"settings.{secret}", None, "(hidden)")]


def test_what_may_be_a_password_is_masked() -> None:
    """Whoever may not change it learns nothing by guessing; what is not hidden is compared all the same."""
    before, after = ({**WIKI, "settings": {"request.x": text, "strict": "yes"}} for text in ("one", "two"))
    hidden = [FieldChange("settings.request.x", "(hidden)", "(hidden)")]
    assert fields("applications", before, after) == hidden == fields("applications", before, after, tells_hidden=False)
    moved = {**before, "internal": "http://x/"}
    assert fields("applications", before, moved, tells_hidden=False) == [FieldChange("internal", "http://w/", "http://x/"),
        *hidden]
    assert found({"applications": [before]}, {"applications": [before]}) == []
    gone = {**WIKI, "settings": {"strict": "yes"}}
    assert fields("applications", before, gone) == [FieldChange("settings.request.x", "(hidden)", None)]


def test_secrets_and_ids_are_no_difference() -> None:
    """What is there keeps its own."""
    there, after = {**CORP, "public": False}, {**CORP, "client_secret": "new"}
    del after["id"]
    assert found({"providers": [there]}, {"providers": [after]}) == []


def test_what_the_service_chooses_is_left_alone() -> None:
    """Where the document says nothing; a part of a policy that is left out is taken away."""
    directory = {"id": "d", "name": "ad", "kind": "ad", "servers": ["ldaps://dc"], "bind_name": "b", "group_base": "ou=g"}
    assert found({"directories": [directory]}, {"directories": [{**directory, "group_base": None}]}) == []
    assert fields("directories", directory, {**directory, "group_base": "ou=x"}) == [FieldChange("group_base", "ou=g", "ou=x")]
    policy = {"id": "p", "name": "p", "state": "on", "message": "no"}
    assert fields("policies", policy, {**policy, "message": None}) == [FieldChange("message", "no", None)]


def test_parts_of_a_policy_down_to_the_list() -> None:
    """A table is looked into; what is no table on both sides is one difference."""
    policy = {"id": "p", "name": "p", "conditions": {"locations": {"exclude": ["a"], "include": ["all"]}},
        "grant": {"block": True}}
    after = {**policy, "conditions": {"locations": {"exclude": ["b"], "include": ["all"]}}, "grant": None}
    assert fields("policies", policy, after) == [
        FieldChange("conditions.locations.exclude", ["a"], ["b"]), FieldChange("grant", {"block": True}, None)]


def test_what_cannot_change() -> None:
    """Is refused at its place, with the way around it."""
    with pytest.raises(ConfigError) as caught:
        found({"providers": [CORP]}, {"providers": [{**CORP, "issuer": "https://d/"}]})
    assert caught.value.message == "providers[0].issuer: is 'https://c/' and cannot be changed"


def test_what_comes_and_what_is_only_here() -> None:
    """By names; what is there from the beginning is in no document and stays."""
    there = {"connector_groups": [{"id": "default", "name": "default", "needs_approval": False},
                                  {"id": "7", "name": "Lab", "needs_approval": False}],
             "providers": [{"id": "builtin", "name": "builtin"}, CORP]}
    compared = compare({**NOTHING, **there}, {"connector_groups": [
        {"name": "new", "needs_approval": True}, {"name": "Lab", "needs_approval": False}], "providers": []})
    (added,) = compared.changes
    assert (added.what, added.name, added.path, added.after) == (
        What.ADD, "new", "connector_groups[0]", {"name": "new", "needs_approval": True})
    assert [(one.what, one.section, one.name, one.before, one.path) for one in compared.only_here] == [
        (What.REMOVE, "providers", "corp", CORP, "")]


def test_a_name_in_other_capitals_is_the_same_thing() -> None:
    """Which is called so from now on."""
    lab = {"id": "7", "name": "Lab", "needs_approval": False}
    (one,) = found({"connector_groups": [lab]}, {"connector_groups": [{"name": "LAB", "needs_approval": False}]})
    assert (one.what, one.fields) == (What.CHANGE, (FieldChange("name", "Lab", "LAB"),))


def test_branding_key_by_key() -> None:
    """It is no list, and has no name."""
    (one,) = found({BRANDING: {"name": "A", "accent": "red"}}, {BRANDING: {"name": "B"}})
    assert one.record() == {"what": "change", "section": "branding", "name": "", "path": "branding", "fields": [
        {"field": "accent", "before": "red", "after": None}, {"field": "name", "before": "A", "after": "B"}]}
    assert found({BRANDING: {"name": "A"}}, {BRANDING: {"name": "A"}}) == []


def test_another_name_is_told_first() -> None:
    """And nothing else, unless something else differs."""
    one, two = found({"groups": [{"id": "g", "name": "staff"}], "applications": [WIKI]}, {
        "groups": [{"name": "new"}, {"id": "g", "name": "crew"}]})
    assert (one.what, one.name, one.path, one.fields) == (
        What.RENAME, "crew", "groups[1]", (FieldChange("name", "staff", "crew"),))
    assert (two.what, two.name) == (What.ADD, "new")
