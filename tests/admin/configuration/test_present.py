"""The configuration that is there: what is part of it, and how people read it."""

from __future__ import annotations

from typing import Any

import pytest

from appproxy.admin.configuration.present import configuration, plain_chain, shown
from appproxy.admin.configuration.sections import BRANDING, FORMAT_KEY, SECTIONS
from appproxy.store.people import directories, directory_users, users
from tests.admin.conftest import NOW, Desk
from tests.pki.authorities import OURS, SERVICE

LONG = "long enough"
WIKI = {"name": "wiki", "external": "https://wiki.example.com/", "internal": "http://wiki/"}
CORP = {"name": "corp", "issuer": "https://corp.example/", "client_id": "c", "client_secret": "top secret"}


def document(desk: Desk, now: float = NOW) -> dict[str, Any]:
    """All of it, with all fields."""
    with desk.store.reading() as reading:
        return configuration(reading, now)


@pytest.fixture
def house(desk: Desk) -> Desk:
    """Ann and an application of the built-in provider; another provider is there."""
    desk.call("POST", "/users", {"name": "ann", "password": LONG})
    desk.call("POST", "/groups", {"name": "staff"})
    desk.call("POST", "/providers", CORP)
    desk.call("POST", "/applications", WIKI)
    return desk


def assigned(desk: Desk, now: float = NOW) -> list[tuple[str, str, str, str]]:
    """Who may use the application, and until when."""
    (one,) = document(desk, now)["applications"]
    return [(each["user"], each["group"], each["provider"], each["expires"]) for each in one["assignments"]]


def test_it_has_all_sections(desk: Desk) -> None:
    """Also those in which nothing is: whoever compares need not ask whether they are there."""
    found = document(desk)
    assert list(found) == [FORMAT_KEY, *SECTIONS, BRANDING]
    assert [one["name"] for one in found["connector_groups"]] == ["default"]
    assert [(one["name"], sorted(one)) for one in found["providers"]] == [
        ("builtin", ["id", "idle_minutes", "name", "session_hours"])]


def test_an_assignment_until_its_end(house: Desk) -> None:
    """What has ended is no configuration; the whole second of the end is what a document says, so it counts no more."""
    house.call("POST", "/applications/wiki/assignments", {"user": "ann", "expires": "90s"})
    house.call("POST", "/applications/wiki/assignments", {"group": "staff"})
    ends = "2026-07-01T00:01:30Z"
    assert assigned(house, NOW + 89.999) == [("ann", "", "builtin", ends), ("", "staff", "builtin", "")]
    assert assigned(house, NOW + 90.0) == [("", "staff", "builtin", "")]


def test_who_is_of_another_provider_is_named_as_its_tokens_do(house: Desk) -> None:
    """A subject of another provider is nobody of ours, even where it is the id of one."""
    house.call("PATCH", "/applications/wiki", {"settings": {"provider": "corp,builtin"}})
    ann = str(house.record("GET", "/users/ann")["id"])
    for who in ({"user": "ann", "provider": "builtin"}, {"user": ann, "provider": "corp"}):
        house.call("POST", "/applications/wiki/assignments", who)
    assert assigned(house) == [("ann", "", "builtin", ""), (ann, "", "corp", "")]


def test_groups_of_a_directory_are_none_of_ours(house: Desk) -> None:
    """Whoever wants one of those asks the directory for it."""
    house.call("POST", "/directories", {
        "name": "ad", "kind": "ad", "servers": ["ldaps://dc"], "bind_name": "b", "bind_password": "p", "user_base": "ou=u"})
    with house.store.transaction(NOW) as tx:
        record = directories.list_all(tx)[0]
        directory_users.add_group(tx, record, "S-1-5-21-1", "cooks")
    assert [one["name"] for one in house.rows("/groups")] == ["cooks", "staff"]
    assert [one["name"] for one in document(house)["groups"]] == ["staff"]


def test_roles_for_good_of_people(house: Desk) -> None:
    """What ends by itself, and what a token has, is somebody's today and no configuration."""
    house.call("POST", "/service-tokens", {"name": "robot", "role": "reader"})
    house.call("POST", "/role-assignments", {"role": "auditor", "user": "ann", "expires": "8h"})
    house.call("POST", "/role-assignments", {"role": "application-administrator", "group": "staff", "application": "wiki"})
    assert document(house)["roles"] == [{
        "role": "application-administrator", "user": "", "group": "staff", "provider": "builtin", "application": "wiki"}]


