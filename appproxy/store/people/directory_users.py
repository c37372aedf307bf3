"""Users and groups of directories as they are kept here: known by what the directory knows them by, never by their name.

A user has a row from the first sign-in on, with an id of our own, to which second factors, sessions and assignments belong.
"""

from __future__ import annotations

import contextlib
from collections.abc import Collection, Iterable
from dataclasses import dataclass

import sqlalchemy as sa

from appproxy.errors import ConfigError
from appproxy.store import names
from appproxy.store.people import directories, user_groups, users
from appproxy.store.people.directories import Directory
from appproxy.store.people.session import sessions
from appproxy.store.people.user_groups import Group
from appproxy.store.people.users import User
from appproxy.store.snapshot import BUILTIN
from appproxy.store.tables.core import memberships
from appproxy.store.tables.core import user_groups as group_table
from appproxy.store.tables.core import users as user_table
from appproxy.store.tables.directories import directory_groups, directory_users
from appproxy.store.transaction import Reading, Transaction


@dataclass(frozen=True, slots=True)
class Person:
    """What a directory says of one of its users. `subject` stays for ever, and is nobody else's.

    `names`: what the user may be called here, the best first. `groups`: subjects of those groups of the directory that are
    known here, nested ones included. `password_mark` is another one after each change of the password.
    """

    subject: str
    names: tuple[str, ...]
    display_name: str = ""
    email: str = ""
    groups: frozenset[str] = frozenset()
    password_mark: str = ""


@dataclass(frozen=True, slots=True)
class KnownUser:
    """What is known here of a user of a directory."""

    user_id: str
    directory: str
    subject: str
    checked: float


_OF_USER = sa.select(directory_users).where(directory_users.c.user_id == sa.bindparam("user"))


class NameTaken(ConfigError):
    """Every name that a user could have is somebody else's here."""


def of_user(reading: Reading, user_id: str) -> KnownUser | None:
    """Which entry of which directory a user is; None for a user of our own."""
    row = reading.row(_OF_USER, {"user": user_id})
    return None if row is None else KnownUser(row["user_id"], row["directory"], row["subject"], row["checked"])


def groups_of(reading: Reading, directory_id: str) -> dict[str, Group]:
    """The groups of a directory that are known here, by subject."""
    table = group_table
    statement = sa.select(directory_groups.c.subject, table.c.id, table.c.name).join(
        table, directory_groups.c.group_id == table.c.id)
    rows = reading.rows(statement.where(directory_groups.c.directory == directory_id))
    return {row["subject"]: Group(row["id"], row["name"]) for row in rows}


def all_of(reading: Reading, directory_id: str) -> tuple[Collection[str], Collection[str]]:
    """Ids of the users of a directory, and of the groups that are its own or that these users are in."""
    own = sa.select(directory_users.c.user_id).where(directory_users.c.directory == directory_id)
    groups = sa.union(
        sa.select(directory_groups.c.group_id).where(directory_groups.c.directory == directory_id),
        sa.select(memberships.c.group_id).where(memberships.c.user_id.in_(own)))
    return reading.connection.scalars(own).all(), reading.connection.scalars(groups).all()


def add_group(tx: Transaction, directory: Directory, subject: str, name: str) -> Group:
    """Make a group of a directory known here. Raises ConfigError or AlreadyThere: a name means one group, whoever's it is."""
    known = groups_of(tx, directory.id).get(subject)
    if known is not None:
        raise names.AlreadyThere(f"this group is here already, as {known.name!r}", hint="assign it by that name")
    made = user_groups.add(tx, name)
    tx.change(sa.insert(directory_groups).values(group_id=made.id, directory=directory.id, subject=subject))
    return made


