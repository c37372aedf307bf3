"""The whole configuration: exported, compared and applied."""

from __future__ import annotations

import copy
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from appproxy.admin.base.principal import FULL, Forbidden, LastAdministrator, Permission, Principal
from appproxy.admin.base.problem import Changed
from appproxy.admin.configuration import operations
from appproxy.errors import AlreadyThere, ConfigError, NotFound
from appproxy.store.tables import core as schema
from tests.admin.configuration.documents import documents
from tests.branding.pictures import in_base64, png
from tests.pki.chains import crl, make

#: To shrink an example takes minutes, since each try is a database.
NO_SHRINKING = (Phase.explicit, Phase.reuse, Phase.generate)


def export(desk: Any) -> dict[str, Any]:
    """What `appproxy export` writes."""
    found: dict[str, Any] = desk.call("GET", "/configuration")
    return found


def difference(desk: Any, document: dict[str, Any]) -> Any:
    """What `appproxy diff` tells."""
    return desk.call("POST", "/configuration/difference", {"document": document})


def apply(desk: Any, document: dict[str, Any], **more: object) -> Any:
    """What `appproxy apply` does."""
    return desk.call("PUT", "/configuration", {"document": document, **more})


def told(found: Any) -> list[tuple[str, str, str, tuple[str, ...]]]:
    """Each change: what, section, name, and its fields."""
    return [(one["what"], one["section"], one["name"], tuple(each["field"] for each in one["fields"]))
            for one in found["changes"]]


def app(name: str, **more: object) -> dict[str, Any]:
    """An application of a document."""
    return {"name": name, "external": f"https://{name}.example.com/", "internal": f"http://{name}/", **more}


def doc(**sections: object) -> dict[str, Any]:
    """A document of these sections."""
    return {"format": 1, **sections}


@settings(max_examples=10, phases=NO_SHRINKING)
@given(first=documents(), second=documents())
def test_what_was_applied_is_there(desks: Any, first: dict[str, Any], second: dict[str, Any]) -> None:
    """Whatever the two say: afterwards nothing differs, an export says the same, and to apply that changes nothing."""
    with desks() as desk:
        for document in (first, second):
            apply(desk, document, prune=True)
            found = difference(desk, document)
            assert (found["changes"], found["only_here"]) == ([], [])
            exported = export(desk)
            revision, entries = desk.store.revision(), len(desk.audit())
            assert apply(desk, exported, prune=True)["changes"] == [] and export(desk) == exported
            assert desk.store.revision() == revision and len(desk.audit()) == entries + 1


def test_logos_are_part_of_it(desk: Any) -> None:
    """With what is new, in the place of another, and taken away; what was exported can be applied elsewhere."""
    red, blue = in_base64(png(grey=1)), in_base64(png(grey=2))
    for document, fields in ((app("a", logo=red), ()), (app("a", logo=blue), ("logo",)), (app("a"), ("logo",))):
        wanted = doc(applications=[document])
        assert [one[3] for one in told(difference(desk, wanted))] == [fields]
        apply(desk, wanted)
        assert difference(desk, wanted)["changes"] == []
        assert export(desk)["applications"][0].get("logo", "") == document.get("logo", "")
    with pytest.raises(ConfigError, match="picture: it must be a PNG"):
        apply(desk, doc(applications=[app("a", logo=in_base64(b"<svg/>"))]))


