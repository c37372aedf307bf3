"""What the policies make of a request: at the side of an application and of a policy, in the same words."""

from __future__ import annotations

from tests.console.conftest import House, Seat
from tests.pki.authorities import authority


def test_both_pages_say_the_same(house: House, alice: Seat) -> None:
    """Of a user who gets in, of one who does not, and of one whom nobody knows."""
    for user, said in (("rita", "Gets in:"), ("hal", "Is refused:"), ("nobody", "Cannot be said:")):
        for path in ("/applications/wiki?", "/policies/new?application=wiki&"):
            text = alice.see(f"{path}user={user}&address=203.0.113.5&proof=two").text
            assert said in text, path


def test_who_may_not_read_users_is_told_nothing(house: House) -> None:
    """A question about somebody is passed over."""
    assert "Gets in" not in house.seat("con").see("/applications/wiki?user=rita").text


def test_all_that_can_be_said_of_a_request(house: House, alice: Seat) -> None:
    """A program's request by a method, of a group, at a time, with a risk: each field counts, and stays filled."""
    house.call("PUT", "/policies/programs", {"document": {
        "state": "on", "users": {"include": ["all"]}, "applications": {"include": ["wiki"]},
        "conditions": {"clients": {"include": ["native"]}}, "grant": {"block": True}}})
    path = "/applications/wiki?user=rita"
    assert "Gets in:" in alice.see(path).text
    text = alice.see(path + "&client=native&method=POST&amr=pwd%0Aotp&sign_in_risk=low&time=2026-12-24T18:00Z").text
    assert "Is refused:" in text and 'value="2026-12-24T18:00Z"' in text and '<option value="native" selected>' in text
    assert "Cannot be said:" in alice.see(path + "&time=soon").text
    house.call("DELETE", "/policies/programs")


def test_a_device_with_a_subject(house: House, alice: Seat) -> None:
    """A policy about the subject of a device's certificate is tried by its parts."""
    issuer = authority(now=house.playground.wall_clock())
    house.call("POST", "/device-authorities", {"name": "mdm", "certificate": issuer.certificate})
    house.call("PUT", "/strengths/laptop", {"document": {"any_of": [{"device": "mdm", "subject": {"OU": "laptops"}}]}})
    house.call("PUT", "/policies/laptops", {"document": {
        "state": "on", "users": {"include": ["all"]}, "applications": {"include": ["wiki"]},
        "grant": {"require": ["laptop"]}}})
    path = "/applications/wiki?user=rita&device=mdm&device_subject="
    assert "Gets in:" in alice.see(path + "OU%3Dlaptops%0ACN%3D7").text
    refused = alice.see(path + "OU%3Dphones").text
    assert "Gets in:" not in refused and "OU=phones</textarea>" in refused
    house.call("DELETE", "/policies/laptops")
    house.call("DELETE", "/strengths/laptop")
    house.call("DELETE", "/device-authorities/mdm")


def test_a_path_is_tried(house: House, alice: Seat) -> None:
    """A context asks more for some paths alone: the page of the application has a field for the path."""
    house.call("PUT", "/contexts/inner", {"document": {"applications": {"include": ["wiki"]}, "paths": ["/inner/*"]}})
    house.call("PUT", "/policies/inner", {"document": {
        "state": "on", "users": {"include": ["all"]}, "applications": {"include": ["wiki"]},
        "conditions": {"contexts": {"include": ["inner"]}}, "grant": {"block": True}}})
    path = "/applications/wiki?user=rita&path="
    assert "Gets in:" in alice.see(path + "/").text and "Is refused:" in alice.see(path + "/inner/x").text
    house.call("DELETE", "/policies/inner")
    house.call("DELETE", "/contexts/inner")
