"""Operations that look at what the service does now, and searches of listings."""

from __future__ import annotations

from typing import Any

import pytest

from appproxy.admin.base import roles
from appproxy.admin.base.body import Body
from appproxy.admin.base.operation import AdminContext, Call
from appproxy.admin.base.principal import Principal
from appproxy.admin.running import observation, service
from appproxy.errors import ConfigError, NotFound
from appproxy.store.snapshot import RoleAssignment
from tests.admin.conftest import NOW, Desk, hash_password

OWN = ["192.0.2.1"]


def check(desk: Desk, hosts: dict[str, list[str]], probe: dict[str, object] | None) -> list[tuple[str, str, str]]:
    """What a check of `wiki` says."""
    context = AdminContext(
        Principal.full("local:0"), NOW, desk.settings, hash_password, lambda: desk.live, running=True,
        service_answer={"hosts": hosts, "own": OWN, "probe": probe})
    with desk.store.reading() as reading:
        told: Any = observation._check(reading, Call({"application": "wiki"}, Body({}, ()), context))
    return [(one["check"], one["health"], one["detail"]) for one in told]


@pytest.mark.parametrize(("hosts", "probe", "found"), [
    ({"wiki.example.com": OWN}, {"status": 200, "failure": "", "detail": ""},
     [("dns", "good", "wiki.example.com leads to 192.0.2.1"),
      ("application", "good", "it answers through a connector, with status 200")]),
    ({"wiki.example.com": []}, {"status": 503, "failure": "", "detail": ""},
     [("dns", "broken", "no DNS record for wiki.example.com"), ("application", "warning", "it answers with status 503")]),
    ({"wiki.example.com": ["198.51.100.1"]}, {"status": 0, "failure": "ORIGIN_REFUSED", "detail": "nobody there"},
     [("dns", "warning", "wiki.example.com leads to 198.51.100.1, not to where the service's own host leads"),
      ("application", "broken", "ORIGIN_REFUSED nobody there")]),
    ({}, None, [("application", "warning", "it was not asked: it has only wildcards, or takes no HEAD")]),
])
def test_a_check(desk: Desk, hosts: dict[str, list[str]], probe: dict[str, object] | None, found: list[object]) -> None:
    """Its name, and its answer through a connector; what the store knows is said between them."""
    desk.call("POST", "/applications", {"name": "wiki", "internal": "http://w/", "external": "https://wiki.example.com"})
    told = check(desk, hosts, probe)
    assert [one for one in told if one[0] in ("dns", "application")] == found
    assert [one[:2] for one in told if one[0] not in ("dns", "application")] == [("connector", "broken")]


@pytest.mark.parametrize(("role", "application", "shown"), [
    ("reader", "", False), ("connector-administrator", "", False), ("help-desk", "", True), ("administrator", "", True),
    ("application-administrator", "wiki", True), ("application-administrator", "mail", False),
])
def test_failures_tell_readers_of_nobody(desk: Desk, role: str, application: str, shown: bool) -> None:
    """What was asked for and by whom is for those who change the application or may read users, as who met a limit is."""
    ids = {"": ""}
    for name in ("wiki", "mail"):
        made = desk.record("POST", "/applications", {
            "name": name, "internal": "http://w/", "external": f"https://{name}.example.com"})
        ids[name] = str(made["id"])
    held = RoleAssignment("1", role, "builtin", "user", "x", ids[application], 0.0, 0.0)
    context = AdminContext(
        roles.principal("builtin:x", [held]), NOW, desk.settings, hash_password, lambda: desk.live, running=True,
        limits_met=[{"who": "ann", "limit": "QUEUE_FULL"}],
        service_answer=[{"title": "Refused", "path": "/of/ann", "detail": "ann"}])
    with desk.store.reading() as reading:
        told = observation._failures(reading, Call({"application": "wiki"}, Body({}, ()), context))
        status: Any = service._status(reading, Call({}, Body({}, ()), context))
    assert told == [{"title": "Refused", "path": "/of/ann" if shown else "", "detail": "ann" if shown else ""}]
    reads_users = role in ("help-desk", "administrator")
    assert status["limits_met"] == [{"who": "ann" if reads_users else "", "limit": "QUEUE_FULL"}]


@pytest.mark.parametrize(
    "path", ["/traffic", "/applications/wiki/traffic", "/applications/wiki/failures", "/applications/wiki/check"])
def test_without_a_service(desk: Desk, path: str) -> None:
    """There is nothing to see, and an application that is not there is said first."""
    if "wiki" in path:
        with pytest.raises(NotFound):
            desk.call("GET", path)
        desk.call("POST", "/applications", {"name": "wiki", "internal": "http://w/", "external": "https://wiki.example.com"})
    with pytest.raises(ConfigError, match="no service runs"):
        desk.call("GET", path)


def names(desk: Desk, path: str, **fields: object) -> list[object]:
    """What a listing has."""
    found: Any = desk.call("GET", path, fields)
    return [one["name"] for one in found]


def test_searching(desk: Desk) -> None:
    """By a part, whether capital or small; in pages; signs of SQL stand for themselves."""
    for name, mail in (("ann", "Ann.Smith@example.com"), ("bob", ""), ("carl_a", "")):
        desk.call("POST", "/users", {"name": name, "password": "long enough", "email": mail, "display_name": name.title()})
    assert names(desk, "/users", search="SMITH") == ["ann"]
    assert names(desk, "/users", search="a") == ["ann", "carl_a"]
    assert names(desk, "/users", search="a", limit=1) == ["ann"]
    assert names(desk, "/users", search="a", limit=1, after="ann") == ["carl_a"]
    assert names(desk, "/users", search="l_a") == ["carl_a"] and names(desk, "/users", search="n_n") == []
    assert names(desk, "/users", search="%") == [] and names(desk, "/users", search="") == ["ann", "bob", "carl_a"]
    desk.call("POST", "/groups", {"name": "Staff of Köln"})
    assert names(desk, "/groups", search="KÖLN") == ["Staff of Köln"]
    desk.call("POST", "/applications", {"name": "wiki", "internal": "http://inner.host/", "external": "https://w.example.com"})
    assert names(desk, "/applications", search="Inner.Host") == ["wiki"] == names(desk, "/applications", search="w.EXAMPLE")
    assert names(desk, "/applications", search="other") == []
