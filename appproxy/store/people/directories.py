"""Directories (LDAP) from which the built-in provider takes users and groups."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from typing import Any
from urllib.parse import urlsplit

import sqlalchemy as sa

from appproxy.errors import ConfigError
from appproxy.ldap import filters
from appproxy.pki.pem import load_chain
from appproxy.store import names
from appproxy.store.people import users
from appproxy.store.tables.directories import directories, directory_groups, directory_users
from appproxy.store.transaction import Reading, Row, Transaction

#: Purpose of sealing (associated data: never change it).
BIND_PASSWORD = "directory bind password"
_WHAT = "directory"
AD, OPENLDAP = "ad", "openldap"
#: By which attributes people sign in; the first is the name that they have here.
_SIGN_IN = {
    AD: ("sAMAccountName", "userPrincipalName", "mail"),
    OPENLDAP: ("uid", "mail"),
}
KINDS = tuple(_SIGN_IN)
#: What the entry is known by for ever: [MS-ADTS] section 3.1.1.1.4, RFC 4530.
_SUBJECT = {AD: "objectGUID", OPENLDAP: "entryUUID"}
#: More servers would make a sign-in wait for each of them when all are away.
_MOST_SERVERS = 4
#: At once after a sign-in would ask at each request, a day is as long as a session.
_LEAST_REFRESH, _LONGEST_REFRESH = 0.5, 720.0
#: More would never be counted: the throttle of passwords is stricter.
_MOST_WRONG = 50


@dataclass(frozen=True, slots=True)
class Directory:
    """One directory. `servers`: `ldaps://HOST[:PORT]`, or `ldap://HOST[:PORT]`, which means StartTLS, in order of preference.

    `realms`: what may stand behind `@` or before a backslash in a name that is of this directory and no other.
    `wrong_passwords`: so many in half an hour are passed on for one user from browsers where they have not signed in before.
    """

    id: str
    name: str
    place: int
    kind: str
    servers: tuple[str, ...]
    bind_name: str
    bind_password: str = field(repr=False)
    user_base: str
    group_base: str = ""
    ca_bundle: str = ""
    realms: tuple[str, ...] = ()
    sign_in: tuple[str, ...] = ()
    user_filter: str = ""
    subject_attribute: str = ""
    refresh_minutes: float = 5.0
    wrong_passwords: int = 5


#: What `add` and `change` take beside the name.
FIELDS = tuple(one.name for one in fields(Directory) if one.name not in ("id", "name", "place"))
_LISTS = ("servers", "realms", "sign_in")
_COLUMNS = ("id", "name", "place", "bind_password")
_ALL = sa.select(directories).order_by(directories.c.place)


def add(tx: Transaction, name: str, **values: object) -> Directory:
    """Add a directory, asked after those that are there; `values` are fields of it. Raises ConfigError or AlreadyThere."""
    name = names.title(name, _WHAT)
    names.check_new(tx, directories, directories.c.name_key == names.key(name), name, _WHAT)
    place = tx.connection.scalar(sa.select(sa.func.max(directories.c.place))) or 0
    made = _checked(_made({"id": tx.new_id(), "name": name, "place": place + 1, **values}))
    _check_realms(tx, made)
    tx.change(sa.insert(directories).values(
        id=made.id, name=name, name_key=names.key(name), place=made.place, created=tx.now, **_kept(tx, made)))
    return made


def change(tx: Transaction, directory: str, **values: object) -> Directory:
    """Change a directory; its kind stays, and what entries are known by: all users would be others. Raises ConfigError."""
    found = find(tx, directory)
    if "kind" in values or "subject_attribute" in values:
        raise ConfigError("kind, subject_attribute: stay as they are", hint="add another directory instead")
    made = _checked(_made({**_values(found), **values}))
    _check_realms(tx, made)
    tx.change(sa.update(directories).where(directories.c.id == found.id).values(**_kept(tx, made)))
    return made


def remove(tx: Transaction, directory: str) -> Directory:
    """Remove a directory without groups: its users go, and all that is theirs; their sessions end."""
    found = find(tx, directory)
    statement = sa.select(directory_groups).where(directory_groups.c.directory == found.id)
    if tx.row(statement) is not None:
        raise names.AlreadyThere(f"groups of {found.name!r} are still here",
                                 hint="remove them first: appproxy group remove NAME; who has access by them loses it")
    for user in tx.connection.scalars(
        sa.select(directory_users.c.user_id).where(directory_users.c.directory == found.id)
    ).all():
        users.remove(tx, user)
    tx.change(sa.delete(directories).where(directories.c.id == found.id))
    return found


def find(reading: Reading, directory: str) -> Directory:
    """The directory of this name or id. Raises NotFound, with near names."""
    is_named = directories.c.name_key == names.key(directory)
    return _directory(reading, names.find_row(reading, directories, is_named, directory, _WHAT))


def list_all(reading: Reading) -> list[Directory]:
    """All directories, in the order in which they are asked."""
    return [_directory(reading, row) for row in reading.rows(_ALL)]


def names_of(reading: Reading) -> dict[str, str]:
    """The names of all directories, by id."""
    return {row["id"]: row["name"] for row in reading.rows(sa.select(directories.c.id, directories.c.name))}


def count_users(reading: Reading, directory_id: str) -> int:
    """How many users of a directory have signed in so far."""
    statement = sa.select(sa.func.count()).select_from(directory_users).where(directory_users.c.directory == directory_id)
    return int(reading.connection.scalar(statement) or 0)


def _directory(reading: Reading, row: Row) -> Directory:
    password = reading.sealer.open(BIND_PASSWORD, row["id"], row["bind_password"]).decode()
    return _made({**json.loads(row["settings"]), **{name: row[name] for name in _COLUMNS}, "bind_password": password})


def _kept(tx: Transaction, made: Directory) -> dict[str, object]:
    """The columns that may change."""
    settings = {name: value for name, value in _values(made).items() if name not in _COLUMNS}
    sealed = tx.sealer.seal(BIND_PASSWORD, made.id, made.bind_password.encode())
    return {"settings": json.dumps(settings), "bind_password": sealed}


def _values(made: Directory) -> dict[str, object]:
    return asdict(made)


def _made(values: Mapping[str, Any]) -> Directory:
    made: dict[str, Any] = {name: tuple(value) if name in _LISTS else value for name, value in values.items()}
    return Directory(**made)


def _checked(made: Directory) -> Directory:
    """With what was left out. Raises ConfigError."""
    if made.kind not in KINDS:
        raise ConfigError(f"kind: {made.kind!r} is none of {', '.join(KINDS)}")
    made = replace(
        made, sign_in=made.sign_in or _SIGN_IN[made.kind], group_base=made.group_base or made.user_base,
        subject_attribute=made.subject_attribute or _SUBJECT[made.kind],
        realms=tuple(realm.lower() for realm in made.realms),
    )
    if not 1 <= len(made.servers) <= _MOST_SERVERS:
        raise ConfigError(f"servers: 1 to {_MOST_SERVERS} are needed", hint="such as ldaps://dc1.corp.example")
    for server in made.servers:
        server_of(server)
    for what in ("bind_name", "bind_password", "user_base"):
        if not getattr(made, what):
            raise ConfigError(f"{what}: may not be empty", hint="a directory is asked by an account, never anonymously")
    _check_texts(made)
    if made.ca_bundle:
        load_chain(made.ca_bundle, "ca_bundle")
    return made


def _check_texts(made: Directory) -> None:
    for attribute in (*made.sign_in, made.subject_attribute):
        if not filters.is_attribute(attribute):
            raise ConfigError(f"sign_in: {attribute!r} is not the name of an attribute, such as uid")
    for realm in made.realms:
        if not realm or not realm.isprintable() or any(sign in realm for sign in " @\\/"):
            raise ConfigError(f"realms: {realm!r} is neither a domain nor the short name of one", hint="such as corp.example")
    if made.user_filter:
        try:
            filters.parse(made.user_filter)
        except ValueError as error:
            raise ConfigError(f"user_filter: {error}", hint="such as (objectClass=person), as RFC 4515 has it") from error
    if not _LEAST_REFRESH <= made.refresh_minutes <= _LONGEST_REFRESH:
        raise ConfigError(f"refresh_minutes: must be {_LEAST_REFRESH:g} to {_LONGEST_REFRESH:g}")
    if not 1 <= made.wrong_passwords <= _MOST_WRONG:
        raise ConfigError(f"wrong_passwords: must be 1 to {_MOST_WRONG}",
                          hint="fewer than the directory itself takes before it locks the account")


def _check_realms(reading: Reading, made: Directory) -> None:
    """Raises AlreadyThere: a realm means one directory."""
    for other in list_all(reading):
        shared = set(other.realms) & set(made.realms)
        if other.id != made.id and shared:
            raise names.AlreadyThere(f"realms: {min(shared)!r} is one of the directory {other.name!r}",
                                     hint="a realm means one directory")


def server_of(text: str) -> tuple[str, int, bool]:
    """Host and port of a server, and whether TLS is there from the beginning (else StartTLS). Raises ConfigError."""
    try:
        parts = urlsplit(text)
        host, port = parts.hostname, parts.port
    except ValueError as error:
        raise ConfigError(f"servers: {text!r} is not a URL") from error
    if parts.scheme not in ("ldaps", "ldap") or not host or not host.isascii() or parts.path not in ("", "/") or (
        parts.query or parts.fragment or parts.username is not None or " " in text
    ):
        raise ConfigError(f"servers: {text!r} is neither ldaps://HOST[:PORT] nor ldap://HOST[:PORT]",
                          hint="ldap:// means StartTLS; without TLS no directory is asked")
    at_once = parts.scheme == "ldaps"
    return host, port or (636 if at_once else 389), at_once
