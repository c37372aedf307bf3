"""Users and groups of a real OpenLDAP: sign-in, states of accounts, groups in groups, refresh, and what attackers type."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.end_to_end.openldap import PASSWORD, READER, READER_PASSWORD, SUFFIX, OpenLdap, openldap
from tests.end_to_end.ports import free_port
from tests.end_to_end.visitor import Answer, Visitor
from tests.end_to_end.world import World, until

WRONG = "The user name or the password is wrong."


@pytest.fixture(scope="module")
def corp(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OpenLdap]:
    """The directory of this file."""
    with openldap(tmp_path_factory.mktemp("openldap")) as made:
        yield made


@pytest.fixture(scope="module")
def joined(own_world: World, corp: OpenLdap) -> World:
    """A world whose provider takes users from it, and an application for its groups."""
    world = own_world
    add(world, "corp", corp, corp.urls[0], "--realm", "corp.example", "--realm", "CORP", "--refresh-minutes", "0.5",
        "--wrong-passwords", "50")
    for group in ("engineers", "everybody", "others"):
        world.admin("directory", "add-group", "corp", group)
    for name, group in (("nested", "everybody"), ("direct", "engineers"), ("strange", "others")):
        world.publish(name, world.internal, "--set", "header.x-user-name=name")
        world.admin("assign", name, "--group", group)
    return world


def add(world: World, name: str, corp: OpenLdap, *more: str) -> None:
    """Add a directory; the first of `more` is its server."""
    world.admin("directory", "add", name, "--kind", "openldap", "--server", *more, "--bind-name", READER, "--user-base",
                SUFFIX, "--ca-bundle", str(corp.anchor), "--bind-password-stdin", stdin=READER_PASSWORD + "\n")


def sign_in(world: World, app: str, name: str, password: str = PASSWORD) -> tuple[Visitor, Answer]:
    """Somebody new at an application."""
    visitor = Visitor(world.port, world.anchor)
    return visitor, visitor.sign_in(world.url(app), name, password)


def in_audit(world: World, reason: str) -> bool:
    """Does the audit say so of a failed sign-in?"""
    return any(reason in str(one["detail"].get("reason", "")) for one in world.admin_json("audit"))


@pytest.mark.parametrize("name", ["anna", "ANNA", "anna@corp.example", "CORP\\anna", "corp.example\\anna"])
def test_whichever_name_they_type_they_are_one_user(joined: World, name: str) -> None:
    _, page = sign_in(joined, "nested", name)
    assert (page.status, page.url) == (200, joined.url("nested")), page.text
    found = [one for one in joined.admin_json("user", "list") if one["name"].startswith("anna")]
    assert [(one["name"], one["directory"], sorted(one["groups"])) for one in found] == [
        ("anna", "corp", ["engineers", "everybody"])]


def test_groups_open_what_they_are_assigned_to_and_nothing_else(joined: World) -> None:
    visitor, _ = sign_in(joined, "nested", "anna")
    assert visitor.navigate(joined.url("direct")).status == 200
    assert visitor.navigate(joined.url("strange")).status == 403
    _, page = sign_in(joined, "strange", "bert")
    assert page.status == 200


@pytest.mark.parametrize(("name", "password", "says", "reason"), [
    ("anna", "not this", WRONG, "wrong password"),
    ("nobody", PASSWORD, WRONG, "no such user"),
    ("disabled", PASSWORD, WRONG, "locked in the directory"),
    ("expired", PASSWORD, "Your password has expired", "the password has expired"),
    ("fresh", PASSWORD, "must be changed", "must be changed first"),
    ("*", PASSWORD, WRONG, "no such user"),
    ("anna)(uid=*", PASSWORD, WRONG, "no such user"),
    ("OTHER\\anna", PASSWORD, WRONG, "no such user"),
])
def test_who_may_not_in_learns_no_more_than_they_know(
    joined: World, name: str, password: str, says: str, reason: str
) -> None:
    """And the audit tells them apart."""
    _, page = sign_in(joined, "nested", name, password)
    assert page.status == 403
    assert says in page.text
    until(lambda: in_audit(joined, reason), "not in the audit", 20)


def test_a_name_of_special_signs_is_that_name(joined: World) -> None:
    """It exists, and is found as what it is: it has no name that is possible here, and so is refused with that reason."""
    _, page = sign_in(joined, "nested", "wit*)(uid=anna")
    assert page.status == 403
    until(lambda: in_audit(joined, "no name that a user can have here"), "not in the audit", 20)


def test_no_password_is_no_sign_in(joined: World) -> None:
    """OpenLDAP itself takes a bind without one for anonymous, and says yes."""
    visitor = Visitor(joined.port, joined.anchor)
    page = visitor.submit(visitor.navigate(joined.url("nested")), username="anna", password="")
    assert (page.status, WRONG in page.text) == (403, True)


def test_users_of_our_own_come_first_and_are_asked_of_nobody(joined: World, corp: OpenLdap) -> None:
    """The directory has an alice with the other password: it opens nothing under the bare name."""
    corp.add("alice")
    visitor = Visitor(joined.port, joined.anchor)
    assert visitor.sign_in(joined.url("sample"), "alice", PASSWORD).status == 403
    assert visitor.sign_in(joined.url("sample"), "alice").status == 200
    other = Visitor(joined.port, joined.anchor)
    assert other.sign_in(joined.url("sample"), "alice@corp.example", PASSWORD).status == 403  # not assigned
    names = {one["name"]: one["directory"] for one in joined.admin_json("user", "list")}
    assert (names["alice"], names["alice@corp.example"]) == ("", "corp")


def test_what_the_directory_keeps_cannot_be_changed_here(joined: World) -> None:
    sign_in(joined, "nested", "anna")
    for arguments in (("user", "password-link", "anna"), ("user", "set", "anna", "--display-name", "x"),
                      ("group", "join", "engineers", "bob"), ("group", "leave", "engineers", "anna")):
        with pytest.raises(AssertionError, match="directory"):
            joined.admin(*arguments)


def test_who_is_removed_loses_access_with_the_next_refresh(joined: World, corp: OpenLdap) -> None:
    visitor, page = sign_in(joined, "strange", "bert")
    assert page.status == 200
    corp.remove("uid=bert")
    until(lambda: visitor.get(joined.url("strange")).status == 401, "still in", 90)
    assert visitor.sign_in(joined.url("strange"), "bert", PASSWORD).status == 403
    # Another one of the same name is another user.
    [old] = [one["id"] for one in joined.admin_json("user", "list") if one["name"] == "bert"]
    corp.add("bert", "another one")
    assert sign_in(joined, "strange", "bert", "another one")[1].status == 200
    assert [one["id"] for one in joined.admin_json("user", "list") if one["name"] == "bert"] != [old]


def test_groups_are_those_of_the_last_refresh(joined: World, corp: OpenLdap) -> None:
    visitor, page = sign_in(joined, "direct", "anna")
    assert page.status == 200
    corp.change(f"dn: cn=engineers,{SUFFIX}\nchangetype: modify\nreplace: member\nmember: uid=dora,{SUFFIX}\n")
    until(lambda: visitor.get(joined.url("direct")).status == 403, "still in", 90)
    corp.change(f"dn: cn=engineers,{SUFFIX}\nchangetype: modify\nreplace: member\nmember: uid=anna,{SUFFIX}\n")
    assert sign_in(joined, "direct", "anna")[1].status == 200


def test_another_password_ends_the_sessions(joined: World, corp: OpenLdap) -> None:
    visitor, page = sign_in(joined, "direct", "anna")
    assert page.status == 200
    corp.change(f"dn: uid=anna,{SUFFIX}\nchangetype: modify\nreplace: userPassword\nuserPassword: {PASSWORD} new\n")
    try:
        # An administrator has set it (pwdMustChange), so that it opens nothing before she changes it.
        until(lambda: visitor.get(joined.url("direct")).status == 401, "still in", 90)
    finally:
        for change in (f"replace: userPassword\nuserPassword: {PASSWORD}", "delete: pwdReset"):
            corp.change(f"dn: uid=anna,{SUFFIX}\nchangetype: modify\n{change}\n")


def test_ldaps_works_too_and_another_authority_does_not(joined: World, corp: OpenLdap, tmp_path: Path) -> None:
    """Nor a name that the certificate is not for; and there is no way around TLS."""
    add(joined, "second", corp, corp.urls[1])
    try:
        assert "answers, and takes the account" in joined.admin("directory", "test", "second")
        joined.admin("directory", "set", "second", "--ca-bundle", str(joined.anchor))
        with pytest.raises(AssertionError):
            joined.admin("directory", "test", "second")
        joined.admin("directory", "set", "second", "--ca-bundle", str(corp.anchor), "--server",
                     corp.urls[1].replace("localhost", "127.0.0.1"))
        with pytest.raises(AssertionError):
            joined.admin("directory", "test", "second")
        with pytest.raises(AssertionError, match="neither ldaps"):
            joined.admin("directory", "set", "second", "--server", "http://localhost")
    finally:
        joined.admin("directory", "remove", "second")


def test_the_second_server_stands_in_for_the_first(joined: World, corp: OpenLdap) -> None:
    """One that is not there, and one that takes connections and says nothing."""
    with socket.create_server(("127.0.0.1", 0)) as frozen:
        silent = f"ldaps://localhost:{frozen.getsockname()[1]}"
        for first in (f"ldaps://localhost:{free_port()}", silent):
            joined.admin("directory", "set", "corp", "--server", first, "--server", corp.urls[1])
            assert sign_in(joined, "direct", "anna")[1].status == 200
    joined.admin("directory", "set", "corp", "--server", corp.urls[0])


def test_a_frozen_directory_holds_up_nobody_else(joined: World, corp: OpenLdap) -> None:
    """Users of our own sign in, pages are served; who is of the directory is told that it is away, and asks only once."""
    with socket.create_server(("127.0.0.1", 0)) as frozen:
        joined.admin("directory", "set", "corp", "--server", f"ldaps://localhost:{frozen.getsockname()[1]}")
        _, page = sign_in(joined, "direct", "anna")
        assert "does not answer" in page.text
        began = time.monotonic()
        assert sign_in(joined, "sample", "alice", "correct horse battery staple")[1].status == 200
        _, page = sign_in(joined, "sample", "alice", "wrong")
        # The same words as for everybody else: nothing tells whose name it is.
        assert "does not answer" in page.text
        assert time.monotonic() - began < 60
    joined.admin("directory", "set", "corp", "--server", corp.urls[0])
    assert sign_in(joined, "direct", "anna")[1].status == 200


def test_the_doctor_asks_it(joined: World) -> None:
    assert "directory corp: 1 of 1 servers answer" in joined.admin("doctor", "--state", str(joined.state))
