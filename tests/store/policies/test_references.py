"""What policies name, as names and as ids."""

from __future__ import annotations

from typing import Any

import pytest

from appproxy.errors import NotFound
from appproxy.publish.administration import ADMINISTRATION
from appproxy.publish.administration import NAME as ADMINISTRATION_NAME
from appproxy.store.applications import applications
from appproxy.store.database.store import Store
from appproxy.store.machines import clients
from appproxy.store.machines.clients import ClientChanges
from appproxy.store.people import providers, user_groups, users
from appproxy.store.policies import policies
from appproxy.store.policies.references import Names, device_id, each_named, resolved, strength_name
from appproxy.store.snapshot import BUILTIN

WHOLE: dict[str, Any] = {
    "name": "p", "users": {"include": ["all", "user:ann"], "exclude": ["corp/group:x"]}, "applications": {"include": ["wiki"]},
    "conditions": {"locations": {"exclude": ["office"]}, "clients": {"include": ["browser"]}}, "grant": {"require": ["mfa"],
    "operator": "any"},
}  # fmt: skip


@pytest.fixture
def filled(store: Store, now: float) -> Store:
    """A user, a group, another provider, an application with a tag, a location, a context and a strength."""
    with store.transaction(now) as tx:
        users.add(tx, "ann", "hash", groups=["staff"])
        providers.add(tx, "corp", "https://corp.example", "client", "secret")
        applications.publish(tx, "Wiki", "http://wiki/", "https://wiki.example.com/", settings={"tags": "payroll"})
        policies.put_location(tx, "Office", {"networks": ["192.0.2.0/24"]})
        policies.put_context(tx, "Pay", {"applications": {"include": ["wiki"]}, "paths": ["/pay/*"]})
        policies.put_strength(tx, "Own", {"any_of": [{"amr": ["otp"]}]})
    return store


def test_each_text_is_changed_where_it_stands() -> None:
    """`all` is no name; what is not asked for stays, and so does the document."""
    paths: list[str] = []

    def note(text: str, path: str) -> str:
        paths.append(path)
        return text.upper()

    made = each_named(WHOLE, {"users": note, "applications": note, "locations": note, "strengths": note})
    assert made == {
        **WHOLE, "users": {"include": ["all", "USER:ANN"], "exclude": ["CORP/GROUP:X"]}, "applications": {"include": ["WIKI"]},
        "conditions": {"locations": {"exclude": ["OFFICE"]}, "clients": {"include": ["browser"]}},
        "grant": {"require": ["MFA"], "operator": "any"}}
    assert paths == ["users.include[1]", "users.exclude[0]", "applications.include[0]", "conditions.locations.exclude[0]",
                     "grant.require[0]"]
    assert each_named(WHOLE, {}) == WHOLE and each_named({"name": "p", "grant": {"block": True}}, {"users": note,
        "strengths": note}) == {
        "name": "p", "grant": {"block": True}}


def test_names_become_ids_and_back(filled: Store, now: float) -> None:
    """Of people and applications; of places and strengths the name as it is written."""
    document: dict[str, Any] = {
        "users": {"include": ["user:ANN", "group:Staff", "corp/user:x|1"]}, "applications": {"include": ["wiki", "tag:payroll",
                                                                                                        ADMINISTRATION_NAME]},
        "conditions": {"providers": {"include": ["CORP"]}, "devices": {"exclude": ["proved"]},
        "contexts": {"include": ["pay"]},
                       "locations": {"exclude": ["trusted", "office"]}}, "grant": {"require": ["mfa", "own"]}}
    with filled.transaction(now) as tx:
        kept: dict[str, Any] = resolved(tx, document)
        ann, staff, corp = users.find(tx, "ann").id, user_groups.find(tx, "staff").id, providers.find(tx, "corp").id
        assert kept["users"]["include"] == [f"{BUILTIN}/user:{ann}", f"{BUILTIN}/group:{staff}", f"{corp}/user:x|1"]
        assert kept["applications"]["include"] == [applications.find(tx, "wiki").id, "tag:payroll", ADMINISTRATION]
        assert kept["conditions"] == {"providers": {"include": [corp]}, "devices": {"exclude": ["proved"]},
                                      "contexts": {"include": ["Pay"]}, "locations": {"exclude": ["trusted", "Office"]}}
        assert kept["grant"] == {"require": ["mfa", "Own"]}
        names = Names.now(tx)
        shown: dict[str, Any] = names.shown(kept)
        assert shown["users"]["include"] == ["user:ann", "group:staff", "corp/user:x|1"]
        assert shown["applications"]["include"] == ["Wiki", "tag:payroll", ADMINISTRATION_NAME]
        assert shown["conditions"]["providers"] == {"include": ["corp"]} and names.gone(kept) == []
        some = Names.of(tx, [kept])
        assert (some.shown(kept), some.gone(kept)) == (shown, []), "these alone are enough for both"