def test_break_glass_users_who_are_there(house: Desk) -> None:
    """By name."""
    house.call("PUT", "/break-glass/ann")
    assert document(house)["break_glass"] == [{"user": "ann"}]
    with house.store.transaction(NOW) as tx:
        users.remove(tx, "ann")
    assert document(house)["break_glass"] == []


def test_nothing_secret_is_in_it(house: Desk) -> None:
    """Where it was given, a reference stands; fields that the application gets may be secret, and are for nobody's eyes."""
    house.call("PATCH", "/applications/wiki", {"settings": {"request.X-Key": "secret, too", "strict": "yes"}})
    found = shown(document(house))
    assert "secret" not in repr(found).replace("client_secret", "").replace("CLIENT_SECRET", "")
    (corp,) = [one for one in found["providers"] if one["name"] == "corp"]
    assert corp["client_secret"] == {"environment": "APPPROXY_IDENTITY_PROVIDER_CORP_CLIENT_SECRET"}
    assert found["applications"][0]["settings"] == {
        "request.x-key": {"environment": "APPPROXY_APPLICATION_WIKI_REQUEST_X_KEY"}, "strict": "yes"}


def test_a_provider_without_a_secret_needs_none(desk: Desk) -> None:
    """A reference would make whoever applies it look for a variable that nobody has set."""
    desk.call("POST", "/providers", {**CORP, "client_secret": ""})
    (corp,) = [one for one in shown(document(desk))["providers"] if one["name"] == "corp"]
    assert "client_secret" not in corp and "public" not in corp


def test_each_secret_has_a_variable_of_its_own(desk: Desk) -> None:
    """Names that differ in what no variable can have do not come to the same one."""
    names = ["shop-1", "shop 1", "shop 1 2", "été", "ünal"]
    for name in names:
        desk.call("POST", "/clients", {"name": name, "redirect_uris": ["https://shop.example/"]})
    found = [one["secret"]["environment"] for one in shown(document(desk))["clients"]]
    assert len(set(found)) == len(names)
    assert {"APPPROXY_CLIENT_SHOP_1_SECRET", "APPPROXY_CLIENT_SHOP_1_SECRET_2"} <= set(found)


def test_what_is_as_usual_is_left_out(house: Desk) -> None:
    """Also inside entries of entries; the first provider of an application is the one that is meant."""
    house.call("POST", "/applications/wiki/assignments", {"user": "ann"})
    house.call("POST", "/applications/wiki/cors", {"origins": ["https://a.example"], "max_age": 5})
    (one,) = shown(document(house))["applications"]
    assert one == {
        "id": one["id"], **WIKI, "assignments": [{"user": "ann"}], "cors": [{"origins": ["https://a.example"]}]}
    house.call("PATCH", "/applications/wiki", {"settings": {"provider": "builtin,corp"}})
    house.call("POST", "/applications/wiki/assignments", {"user": "x", "provider": "corp"})
    (one,) = shown(document(house))["applications"]
    assert one["providers"] == ["builtin", "corp"]
    assert one["assignments"] == [{"user": "ann"}, {"user": "x", "provider": "corp"}]


def test_what_is_shown_is_made_anew(house: Desk) -> None:
    """The document that it was made of still says all, whatever becomes of what is shown."""
    house.call("POST", "/applications/wiki/assignments", {"user": "ann"})
    made = document(house)
    shown(made)["applications"][0]["assignments"].clear()
    assert made == document(house)


def test_the_certificates_of_a_chain_alone() -> None:
    """Remarks in the file and its line ends make no difference, for they would be a change that nobody has made."""
    chain = f"# ours\r\n{OURS.certificate}remark\n{SERVICE.certificate}".replace("\n", "\r\n")
    assert plain_chain(chain) == plain_chain(OURS.certificate + SERVICE.certificate)
    assert plain_chain(plain_chain(chain)) == plain_chain(chain)
    assert plain_chain("") == ""
