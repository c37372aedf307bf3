"""What the service as a whole is: written at `init`, read by every node."""

from __future__ import annotations

import sqlalchemy as sa

from appproxy.errors import ConfigError, StoreError
from appproxy.store.service.place import PublicAddress
from appproxy.store.tables.core import settings
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


def place(reading: Reading) -> PublicAddress:
    """Domain and public port. Raises StoreError when `initialise` never ran."""
    found = get_all(reading)
    try:
        return PublicAddress(found[DOMAIN], int(found[PUBLIC_PORT]))
    except (KeyError, ValueError) as error:
        raise StoreError("the database does not say its domain; it was not made by `appproxy init`") from error


def check_place(reading: Reading, settings: PublicAddress) -> None:
    """Do the settings file and the database mean the same domain and port? Raises ConfigError.

    The URLs of applications and the built-in provider's name are in the database since `init`; with another domain or
    port in the settings, nobody could sign in.
    """
    made_for = place(reading)
    if settings.domain != made_for.domain:
        raise ConfigError(
            f"domain: service.toml says {settings.domain}, but this database was made for {made_for.domain}; "
            f"set domain = \"{made_for.domain}\" again, or make a new state directory: appproxy init"
        )
    if settings.public_port != made_for.public_port:
        raise ConfigError(
            f"public_port: by service.toml users come to port {settings.public_port}, but the URLs in this database say "
            f"{made_for.public_port}; set public_port = {made_for.public_port} (`listen` may be another port, when "
            "something in front translates), or make a new state directory: appproxy init"
        )
