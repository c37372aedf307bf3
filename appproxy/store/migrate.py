"""Bring a database to this version's schema, by Alembic's migrations in `migrations/versions`."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory

from appproxy.errors import StoreError

_FOLDER = Path(__file__).parent / "migrations"


def _config(connection: sa.Connection | None = None) -> Config:
    config = Config()
    # Alembic expands % in its options.
    config.set_main_option("script_location", str(_FOLDER).replace("%", "%%"))
    config.attributes["connection"] = connection
    return config


@cache
def newest_version() -> str:
    """The schema that this program works with. Looked up once: Alembic compiles all migrations for it."""
    head = ScriptDirectory.from_config(_config()).get_current_head()
    if head is None:
        raise StoreError(f"{_FOLDER}: no migrations are there; install appproxy again")
    return head


def found_version(connection: sa.Connection) -> str | None:
    """The schema of this database; None when it has none yet."""
    return MigrationContext.configure(connection).get_current_revision()


def is_known(version: str) -> bool:
    """Is this schema one of ours, the newest or an older one?"""
    return version == newest_version() or version in _known_versions()


@cache
def _known_versions() -> frozenset[str]:
    return frozenset(script.revision for script in ScriptDirectory.from_config(_config()).walk_revisions())


def upgrade(connection: sa.Connection, version: str = "head") -> None:
    """Run the missing migrations on `connection`, as far as `version`, inside its transaction: all of them or none."""
    command.upgrade(_config(connection), version)
