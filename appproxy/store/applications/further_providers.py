"""The identity providers of an application beside its first: users choose among all of them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import sqlalchemy as sa

from appproxy.errors import ConfigError, NotFound
from appproxy.store.paging import among
from appproxy.store.people import providers
from appproxy.store.tables.core import application_providers as table
from appproxy.store.transaction import Reading, Transaction

#: Nobody finds theirs among more.
MOST = 20


def find_all(reading: Reading, text: str) -> list[str]:
    """The ids of the providers that a text names, with commas between; a name with a comma in it counts first.

    Raises NotFound, or ConfigError for one that is named twice and for too many.
    """
    try:
        return [providers.find(reading, text).id]
    except NotFound:
        if "," not in text:
            raise
    found = [providers.find(reading, name.strip()).id for name in text.split(",")]
    if len(set(found)) != len(found):
        raise ConfigError(f"provider: {text!r} names one twice")
    if len(found) > MOST:
        raise ConfigError(f"provider: {MOST} at most")
    return found


def replace(tx: Transaction, application: str, others: Sequence[str]) -> None:
    """Give an application (its id) these further providers, by their ids. Nothing is written that is so already."""
    if by_application(tx, [application]).get(application, ()) == tuple(others):
        return
    tx.change(sa.delete(table).where(table.c.application == application))
    for position, provider in enumerate(others):
        tx.change(sa.insert(table).values(application=application, provider=provider, position=position))


def by_application(reading: Reading, applications: Iterable[str] | None = None) -> dict[str, tuple[str, ...]]:
    """The ids of the further providers, by the ids of their applications: of these, or of all."""
    chosen = sa.select(table).order_by(table.c.position)
    found: dict[str, tuple[str, ...]] = {}
    for which in among(table.c.application, applications):
        for row in reading.rows(chosen.where(which)):
            found[row["application"]] = (*found.get(row["application"], ()), row["provider"])
    return found
