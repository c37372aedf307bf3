"""Segments: more pairs of external and internal URLs of one application, under its one policy."""

from __future__ import annotations

from collections.abc import Mapping

import sqlalchemy as sa

from appproxy.errors import ConfigError
from appproxy.publish.application import Segment, Url
from appproxy.store import names
from appproxy.store.applications import applications
from appproxy.store.applications.external_urls import check_machines, checked_external, claim
from appproxy.store.applications.row import segment_of
from appproxy.store.service.place import check_internal, check_pair
from appproxy.store.tables.core import segments
from appproxy.store.transaction import Reading, Transaction

_WHAT = "segment"
#: What a segment can be set by.
COLUMNS: Mapping[str, str] = {
    "external": "the URL that users type",
    "internal": "the URL that the connector calls",
}


def add(tx: Transaction, application: str, external: str, internal: str) -> Segment:
    """Add one. Raises ConfigError (a URL is wrong) or StoreError (taken, or no such application)."""
    found = applications.find(tx, application)
    values = _urls(checked_external(tx, external), check_internal(internal))
    id_ = tx.new_id()
    tx.change(sa.insert(segments).values(
        id=id_, application=found.id, settings="{}", created=tx.now, **values))
    _claim(tx, found.id)
    return find(tx, found.id, id_)


def set_values(tx: Transaction, application: str, segment: str, values: Mapping[str, str]) -> Segment:
    """Change its URLs, `{KEY: TEXT}`. Raises ConfigError or StoreError."""
    found = applications.find(tx, application)
    old = find(tx, found.id, segment)
    external, internal = old.external, old.internal
    for key, text in values.items():
        match key.lower():
            case "external":
                external = checked_external(tx, text)
            case "internal":
                internal = check_internal(text)
            case _:
                raise ConfigError(f"{key}: no such setting of a segment", hint=f"the keys are {', '.join(COLUMNS)}")
    if (external, internal) != (old.external, old.internal):
        tx.change(sa.update(segments).where(segments.c.id == old.id).values(**_urls(external, internal)))
        _claim(tx, found.id)
    return find(tx, found.id, old.id)


def _claim(tx: Transaction, application: str) -> None:
    found = applications.find(tx, application)
    check_machines(found)
    claim(tx, found)


def remove(tx: Transaction, application: str, segment: str) -> Segment:
    """Publish it no longer. Gives what it was."""
    found = applications.find(tx, application)
    gone = find(tx, found.id, segment)
    tx.change(sa.delete(segments).where(segments.c.id == gone.id))
    claim(tx, applications.find(tx, found.id))
    return gone


def find(reading: Reading, application: str, segment: str) -> Segment:
    """The segment of this external URL or id. Raises NotFound, which names those that are there."""
    there = list_for(reading, application)
    wanted = segment.rstrip("/").lower()
    for one in there:
        if segment == one.id or wanted == str(one.external).rstrip("/").lower():
            return one
    raise names.not_found(_WHAT, segment, (str(one.external) for one in there))


def list_for(reading: Reading, application: str) -> list[Segment]:
    """The segments of one application, by external URL."""
    found = applications.find(reading, application)
    statement = sa.select(segments).where(segments.c.application == found.id)
    return [segment_of(row) for row in reading.rows(statement.order_by(segments.c.external))]


def _urls(external: Url, internal: Url) -> dict[str, object]:
    check_pair(external, internal)
    return {"external": str(external), "internal": str(internal)}
