"""Groups of the users of the built-in identity provider."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import sqlalchemy as sa

from appproxy.errors import ConfigError
from appproxy.store import names
from appproxy.store.paging import ListPage, among, paged
from appproxy.store.people import held_roles
from appproxy.store.people.session import sessions
from appproxy.store.snapshot import BUILTIN
from appproxy.store.tables.core import GROUP, assignments, memberships, user_groups, users
from appproxy.store.tables.directories import directory_groups
from appproxy.store.transaction import Reading, Transaction

_WHAT = "group"
_OF_USER = sa.select(user_groups).join(memberships, memberships.c.group_id == user_groups.c.id).where(
    memberships.c.user_id == sa.bindparam("user")).order_by(user_groups.c.name_key)


@dataclass(frozen=True, slots=True)
class Group:
    """One group; tokens carry its id."""

    id: str
    name: str


def add(tx: Transaction, name: str) -> Group:
    """Make a group. Raises ConfigError or AlreadyThere."""
    name = names.title(name, "group")
    table = user_groups
    names.check_new(tx, table, table.c.name_key == names.key(name), name, _WHAT)
    made = Group(tx.new_id(), name)
    tx.change(sa.insert(table).values(id=made.id, name=name, name_key=names.key(name)))
    return made


def find_or_add(tx: Transaction, name: str) -> Group:
    """The group of this name, made when it is not there."""
    try:
        return find(tx, name)
    except names.NotFound:
        return add(tx, name)


def remove(tx: Transaction, group: str) -> Group:
    """Remove a group: its assignments go, and its members' sessions end."""
    found = find(tx, group)
    for member in members(tx, found.id):
        sessions.revoke_subject(tx, BUILTIN, member)
    own = (assignments.c.provider == BUILTIN) & (assignments.c.kind == GROUP) & (assignments.c.value == found.id)
    tx.change(sa.delete(assignments).where(own))
    held_roles.forget_holder(tx, BUILTIN, GROUP, found.id)
    tx.change(sa.delete(user_groups).where(user_groups.c.id == found.id))
    return found


def find(reading: Reading, group: str) -> Group:
    """The group of this name or id. Raises NotFound, with near names."""
    row = names.find_row(reading, user_groups, user_groups.c.name_key == names.key(group), group, _WHAT)
    return Group(row["id"], row["name"])


def list_all(reading: Reading, page: ListPage | None = None) -> list[Group]:
    """All groups, or a page of them, by name."""
    rows = reading.rows(paged(sa.select(user_groups), user_groups.c.name_key, page, names.key, (user_groups.c.name_key,)))
    return [Group(row["id"], row["name"]) for row in rows]


def must_be_own(reading: Reading, group: Group) -> None:
    """Raises ConfigError for a group of a directory, which alone says who is in it."""
    if reading.row(sa.select(directory_groups).where(directory_groups.c.group_id == group.id)) is not None:
        raise ConfigError(f"{group.name} is a group of a directory", hint="its members are changed in the directory")


def members(reading: Reading, group_id: str) -> list[str]:
    """The ids of a group's users, by name."""
    statement = sa.select(users.c.id).join(memberships, memberships.c.user_id == users.c.id)
    return list(reading.connection.scalars(statement.where(memberships.c.group_id == group_id).order_by(users.c.name)))


def member_page(reading: Reading, group_id: str, page: ListPage | None) -> list[tuple[str, str]]:
    """Ids and names of a group's users, or of a page of them, by name."""
    statement = sa.select(users.c.id, users.c.name).join(memberships, memberships.c.user_id == users.c.id)
    of_group = statement.where(memberships.c.group_id == group_id)
    rows = reading.rows(paged(of_group, users.c.name, page, names.key, (users.c.name, users.c.display_name)))
    return [(row["id"], row["name"]) for row in rows]


def sizes(reading: Reading, groups: Iterable[str] | None = None) -> dict[str, int]:
    """How many members these groups (ids) have, or all; by the group's id, none for those without any."""
    statement = sa.select(memberships.c.group_id, sa.func.count().label("count")).group_by(memberships.c.group_id)
    return {row["group_id"]: row["count"] for which in among(memberships.c.group_id, groups)
            for row in reading.rows(statement.where(which))}


def add_member(tx: Transaction, group_id: str, user_id: str) -> None:
    """Make a user a member; one who is already stays it."""
    table = memberships
    if tx.row(sa.select(table).where(table.c.user_id == user_id, table.c.group_id == group_id)) is None:
        tx.change(sa.insert(table).values(user_id=user_id, group_id=group_id))


def of_user(reading: Reading, user_id: str) -> list[Group]:
    """The groups of one user, by name."""
    return [Group(row["id"], row["name"]) for row in reading.rows(_OF_USER, {"user": user_id})]


def member_names(reading: Reading, groups: Iterable[str] | None = None) -> dict[str, list[str]]:
    """The names of the members of these groups (ids), or of all, in their order; by the group's id."""
    return _named(reading, memberships.c.group_id, memberships.c.user_id, users, groups, lambda name: name)


def ids_by_user(reading: Reading) -> dict[str, list[str]]:
    """The ids of the groups of all users, in no order; by the user's id."""
    return _beside(reading, memberships.c.user_id, memberships.c.group_id, None)


def names_by_user(reading: Reading, ids: Iterable[str] | None = None) -> dict[str, list[str]]:
    """The names of the groups of these users (ids), or of all, in their order; by the user's id."""
    return _named(reading, memberships.c.user_id, memberships.c.group_id, user_groups, ids, names.key)


def _named(
    reading: Reading, column: sa.ColumnElement[str], other: sa.ColumnElement[str], table: sa.Table, ids: Iterable[str] | None,
    key: Callable[[str], str],
) -> dict[str, list[str]]:
    """What memberships have beside each of these ids in `column`, or beside all: its names in `table`, sorted by `key`.

    Sorted are places in an order, which are numbers.
    """
    found = _beside(reading, column, other, ids)
    wanted = None if ids is None else {one for several in found.values() for one in several}
    called = sorted(names.by_id(reading, table, wanted).items(), key=lambda one: key(one[1]))
    place_of = {id_: place for place, (id_, _) in enumerate(called)}.__getitem__
    name_at = [name for _, name in called].__getitem__
    return {id_: list(map(name_at, sorted(map(place_of, several)))) for id_, several in found.items()}


def _beside(
    reading: Reading, column: sa.ColumnElement[str], other: sa.ColumnElement[str], ids: Iterable[str] | None,
) -> dict[str, list[str]]:
    """What memberships have in `other` beside each of these ids in `column`, or beside all, in no order.

    Fifty thousand memberships come as one text for each id: a row for each would take longer, most of it here, where requests
    wait meanwhile.
    """
    chosen = sa.select(column, sa.func.aggregate_strings(other, ",")).group_by(column)
    return {id_: text.split(",") for which in among(column, ids)
            for id_, text in reading.connection.execute(chosen.where(which)).all()}
