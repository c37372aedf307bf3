"""The administration as something that people sign in to."""

from __future__ import annotations

from appproxy.publish.administration import ADMINISTRATION, NAME, Holders, administration_at

ANN, STAFF = frozenset({"ann"}), frozenset({"staff"})


def test_who_has_a_role_may_sign_in() -> None:
    """At the provider that vouches for them, the built-in one first."""
    portal = administration_at("admin.example.com", 8443, {"aaa": Holders(groups=STAFF), "builtin": Holders(ANN)}, "builtin")
    made = portal.applications[ADMINISTRATION]
    assert (made.id, made.name, str(made.external)) == (ADMINISTRATION, NAME, "https://admin.example.com:8443/")
    assert (made.provider, made.assigned_users, made.assigned_groups) == ("builtin", ANN, frozenset())
    assert [(one.provider, one.assigned_users, one.assigned_groups) for one in made.other_providers] == [
        ("aaa", frozenset(), STAFF)]
    assert (made.bearer, made.idle_minutes, made.passthrough) == ("both", 60.0, False)
    assert portal.router.serves(ADMINISTRATION, "admin.example.com")


def test_providers_stand_in_one_order() -> None:
    """However they were read; and without the built-in one the first of them is the first."""
    for order in (("b", "a", "c"), ("c", "b", "a")):
        made = administration_at("h", 443, {one: Holders(ANN) for one in order}, "builtin").applications[ADMINISTRATION]
        assert made.providers == ("a", "b", "c") and made.assigned_users == ANN


def test_where_nobody_has_a_role() -> None:
    """There is somewhere to sign in all the same, and nobody is let in."""
    made = administration_at("h", 443, {}, "builtin").applications[ADMINISTRATION]
    assert made.providers == ("builtin",) and not made.assigned_users and not made.assigned_groups