def admit(tx: Transaction, directory: Directory, person: Person, only_one: bool = False) -> User:
    """The user of an entry, made at the first time, and brought up to date with what the directory says. Raises NameTaken.

    `only_one`: no other entry of the directory has the first of the names now, so that whoever had it has lost it. Another
    password ends the sessions that began before, as it does for users of our own.
    """
    if only_one:
        _take_name(tx, directory, person)
    is_it = (directory_users.c.directory == directory.id) & (directory_users.c.subject == person.subject)
    row = tx.row(sa.select(directory_users).where(is_it))
    if row is None:
        id_ = _made(tx, directory, person)
    else:
        id_ = row["user_id"]
        _change(tx, directory, id_, person)
        if row["password_mark"] != person.password_mark:
            tx.change(sa.update(user_table).where(user_table.c.id == id_).values(credentials_changed=tx.now))
            sessions.revoke_subject(tx, BUILTIN, id_)
        tx.change(sa.update(directory_users).where(is_it).values(password_mark=person.password_mark, checked=tx.now))
    _join(tx, directory, id_, person.groups)
    return users.find(tx, id_)


def end(tx: Transaction, user_id: str) -> None:
    """The directory says that this user may not sign in: sessions end, and the groups that it told of are forgotten."""
    kept = of_user(tx, user_id)
    if kept is not None:
        sessions.revoke_subject(tx, BUILTIN, user_id)
        _leave(tx, user_id, [group.id for group in groups_of(tx, kept.directory).values()])


def _made(tx: Transaction, directory: Directory, person: Person) -> str:
    id_ = tx.new_id()
    tx.change(sa.insert(user_table).values(
        id=id_, name=_free_name(tx, directory, person, ""), display_name=_shown(person), email=person.email, password_hash="",
        disabled=False, created=tx.now, credentials_changed=tx.now))
    tx.change(sa.insert(directory_users).values(
        user_id=id_, directory=directory.id, subject=person.subject, password_mark=person.password_mark, checked=tx.now))
    return id_


def _change(tx: Transaction, directory: Directory, id_: str, person: Person) -> None:
    found = users.find(tx, id_)
    values: dict[str, object] = {}
    if person.names and found.name not in person.names:
        # Where no other name is free, the one of before is still theirs.
        with contextlib.suppress(NameTaken):
            values["name"] = _free_name(tx, directory, person, id_)
    values |= {"display_name": _shown(person, found.name), "email": person.email}
    if any(getattr(found, name) != value for name, value in values.items()):
        tx.change(sa.update(user_table).where(user_table.c.id == id_).values(**values))


def _shown(person: Person, name: str = "") -> str:
    return person.display_name or name or next(iter(person.names), "")


def _free_name(tx: Transaction, directory: Directory, person: Person, id_: str) -> str:
    """The best name that is nobody else's."""
    others = {realm for one in directories.list_all(tx) if one.id != directory.id for realm in one.realms}
    for name in person.names:
        if name.rpartition("@")[2] in others:
            # Whoever types it means that other directory.
            continue
        row = tx.row(sa.select(user_table.c.id).where(user_table.c.name == name))
        if row is None or row["id"] == id_:
            return name
    first = next(iter(person.names), "")
    raise NameTaken(f"{first!r} is somebody else's name here" if first else "it has no name that a user can have here",
                    hint="give the directory a realm (appproxy directory set NAME --realm corp.example)")


def _take_name(tx: Transaction, directory: Directory, person: Person) -> None:
    """Free a name that its owner of the same directory has lost there, by another one or by being removed."""
    owner = users.find_by_name(tx, next(iter(person.names), ""))
    kept = None if owner is None else of_user(tx, owner.id)
    if kept is not None and kept.directory == directory.id and kept.subject != person.subject:
        tx.change(sa.update(user_table).where(user_table.c.id == kept.user_id).values(name=f"{kept.user_id}+former"))
        # What names them by it must not go on.
        sessions.revoke_subject(tx, BUILTIN, kept.user_id)


def _join(tx: Transaction, directory: Directory, id_: str, subjects: Iterable[str]) -> None:
    """Make the user a member of exactly these groups of the directory; groups of our own are left alone."""
    known = groups_of(tx, directory.id)
    wanted = {known[subject].id for subject in subjects if subject in known}
    has = {group.id for group in user_groups.of_user(tx, id_)} & {group.id for group in known.values()}
    for group_id in wanted - has:
        user_groups.add_member(tx, group_id, id_)
    _leave(tx, id_, has - wanted)


def _leave(tx: Transaction, id_: str, groups: Iterable[str]) -> None:
    gone = list(groups)
    if gone:
        tx.change(sa.delete(memberships).where(memberships.c.user_id == id_, memberships.c.group_id.in_(gone)))
