"""What a comparison tells of two whole configurations made by chance, beside a plain look at what is exported of both."""

from __future__ import annotations

from typing import Any

from hypothesis import Phase, given, settings

from tests.admin.configuration.documents import _GROUPS as GROUPS
from tests.admin.configuration.documents import documents

#: As the tests beside this one have it: what is found is short enough.
NO_SHRINKING = (Phase.explicit, Phase.reuse, Phase.generate)


def by_name(section: str, entries: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """Without ids, which each store has its own of. Roles and rules here are all of groups, and one a group."""
    of_groups = section in ("second_factors", "roles")
    return {str(one["group"] if of_groups else one["name"]): {**one, "id": None} for one in entries}


def lasting(before: list[dict[str, Any]], after: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Assignments but for those that end by themselves and that nobody names any more: these are told apart."""
    def who(one: dict[str, Any]) -> tuple[object, ...]:
        return tuple(one.get(name) for name in ("user", "group", "provider"))

    named = {who(one) for one in after}
    return [one for one in before if who(one) in named or "expires" not in one]


def fields_that_differ(before: dict[str, Any], after: dict[str, Any]) -> set[str]:
    """By equality alone."""
    found = {name for name in before.keys() | after.keys() if before.get(name) != after.get(name)}
    if "assignments" in found:
        old, new = before.get("assignments", []), after.get("assignments", [])
        if sorted(map(str, lasting(old, new))) == sorted(map(str, new)):
            found.discard("assignments")
    return found


def expected(before: dict[str, Any], after: dict[str, Any]) -> tuple[set[tuple[object, ...]], set[tuple[object, ...]]]:
    """All changes as (what, section, field), and what is only there, of two exports."""
    changes, only_here = set[tuple[object, ...]](), set[tuple[object, ...]]()
    for section in (before.keys() | after.keys()) - {"format", "branding"}:
        old, new = (by_name(section, one.get(section, [])) for one in (before, after))
        only_here |= {(section, key) for key in old.keys() - new.keys()}
        changes |= {("add", section, key, "") for key in new.keys() - old.keys()}
        for key in old.keys() & new.keys():
            changes |= {("change", section, key, field) for field in fields_that_differ(old[key], new[key])}
    changes |= {("change", "branding", "", field)
                for field in fields_that_differ(before.get("branding", {}), after.get("branding", {}))}
    return changes, only_here


@settings(max_examples=15, phases=NO_SHRINKING)
@given(first=documents(), second=documents())
def test_what_is_told_is_what_differs(desks: Any, first: dict[str, Any], second: dict[str, Any]) -> None:
    """Nothing else, and nothing less, whatever the two say."""
    with desks() as here, desks() as there:
        for desk, document in ((here, first), (there, second)):
            desk.call("PUT", "/configuration", {"document": document, "prune": True})
        changes, only_here = expected(here.call("GET", "/configuration"), there.call("GET", "/configuration"))
        found = here.call("POST", "/configuration/difference", {"document": second})
    assert [one for one in told(found["changes"]) if one not in changes] == []
    assert [one for one in changes if one not in told(found["changes"])] == []
    assert {(one["section"], name_of(one)) for one in found["only_here"]} == only_here


def told(changes: list[dict[str, Any]]) -> set[tuple[object, ...]]:
    """Each change as (what, section, name, field); a part of a field counts as that."""
    found = set[tuple[object, ...]]()
    for one in changes:
        fields = {each["field"].partition(".")[0].partition("[")[0] for each in one["fields"]}
        found |= {(one["what"], one["section"], name_of(one), field)
                  for field in (fields if one["what"] == "change" else {""})}
    return found


def name_of(change: dict[str, Any]) -> str:
    """Of roles, which have none of their own, the group."""
    name = str(change["name"])
    return next(one for one in GROUPS if one in name) if change["section"] == "roles" else name
