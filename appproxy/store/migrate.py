"""Bring a database to this version's schema, by Alembic's migrations in `migrations/versions`.

Alembic is imported only when there is something to do with it: that takes a fifth of a second, which every start of the
service and every command would pay.
"""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import sqlalchemy as sa

from appproxy.errors import StoreError

if TYPE_CHECKING:
    from alembic.config import Config

_FOLDER = Path(__file__).parent / "migrations"
#: The line of a migration that names the schema it leads to.
_REVISION = re.compile(r'^revision = "(\w+)"$', re.MULTILINE)
#: Alembic's own table: one row with the version.
_VERSION = sa.table("alembic_version", sa.column("version_num"))


def alembic_config(connection: sa.Connection | None = None) -> Config:
    """What Alembic's commands and scripts want: where the migrations are, and the connection they are to run on."""
    from alembic.config import Config

    config = Config()
    # Alembic expands % in its options.
    config.set_main_option("script_location", str(_FOLDER).replace("%", "%%"))
    config.attributes["connection"] = connection
    return config


@cache
def known_versions() -> tuple[str, ...]:
    """The schemas of this program and of those before it, the newest last. Raises StoreError when there is none.

    Read from the migrations' files, in the order of their names; Alembic would compile them all.
    """
    texts = [path.read_text() for path in sorted((_FOLDER / "versions").glob("v*.py"))]
    found = tuple(match[1] for text in texts if (match := _REVISION.search(text)))
    if not found:
        raise StoreError(f"{_FOLDER}: no migrations are there", hint="install appproxy again")
    return found


def newest_version() -> str:
    """The schema that this program works with."""
    return known_versions()[-1]


def found_version(connection: sa.Connection) -> str | None:
    """The schema of this database; None when it has none yet."""
    if not sa.inspect(connection).has_table(_VERSION.name):
        return None
    version: str | None = connection.execute(sa.select(_VERSION.c.version_num)).scalar()
    return version


def is_known(version: str) -> bool:
    """Is this schema one of ours, the newest or an older one?"""
    return version in known_versions()


def upgrade(connection: sa.Connection, version: str = "head") -> None:
    """Run the missing migrations on `connection`, as far as `version`, inside its transaction: all of them or none."""
    from alembic import command

    command.upgrade(alembic_config(connection), version)
