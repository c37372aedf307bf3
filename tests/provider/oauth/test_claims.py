"""What the provider tells about a user, by scope."""

from __future__ import annotations

from dataclasses import replace

from appproxy.provider.oauth.claims import CLAIMS, user_claims
from appproxy.store.people import users
from tests.provider.house import House


def test_by_scope(house: House) -> None:
    """Each scope gives its claims, and no scope gives another's."""
    ann = house.read(users.find, "ann")
    assert user_claims(ann, "openid") == {"sub": ann.id}
    assert user_claims(ann, "openid email") == {"sub": ann.id, "email": "ann@example.com"}
    assert user_claims(ann, "openid groups")["groups"] == [ann.groups[0].id]


def test_no_address(house: House) -> None:
    """A user without an address has no such claim, rather than an empty one."""
    ann = replace(house.read(users.find, "ann"), email="")
    assert "email" not in user_claims(ann, "openid email")


def test_a_user_without_a_display_name(house: House) -> None:
    """Is called by the name that they sign in with."""
    ann = replace(house.read(users.find, "ann"), display_name="")
    assert user_claims(ann, "openid profile") == {"sub": ann.id, "name": "ann", "preferred_username": "ann"}


def test_all_of_them_are_in_the_discovery_document(house: House) -> None:
    """The list there is what any scope may give (OpenID Connect Discovery 1.0 section 3)."""
    assert set(user_claims(house.read(users.find, "ann"), "openid profile email groups")) == set(CLAIMS)
