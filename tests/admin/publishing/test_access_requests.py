"""Deciding about what users have asked for."""

from __future__ import annotations

from typing import Any

import pytest
import sqlalchemy as sa

from appproxy.admin.base.principal import Forbidden, Permission, Principal
from appproxy.errors import AlreadyThere, ConfigError
from appproxy.store.applications import requests
from appproxy.store.applications.asked import AccessAsking
from appproxy.store.tables.panel import access_requests
from tests.admin.base.test_answers import RECORDS, faults
from tests.admin.conftest import NOW


@pytest.fixture
def asked(desk: Any) -> dict[str, str]:
    """Requests of ann's, by application."""
    found, ann = {}, desk.record("POST", "/users", {"name": "ann", "password": "long enough"})["id"]
    for name in ("crm", "erp"):
        made = desk.record("POST", "/applications", {
            "name": name, "internal": f"http://{name}/", "external": f"https://{name}.example.com/",
            "settings": {"requestable": "yes"}})
        with desk.store.transaction(NOW) as tx:
            found[name] = requests.ask(tx, AccessAsking(made["id"], "builtin", ann, "Ann", "For the audit")).id
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
    assert (given["user"], given["expires"]) == ("ann", made["ends"])
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
    ann = Principal("user:ann", frozenset(both), person=("builtin", desk.record("GET", "/users/ann")["id"]))
    desk.principal = of_one
    assert [row["id"] for row in desk.rows("/access-requests")] == [asked["crm"]]
    assert desk.record("GET", f"/access-requests/{asked['crm']}")["application"] == "crm"
    with pytest.raises(Forbidden):
        desk.record("GET", f"/access-requests/{asked['erp']}")
    for desk.principal, name in ((of_one, "erp"), (ann, "crm"), (Principal("user:eve", frozenset()), "crm")):
        with pytest.raises(Forbidden):
            desk.record("POST", f"/access-requests/{asked[name]}/approve", {"expires": "1h"})
    program = Principal("token:robot", frozenset(both))
    for desk.principal, what in ((program, "approve"), (program, "deny")):
        with pytest.raises(Forbidden, match="token:robot is no person"):
            desk.record("POST", f"/access-requests/{asked['crm']}/{what}", {"expires": "1h"} if what == "approve" else {})
    desk.principal = of_one
    made = desk.record("POST", f"/access-requests/{asked['crm']}/approve", {"expires": "1h"})
    assert made["decider"] == "user:bob"


def test_a_page_costs_what_it_shows(desk: Any, asked: dict[str, str]) -> None:
    """However many there are: state, order and page are the database's, and names are looked up for all of a page at once."""
    crm = desk.record("GET", "/applications/crm")["id"]
    rows = [{"id": f"{number:016x}", "application": crm, "provider": "builtin", "subject": f"u{number}", "name": "U",
             "reason": "why", "state": "denied" if number % 2 else "pending", "decider": "", "answer": "",
             "created": NOW - number, "decided": 0.0, "ends": NOW + 86400} for number in range(1, 2001)]
    with desk.store.transaction(NOW) as tx:
        tx.change(sa.insert(access_requests), rows)
    said: list[str] = []
    sa.event.listen(sa.Engine, "before_cursor_execute", note := lambda *of_it: said.append(of_it[2]))
    try:
        page: Any = desk.call("GET", "/access-requests", {"state": "pending", "limit": 100})
        seen, pages = list(page), 1
        while page:
            page = desk.call("GET", "/access-requests", {"state": "pending", "limit": 100, "after": page[-1]["key"]})
            assert len(page) <= 100
            seen, pages = seen + page, pages + 1
    finally:
        sa.event.remove(sa.Engine, "before_cursor_execute", note)
    assert len(seen) == 1002 and {row["state"] for row in seen} == {"pending"}
    times = [row["created"] for row in seen]
    assert times == sorted(times, reverse=True), "the newest first, also in pages"
    assert len(said) <= 8 * pages, "some few questions a page, not two a row"
    with pytest.raises(ConfigError, match="state: 'no' is none of pending, approved, denied, ended"):
        desk.call("GET", "/access-requests", {"state": "no"})
