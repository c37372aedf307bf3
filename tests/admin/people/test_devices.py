"""Operations on device authorities and devices."""

from __future__ import annotations

from typing import Any

import pytest

from appproxy.admin.base import roles
from appproxy.admin.base.principal import Forbidden
from appproxy.errors import AlreadyThere, ConfigError
from appproxy.pki import certificate_request, new_key
from appproxy.store.service import place
from appproxy.store.snapshot import RoleAssignment
from tests.pki.chains import crl
from tests.store.devices.test_authorities import BEGINS, ENDS, LAPTOP, ROOT, authority

_ALL = "/device-authorities"


def test_the_life_of_one(desk: Any) -> None:
    """What it is made of, until when its list counts, and an entry in the audit for each change."""
    made = desk.record("POST", _ALL, {"name": "Company", "certificate": ROOT.pem})
    assert (made["crl_until"], made["revoked"], made["crl_ended"]) == (0.0, 0, False)
    assert [one["subject"] for one in made["certificates"]] == ["CN=Company Devices"]
    known = desk.record("PUT", f"{_ALL}/company/crl", {"crl": crl(ROOT, LAPTOP, ends=ENDS, begins=BEGINS)})
    assert known["revoked"] == 1 and known["crl_until"] == pytest.approx(ENDS, abs=1.0)
    assert desk.rows(_ALL) == [desk.record("GET", f"{_ALL}/Company")] == [known]
    with pytest.raises(ConfigError, match="crl: no PEM list"):
        desk.call("PUT", f"{_ALL}/company/crl", {"crl": ""})
    with pytest.raises(ConfigError, match="crl: no PEM list"):
        desk.call("POST", _ALL, {"name": "Other", "certificate": authority("Other").pem, "crl": ""})
    assert desk.record("GET", f"{_ALL}/Company") == known
    assert desk.record("DELETE", f"{_ALL}/company/crl")["crl_until"] == 0.0
    desk.call("DELETE", f"{_ALL}/company")
    assert desk.rows(_ALL) == []
    assert [row.action for row in desk.audit()] == [
        f"device_authority.{one}" for one in ("remove", "remove_crl", "set_crl", "add")]