#: One change of what `everything` says, and what a comparison has to tell of it.
ONE_CHANGE: list[tuple[str, int, str, Any, str]] = [
    ("connector_groups", 1, "needs_approval", True, "needs_approval"),
    ("providers", 1, "session_hours", 3.0, "session_hours"),
    ("providers", 1, "settings", {"prompt": "login"}, "settings.prompt"),
    ("applications", 0, "internal", "http://other/", "internal"), ("applications", 0, "settings", {}, "settings.strict"),
    ("applications", 0, "preauth", "passthrough", "preauth"),
    ("applications", 0, "connector_group", "default", "connector_group"),
    ("applications", 0, "assignments", [], "assignments[group staff provider builtin]"),
    ("applications", 0, "assignments", [{"group": "staff", "expires": "2026-08-01T00:00:00Z"}],
     "assignments[group staff provider builtin]"),
    ("applications", 0, "cors", [], "cors[/api/]"), ("applications", 0, "segments", [], "segments[https://s.example.com/]"),
    ("locations", 0, "trusted", True, "trusted"), ("policies", 0, "message", "no", "message"),
    ("policies", 0, "grant", {"block": True, "require": []}, "grant.block"),
    ("clients", 0, "redirect_uris", ["https://x.example/"], "redirect_uris"),
    ("native_clients", 0, "redirect_uris", ["http://127.0.0.1/"], "redirect_uris"),
    ("second_factors", 0, "grace", 60.0, "grace"), ("directories", 0, "user_base", "ou=x", "user_base"),
    ("strengths", 0, "any_of", [{"amr": ["pwd"]}], "any_of"), ("contexts", 0, "paths", ["/b/*"], "paths"),
]  # fmt: skip


def everything() -> dict[str, Any]:
    """One thing of each kind at least."""
    return doc(
        connector_groups=[{"name": "lab"}], groups=[{"name": "staff"}],
        providers=[{"name": "corp", "issuer": "https://c.example/", "client_id": "c", "client_secret": "s"}],
        directories=[{"name": "ad", "kind": "ad", "servers": ["ldaps://dc"], "bind_name": "binder", "bind_password": "p",
                      "user_base": "ou=u"}],
        locations=[{"name": "office", "networks": ["192.0.2.0/24"]}],
        strengths=[{"name": "own", "any_of": [{"amr": ["otp"]}]}],
        applications=[app("wiki", connector_group="lab", settings={"strict": "yes"}, assignments=[{"group": "staff"}],
                          segments=[{"external": "https://s.example.com/", "internal": "http://s/"}],
                          cors=[{"resource": "/api/", "origins": ["https://a.example"]}])],
        contexts=[{"name": "pay", "applications": {"include": ["wiki"]}, "paths": ["/a/*"]}],
        policies=[{"name": "strong", "state": "report-only", "users": {"include": ["group:staff"]},
                   "applications": {"include": ["wiki"]}, "grant": {"require": ["own"]},
                   "conditions": {"locations": {"exclude": ["office"]}, "contexts": {"include": ["pay"]}}}],
        second_factors=[{"group": "staff", "grace": 10.0}],
        native_clients=[{"name": "cli", "applications": ["wiki"], "device_codes": True}],
        clients=[{"name": "shop", "redirect_uris": ["https://shop.example/"], "secret": "x" * 43}],
        roles=[{"role": "reader", "group": "staff"}], branding={"name": "Example"},
    )  # fmt: skip


@pytest.fixture(scope="module")
def full(desks: Any) -> Any:
    """A desk where everything is; tests here leave it as it is."""
    with desks() as desk:
        apply(desk, everything())
        yield desk


@pytest.mark.parametrize("change", ONE_CHANGE, ids=lambda one: f"{one[0]}.{one[4]}")
def test_a_comparison_is_exact(full: Any, change: tuple[str, int, str, Any, str]) -> None:
    """One field that is written otherwise is the only one that it names, and it is the one that is changed."""
    section, number, field, value, expected = change
    document = export(full)
    document[section][number][field] = value
    found = difference(full, document)
    ((what, where, name, fields),) = told(found)
    assert (what, where, name) == ("change", section, document[section][number]["name" if "name" in document[section][number]
                                                                               else "group"])
    assert expected in fields and found["only_here"] == []
    assert all(one.partition(".")[0].partition("[")[0] == field for one in fields)


@pytest.mark.parametrize("change", ONE_CHANGE, ids=lambda one: f"{one[0]}.{one[4]}")
def test_each_kind_of_change_is_made(desks: Any, change: tuple[str, int, str, Any, str]) -> None:
    """Afterwards it is as it was written, and nothing else has changed."""
    section, number, field, value, _ = change
    with desks() as desk:
        apply(desk, everything())
        document = export(desk)
        document[section][number][field] = value
        apply(desk, document, force=True)
        assert difference(desk, document)["changes"] == []
        before, after = copy.deepcopy(document), export(desk)
        for one in (before, after):
            one[section][number].pop(field, None)
        assert before == after


