"""What the service as a whole is: written at `init`, read by every node."""

from __future__ import annotations

import sqlalchemy as sa

from appproxy.errors import StoreError
from appproxy.store.application_urls import Place
from appproxy.store.schema import settings
from appproxy.store.transaction import Reading, Transaction

#: 16 random hex digits; tells one installation from another.
INSTANCE = "instance"
DOMAIN = "domain"
PUBLIC_PORT = "public_port"


def get_all(reading: Reading) -> dict[str, str]:
    """All settings."""
    return {row["key"]: row["value"] for row in reading.rows(sa.select(settings))}


def put(tx: Transaction, key: str, value: str) -> None:
    """Set one."""
    if tx.change(sa.update(settings).where(settings.c.key == key).values(value=value)) == 0:
        tx.change(sa.insert(settings).values(key=key, value=value))


def place(reading: Reading) -> Place:
    """Domain and public port. Raises StoreError when `initialise` never ran."""
    found = get_all(reading)
    try:
        return Place(found[DOMAIN], int(found[PUBLIC_PORT]))
    except (KeyError, ValueError) as error:
        raise StoreError("the database does not say its domain; it was not made by `appproxy init`") from error
