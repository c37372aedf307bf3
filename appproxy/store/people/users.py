"""Users of the built-in identity provider. Their subject in tokens is their id. Their groups: `user_groups.py`."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import sqlalchemy as sa

from appproxy.errors import ConfigError
from appproxy.store import names
from appproxy.store.paging import ListPage, among, paged
from appproxy.store.people import held_roles, password_links, user_groups
from appproxy.store.people.session import sessions
from appproxy.store.people.user_groups import Group
from appproxy.store.snapshot import BUILTIN
from appproxy.store.tables.core import USER, assignments, memberships, users
from appproxy.store.tables.directories import directory_users
from appproxy.store.tables.panel import access_requests, recent_applications
from appproxy.store.transaction import Reading, Row, Transaction

_WHAT = "user"
#: RFC 5321 section 4.5.3.1.3: a path has 256 octets with its brackets.
_LONGEST_EMAIL = 254
_LONGEST_DISPLAY_NAME = 128
#: The id of the directory that a user is of, "" for none.
_DIRECTORY = sa.func.coalesce(
    sa.select(directory_users.c.directory).where(directory_users.c.user_id == users.c.id).scalar_subquery(), "")
_USERS = sa.select(users, _DIRECTORY.label("directory"))
_BY_NAME = _USERS.where(users.c.name == sa.bindparam("name"))
_BY_EITHER = _USERS.where((users.c.name == sa.bindparam("name")) | (users.c.id == sa.bindparam("id")))


@dataclass(frozen=True, slots=True)
class User:
    """One user. `credentials_changed` is when the password was set last, in seconds since 1970.

    `directory`: the id of the directory that the user is of, "" for one of our own.
    """

    id: str
    name: str
    display_name: str
    email: str
    password_hash: str = field(repr=False)
    disabled: bool
    groups: tuple[Group, ...]
    credentials_changed: float
    directory: str = ""


class ListedUser(NamedTuple):
    """A line of a listing: as `User`, without the password, and with the names of groups in their order."""

    id: str
    name: str
    display_name: str
    email: str
    disabled: bool
    groups: list[str]
    credentials_changed: float
    directory: str


def add(
    tx: Transaction,
    name: str,
    password_hash: str,
    display_name: str = "",
    email: str = "",
    groups: Iterable[str] = (),
) -> User:
    """Add a user; `groups` are names, and one that is not there is made. Raises ConfigError or AlreadyThere."""
    name = check_new(tx, name, display_name, email)
    id_ = tx.new_id()
    tx.change(
        sa.insert(users).values(
            id=id_, name=name, display_name=_display_name(display_name or name), email=_email(email),
            password_hash=password_hash, disabled=False, created=tx.now, credentials_changed=tx.now,
        )  # fmt: skip
    )
    for group in groups:
        user_groups.add_member(tx, user_groups.find_or_add(tx, group).id, id_)
    return find(tx, id_)


def check_new(reading: Reading, name: str, display_name: str = "", email: str = "", groups: Iterable[str] = ()) -> str:
    """Could such a user be added? Gives the name as it would be kept. Raises ConfigError or AlreadyThere."""
    name = names.user_name(name)
    names.check_new(reading, users, users.c.name == name, name, _WHAT)
    _display_name(display_name or name)
    _email(email)
    for group in groups:
        names.title(group, "group")
    return name


def remove(tx: Transaction, user: str) -> User:
    """Remove a user: sessions end, assignments go, and so does what they have asked for and used."""
    found = find(tx, user)
    sessions.forget_subject(tx, BUILTIN, found.id)
    own = (assignments.c.provider == BUILTIN) & (assignments.c.kind == USER) & (assignments.c.value == found.id)
    tx.change(sa.delete(assignments).where(own))
    held_roles.forget_holder(tx, BUILTIN, USER, found.id)
    for table in (access_requests, recent_applications):
        tx.change(sa.delete(table).where((table.c.provider == BUILTIN) & (table.c.subject == found.id)))
    tx.change(sa.delete(users).where(users.c.id == found.id))
    return found


def set_password(tx: Transaction, user: str, password_hash: str) -> User:
    """Give a user another password; sessions that the old one began end, and so do links to set one."""
    found = own(find(tx, user), "the password is changed in the directory")
    values = {"password_hash": password_hash, "credentials_changed": tx.now}
    tx.change(sa.update(users).where(users.c.id == found.id).values(values))
    sessions.revoke_subject(tx, BUILTIN, found.id)
    password_links.remove(tx, found.id)
    return find(tx, found.id)


def improve_hash(tx: Transaction, user_id: str, old_hash: str, new_hash: str) -> None:
    """Keep the same password under a stronger hash, unless it was changed meanwhile; sessions live on."""
    same = (users.c.id == user_id) & (users.c.password_hash == old_hash)
    tx.change(sa.update(users).where(same).values(password_hash=new_hash))


def disable(tx: Transaction, user: str, disabled: bool = True) -> User:
    """Let a user sign in no longer, and end the sessions; or, with False, let the user in again."""
    found = find(tx, user)
    if disabled == found.disabled:
        return found
    if disabled:
        sessions.bar_subject(tx, BUILTIN, found.id)
    else:
        sessions.admit_subject(tx, BUILTIN, found.id)
    tx.change(sa.update(users).where(users.c.id == found.id).values(disabled=disabled))
    return find(tx, found.id)


def set_profile(tx: Transaction, user: str, *, display_name: str | None = None, email: str | None = None) -> User:
    """Change how a user is called; None leaves a value as it is."""
    found = own(find(tx, user), "the directory says how its users are called")
    values = {
        "display_name": found.display_name if display_name is None else _display_name(display_name or found.name),
        "email": found.email if email is None else _email(email),
    }
    tx.change(sa.update(users).where(users.c.id == found.id).values(values))
    return find(tx, found.id)


def add_to_group(tx: Transaction, user: str, group: str) -> User:
    """Make a user a member; a group that is not there is an error."""
    found, wanted = find(tx, user), user_groups.find(tx, group)
    user_groups.must_be_own(tx, wanted)
    user_groups.add_member(tx, wanted.id, found.id)
    return find(tx, found.id)


def remove_from_group(tx: Transaction, user: str, group: str) -> User:
    """Take a user out of a group; sessions end, since their cookies name the group."""
    found, wanted = find(tx, user), user_groups.find(tx, group)
    user_groups.must_be_own(tx, wanted)
    if wanted not in found.groups:
        raise names.not_found("group of this user", group, [one.name for one in found.groups])
    is_it = (memberships.c.user_id == found.id) & (memberships.c.group_id == wanted.id)
    tx.change(sa.delete(memberships).where(is_it))
    sessions.revoke_subject(tx, BUILTIN, found.id)
    return find(tx, found.id)


def find_by_name(reading: Reading, name: str) -> User | None:
    """The user who signs in with this name (capitals do not matter), None if there is none.

    The database is asked the same for a name that nobody has: the time taken does not tell which names exist.
    """
    if not names.is_user_name(name):
        return None
    row = reading.row(_BY_NAME, {"name": names.sign_in_name(name)})
    groups = user_groups.of_user(reading, "" if row is None else row["id"])
    return None if row is None else _user(row, groups, row["directory"])


def find(reading: Reading, user: str) -> User:
    """The user of this name or id. Raises NotFound, with near names."""
    name = names.sign_in_name(user)
    rows = reading.rows(_BY_EITHER, {"name": name, "id": user})
    # One who has the name goes before one who has the id.
    row = next((one for one in rows if one["name"] == name), rows[0] if rows else None)
    if row is None:
        raise names.not_found(_WHAT, user, reading.connection.scalars(sa.select(users.c.name)))
    return _user(row, user_groups.of_user(reading, row["id"]), row["directory"])


def list_all(reading: Reading, page: ListPage | None = None) -> list[ListedUser]:
    """All users, or a page of them, by name."""
    table = users.c
    columns = sa.select(table.id, table.name, table.display_name, table.email, table.disabled, table.credentials_changed)
    rows = reading.connection.execute(
        paged(columns, table.name, page, names.sign_in_name, (table.name, table.display_name, table.email))).all()
    ids = None if page is None else [row[0] for row in rows]
    groups = user_groups.names_by_user(reading, ids)
    of = {
        row["user_id"]: row["directory"] for which in among(directory_users.c.user_id, ids)
        for row in reading.rows(sa.select(directory_users).where(which))
    }
    # By place: of ten thousand rows, taking columns by name takes longer than all else.
    return [
        ListedUser(id_, name, display_name, email, disabled, groups.get(id_, []), changed, of.get(id_, ""))
        for id_, name, display_name, email, disabled, changed in rows
    ]


def enabled(reading: Reading) -> Sequence[str]:
    """The ids of all who may sign in, by name."""
    return reading.connection.scalars(sa.select(users.c.id).where(~users.c.disabled).order_by(users.c.name)).all()


def own(user: User, why: str) -> User:
    """The same. Raises ConfigError for a user of a directory."""
    if user.directory:
        raise ConfigError(f"{user.name} is a user of a directory", hint=why)
    return user


def _user(row: Row, groups: Sequence[Group], directory: str) -> User:
    return User(
        id=row["id"],
        name=row["name"],
        display_name=row["display_name"],
        email=row["email"],
        password_hash=row["password_hash"],
        disabled=row["disabled"],
        groups=tuple(groups),
        credentials_changed=row["credentials_changed"],
        directory=directory,
    )


def _display_name(text: str) -> str:
    text = text.strip()
    if not text or len(text) > _LONGEST_DISPLAY_NAME or not text.isprintable():
        raise ConfigError(f"display_name: {text!r} must have 1 to {_LONGEST_DISPLAY_NAME} printable signs")
    return text


def _email(text: str) -> str:
    """An address, or none. One @ and no space is all that holds for every address in use."""
    if text and (len(text) > _LONGEST_EMAIL or not text.isprintable() or " " in text or not _one_at(text)):
        raise ConfigError(f"email: {text!r} is not an address, such as ann@example.com")
    return text


def _one_at(text: str) -> bool:
    local, _, domain = text.partition("@")
    return bool(local and domain) and "@" not in domain