def test_what_is_only_there_is_left_or_pruned(desk: Any) -> None:
    """Without `prune` it stays and is told of; a section that is left out is left alone all the same."""
    apply(desk, everything())
    document = doc(applications=[], groups=[{"name": "staff"}])
    found = difference(desk, document)
    assert found["changes"] == []
    assert [(one["section"], one["name"]) for one in found["only_here"]] == [("applications", "wiki")]
    apply(desk, document)
    assert "applications" in export(desk)
    desk.call("DELETE", "/native-clients/cli")
    apply(desk, document, prune=True)
    left = export(desk)
    assert "applications" not in left and {one["name"] for one in left["providers"]} == {"builtin", "corp"}


def test_everything_can_be_pruned(desk: Any) -> None:
    """In an order in which nothing is still needed; what is there from the beginning stays."""
    apply(desk, everything())
    empty: dict[str, object] = {name: [] for name in everything() if name not in ("format", "branding")}
    apply(desk, doc(**empty, branding={}), prune=True)
    assert set(export(desk)) == {"format", "connector_groups", "providers"}


def test_renames_are_told_by_ids(desk: Any) -> None:
    """All that names them goes on to; nothing is made or removed; two can change their names."""
    apply(desk, everything())
    apply(desk, doc(applications=[app("a"), app("b")]))
    before = export(desk)
    names = {"wiki": "Wiki 2", "a": "b", "b": "a", "staff": "crew", "lab": "branch", "corp": "corp2", "office": "hq",
             "own": "strong proof", "pay": "salaries", "strong": "stronger", "cli": "tool", "shop": "store", "ad": "dc"}

    def renamed(value: Any) -> Any:
        if isinstance(value, dict):
            kept = ("id", "settings", "sign_in", "kind")
            return {key: each if key in kept else renamed(each) for key, each in value.items()}
        if isinstance(value, list):
            return [renamed(one) for one in value]
        return "group:crew" if value == "group:staff" else names.get(value, value) if isinstance(value, str) else value

    document = renamed(before)
    found = difference(desk, document)
    assert [one for one in told(found) if one[0] != "rename"] == [] and found["only_here"] == []
    assert len(found["changes"]) == 13
    apply(desk, document)
    assert difference(desk, document)["changes"] == []
    after = export(desk)
    ids = [{one["id"]: one["name"] for one in each["applications"]} for each in (before, after)]
    assert {id_: names[name] for id_, name in ids[0].items()} == ids[1]
    assert after["policies"][0]["conditions"]["contexts"] == {"include": ["salaries"]}
    assert after["policies"][0]["grant"] == {"require": ["strong proof"]}
    assert desk.call("GET", "/policy-check") == []


def test_a_name_that_is_taken(desk: Any) -> None:
    """Also by something that the document does not name."""
    apply(desk, doc(applications=[app("a"), app("b")]))
    entry = {**next(one for one in export(desk)["applications"] if one["name"] == "a"), "name": "B"}
    with pytest.raises(AlreadyThere, match="'B'"):
        apply(desk, doc(applications=[entry]))


@settings(max_examples=10, phases=NO_SHRINKING)
@given(document=documents(), when=st.integers(0, 30))
def test_all_or_nothing(desks: Any, document: dict[str, Any], when: int) -> None:
    """A fault at any step leaves everything as it was, the audit too."""
    with desks() as desk:
        apply(desk, doc(applications=[app("old")], groups=[{"name": "staff"}]))
        before, revision, entries = export(desk), desk.store.revision(), len(desk.audit())
        steps = iter(range(1000))
        performed = operations._performed

        def failing(*arguments: Any) -> Any:
            if next(steps) == when:
                raise ConfigError("a fault")
            return performed(*arguments)

        monkeypatched: Any = operations
        monkeypatched._performed = failing
        try:
            apply(desk, document, prune=True)
        except ConfigError:
            assert export(desk) == before and desk.store.revision() == revision and len(desk.audit()) == entries
        else:
            assert next(steps) <= when
        finally:
            monkeypatched._performed = performed


