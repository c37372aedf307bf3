"""Policies as admins change them, and the set that a node judges by."""

from __future__ import annotations

from typing import Any

import pytest

from appproxy.errors import ConfigError
from appproxy.store.applications import applications, assignments
from appproxy.store.database.store import Store
from appproxy.store.names import AlreadyThere, NotFound
from appproxy.store.people import user_groups, users
from appproxy.store.policies import documents, policies
from appproxy.store.policies.documents import DocumentKind
from appproxy.store.policies.references import Names

BLOCK: dict[str, Any] = {
    "state": "on", "users": {"include": ["group:guests"]}, "applications": {"include": ["wiki"]}, "grant": {"block": True}}


@pytest.fixture
def filled(store: Store, now: float) -> Store:
    """Two users, a group, an application."""
    with store.transaction(now) as tx:
        users.add(tx, "ann", "hash", groups=["guests"])
        users.add(tx, "bob", "hash")
        applications.publish(tx, "wiki", "http://wiki/", "https://wiki.example.com/")
        assignments.assign(tx, "wiki", user="bob")
        assignments.assign(tx, "wiki", user="ann")
    return store


def test_names_are_kept_as_ids(filled: Store, now: float) -> None:
    """A user who is removed and another one of the same name are two; what is shown is what was written."""
    whole = {
        **BLOCK, "users": {"include": ["user:ann", "group:guests"], "exclude": ["builtin/user:bob"]},
        "conditions": {"providers": {"include": ["builtin"]}, "locations": {"exclude": ["office", "trusted"]}},
    }
    with filled.transaction(now) as tx:
        policies.put_location(tx, "office", {"networks": ["192.0.2.0/24"]})
        made = policies.put(tx, "P", whole)
        ann, group = users.find(tx, "ann").id, user_groups.find(tx, "guests").id
        assert made.document["users"] == {
            "include": [f"builtin/user:{ann}", f"builtin/group:{group}"],
            "exclude": [f"builtin/user:{users.find(tx, 'bob').id}"]}
        assert Names.of(tx, [made.document]).shown(made.document) == Names.now(tx).shown(made.document) == {
            **whole, "name": "P", "users": {"include": ["user:ann", "group:guests"], "exclude": ["user:bob"]}}
        assert Names.now(tx).gone(made.document) == []
        users.remove(tx, "bob")
        users.add(tx, "bob", "hash")
        assert Names.now(tx).gone(made.document) == ["users.exclude[0]"]
        assert policies.faults(tx) == [{"policy": "P", "problem": "users.exclude[0]: what it names is not there any more"}]


@pytest.mark.parametrize(("change", "where"), [
    ({"users": {"include": ["all", "user:eve"]}}, r"users.include\[1\]: there is no user 'eve'"),
    ({"users": {"include": ["nobody/group:x"]}}, r"users.include\[0\]: there is no identity provider"),
    ({"applications": {"include": ["wikki"]}}, r"applications.include\[0\]: there is no application 'wikki'; did you mean"),
    ({"conditions": {"locations": {"include": ["home"]}}}, r"conditions.locations.include\[0\]: there is no location 'home'"),
    ({"grant": {"require": ["mfa", "gold"]}}, r"grant.require\[1\]: there is no strength 'gold'"),
])
def test_what_is_not_there_is_named_with_its_path(filled: Store, now: float, change: dict[str, Any], where: str) -> None:
    """And nothing is kept."""
    with pytest.raises(NotFound, match=f"^{where}"), filled.transaction(now) as tx:
        policies.put(tx, "p", {**BLOCK, **change})
    with filled.reading() as reading:
        assert documents.list_all(reading, DocumentKind.POLICY) == []


def test_each_change_is_a_version(filled: Store, now: float) -> None:
    """Under one name, however it is written."""
    with filled.transaction(now) as tx:
        assert policies.put(tx, "Guests", BLOCK).version == 1
        assert policies.put(tx, "guests", {**BLOCK, "state": "off"}).version == 2
        [one] = documents.list_all(tx, DocumentKind.POLICY)
        assert (one.version, one.document["state"]) == (2, "off")
        assert policies.remove(tx, DocumentKind.POLICY, "GUESTS").version == 2
        assert documents.list_all(tx, DocumentKind.POLICY) == []