@pytest.mark.parametrize(("document", "said"), [
    ({"applications": {"include": ["tag:payrol"]}},
    r"applications.include\[0\]: there is no application with the tag 'payrol'; did"),
    ({"conditions": {"devices": {"include": ["x"]}}}, r"conditions.devices.include\[0\]: there is no device authority 'x'"),
    ({"conditions": {"contexts": {"include": ["all", "x"]}}}, r"conditions.contexts.include\[1\]: there is no "),
    ({"grant": {"require": ["mfaa"]}}, r"grant.require\[0\]: there is no strength 'mfaa'; did you mean mfa\?"),
])
def test_what_is_not_there(filled: Store, now: float, document: dict[str, Any], said: str) -> None:
    """With its path, and what is near."""
    with filled.transaction(now) as tx, pytest.raises(NotFound, match=f"^{said}"):
        resolved(tx, document)


def test_what_is_gone_is_told_by_its_path(filled: Store, now: float) -> None:
    """And shown as it is kept; what another provider calls somebody nobody here can miss."""
    kept: dict[str, Any] = {
        "users": {"include": [f"{BUILTIN}/user:u9", f"{BUILTIN}/group:g9", "p9/user:x"], "exclude": ["all"]},
        "applications": {"include": ["a9", "tag:none"]},
        "conditions": {"providers": {"include": ["p9"]}, "devices": {"include": ["d9", "proved"]}}}
    with filled.transaction(now) as tx:
        corp = providers.find(tx, "corp").id
        names, some = Names.now(tx), Names.of(tx, [kept])
    assert names.gone(kept) == some.gone(kept) == [
        "users.include[0]", "users.include[1]", "users.include[2]", "applications.include[0]", "applications.include[1]",
        "conditions.providers.include[0]", "conditions.devices.include[0]"]
    assert names.gone({"users": {"include": [f"{corp}/user:anybody"]}}) == []
    shown: dict[str, Any] = names.shown(kept)
    assert shown["users"]["include"] == ["user:u9", "group:g9", "p9/user:x"] and shown["applications"]["include"] == ["a9",
        "tag:none"]


def test_of_some_documents_alone(filled: Store, now: float) -> None:
    """The names that these need are known, which is enough to show them."""
    with filled.transaction(now) as tx:
        kept = resolved(tx, {"users": {"include": ["user:ann", "group:staff"]}, "applications": {"include": ["wiki"]}})
        users.add(tx, "bob", "hash")
        some = Names.of(tx, [kept])
        assert some.shown(kept) == Names.now(tx).shown(kept)
        assert list(some.users.values()) == ["ann"] and list(some.groups.values()) == ["staff"]


def test_ways_of_a_strength(filled: Store, now: float) -> None:
    """Providers and devices by their names, and nothing that is empty."""
    with filled.transaction(now) as tx:
        corp = providers.find(tx, "corp").id
        shown = Names.now(tx).shown_strength({"name": "s", "any_of": [
            {"provider": corp, "acr": "2", "amr": []}, {"device": "proved"}, {"provider": "p9", "acr": "1"}]})
        assert shown == {"name": "s", "any_of": [{"provider": "corp", "acr": "2"}, {"device": "proved"}, {"provider": "p9",
            "acr": "1"}]}
        assert (device_id(tx, "proved"), strength_name(tx, "OWN"), strength_name(tx, "mfa")) == ("proved", "Own", "mfa")


def test_relying_parties(filled: Store, now: float) -> None:
    """Are named with what they are; one that is removed is gone, and an application of that name is another thing."""
    with filled.transaction(now) as tx:
        party, _ = clients.add(tx, "Wiki", ClientChanges(["https://elsewhere.example/cb"]))
        named = {"include": ["relying-party:wiki"], "exclude": ["wiki"]}
        kept = resolved(tx, {**WHOLE, "applications": named, "conditions": {}})
        assert kept["applications"] == {"include": [party.id], "exclude": [applications.find(tx, "wiki").id]}
        for called in (Names.now(tx), Names.of(tx, [kept])):
            assert called.shown(kept)["applications"] == {"include": ["relying-party:Wiki"], "exclude": ["Wiki"]}
        clients.remove(tx, party.id)
        assert Names.now(tx).gone(kept)[-1] == "applications.include[0]"
        with pytest.raises(NotFound, match=r"applications.include\[0\]"):
            resolved(tx, {**WHOLE, "applications": {"include": ["relying-party:wiki"]}})