def test_what_is_wrong_in_the_middle(desk: Any) -> None:
    """The error begins with the path to it; nothing of the rest is done."""
    document = doc(groups=[{"name": "staff"}], applications=[app("a"), app("b", external="https://a.example.com/")])
    with pytest.raises(AlreadyThere, match=r"^applications\[1\].external: .* belongs to the application 'a'"):
        apply(desk, document)
    assert "applications" not in export(desk) and "groups" not in export(desk)
    with pytest.raises(NotFound, match=r"^applications\[0\]: there is no user 'zoe'"):
        apply(desk, doc(applications=[app("a", assignments=[{"user": "zoe"}])]))
    with pytest.raises(ConfigError, match=r"^providers\[0\].issuer: is 'https://c.example/' and cannot be changed"):
        apply(desk, everything())
        apply(desk, doc(providers=[{**everything()["providers"][0], "issuer": "https://d.example/"}]))


def test_secrets_are_in_no_document(desk: Any) -> None:
    """An export says where they could be found; what is there keeps its own, and only what is new needs one."""
    texts = {"request.authorization": "Basic hunter2"}
    apply(desk, everything() | {"applications": [app("wiki", settings=texts)], "policies": [], "contexts": []})
    document = export(desk)
    assert not any(text in repr(document) for text in ("hunter2", "'s'", "'p'", "xxxx"))
    reference = {"environment": "APPPROXY_APPLICATION_WIKI_REQUEST_AUTHORIZATION"}
    assert document["applications"][0]["settings"] == {"request.authorization": reference}
    assert difference(desk, document)["secrets"] == []
    apply(desk, document)
    assert desk.call("GET", "/applications/wiki")["settings"] == texts
    for section, field in (("providers", "client_secret"), ("directories", "bind_password"), ("clients", "secret")):
        entry = {**document[section][-1], "name": "new"}
        del entry["id"]
        wanted = doc(**{section: [entry]})
        assert difference(desk, wanted)["secrets"] == [{"path": f"{section}[0].{field}", "reference": entry[field]}]
        with pytest.raises(ConfigError, match=rf"^{section}\[0\].{field}: the secret is needed"):
            apply(desk, wanted)
    document["applications"][0]["settings"]["request.x-more"] = {"file": "more"}
    assert [one["path"] for one in difference(desk, document)["secrets"]] == ["applications[0].settings.request.x-more"]
    with pytest.raises(ConfigError, match=r"^applications\[0\].settings.request.x-more: the secret is needed"):
        apply(desk, document)


def test_what_differs_tells_no_secret(desk: Any) -> None:
    """Of a field that every request gets only that it differs; a text that is written there counts."""
    apply(desk, doc(applications=[app("wiki", settings={"request.authorization": "Basic hunter2"})]))
    found = difference(desk, doc(applications=[app("wiki", settings={"request.authorization": "Basic hunter3"})]))
    (field,) = found["changes"][0]["fields"]
    assert (field["before"], field["after"]) == ("(hidden)", "(hidden)") and "hunter" not in repr(found)


def test_hidden_values_cannot_be_guessed(desk: Any) -> None:
    """Whoever may only look has every text that they write told as a difference, be it the right one or not."""
    apply(desk, doc(applications=[app("wiki", settings={"request.authorization": "Basic hunter2", "strict": "yes"})]))
    exported = export(desk)
    desk.principal = Principal("ann", frozenset({Permission.READ_CONFIGURATION}))
    answers = []
    for guess in ("Basic hunter2", "Basic hunter3"):
        wanted = doc(applications=[app("wiki", settings={"Request.Authorization": guess, "strict": "yes"})])
        answers.append(difference(desk, wanted)["changes"])
    assert answers[0] == answers[1] and [one["field"] for one in answers[0][0]["fields"]] == ["settings.request.authorization"]
    assert difference(desk, exported)["changes"] == []
    desk.principal = Principal("bob", frozenset({Permission.READ_CONFIGURATION, Permission.CHANGE_CONFIGURATION}))
    right = doc(applications=[app("wiki", settings={"request.authorization": "Basic hunter2", "strict": "yes"})])
    assert difference(desk, right)["changes"] == []


