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
