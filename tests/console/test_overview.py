"""The first page: what it draws, and where it leads."""

from __future__ import annotations

from tests.console.conftest import House, Seat


def test_numbers_and_what_to_do(house: House, alice: Seat) -> None:
    """What users ask for is counted; what is broken comes with its fix and with a link to where it is done."""
    house.call("POST", "/connector-groups", {"name": "empty"})
    house.call("POST", "/applications", {
        "name": "lost", "internal": "http://10.0.0.1/", "external": "https://lost.example.org/", "connector_group": "empty"})
    text = alice.see("/").text
    assert "1 application of connector group empty cannot be reached" in text
    assert "appproxy connector token --group empty" in text
    assert "<dt>Requests</dt>" in text and "administration</th>" in text
    house.call("DELETE", "/applications/lost")
    house.call("DELETE", "/connector-groups/empty")


def test_who_may_not_see_the_numbers(house: House) -> None:
    """Finds the way to what they may do."""
    text = house.seat("hal").see("/").text
    assert "Requests" not in text and 'href="/applications"' in text