def test_a_client_without_a_secret_gets_one(desk: Any) -> None:
    """The answer has it, once; one that was given is not repeated."""
    shop = {"name": "shop", "redirect_uris": ["https://shop.example/"]}
    (made,) = apply(desk, doc(clients=[shop]))["made"]
    assert made["name"] == "shop" and made["secret"].startswith("apcs_")
    assert apply(desk, doc(clients=[{**shop, "name": "store", "secret": "y" * 43}]))["made"] == []
    with pytest.raises(ConfigError, match=r"^clients\[0\].secret: must be 43"):
        apply(desk, doc(clients=[{**shop, "name": "third", "secret": "short"}]))


def test_somebody_changed_it_meanwhile(desk: Any) -> None:
    """What was compared is no longer what is there: nothing is done."""
    etag = difference(desk, doc(groups=[]))["etag"]
    desk.call("POST", "/groups", {"name": "staff"})
    with pytest.raises(Changed):
        desk.call("PUT", "/configuration", {"document": doc(groups=[]), "prune": True}, if_match=etag)
    etag = difference(desk, doc(groups=[]))["etag"]
    desk.call("PUT", "/configuration", {"document": doc(groups=[]), "prune": True}, if_match=etag)


def test_an_administrator_is_left(desk: Any) -> None:
    """Whoever applies it, and also where the role would go with its group; the role may move to somebody else."""
    for name in ("ann", "bob"):
        desk.call("POST", "/users", {"name": name, "password": "long enough", "groups": ["staff"]})
    apply(desk, doc(roles=[{"role": "administrator", "user": "ann"}]))
    with pytest.raises(LastAdministrator):
        apply(desk, doc(roles=[]), prune=True)
    apply(desk, doc(roles=[{"role": "administrator", "user": "bob"}]), prune=True)
    apply(desk, doc(roles=[{"role": "administrator", "group": "staff"}]), prune=True)
    with pytest.raises(LastAdministrator):
        apply(desk, doc(groups=[]), prune=True)
    assert [one["group"] for one in export(desk)["roles"]] == ["staff"]


def test_policies_leave_somebody_in(desk: Any) -> None:
    """Of all policies together, at the end: states in between do not count. `force` takes the responsibility."""
    desk.call("POST", "/users", {"name": "ann", "password": "long enough"})
    block = {"name": "a", "state": "on", "users": {"include": ["all"]}, "applications": {"include": ["all"]},
             "grant": {"block": True}}
    document = doc(applications=[app("wiki", assignments=[{"user": "ann"}])], policies=[block])
    with pytest.raises(ConfigError, match="^policies: with these nobody could use wiki; exclude somebody"):
        apply(desk, document)
    assert "policies" not in export(desk)
    apply(desk, document, force=True)
    apply(desk, doc(policies=[{**block, "state": "off"}, {**block, "name": "b", "users": {
        "include": ["all"], "exclude": ["user:ann"]}}]))


def test_who_may(desk: Any) -> None:
    """Nobody but administrators; each part is asked for besides, so that nobody gets more by a detour."""
    apply(desk, everything())
    document = export(desk)
    document["applications"][0]["internal"] = "http://other/"
    desk.principal = Principal("ann", FULL - {Permission.CHANGE_CONFIGURATION})
    with pytest.raises(Forbidden, match="configuration.change"):
        apply(desk, document)
    desk.principal = Principal("ann", frozenset({Permission.READ_CONFIGURATION}))
    assert len(difference(desk, document)["changes"]) == 1
    desk.principal = Principal("ann", frozenset({Permission.CHANGE_CONFIGURATION}))
    with pytest.raises(Forbidden, match=r"applications.change"):
        apply(desk, document)


