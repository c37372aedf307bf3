"""Users and groups of a real Active Directory domain controller (Samba's)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.end_to_end.samba_dc import PASSWORD, READER, SUFFIX, THRESHOLD, Samba, samba
from tests.end_to_end.visitor import Answer, Visitor
from tests.end_to_end.world import World, until

WRONG = "The user name or the password is wrong."


@pytest.fixture(scope="module")
def corp(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Samba]:
    """The domain of this file: 30 s to make."""
    with samba(tmp_path_factory.mktemp("samba")) as made:
        yield made


@pytest.fixture(scope="module")
def joined(own_world: World, corp: Samba) -> World:
    """A world whose provider takes users from it, and applications for its groups."""
    world = own_world
    world.admin("directory", "add", "corp", "--kind", "ad", "--server", f"ldaps://{corp.address}", "--server",
                f"ldap://{corp.address}", "--bind-name", READER, "--bind-password-stdin", "--user-base", SUFFIX, "--realm",
                "corp.example", "--realm", "CORP", "--ca-bundle", str(corp.anchor), "--refresh-minutes", "0.5",
                "--wrong-passwords", "50", stdin=PASSWORD + "\n")
    for group in ("Everybody", "Others", "Domain Users"):
        world.admin("directory", "add-group", "corp", group)
    for name, group in (("nested", "Everybody"), ("strange", "Others"), ("domain", "Domain Users")):
        world.publish(name, world.internal, "--set", "header.x-user-name=name")
        world.admin("assign", name, "--group", group)
    return world


def sign_in(world: World, app: str, name: str, password: str = PASSWORD) -> tuple[Visitor, Answer]:
    """Somebody new at an application."""
    visitor = Visitor(world.port, world.anchor)
    return visitor, visitor.sign_in(world.url(app), name, password)


def test_each_server_answers_by_ldaps_and_by_starttls(joined: World) -> None:
    """Both with the one authority that counts."""
    assert joined.admin("directory", "test", "corp").count("answers, and takes the account") == 2


@pytest.mark.parametrize(
    "name", ["anna", "Anna", "CORP\\anna", "anna@corp.example", "ANNA@CORP.EXAMPLE", "anna.other@mail.example"])
def test_whichever_name_they_type_they_are_one_user(joined: World, name: str) -> None:
    """Groups in groups count, in circles, too."""
    _, page = sign_in(joined, "nested", name)
    assert (page.status, page.url) == (200, joined.url("nested")), page.text
    found = [one for one in joined.admin_json("user", "list") if "anna" in one["name"]]
    assert [(one["name"], one["directory"], sorted(one["groups"])) for one in found] == [
        ("anna", "corp", ["Domain Users", "Everybody"])]


def test_the_primary_group_opens_and_another_group_does_not(joined: World) -> None:
    """Active Directory names no members of a primary group."""
    visitor, page = sign_in(joined, "domain", "anna")
    assert page.status == 200
    assert visitor.navigate(joined.url("strange")).status == 403
    assert sign_in(joined, "strange", "bert")[1].status == 200


@pytest.mark.parametrize(("name", "password", "says", "reason"), [
    ("anna", "not this", WRONG, "wrong password"),
    ("nobody", PASSWORD, WRONG, "no such user"),
    ("Jose", PASSWORD, WRONG, "no such user"),
    ("disabled", PASSWORD, WRONG, "disabled in the directory"),
    ("gone", PASSWORD, WRONG, "the account has expired in the directory"),
    ("fresh", PASSWORD, "must be changed", "must be changed first"),
    ("fresh", "not this", WRONG, "wrong password"),
    ("*)(sAMAccountName=anna", PASSWORD, WRONG, "no such user"),
])
def test_who_may_not_in_learns_no_more_than_they_know(
    joined: World, name: str, password: str, says: str, reason: str
) -> None:
    """And the audit tells them apart."""
    _, page = sign_in(joined, "nested", name, password)
    assert (page.status, says in page.text) == (403, True), page.text
    until(lambda: any(reason in str(one["detail"].get("reason", "")) for one in joined.admin_json("audit")),
          "not in the audit", 20)


def test_an_account_that_is_locked_is_told_from_a_wrong_password(joined: World) -> None:
    """In the audit, not on the page."""
    for number in range(THRESHOLD):
        sign_in(joined, "nested", "locked", f"not this {number}")
    _, page = sign_in(joined, "nested", "locked")
    assert (page.status, WRONG in page.text) == (403, True)
    until(lambda: any("after too many wrong passwords" in str(one["detail"].get("reason", ""))
                      for one in joined.admin_json("audit")), "not in the audit", 20)


def test_the_directory_locks_nobody_because_of_us(joined: World, corp: Samba) -> None:
    """Fewer wrong passwords are passed on than lock an account; the owner still signs in elsewhere."""
    joined.admin("directory", "set", "corp", "--wrong-passwords", "3")
    try:
        for number in range(2 * THRESHOLD):
            sign_in(joined, "strange", "bert", f"guess {number}")
        counted = corp.tool("user", "show", "bert", "--attributes=badPwdCount")
        assert int(counted.partition("badPwdCount: ")[2].split()[0]) < THRESHOLD
    finally:
        joined.admin("directory", "set", "corp", "--wrong-passwords", "50")


def test_who_is_disabled_loses_access_with_the_next_refresh(joined: World, corp: Samba) -> None:
    """An open session ends; the audit says why."""
    joined.admin("assign", "nested", "--group", "Domain Users")
    visitor, page = sign_in(joined, "nested", "leaver")
    assert page.status == 200
    corp.tool("user", "disable", "leaver")
    until(lambda: visitor.get(joined.url("nested")).status == 401, "still in", 90)
    assert any(one["action"] == "user.directory_refused" and one["detail"]["reason"] == "disabled in the directory"
               for one in joined.admin_json("audit"))


def test_a_renamed_user_is_the_same_and_a_new_one_of_the_old_name_is_not(joined: World, corp: Samba) -> None:
    """Their id, which applications see as the subject, is made of the entry's GUID, not of its name."""

    def ids() -> dict[str, str]:
        return {one["name"]: one["id"] for one in joined.admin_json("user", "list")}

    sign_in(joined, "nested", "anna")
    before = ids()["anna"]
    corp.tool("user", "rename", "anna", "--samaccountname=annette", "--upn=annette@corp.example",
              "--force-new-cn=annette")
    corp.tool("user", "create", "anna", PASSWORD)
    sign_in(joined, "nested", "anna")
    sign_in(joined, "nested", "annette")
    after = ids()
    assert after["annette"] == before != after["anna"]


def test_a_group_that_is_not_there_is_said_so(joined: World, tmp_path: Path) -> None:
    """With where it was looked for."""
    with pytest.raises(AssertionError, match="no group of the directory corp below"):
        joined.admin("directory", "add-group", "corp", "Engine*")
