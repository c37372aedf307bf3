"""From claims to a session: only what is needed, and nothing that could break a field."""

from __future__ import annotations

from typing import Any

import pytest

from appproxy.errors import IdentityError
from appproxy.identity.claims import build_session, claim_text, groups_of, is_field_safe, with_few_groups
from appproxy.identity.session import Session
from tests.identity.mint import NOW, Checker, claims, sign


def build(lifetime: float = 7200.0, names: tuple[str, ...] = (), **changes: Any) -> Session:
    """The session of a token with these claims."""
    return build_session(
        Checker()(sign(claims(**changes))), provider="corp", session_id="s1", now=NOW, expires=NOW + lifetime,
        named_groups={"g1", "g2"}, named_claims=names,
    )


def test_it_does_not_end_with_the_token() -> None:
    """How long it lasts is for settings to say."""
    assert build().expires == NOW + 7200
    assert build(exp=NOW + 1, lifetime=60).expires == NOW + 60
    assert (build().issued, build().seen, build().refresh_at) == (NOW, NOW, 0.0)


def test_a_session_that_would_be_over_is_refused() -> None:
    """It would send the browser round and round."""
    with pytest.raises(IdentityError):
        build(lifetime=0.0)


def test_only_named_groups_are_kept() -> None:
    """The cookie holds the groups that some assignment names, spelled exactly so."""
    assert build(groups=["g2", "G1", "g3", "g2", 7, "g1 "]).groups == ("g2",)
    assert build().groups == ()


def test_very_many_groups() -> None:
    """Of those only what is named is kept, so that a row and a process's memory stay small."""
    few = {"groups": [str(number) for number in range(500)], "name": "Ann"}
    assert with_few_groups(few, "groups", set()) is few
    many = {"groups": [str(number) for number in range(501)], "name": "Ann"}
    assert with_few_groups(many, "groups", {"7", "x"}) == {"groups": ["7"], "name": "Ann"}


def test_odd_groups() -> None:
    """One group may come as a text; other forms count as none."""
    assert groups_of({"groups": "g1"}, "groups") == ("g1",)
    assert groups_of({"groups": {"g1": 1}}, "groups") == ()
    assert groups_of({"roles": ["g1"]}, "roles") == ("g1",)


@pytest.mark.parametrize(
    ("changes", "name"),
    [
        ({"name": "Ann"}, "Ann"),
        ({"name": " "}, "user-1"),
        ({"name": None, "preferred_username": "ann"}, "ann"),
        ({"name": None, "email": "a@example.com"}, "a@example.com"),
        ({"name": ["Ann"]}, "user-1"),
        ({"name": "A\r\nB"}, "A  B"),
        ({"name": "A" * 500}, "A" * 100),
    ],
)
def test_what_to_call_the_user(changes: dict[str, Any], name: str) -> None:
    """The name shown is the best one there is, on one line."""
    assert build(**changes).name == name


def test_only_named_claims_are_kept() -> None:
    """Claims that no header rule names do not go into the cookie."""
    found = build(names=("email", "missing", "email"), email="ann@example.com", phone="1").claims
    assert found == {"email": "ann@example.com"}


@pytest.mark.parametrize("text", ["a\r\nx-admin: 1", "a\nb", "a\0b", "a\x85b", "a\x7fb"])
def test_a_claim_cannot_begin_another_field(text: str) -> None:
    """A claim with control characters is refused at sign-in."""
    with pytest.raises(IdentityError):
        build(names=("email",), email=text)


def test_claims_as_texts() -> None:
    """Truth values, numbers and lists have a plain form; objects have none."""
    forms = {True: "true", False: "false", 7: "7", "x": "x"}
    assert {value: claim_text(value) for value in forms} == {**forms, True: "true", False: "false"}
    assert claim_text(["a", "b"]) == "a,b"
    assert claim_text({"a": 1}) is claim_text(["a", 1]) is claim_text(None) is claim_text(1.5) is None


def test_other_alphabets_may_pass() -> None:
    """Names are not all English."""
    assert is_field_safe("Ünal 李 ñ")
    assert not is_field_safe("\ud800")
