"""Directories, and which users are theirs."""

from __future__ import annotations

from typing import Any

import pytest
import sqlalchemy as sa

from appproxy.errors import ConfigError
from appproxy.store.database.store import Store
from appproxy.store.names import AlreadyThere, NotFound
from appproxy.store.people import directories, directory_users, user_groups, users
from appproxy.store.people.directories import Directory, server_of
from appproxy.store.people.directory_users import Person
from appproxy.store.tables.directories import directories as table
from appproxy.store.transaction import Transaction

GOOD: dict[str, Any] = {
    "kind": "openldap", "servers": ("ldaps://one",), "bind_name": "cn=us", "bind_password": "canary", "user_base": "dc=corp",
}  # fmt: skip


def add(tx: Transaction, name: str = "corp", **values: object) -> Directory:
    """Add one."""
    return directories.add(tx, name, **{**GOOD, **values})


def test_what_is_kept_and_how(store: Store, now: float) -> None:
    """The password is sealed, and no print shows it."""
    with store.transaction(now) as tx:
        made = add(tx, realms=("CORP",))
        assert directories.find(tx, "Corp") == directories.find(tx, made.id) == made
        assert made.sign_in == ("uid", "mail") and made.realms == ("corp",) and made.group_base == "dc=corp"
        row = tx.row(sa.select(table))
        assert row is not None and b"canary" not in row["bind_password"] and "canary" not in row["settings"]
    assert "canary" not in repr(made)


@pytest.mark.parametrize(("values", "says"), [
    ({"kind": "nis"}, "^kind: "), ({"servers": ()}, "^servers: 1 to 4"), ({"servers": ("ldaps://a",) * 5}, "^servers: 1 to 4"),
    ({"bind_password": ""}, "^bind_password: may not be empty"), ({"bind_name": ""}, "^bind_name: may not be empty"),
    ({"user_filter": "uid=a"}, "^user_filter: "), ({"sign_in": ("u id",)}, "^sign_in: "), ({"realms": ("a@b",)}, "^realms: "),
    ({"refresh_minutes": 0.1}, "^refresh_minutes"), ({"wrong_passwords": 0}, "^wrong_passwords"),
    ({"ca_bundle": "x"}, "^ca_bundle"),
    ({"servers": ("ldap://a/dc=x",)}, "neither ldaps"), ({"servers": ("http://a",)}, "neither ldaps"),
    ({"servers": ("ldaps://u:p@a",)}, "neither ldaps"), ({"servers": ("ldaps://a:x",)}, "not a URL"),
])
def test_nonsense_is_named(store: Store, now: float, values: dict[str, Any], says: str) -> None:
    with store.transaction(now) as tx, pytest.raises(ConfigError, match=says):
        add(tx, **values)


@pytest.mark.parametrize(("text", "found"), [
    ("ldaps://dc1", ("dc1", 636, True)), ("ldap://dc1", ("dc1", 389, False)), ("ldap://[::1]:3890/", ("::1", 3890, False)),
])
def test_servers(text: str, found: tuple[str, int, bool]) -> None:
    assert server_of(text) == found


def test_a_change_keeps_the_rest_and_who_is_who(store: Store, now: float) -> None:
    with store.transaction(now) as tx:
        made = add(tx)
        changed = directories.change(tx, "corp", refresh_minutes=10.0)
        assert (changed.refresh_minutes, changed.bind_password, changed.servers) == (10.0, "canary", made.servers)
        for key in ("kind", "subject_attribute"):
            with pytest.raises(ConfigError, match="stay as they are"):
                directories.change(tx, "corp", **{key: "ad"})


def test_a_realm_means_one_directory(store: Store, now: float) -> None:
    with store.transaction(now) as tx:
        add(tx, realms=("corp.example",))
        add(tx, "club")
        with pytest.raises(AlreadyThere, match=r"'corp.example' is one of the directory 'corp'"):
            add(tx, "third", realms=("x", "Corp.Example"))
        with pytest.raises(AlreadyThere):
            directories.change(tx, "club", realms=("corp.example",))
        assert [one.name for one in directories.list_all(tx)] == ["corp", "club"]


def test_a_directory_goes_with_its_users(store: Store, now: float) -> None:
    with store.transaction(now) as tx:
        corp = add(tx)
        directory_users.add_group(tx, corp, "g", "staff")
        eva = directory_users.admit(tx, corp, Person("1", ("eva",)))
        with pytest.raises(AlreadyThere, match="groups of 'corp' are still here"):
            directories.remove(tx, "corp")
        user_groups.remove(tx, "staff")
        directories.remove(tx, "corp")
        for find, name in ((users.find, eva.id), (directories.find, "corp")):
            with pytest.raises(NotFound):
                find(tx, name)
