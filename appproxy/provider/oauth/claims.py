"""What the provider tells about a user, by the scopes that were asked for (OpenID Connect Core section 5)."""

from __future__ import annotations

from appproxy.store.people.users import User

#: All that `user_claims` may give; the discovery document lists them.
CLAIMS = ("sub", "name", "preferred_username", "email", "groups", "group_names")


def user_claims(user: User, scope: str) -> dict[str, object]:
    """`sub` always; the others by scope. Groups are ids, which never change; their names are for people."""
    asked = scope.split()
    claims: dict[str, object] = {"sub": user.id}
    if "profile" in asked:
        claims["name"] = user.display_name or user.name
        claims["preferred_username"] = user.name
    if "email" in asked and user.email:
        claims["email"] = user.email
    if "groups" in asked:
        claims["groups"] = [group.id for group in user.groups]
        claims["group_names"] = [group.name for group in user.groups]
    return claims
