"""Risk on the pages."""

from __future__ import annotations

from tests.console.conftest import House, Seat


def test_users_at_risk(house: House, alice: Seat) -> None:
    """One whose account somebody else uses is in the list, and leaves it when that is dismissed."""
    house.playground.add_user("vic", "a rather long password")
    house.call("POST", "/risk/users/confirm", {"user": "vic"})
    (one,) = house.call("GET", "/risk/users")
    path = f"/risk/users/{one['subject']}"
    assert ">vic</a>" in alice.see("/risk/users").text and "Nothing is wrong" in alice.see(path).text
    assert alice.send(f"{path}/dismiss", {}, of=path).status == 200 and house.call("GET", "/risk/users") == []
    assert house.last()["action"] == "risk.dismiss_user"
    house.call("DELETE", "/users/vic")


def test_sign_ins_at_risk(house: House, alice: Seat) -> None:
    """The list is narrowed by level; a level that is none is said, and a sign-in that is none is not found."""
    assert "Medium and high" in alice.see("/risk/sign-ins").text
    assert alice.see("/risk/sign-ins?level=low").status == 200 and alice.see("/risk/sign-ins?level=x").status == 422
    assert alice.see("/risk/sign-ins/none").status == 404
