"""Operations on applications."""

from __future__ import annotations

from typing import Any

import pytest

from appproxy.admin.base import roles
from appproxy.errors import ConfigError
from appproxy.publish.settings.table import SETTINGS
from appproxy.publish.settings.texts import all_keys
from appproxy.store.applications import applications
from appproxy.store.names import NotFound
from appproxy.store.snapshot import RoleAssignment
from tests.pki.chains import ROOT, crl

WIKI = {"name": "wiki", "internal": "http://wiki:8000", "external": "https://wiki.example.com"}


@pytest.fixture
def desk(desk: Any) -> Any:
    """A desk where the wiki is published and ann is a user in staff."""
    desk.call("POST", "/applications", {**WIKI, "settings": {"header.X-User": "email"}})
    desk.call("POST", "/users", {"name": "ann", "password": "long enough", "groups": ["staff"]})
    return desk


def test_publishing_shows_what_came_of_it(desk: Any) -> None:
    """Names, not ids, where people look; the listing is the same in short."""
    shown = desk.record("GET", "/applications/WIKI")
    listed = desk.rows("/applications")[0]
    assert (shown["external"], shown["internal"]) == ("https://wiki.example.com/", "http://wiki:8000/")
    assert (shown["connector_group"], shown["provider"], shown["preauth"]) == ("default", "builtin", "oidc")
    assert shown["settings"] == {"header.x-user": "email"} and shown["assignments"] == []
    assert listed == {key: shown[key] for key in listed}


def test_settings(desk: Any) -> None:
    """Changed by key, with an audit of what was set."""
    assert desk.record("PATCH", "/applications/wiki", {"settings": {"strict": "yes"}})["settings"]["strict"] == "yes"
    assert desk.audit()[0].detail == {"name": "wiki", "settings": {"strict": "yes"}}
    with pytest.raises(ConfigError, match="at least one KEY=VALUE"):
        desk.call("PATCH", "/applications/wiki", {})
    with pytest.raises(ConfigError, match="strict: 'x' must be yes or no"):
        desk.call("PATCH", "/applications/wiki", {"settings": {"strict": "x"}})


def test_every_key_is_explained(desk: Any) -> None:
    """So that the command line can list them."""
    keys = [row["key"] for row in desk.rows("/application-settings")]
    assert keys == all_keys()


def test_every_setting_is_kept_and_shown(desk: Any) -> None:
    """As it was typed; what the programs then read is the same value."""
    for row in SETTINGS.values():
        text = row.kind.examples[-1]
        if text.startswith("@") or row.key == "excluded_hosts":  # a file; hosts of a wildcard that is not here
            continue
        assert desk.record("PATCH", "/applications/wiki", {"settings": {row.key: text}})["settings"][row.key] == text
        with desk.store.reading() as reading:
            assert getattr(applications.find(reading, "wiki"), row.key) == row.kind.parse(text)
        desk.call("PATCH", "/applications/wiki", {"settings": {row.key: ""}})


def test_assigning(desk: Any) -> None:
    """By name; seen at the application, and taken back."""
    desk.call("POST", "/applications/wiki/assignments", {"user": "ann"})
    desk.call("POST", "/applications/wiki/assignments", {"group": "staff", "maintainer": True})
    shown = desk.record("GET", "/applications/wiki")
    assert [{key: one[key] for key in ("user", "group") if key in one} for one in shown["assignments"]] == [
        {"group": "staff"}, {"user": "ann"},
    ]  # fmt: skip
    assert [one["maintainer"] for one in shown["assignments"]] == [True, False]
    assert desk.rows("/applications")[0]["assigned"] == 2
    desk.call("DELETE", "/applications/wiki/assignments", {"user": "ann"})
    assert len(desk.record("GET", "/applications/wiki")["assignments"]) == 1
    assert [row.action for row in desk.audit()[:3]] == [
        "application.unassign", "application.assign", "application.assign",
    ]  # fmt: skip


def test_removing(desk: Any) -> None:
    """It is gone, and the audit knows what it was."""
    desk.call("DELETE", "/applications/wiki")
    assert desk.rows("/applications") == []
    assert desk.audit()[0].detail == {"name": "wiki", "external": "https://wiki.example.com/"}
    with pytest.raises(NotFound):
        desk.call("DELETE", "/applications/wiki")


def test_an_empty_list_of_revoked_certificates(desk: Any) -> None:
    """Is refused, since it would switch revocation off without a word; `none` does that. Where there is none, nothing is."""
    known = crl(ROOT)
    desk.call("PATCH", "/applications/wiki", {"settings": {"machine_crl": ""}})
    desk.call("PATCH", "/applications/wiki", {"settings": {"machine_crl": known}})
    with pytest.raises(ConfigError, match="machine_crl: an empty text is no list"):
        desk.call("PATCH", "/applications/wiki", {"settings": {"Machine-CRL": ""}})
    assert desk.record("GET", "/applications/wiki")["settings"]["machine_crl"] == known
    desk.call("PATCH", "/applications/wiki", {"settings": {"machine_crl": "none"}})
    with desk.store.reading() as reading:
        assert applications.find(reading, "wiki").machine_crl == ""


