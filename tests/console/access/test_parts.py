"""Segments and rules of an application, on the page."""

from __future__ import annotations

from tests.console.conftest import House, Seat

PATH = "/applications/wiki/parts"


def test_a_segment(house: House, alice: Seat) -> None:
    """Published, led elsewhere, and published no longer; what is wrong is said, and what was typed is kept."""
    form = {"external": "https://files.example.org/", "internal": "http://files/"}
    id_ = house.call("GET", "/applications/wiki")["id"]
    path = f"/applications/{id_}"
    wrong = alice.send(f"{path}/segments", {**form, "internal": "ftp://files/"}, of=PATH)
    assert wrong.status == 422 and 'value="ftp://files/"' in wrong.text and "<details class=\"act\" open" in wrong.text
    assert alice.send(f"{path}/segments", form, of=PATH).status == 200
    (one,) = house.call("GET", "/applications/wiki")["segments"]
    changed = alice.send(f"{path}/segments/change", {**form, "internal": "http://other/", "segment": one["id"]}, of=PATH)
    assert changed.status == 200 and house.call("GET", "/applications/wiki")["segments"][0]["internal"] == "http://other/"
    assert alice.send(f"{path}/segments/remove", {"segment": one["id"]}).status == 412, "nobody knows what was shown"
    assert alice.send(f"{path}/segments/remove", {"segment": one["id"]}, of=PATH).status == 200
    assert house.call("GET", "/applications/wiki")["segments"] == []


def test_a_rule(house: House, alice: Seat) -> None:
    """Of which only what was changed is sent; one that is refused keeps what was typed."""
    path = f"/applications/{house.call('GET', '/applications/wiki')['id']}"
    form = {"resource": "/api/*", "origins": "https://a.example", "credentials": "yes"}
    assert alice.send(f"{path}/cors", form, of=PATH).status == 200
    where = house.call("GET", "/applications/wiki")["cors"][0]["resource"]
    wrong = alice.send(f"{path}/cors/change", {"resource": where, "max_age": "soon"}, of=PATH)
    assert wrong.status == 422 and 'value="soon"' in wrong.text
    assert alice.send(f"{path}/cors/change", {"resource": where, "max_age": "7"}, of=PATH).status == 200
    (rule,) = house.call("GET", "/applications/wiki")["cors"]
    assert (rule["origins"], rule["credentials"], rule["max_age"]) == (["https://a.example"], True, 7)
    assert alice.send(f"{path}/cors/remove", {"resource": where}, of=PATH).status == 200
    assert house.call("GET", "/applications/wiki")["cors"] == []
