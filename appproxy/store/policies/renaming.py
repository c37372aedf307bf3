"""Gives things other names, also where policies keep a name in place of an id."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa

from appproxy.store import names
from appproxy.store.policies import documents
from appproxy.store.policies.documents import DocumentKind
from appproxy.store.policies.references import each_named
from appproxy.store.tables import core as schema
from appproxy.store.tables.devices import device_authorities
from appproxy.store.tables.directories import directories
from appproxy.store.tables.machines import clients, native_clients
from appproxy.store.transaction import Transaction

#: What can be renamed, by what it is called.
TABLES: Mapping[str, sa.Table] = {
    "connector group": schema.connector_groups, "group": schema.user_groups, "identity provider": schema.providers,
    "directory": directories, "application": schema.applications, "native client": native_clients, "client": clients,
    "device authority": device_authorities,
    **{kind.value: schema.policy_documents for kind in DocumentKind},
}
#: Of which policies keep the name.
_NAMED = (DocumentKind.LOCATION, DocumentKind.STRENGTH, DocumentKind.CONTEXT)


def rename_all(tx: Transaction, what: str, pairs: Mapping[str, str]) -> None:
    """Give some of a kind other names: all at once, so that two can change theirs. Raises ConfigError or AlreadyThere."""
    table = TABLES[what]
    kind = next((one for one in DocumentKind if one.value == what), None)
    mine = sa.true() if kind is None else table.c.kind == kind.value
    found = {}
    for old, new in pairs.items():
        row = tx.row(sa.select(table.c.id).where(mine & (table.c.name_key == names.key(old))))
        if row is None:
            raise names.not_found(what, old, ())
        found[row["id"]] = names.title(new, what)
        # Nobody's name has a slash: it is nobody's until all have theirs.
        tx.change(sa.update(table).where(table.c.id == row["id"]).values(name_key=f"/{row['id']}"))
    for id_, name in found.items():
        taken = mine & (table.c.id != id_) & ((table.c.name_key == names.key(name)) | (table.c.id == name))
        if tx.row(sa.select(table.c.id).where(taken)) is not None:
            raise names.already_there(what, name)
        tx.change(sa.update(table).where(table.c.id == id_).values(name=name, name_key=names.key(name)))
    if kind is not None:
        _in_documents(tx, kind, found, pairs)


def _in_documents(tx: Transaction, kind: DocumentKind, found: Mapping[str, str], pairs: Mapping[str, str]) -> None:
    """Each document says its own name, and policies say those of what they are about."""
    for one in documents.list_all(tx, kind):
        if one.id in found:
            _write(tx, one.id, {**one.document, "name": one.name})
    if kind not in _NAMED:
        return
    for policy in documents.list_all(tx, DocumentKind.POLICY):
        changed = each_named(policy.document, {f"{kind.value}s": lambda text, path: pairs.get(text, text)})
        if changed != dict(policy.document):
            _write(tx, policy.id, changed)


def _write(tx: Transaction, id_: str, document: Mapping[str, Any]) -> None:
    table = schema.policy_documents
    text = json.dumps(document, ensure_ascii=False)
    tx.change(sa.update(table).where(table.c.id == id_).values(document=text, version=table.c.version + 1, changed=tx.now))