def test_the_host_is_free(desk: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """An application of before the host had a meaning keeps it; then browsers could not prove anything there."""
    monkeypatch.setattr(place, "RESERVED", ())
    desk.call("POST", "/applications", {"name": "old", "internal": "http://old/", "external": "https://device.example.com/"})
    with pytest.raises(ConfigError, match="device.example.com is where browsers prove devices, and old is published there"):
        desk.call("POST", _ALL, {"name": "Company", "certificate": ROOT.pem})


def test_a_policy_is_explained_with_a_device(desk: Any) -> None:
    """As if it had been proved; a subject needs an authority."""
    desk.call("POST", "/users", {"name": "ann", "password": "long enough"})
    desk.call("POST", "/applications", {"name": "w", "internal": "http://w/", "external": "https://w.example.com"})
    desk.call("POST", "/applications/w/assignments", {"user": "ann"})
    desk.call("POST", _ALL, {"name": "Company", "certificate": ROOT.pem})
    desk.call("PUT", "/strengths/laptop", {"document": {
        "name": "laptop", "any_of": [{"device": "company", "subject": {"CN": "LT-*"}}]}})
    desk.call("PUT", "/policies/p", {"document": {
        "name": "p", "state": "on", "users": {"include": ["all"]}, "applications": {"include": ["all"]},
        "grant": {"require": ["laptop"]}}})
    asked = {"application": "w", "user": "ann"}
    for more, verdict in (({}, "sign in"), ({"device": "Company"}, "sign in"),
                          ({"device": "Company", "device_subject": {"CN": "LT-7"}}, "pass")):
        assert desk.record("GET", "/policy-explanation", {**asked, **more})["verdict"] == verdict, more
    with pytest.raises(ConfigError, match="device: is needed with device_subject"):
        desk.call("GET", "/policy-explanation", {**asked, "device_subject": {"CN": "LT-7"}})


def test_the_configuration_names_them(desk: Any) -> None:
    """What is exported is what is there, and names the authorities as they are called."""
    desk.call("POST", _ALL, {"name": "Company", "certificate": ROOT.pem})
    ways = [{"device": "Company", "subject": {"CN": "LT-*"}}, {"device": "proved"}, {"amr": ["hwk"]}]
    desk.call("PUT", "/strengths/laptop", {"document": {"name": "laptop", "any_of": ways}})
    desk.call("PUT", "/policies/p", {"document": {
        "name": "p", "state": "on", "users": {"include": ["all"]}, "applications": {"include": ["all"]},
        "conditions": {"devices": {"exclude": ["Company"]}}, "grant": {"require": ["laptop"]}}})
    document = desk.record("GET", "/configuration")
    assert document["device_authorities"] == [
        {"id": document["device_authorities"][0]["id"], "name": "Company", "certificate": ROOT.pem}]
    assert document["strengths"][0]["any_of"] == ways
    assert document["policies"][0]["conditions"] == {"devices": {"exclude": ["Company"]}}
    told = desk.record("POST", "/configuration/difference", {"document": document})
    assert told["changes"] == told["only_here"] == []


def test_the_devices_of_users(desk: Any) -> None:
    """By a link and a password, which only the answer has; listed with what became of them; revoked."""
    desk.call("POST", "/users", {"name": "ann", "password": "long enough"})
    desk.call("POST", _ALL, {"builtin": True})
    made = desk.record("POST", "/users/ann/devices", {"name": "laptop"})
    assert str(made["link"]).startswith("https://signin.example.com/device-key?t=")
    assert (made["user"], made["state"], made["not_after"]) == ("ann", "waits for its user", 0.0)
    asked = desk.record("POST", "/users/ann/devices", {
        "name": "tablet", "expires": "30d", "request": certificate_request(new_key())})
    assert str(asked["certificate"]).count("BEGIN CERTIFICATE") == 2
    assert {(row["name"], row["state"]) for row in desk.rows("/devices")} == {
        ("laptop", "waits for its user"), ("tablet", "good")}
    assert desk.record("DELETE", f"/devices/{asked['id']}")["state"] == "revoked"
    said = str([row.detail for row in desk.audit()])
    assert str(made["password"]) not in said and "device-key" not in said
    assert [row.action for row in desk.audit()][:3] == ["device.revoke", "device.add", "device.add"]


def test_the_help_desk_makes_no_authority_count(desk: Any) -> None:
    """What devices are believed is for those who change policies; with the authority there, the help desk gives devices."""
    desk.call("POST", "/users", {"name": "ann", "password": "long enough"})
    everything, helper = desk.principal, roles.principal(
        "helper", [RoleAssignment("1", "help-desk", "builtin", "user", "helper", "", 0.0, 0.0)])
    ask = {"name": "tablet", "request": certificate_request(new_key())}
    for _ in range(2):
        desk.principal = helper
        for body in ({"name": "laptop"}, ask):
            with pytest.raises(ConfigError, match="no device authority of its own") as caught:
                desk.call("POST", "/users/ann/devices", body)
            assert caught.value.hint.endswith("(policies.change) adds it first: appproxy device authority add --builtin")
        with pytest.raises(Forbidden, match=r"policies\.change"):
            desk.call("POST", _ALL, {"builtin": True})
        assert desk.rows(_ALL) == []
        desk.principal = everything
        assert desk.record("POST", _ALL, {"builtin": True})["name"] == "builtin"
        with pytest.raises(AlreadyThere, match="is there already"):
            desk.call("POST", _ALL, {"builtin": True})
        desk.principal = helper
        desk.call("POST", "/users/ann/devices", {"name": "laptop"})
        desk.principal = everything
        desk.call("DELETE", f"{_ALL}/builtin")


def test_the_own_authority_brings_its_own(desk: Any) -> None:
    """A name, a certificate or a list of somebody else's beside it is a mistake."""
    for key, text in (("name", "x"), ("certificate", ROOT.pem), ("crl", crl(ROOT))):
        with pytest.raises(ConfigError, match=f"^{key}: the service's own authority has its own"):
            desk.call("POST", _ALL, {"builtin": True, key: text})


def test_an_older_list_is_taken_only_by_force(desk: Any) -> None:
    """The error says which is which, and how; the list that counts stays."""
    new, old = (crl(ROOT, *revoked, ends=ENDS, begins=BEGINS, number=number) for number, revoked in ((5, [LAPTOP]), (4, [])))
    desk.call("POST", _ALL, {"name": "Company", "certificate": ROOT.pem, "crl": new})
    with pytest.raises(ConfigError, match=r"^crl: the list number 4 of .* is older than .* number 5") as caught:
        desk.call("PUT", f"{_ALL}/company/crl", {"crl": old})
    assert "--older" in caught.value.hint
    assert desk.record("GET", f"{_ALL}/company")["revoked"] == 1
    assert desk.record("PUT", f"{_ALL}/company/crl", {"crl": old, "older": True})["revoked"] == 0


def test_who_may_do_more_is_given_no_device(desk: Any) -> None:
    """By somebody who may do less: it would be half of their sign-in."""
    desk.call("POST", "/users", {"name": "root", "password": "long enough"})
    desk.call("POST", "/role-assignments", {"role": "administrator", "user": "root"})
    desk.call("POST", _ALL, {"builtin": True})
    desk.principal = roles.principal("helper", [RoleAssignment("1", "help-desk", "builtin", "user", "helper", "", 0.0, 0.0)])
    with pytest.raises(Forbidden, match="may do less than root"):
        desk.call("POST", "/users/root/devices", {"name": "laptop"})
