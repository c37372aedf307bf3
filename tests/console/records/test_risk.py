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


def test_an_account_that_is_not_listed(house: House, alice: Seat) -> None:
    """Somebody else uses it, as its user has said: it is of high risk from now on. What is wrong is said in the open form."""
    house.playground.add_user("vic", "a rather long password")
    refused = alice.send("/risk/users/confirm", {"user": "nobody-knows"}, of="/risk/users")
    assert refused.status == 404 and '<details class="danger" open>' in refused.text and 'value="nobody-knows"' in refused.text
    assert alice.send("/risk/users/confirm", {"user": "vic"}, of="/risk/users").status == 200
    (one,) = house.call("GET", "/risk/users")
    assert (one["name"], one["confirmed"]) == ("vic", True)
    house.call("POST", "/risk/users/dismiss", {"user": "vic"})
    house.call("DELETE", "/users/vic")


def test_sign_ins_are_narrowed_and_the_newest_come_first(house: House, alice: Seat) -> None:
    """By the subject of a provider, and those of any level; in the order of time and not of their ids."""
    subject = house.call("GET", "/users/alice")["id"]
    every = house.call("GET", "/risk/sign-ins", {"all": True})
    text = alice.see("/risk/sign-ins?all=yes&level=").text
    there = [text.index(f'href="/risk/sign-ins/{one["id"]}"') for one in every[:10]]
    assert len(there) > 1 and there == sorted(there)
    assert alice.see(f"/risk/sign-ins?all=yes&provider=builtin&subject={subject}").status == 200
    assert alice.see(f"/risk/sign-ins?subject={subject}").status == 422, "whose subject is it?"
    assert "How many reach how many points" in text