def test_a_group_is_known_since_it_was_named(filled: Store, now: float) -> None:
    """Sessions of before may lack it; one that an assignment names they have."""
    with filled.transaction(now) as tx:
        assert policies.put(tx, "p", BLOCK).groups_since == now
    with filled.transaction(now + 50.0) as tx:
        assert policies.put(tx, "p", {**BLOCK, "message": "No."}).groups_since == now
        assert policies.put(tx, "q", BLOCK).groups_since == 0.0
        user_groups.add(tx, "staff")
        assert policies.put(tx, "p", {**BLOCK, "users": {"include": ["group:staff"]}}).groups_since == now + 50.0
        user_groups.add(tx, "team")
        assignments.assign(tx, "wiki", group="team")
        assert policies.put(tx, "r", {**BLOCK, "users": {"include": ["group:team"]}}).groups_since == 0.0


def test_nobody_is_locked_out_by_mistake(filled: Store, now: float) -> None:
    """An application that somebody uses keeps somebody; --force, an exclusion, a condition or break-glass let it be saved."""
    everybody = {**BLOCK, "users": {"include": ["all"]}}
    with pytest.raises(ConfigError, match="nobody could use wiki; .*--force"), filled.transaction(now) as tx:
        policies.put(tx, "p", everybody)
    with filled.transaction(now) as tx:
        policies.put(tx, "p", {**everybody, "state": "report-only"})
        policies.put(tx, "p", {**everybody, "users": {"include": ["all"], "exclude": ["user:bob"]}})
        policies.put(tx, "p", {**everybody, "conditions": {"platforms": {"include": ["ios"]}}})
        assert policies.without_anybody(tx) == []
        policies.put(tx, "p", everybody, force=True)
        assert policies.without_anybody(tx) == ["wiki"]
        policies.set_exempt(tx, "ann", wanted=True)
        assert policies.without_anybody(tx) == []


def test_two_policies_lock_out_together(filled: Store, now: float) -> None:
    """Each by itself leaves somebody; and who is disabled is nobody."""
    with filled.transaction(now) as tx:
        policies.put(tx, "p", BLOCK)
        with pytest.raises(ConfigError, match="nobody could use wiki"):
            policies.put(tx, "q", {**BLOCK, "users": {"include": ["user:bob"]}})


def test_what_a_policy_names_stays(filled: Store, now: float) -> None:
    """Until the policy has gone; a strength that takes the place of a built-in one may go at any time."""
    way = {"any_of": [{"amr": ["hwk"]}]}
    with filled.transaction(now) as tx:
        policies.put_location(tx, "office", {"networks": ["192.0.2.0/24"]})
        policies.put_strength(tx, "gold", way)
        policies.put_strength(tx, "mfa", way)
        policies.put(tx, "p", {
            **BLOCK, "conditions": {"locations": {"exclude": ["Office"]}}, "grant": {"require": ["gold", "mfa"]}})
        for kind, name in ((DocumentKind.LOCATION, "office"), (DocumentKind.STRENGTH, "gold")):
            with pytest.raises(AlreadyThere, match="the policy 'p' still names"):
                policies.remove(tx, kind, name)
        policies.remove(tx, DocumentKind.STRENGTH, "mfa")
        policies.remove(tx, DocumentKind.POLICY, "p")
        policies.remove(tx, DocumentKind.LOCATION, "office")
        policies.remove(tx, DocumentKind.STRENGTH, "gold")


def test_a_strength_names_a_provider_that_is_there(filled: Store, now: float) -> None:
    """By its name; kept is its id."""
    with filled.transaction(now) as tx:
        made = policies.put_strength(tx, "gold", {"any_of": [{"acr": "gold", "provider": "builtin"}]})
        assert made.document["any_of"] == [{"provider": "builtin", "acr": "gold", "amr": []}]
        with pytest.raises(NotFound, match=r"^any_of\[0\].provider: there is no identity provider 'crop'"):
            policies.put_strength(tx, "gold", {"any_of": [{"acr": "gold", "provider": "crop"}]})


def test_a_document_has_one_name(filled: Store, now: float) -> None:
    """That of the call."""
    with filled.transaction(now) as tx:
        assert policies.put(tx, "p", {**BLOCK, "name": "p"}).name == "p"
        with pytest.raises(ConfigError, match="^name: the document says 'q'"):
            policies.put(tx, "p", {**BLOCK, "name": "q"})
        with pytest.raises(ConfigError, match="^document: a table"):
            policies.put(tx, "p", [])


