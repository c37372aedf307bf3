"""Who administers what, on the pages."""

from __future__ import annotations

from twisted.web.resource import Resource

from appproxy.store.applications import requests
from appproxy.store.applications.asked import AccessAsking
from tests.console.conftest import House, Seat


def test_a_role_is_given_for_a_time(house: House, alice: Seat) -> None:
    """To a user; the list says until when, and it is taken away there."""
    house.playground.add_user("temp", "a rather long password")
    page = alice.send("/role-assignments/new", {"role": "reader", "user": "temp", "expires": "8h"}, of="/role-assignments/new")
    assert page.status == 200 and "temp" in page.text
    (one,) = [row for row in house.call("GET", "/role-assignments") if row["name"] == "temp"]
    assert one["expires"] and "in 8 hours" in alice.see("/role-assignments?search=temp").text
    gone = alice.send(f"/role-assignments/{one['id']}/remove", {}, of=f"/role-assignments/{one['id']}")
    assert gone.status == 200 and "temp" not in {row["name"] for row in house.call("GET", "/role-assignments")}
    house.call("DELETE", "/users/temp")


def test_an_export_is_added_and_tested(house: House, alice: Seat) -> None:
    """Its secret is shown once; what the receiver answers to a test is said; its page says how far it is."""
    made = alice.send("/audit-exports/new", {"name": "hook", "url": "https://siem.example.org/in"}, of="/audit-exports/new")
    assert "shown this once" in made.text, made.text
    page = alice.see("/audit-exports/hook")
    assert "https://siem.example.org/in" in page.text and "Send a test" in page.text
    assert alice.send("/audit-exports/hook/test", {}, of="/audit-exports/hook").status in (200, 422, 503)
    assert alice.send("/audit-exports/hook/remove", {}, of="/audit-exports/hook").status == 200
    assert house.call("GET", "/audit-exports") == []


def test_updates_are_in_order(house: House, alice: Seat) -> None:
    """Each connector has its turn."""
    assert "connector-0" in alice.see("/connector-updates").text


def test_a_role_that_was_asked_for_is_ended(house: House, alice: Seat) -> None:
    """On its page, by its holder and by who may give it; beside the name stands who that is."""
    house.call("PATCH", "/users/rita", {"email": "rita@example.org"})
    house.call("POST", "/role-entitlements", {"role": "auditor", "user": "rita"})
    rita = house.seat("rita")
    for seat in (rita, alice):
        asked = rita.send("/role-requests/new", {"role": "auditor", "reason": "a look"}, of="/role-requests/new")
        assert asked.status == 200, asked.text
        one = next(row for row in house.call("GET", "/role-requests") if row["state"] == "active")
        shown = seat.see(f"/role-requests/{one['id']}").text
        assert "rita@example.org" in shown and "End it now" in shown
        assert rita.see("/audit").status == 200
        assert seat.send(f"/role-requests/{one['id']}/end", {}, of=f"/role-requests/{one['id']}").status == 200
        assert rita.see("/audit").status == 403
        assert "End it now" not in seat.see(f"/role-requests/{one['id']}").text
    house.call("DELETE", "/role-entitlements", {"role": "auditor", "user": "rita"})


def test_what_waits_is_shown_first(house: House, alice: Seat) -> None:
    """The newest before the others, a page at a time, and nothing that was decided; that is a choice away."""
    house.playground.add_user("asker", "a rather long password")
    subject = house.call("GET", "/users/asker")["id"]
    ids = {}
    for name in ("first-asked", "second-asked"):
        house.playground.publish(name, Resource(), requestable="yes")
        application = house.call("GET", f"/applications/{name}")["id"]
        asking = AccessAsking(application, "builtin", subject, f"Who wants {name}", "why")
        ids[name] = house.playground.network.run(house.playground.service.live.write(requests.ask, asking)).id
        house.playground.network.pass_time(2)
    page = alice.see("/access-requests").text
    assert 0 < page.index("Who wants second-asked") < page.index("Who wants first-asked")
    path = f"/access-requests/{ids['first-asked']}"
    assert alice.send(f"{path}/deny", {"reason": "no"}, of=path).status == 200
    assert "first-asked" not in alice.see("/access-requests").text
    assert "first-asked" in alice.see("/access-requests?state=").text
    assert "first-asked" in alice.see("/access-requests?state=denied&search=FIRST").text
    assert "first-asked" not in alice.see("/access-requests?state=denied&search=second").text
    for name in ids:
        house.call("DELETE", f"/applications/{name}")
    house.call("DELETE", "/users/asker")