def test_the_audit(desk: Any) -> None:
    """Each step is noted as if it had been called, and all of it with how much there was and is."""
    apply(desk, doc(groups=[{"name": "staff"}], connector_groups=[{"name": "lab"}]))
    last, *steps = desk.audit()
    assert last.action == "configuration.apply" and sorted(one.action for one in steps) == ["connector_group.add", "group.add"]
    assert (last.detail["before"]["groups"], last.detail["after"]["groups"], last.detail["added"]) == (0, 1, 2)
    (group,) = export(desk)["groups"]
    apply(desk, doc(groups=[{**group, "name": "crew"}]))
    assert desk.audit()[0].detail["renamed"] == ["groups: staff is crew"]


def test_urls_can_change_hands(desk: Any) -> None:
    """What is pruned frees them first."""
    apply(desk, doc(applications=[app("old", external="https://x.example.com/")]))
    apply(desk, doc(applications=[app("new", external="https://x.example.com/")]), prune=True)
    assert [one["name"] for one in export(desk)["applications"]] == ["new"]


def test_people_of_a_provider_that_comes_back(desk: Any) -> None:
    """Those whom it had let in before are let in only by the document, and so is who was assigned before it came."""
    corp = everything()["providers"]
    several = app("a", providers=["builtin", "corp"], assignments=[
        {"user": name, "provider": "corp"} for name in ("eve", "ann")])
    apply(desk, doc(providers=corp, applications=[several]))
    apply(desk, doc(applications=[{**several, "providers": ["builtin"], "assignments": []}]))
    assert desk.record("GET", "/applications/a")["assignments"] == []
    desk.call("POST", "/applications/a/assignments", {"user": "max", "provider": "corp"})
    wanted = doc(applications=[{**several, "assignments": [{"user": "ann", "provider": "corp"}]}])
    apply(desk, wanted)
    assert difference(desk, wanted)["changes"] == []
    assert [one["user"] for one in desk.record("GET", "/applications/a")["assignments"]] == ["ann"]


def test_excluded_hosts_come_after_the_wildcard_that_they_are_of(desk: Any) -> None:
    """Of a new application and of one that is there."""
    wild = [{"external": "https://*.example.com/", "internal": "http://*.w/"}]
    entry = app("a", settings={"excluded_hosts": "x.example.com"}, segments=wild)
    for before in (doc(applications=[]), doc(applications=[app("a")])):
        apply(desk, before, prune=True)
        apply(desk, doc(applications=[entry]))
        assert difference(desk, doc(applications=[entry]))["changes"] == []


@pytest.mark.parametrize("kept", [{}, {"machine_crl": "none"}, {"machine_crl": "LIST"}])
@pytest.mark.parametrize("wanted", [{}, {"machine_crl": "none"}, {"machine_crl": "LIST"}])
def test_lists_of_revoked_certificates_go_there_and_back(desk: Any, kept: dict[str, str], wanted: dict[str, str]) -> None:
    """None, said or left out, takes a list away, and afterwards nothing differs. An empty text is a mistake."""
    root = make("Plant", authority=True)
    before, after = (
        {"machine_authority": root.pem, **{key: crl(root) if text == "LIST" else text for key, text in one.items()}}
        for one in (kept, wanted))
    apply(desk, doc(applications=[app("press", settings=before)]))
    document = doc(applications=[app("press", settings=after)])
    apply(desk, document)
    assert difference(desk, document)["changes"] == []
    [exported] = export(desk)["applications"]
    assert exported["settings"].get("machine_crl", "none") == after.get("machine_crl", "none")
    assert difference(desk, export(desk))["changes"] == []
    with pytest.raises(ConfigError, match=r"^applications\[0\]\.settings\.machine_crl: an empty text is no list"):
        apply(desk, doc(applications=[app("press", settings={"machine_crl": ""})]))


def test_none_that_an_older_release_has_kept(desk: Any) -> None:
    """Is no difference either."""
    apply(desk, doc(applications=[app("press")]))
    with desk.store.transaction(1.79e9) as tx:
        tx.change(sa.update(schema.applications).values(settings='{"machine_crl": "none"}'))
    assert "settings" not in export(desk)["applications"][0]
    assert difference(desk, doc(applications=[app("press")]))["changes"] == []