def test_an_older_list_of_revoked_certificates(desk: Any) -> None:
    """Takes the place of a newer one only where that is said."""
    old, new = (crl(ROOT, number=number) for number in (4, 5))
    desk.call("PATCH", "/applications/wiki", {"settings": {
        "machine_authority": ROOT.pem, "machine_subjects": "*", "machine_crl": new}})
    with pytest.raises(ConfigError, match="machine_crl: the list number 4 .* is older"):
        desk.call("PATCH", "/applications/wiki", {"settings": {"machine_crl": old}})
    assert desk.record("GET", "/applications/wiki")["settings"]["machine_crl"] == new
    desk.call("PATCH", "/applications/wiki", {"settings": {"machine_crl": old}, "older_crl": True})
    assert desk.record("GET", "/applications/wiki")["settings"]["machine_crl"] == old


def test_a_long_value_is_cut_in_the_audit(desk: Any) -> None:
    """A bundle of certificates is not copied into it."""
    from appproxy.pki.issuing.authority import create_authority

    pem = create_authority("x", 1.7e9, serial=bytes(16)).certificate
    desk.call("PATCH", "/applications/wiki", {"settings": {"ca_bundle": pem}})
    assert len(desk.audit()[0].detail["settings"]["ca_bundle"]) == 203
    assert desk.record("GET", "/applications/wiki")["settings"]["ca_bundle"] == pem


def test_a_password_of_the_application(desk: Any) -> None:
    """In a field of every request: it is for those who change that very application, and for nobody else, nor in the audit."""
    secret = {"request.authorization": "Basic c2VjcmV0"}
    crm = {"name": "crm", "internal": "http://crm/", "external": "https://crm.example.com"}
    made = desk.record("POST", "/applications", {**crm, "settings": {**secret, "strict": "yes"}})
    desk.call("PATCH", "/applications/wiki", {"settings": {"Request.Authorization": "Basic c2VjcmV0"}})
    assert [one.action for one in desk.audit()[:2]] == ["application.set", "application.publish"]
    assert "c2VjcmV0" not in str([one.detail for one in desk.audit()])
    assert desk.audit()[1].detail["settings"] == {"request.authorization": "(hidden)", "strict": "yes"}
    for role, of, seen in (
        ("administrator", "", True), ("application-administrator", "", True), ("application-administrator", made["id"], True),
        ("application-administrator", "another", False), ("reader", "", False), ("help-desk", "", False),
        ("auditor", "", False),
    ):
        desk.principal = roles.principal("user:x", [RoleAssignment("1", role, "builtin", "user", "x", of, 0.0, 0.0)])
        shown = desk.record("GET", "/applications/crm")["settings"]
        assert shown == {"strict": "yes", **(secret if seen else {"request.authorization": "(hidden)"})}, role


def test_several_providers(desk: Any) -> None:
    """By name with commas between; each assignment says whose it is, by name too."""
    for name in ("corp", "guests"):
        desk.call("POST", "/providers", {
            "name": name, "issuer": f"https://{name}.example", "client_id": "x", "client_secret": "y"})
    body = {"name": "crm", "internal": "http://crm/", "external": "https://crm.example.com", "provider": "corp,builtin"}
    assert desk.record("POST", "/applications", body)["providers"] == ["corp", "builtin"]
    desk.call("PATCH", "/applications/crm", {"settings": {"provider": "guests, corp"}})
    desk.call("POST", "/applications/crm/assignments", {"group": "staff"})
    desk.call("POST", "/applications/crm/assignments", {"group": "staff", "provider": "corp"})
    shown = desk.record("GET", "/applications/crm")
    assert (shown["provider"], shown["providers"], shown["assigned"]) == ("guests", ["guests", "corp"], 2)
    assert {one["provider"] for one in shown["assignments"]} == {"corp", "guests"}


def test_the_audit_names_whom_a_provider_that_leaves_takes_along(desk: Any) -> None:
    """By provider and name; nothing is said of them where none leaves."""
    desk.call("POST", "/providers", {
        "name": "corp", "issuer": "https://corp.example", "client_id": "x", "client_secret": "y"})
    desk.call("POST", "/applications", {
        "name": "crm", "internal": "http://crm/", "external": "https://crm.example.com", "provider": "corp"})
    desk.call("POST", "/applications/crm/assignments", {"group": "staff"})
    desk.call("PATCH", "/applications/crm", {"settings": {"provider": "corp,builtin"}})
    assert "unassigned" not in desk.audit()[0].detail
    desk.call("PATCH", "/applications/crm", {"settings": {"Provider": "builtin"}})
    detail = desk.audit()[0].detail
    assert [(one["provider"], one["group"]) for one in detail["unassigned"]] == [("corp", "staff")]
    assert detail["unassigned_total"] == 1 and desk.record("GET", "/applications/crm")["assignments"] == []