def test_a_snapshot_has_the_policies(filled: Store, now: float) -> None:
    """Those that are on, those that are only reported, and who is exempt; unchanged they are the same object."""
    with filled.transaction(now) as tx:
        policies.put_location(tx, "office", {"networks": ["192.0.2.0/24"]})
    first = filled.build_snapshot()
    wiki = next(iter(first.applications))
    assert first.policies.program(wiki) is None
    with filled.transaction(now) as tx:
        policies.put(tx, "p", {**BLOCK, "conditions": {"locations": {"include": ["office"]}}})
        policies.put(tx, "q", {**BLOCK, "state": "report-only"})
        id_, _ = policies.set_exempt(tx, "bob", wanted=True)
    second = filled.build_snapshot(first)
    assert second.policies.program(wiki) is not None
    assert second.reported.program(wiki) is not None
    assert second.policies.exempt == {("builtin", id_)}
    assert second.policies.locations.of("192.0.2.9") == {"office"}
    with filled.transaction(now) as tx:
        users.add(tx, "eve", "hash")
        applications.set_values(tx, "wiki", {"strict": "yes"})
    third = filled.build_snapshot(second)
    assert third is not second and third.policies is second.policies and third.reported is second.reported
    with filled.transaction(now) as tx:
        policies.put(tx, "p", BLOCK)
    fourth = filled.build_snapshot(third)
    assert fourth.policies is not third.policies and fourth.policies.locations is third.policies.locations
    with filled.transaction(now) as tx:
        policies.put_location(tx, "office", {"networks": ["198.51.100.0/24"]})
    assert filled.build_snapshot(fourth).policies.locations.of("192.0.2.9") == frozenset()


def test_who_is_exempt_is_known_by_name(filled: Store, now: float) -> None:
    """Twice is as once."""
    with filled.transaction(now) as tx:
        policies.set_exempt(tx, "bob", wanted=True)
        policies.set_exempt(tx, "bob", wanted=True)
        assert len(policies.exempt(tx)) == 1
        with pytest.raises(NotFound, match="there is no break-glass user 'ann'"):
            policies.set_exempt(tx, "ann", wanted=False)
        policies.set_exempt(tx, "bob", wanted=False)
        assert policies.exempt(tx) == frozenset()


def test_tags_are_followed(filled: Store, now: float) -> None:
    """An application that gets a tag later is under the policies that name it with the next snapshot."""
    with filled.transaction(now) as tx:
        with pytest.raises(NotFound, match=r"applications.include\[0\]: there is no application with the tag 'payrol'"):
            policies.put(tx, "p", {**BLOCK, "applications": {"include": ["tag:payrol"]}})
        applications.publish(tx, "hr", "http://hr/", "https://hr.example.com/")
        applications.set_values(tx, "hr", {"tags": "payroll"})
        made = policies.put(tx, "p", {**BLOCK, "applications": {"include": ["tag:payroll"]}})
        assert Names.now(tx).shown(made.document)["applications"] == {"include": ["tag:payroll"]}
    first = filled.build_snapshot()
    ids = {one.name: one.id for one in first.applications.values()}
    assert first.policies.program(ids["hr"]) is not None
    assert first.policies.program(ids["wiki"]) is None
    with filled.transaction(now) as tx:
        applications.set_values(tx, "wiki", {"strict": "yes"})
    assert filled.build_snapshot(first).policies is first.policies
    with filled.transaction(now) as tx:
        applications.set_values(tx, "wiki", {"tags": "payroll,other"})
        applications.set_values(tx, "hr", {"tags": "none"})
    second = filled.build_snapshot(first)
    assert second.policies.program(ids["hr"]) is None
    assert second.policies.program(ids["wiki"]) is not None
    with filled.transaction(now) as tx:
        applications.set_values(tx, "wiki", {"tags": "other"})
        [fault] = policies.faults(tx)
        assert fault == {"policy": "p", "problem": "applications.include[0]: what it names is not there any more"}


def test_a_context_is_kept_and_named(filled: Store, now: float) -> None:
    """With ids in place of names; it stays as long as a policy names it."""
    document = {"applications": {"include": ["wiki"]}, "paths": ["/payroll/*"]}
    with filled.transaction(now) as tx:
        made = policies.put_context(tx, "payroll", document)
        assert made.document["applications"] == {"include": [applications.find(tx, "wiki").id]}
        assert Names.now(tx).shown(made.document) == {**document, "name": "payroll"}
        policies.put(tx, "p", {**BLOCK, "conditions": {"contexts": {"include": ["Payroll"]}}})
        with pytest.raises(NotFound, match=r"conditions.contexts.include\[0\]: there is no context 'pay'"):
            policies.put(tx, "q", {**BLOCK, "conditions": {"contexts": {"include": ["pay"]}}})
    built = filled.build_snapshot()
    [wiki] = built.applications
    assert [one.name for one in built.policies.contexts.of(wiki)] == ["payroll"]
    with filled.transaction(now) as tx:
        with pytest.raises(AlreadyThere, match="the policy 'p' still names the context 'payroll'"):
            policies.remove(tx, DocumentKind.CONTEXT, "payroll")
        policies.remove(tx, DocumentKind.POLICY, "p")
        policies.remove(tx, DocumentKind.CONTEXT, "payroll")