def trusted(name: str, **more: object) -> dict[str, Any]:
    """A device authority of a document."""
    return {"name": name, "certificate": COMPANY.pem, **more}


#: Valid at the time of the desk's clock.
COMPANY = make("Company Devices", authority=True, begins=1782864000.0 - 86400.0, ends=1782864000.0 + 900 * 86400.0)


def test_device_authorities_go_there_and_back(desk: Any) -> None:
    """Made before what names them, changed, renamed with what names them, and pruned; lists that were given stay."""
    asks = {"crl_urls": ["http://pki.corp/a.crl"], "ocsp": ["http://ocsp.corp/"], "ocsp_soft": True}
    ways = [{"device": "company"}, {"device": "proved"}]
    policy = {"name": "p", "state": "on", "users": {"include": ["all"]}, "applications": {"include": ["all"]},
              "conditions": {"devices": {"exclude": ["company"]}}, "grant": {"require": ["laptop"]}}
    document = doc(device_authorities=[trusted("Company", **asks), {"name": "builtin"}],
                   strengths=[{"name": "laptop", "any_of": ways}], policies=[policy])
    apply(desk, document)
    there = export(desk)
    own, company = there["device_authorities"]
    assert (own["name"], "certificate" in own) == ("builtin", False)
    assert {key: company[key] for key in asks} == asks and company["certificate"] == COMPANY.pem
    for one in (document, there):
        assert difference(desk, one)["changes"] == difference(desk, one)["only_here"] == []
    company["name"] = "Subsidiary"
    del company["ocsp"], company["ocsp_soft"]
    there["strengths"][0]["any_of"][0]["device"] = "Subsidiary"
    there["policies"][0]["conditions"]["devices"]["exclude"] = ["Subsidiary"]
    changes = told(difference(desk, there))
    assert ("rename", "device_authorities", "Subsidiary", ("name",)) in changes
    assert ("change", "device_authorities", "Subsidiary", ("ocsp", "ocsp_soft")) in changes and len(changes) == 2
    apply(desk, there)
    assert difference(desk, export(desk))["changes"] == []
    assert desk.record("GET", "/device-authorities/subsidiary")["crl_urls"] == asks["crl_urls"]
    apply(desk, doc(device_authorities=[], strengths=[], policies=[]), prune=True)
    assert desk.rows("/device-authorities") == []


@pytest.mark.parametrize(("entry", "said"), [
    ({"name": "x"}, "certificate: is needed"), ({"name": "builtin", "certificate": COMPANY.pem}, "name: the service's own"),
    ({"name": "Builtin", "ocsp": ["http://o/"]}, "name: the service's own"), (trusted("x", ocsp=["ldap://o/"]), "ocsp: "),
    (trusted("x", crl_urls="http://o/"), "crl_urls: a list"), (trusted("proved"), "name: 'proved' has a meaning"),
    ({"name": "x", "certificate": "-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----"},
     "certificate: not a readable"),
])
def test_device_authorities_that_are_wrong(desk: Any, entry: dict[str, Any], said: str) -> None:
    """Each with its place in the document."""
    with pytest.raises(ConfigError, match=rf"^device_authorities\[0\]\.{said}"):
        apply(desk, doc(device_authorities=[entry]))


def test_what_an_authority_keeps(desk: Any) -> None:
    """Its certificate: with another one it would be another authority; and the built-in one its name."""
    apply(desk, doc(device_authorities=[trusted("Company"), {"name": "builtin"}]))
    with pytest.raises(ConfigError, match=r"certificate: is .* and cannot be changed"):
        apply(desk, doc(device_authorities=[{**trusted("Company"), "certificate": make("Other", authority=True).pem}]))
    with pytest.raises(ConfigError, match="device_authorities: the built-in device authority keeps its name"):
        apply(desk, doc(device_authorities=[{**trusted("mine"), "id": "builtin"}]))
    spaced = COMPANY.pem.replace("\n", "\r\n") + "\n\n"
    assert difference(desk, doc(device_authorities=[{"name": "Company", "certificate": spaced}]))["changes"] == []
