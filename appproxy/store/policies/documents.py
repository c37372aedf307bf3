"""Documents of conditional access, each under its name and with a version that grows; the audit has what they were before."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import cast

import sqlalchemy as sa

from appproxy.errors import ConfigError
from appproxy.store import names
from appproxy.store.paging import ListPage, paged
from appproxy.store.tables.core import policy_documents
from appproxy.store.transaction import Reading, Row, Transaction

#: Bytes of one document: 20,000 networks, or names of a thousand users.
_LONGEST = 1_000_000
#: Documents of one kind.
_MOST = 5000


class DocumentKind(Enum):
    """What a document is; the values are in the database and in messages."""

    POLICY = "policy"
    LOCATION = "location"
    STRENGTH = "strength"
    CONTEXT = "context"


@dataclass(frozen=True, slots=True)
class Stored:
    """One document. Times are seconds since 1970; `groups_since`: when a policy began to name a group that none had named."""

    id: str
    name: str
    document: Mapping[str, object]
    version: int
    groups_since: float
    created: float
    changed: float


def put(tx: Transaction, kind: DocumentKind, name: str, document: Mapping[str, object], groups_since: float = 0.0) -> Stored:
    """Keep a document under its name, in place of the one that is there. Raises ConfigError."""
    name = names.title(name, kind.value)
    text = json.dumps({**document, "name": name}, ensure_ascii=False)
    if len(text.encode()) > _LONGEST:
        raise ConfigError(f"{kind.value}: the document is longer than {_LONGEST} bytes", hint="make several of it")
    table, where = policy_documents, _is(kind, name)
    row = tx.row(sa.select(table).where(where))
    values = {"name": name, "document": text, "groups_since": groups_since, "changed": tx.now}
    if row is not None:
        tx.change(sa.update(table).where(where).values(version=row["version"] + 1, **values))
    else:
        if len(names_of(tx, kind)) >= _MOST:
            raise ConfigError(f"{kind.value}: there are {_MOST} already", hint="remove one that is not needed")
        tx.change(sa.insert(table).values(
            id=tx.new_id(), kind=kind.value, name_key=names.key(name), version=1, created=tx.now, **values))
    return find(tx, kind, name)


def remove(tx: Transaction, kind: DocumentKind, name: str) -> Stored:
    """Forget one; gives what it was. Raises NotFound."""
    gone = find(tx, kind, name)
    tx.change(sa.delete(policy_documents).where(policy_documents.c.id == gone.id))
    return gone


def find(reading: Reading, kind: DocumentKind, name: str) -> Stored:
    """The document of this name or id. Raises NotFound, with near names."""
    table = policy_documents
    row = reading.row(sa.select(table).where(_is(kind, name)))
    if row is None:
        row = reading.row(sa.select(table).where(table.c.kind == kind.value, table.c.id == name))
    if row is None:
        raise names.not_found(kind.value, name, names_of(reading, kind))
    return _stored(row)


def list_all(reading: Reading, kind: DocumentKind, page: ListPage | None = None) -> list[Stored]:
    """All of one kind, or a page of them, by name."""
    table = policy_documents
    chosen = sa.select(table).where(table.c.kind == kind.value)
    return [_stored(row) for row in reading.rows(paged(chosen, table.c.name_key, page, names.key))]


def names_of(reading: Reading, kind: DocumentKind) -> list[str]:
    """The names of all of one kind, without a look at the documents: there may be gigabytes of them."""
    table = policy_documents
    return list(reading.connection.scalars(
        sa.select(table.c.name).where(table.c.kind == kind.value).order_by(table.c.name_key)))


def _is(kind: DocumentKind, name: str) -> sa.ColumnElement[bool]:
    return sa.and_(policy_documents.c.kind == kind.value, policy_documents.c.name_key == names.key(name))


def _stored(row: Row) -> Stored:
    document = cast("Mapping[str, object]", json.loads(row["document"]))
    return Stored(row["id"], row["name"], document, row["version"], row["groups_since"], row["created"], row["changed"])
