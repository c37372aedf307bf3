"""Which claims anything needs of a provider's users."""

from __future__ import annotations

from dataclasses import replace

from appproxy.policy.conditional.compiled import PolicySet
from appproxy.policy.conditional.documents.reading import read_policy
from appproxy.publish.application import Application, HeaderRule, ProviderAccess
from appproxy.publish.url import Url
from appproxy.service.signin.openid.wanted import NamedClaims, WantedByProvider
from appproxy.store.applications import applications, assignments
from appproxy.store.database.store import Store
from appproxy.store.people import providers
from appproxy.store.roles import assignments as role_assignments
from appproxy.store.roles.assignments import NamedHolder
from appproxy.store.snapshot import Snapshot
from tests.provider.house import NOW
from tests.service.sign_in_world import RECORD, snapshot_of
from tests.store.conftest import database_url, empty_store, sealer, server, store, templates  # noqa: F401 -- fixtures

WIKI = Application(
    "1", "wiki", Url.parse("https://w.example/"), Url.parse("http://w/"), provider="idp", assigned_groups=frozenset({"staff"}),
    headers=(HeaderRule("x-mail", "email"),), other_providers=(ProviderAccess("corp", assigned_groups=frozenset({"guests"})),))
CRM = replace(WIKI, id="2", external=Url.parse("https://c.example/"), assigned_groups=frozenset({"sales"}),
    headers=(HeaderRule("x-id", "sub"),), other_providers=())


def snapshot(*applications: Application, groups: tuple[str, ...] = ()) -> Snapshot:
    """With these applications, and a policy that names groups."""
    document = {"name": "p", "state": "on", "users": {"include": list(groups)}, "applications": {"include": ["all"]},
                "grant": {"block": True}}
    policies = PolicySet([read_policy(document)] if groups else [], None, {})
    return replace(snapshot_of(*applications), policies=policies)


def test_all_applications_of_a_provider_count() -> None:
    """Its groups and rules, and no other provider's; nobody's provider needs nothing."""
    wanted, now = WantedByProvider(), snapshot(WIKI, CRM)
    assert wanted.of(now, "idp") == NamedClaims(frozenset({"staff", "sales"}), frozenset({"email", "sub"}))
    assert wanted.of(now, "corp") == NamedClaims(frozenset({"guests"}), frozenset({"email"}))
    assert wanted.of(now, "gone") == NamedClaims()


def test_groups_that_are_assigned_for_a_time_or_maintain_count() -> None:
    """Else nobody would be let in by them, as the session would not know of them."""
    wiki = replace(WIKI, ending_groups=(("temps", 1e12),), maintaining_groups=frozenset({"ops"}),
                   other_providers=(ProviderAccess("corp", ending_groups=(("visitors", 1e12),)),))
    wanted, now = WantedByProvider(), snapshot(wiki)
    assert wanted.of(now, "idp").groups == frozenset({"staff", "temps", "ops"})
    assert wanted.of(now, "corp").groups == frozenset({"visitors"})


def test_policies_name_groups_too() -> None:
    """Of their own provider."""
    now = snapshot(WIKI, groups=("idp/group:night",))
    wanted = WantedByProvider()
    assert wanted.of(now, "idp").groups == frozenset({"staff", "night"}) and wanted.of(now,
        "corp").groups == frozenset({"guests"})


def test_it_is_worked_out_anew_when_something_changes() -> None:
    """And only then."""
    wanted, first = WantedByProvider(), snapshot(WIKI)
    found = wanted.of(first, "idp")
    assert wanted.of(replace(first), "idp") is found
    assert wanted.of(replace(first, applications={"2": CRM}), "idp").groups == frozenset({"sales"})
    assert wanted.of(snapshot(WIKI, groups=("idp/group:x",)), "idp").groups == frozenset({"staff", "x"})


def test_names_of_claims() -> None:
    """What every session has is not asked for; groups only where any are named."""
    record = replace(RECORD, groups_claim="roles")
    assert NamedClaims(frozenset({"a"}), frozenset({"sub", "iss", "issuer", "subject", "b", "a"})).claims(record) == ["a",
        "b", "roles"]
    assert NamedClaims(rules=frozenset({"email"})).claims(record) == ["email"]


def test_groups_of_assignments_and_of_roles(store: Store) -> None:  # noqa: F811 -- a fixture
    """Whichever names a group: one that only a role names is needed by the administration. It follows each change."""
    with store.transaction(NOW) as tx:
        provider = providers.add(tx, "idp", "https://id.example.net", "client-1", "secret").id
        applications.publish(tx, "wiki", "http://w/", "https://wiki.example.com/", provider="idp")
        assignments.assign(tx, "wiki", group="staff")
    wanted = WantedByProvider()
    assert wanted.of(store.build_snapshot(), provider).groups == {"staff"}
    with store.transaction(NOW) as tx:
        ops = role_assignments.resolve(tx, NamedHolder(group="ops", provider="idp"))
        role_assignments.assign(tx, "reader", ops)
    assert wanted.of(store.build_snapshot(), provider).groups == {"staff", "ops"}
    with store.transaction(NOW) as tx:
        role_assignments.unassign(tx, "reader", ops)
    snapshot = store.build_snapshot()
    assert wanted.of(snapshot, provider).groups == {"staff"} and wanted.of(snapshot, "nobody's").groups == frozenset()
