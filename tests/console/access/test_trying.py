"""What the policies make of a request: at the side of an application and of a policy, in the same words."""

from __future__ import annotations

from tests.console.conftest import House, Seat


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
