"""Deciding about what users have asked for."""

from __future__ import annotations

from typing import Any

import pytest

from appproxy.admin.base.principal import Forbidden, Permission, Principal
from appproxy.errors import AlreadyThere, ConfigError
from appproxy.store.applications import requests
from appproxy.store.applications.asked import AccessAsking
from tests.admin.base.test_answers import RECORDS, faults
from tests.admin.conftest import NOW


@pytest.fixture
def asked(desk: Any) -> dict[str, str]:
    """Requests of ann's, by application."""
    found = {}
    for name in ("crm", "erp"):
        made = desk.record("POST", "/applications", {
            "name": name, "internal": f"http://{name}/", "external": f"https://{name}.example.com/",
            "settings": {"requestable": "yes"}})
        with desk.store.transaction(NOW) as tx:
            found[name] = requests.ask(tx, AccessAsking(made["id"], "builtin", "ann", "Ann", "For the audit")).id
    return found


def test_yes_and_no(desk: Any, asked: dict[str, str]) -> None:
    """Each is in the audit with its reason, and is not said twice."""
    rows = desk.rows("/access-requests")
    assert [row["state"] for row in rows] == ["pending", "pending"]
    assert [fault for row in rows for fault in faults(row, RECORDS["AccessRequest"])] == []
    made = desk.record("POST", f"/access-requests/{asked['crm']}/approve", {"expires": "30d", "reason": "Until March"})
    assert (made["state"], made["answer"], made["application"], made["user"]) == ("approved", "Until March", "crm", "Ann")
    entry = desk.rows("/audit")[0]
    assert entry["action"] == "access.approve" and entry["detail"]["reason"] == "For the audit"
    (given,) = desk.rows("/applications/crm/assignments")
    assert (given["value"], given["expires"]) == ("ann", made["ends"])
    assert desk.record("POST", f"/access-requests/{asked['erp']}/deny", {"reason": "No"})["state"] == "denied"
    assert desk.rows("/applications/erp/assignments") == []
    with pytest.raises(AlreadyThere):
        desk.record("POST", f"/access-requests/{asked['erp']}/approve", {"expires": "1h"})
    denied = desk.call("GET", "/access-requests", {"state": "denied"})
    assert [row["id"] for row in denied] == [asked["erp"]]


@pytest.mark.parametrize(("what", "body"), [
    ("approve", {}), ("approve", {"expires": "30s"}), ("approve", {"expires": "400d"}), ("deny", {}),
    ("deny", {"reason": " "}),
])
def test_what_is_wrong_changes_nothing(desk: Any, asked: dict[str, str], what: str, body: dict[str, str]) -> None:
    """There is no access without an end, and no no without a reason."""
    with pytest.raises(ConfigError):
        desk.record("POST", f"/access-requests/{asked['crm']}/{what}", body)
    assert {row["state"] for row in desk.rows("/access-requests")} == {"pending"}


def test_who_may(desk: Any, asked: dict[str, str]) -> None:
    """For some applications alone, and not about themselves."""
    crm = desk.record("GET", "/applications/crm")["id"]
    both = {Permission.READ_ACCESS, Permission.CHANGE_ACCESS}
    of_one = Principal("user:bob", frozenset(), {one: frozenset({crm}) for one in both}, person=("builtin", "bob"))
    ann = Principal("user:ann", frozenset(both), person=("builtin", "ann"))
    desk.principal = of_one
    assert [row["id"] for row in desk.rows("/access-requests")] == [asked["crm"]]
    for desk.principal, name in ((of_one, "erp"), (ann, "crm"), (Principal("user:eve", frozenset()), "crm")):
        with pytest.raises(Forbidden):
            desk.record("POST", f"/access-requests/{asked[name]}/approve", {"expires": "1h"})
    desk.principal = of_one
    made = desk.record("POST", f"/access-requests/{asked['crm']}/approve", {"expires": "1h"})
    assert made["decider"] == "user:bob"
