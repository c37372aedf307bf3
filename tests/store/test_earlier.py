"""Stores that programs of earlier schemas have left come to today's with their data."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest
import sqlalchemy as sa

from appproxy.store import migrate
from appproxy.store.database.store import Store
from appproxy.store.engine import make_engine, make_private
from appproxy.store.sealing import Sealer
from tests.store.earlier import files, restored, schema_of, values

#: How many migrations may be younger than the newest store that is kept.
MOST_BEHIND = 5
#: Tables of which a migration makes more rows: of each subject one for each provider that may have meant it.
MORE = {"not_before"}

each_store = pytest.mark.parametrize("file", files(), ids=lambda file: file.stem)


@each_store
def test_every_value_is_there_after_the_migrations(file: Path, database_url: str, tmp_path: Path) -> None:
    """Of every row and column that today's schema still has, also where the store is taken to PostgreSQL first."""
    kept = tmp_path / "kept.db"
    restored(file, kept)
    source = sa.create_engine(f"sqlite:///{kept}")
    with source.connect() as connection:
        assert migrate.found_version(connection) == schema_of(file)
        before = values(connection)
    source.dispose()
    engine = make_engine(database_url)
    make_private(engine.url)
    with engine.connect() as connection, connection.begin() as transaction:
        write(connection, schema_of(file), before)
        assert values(connection) == before
        migrate.upgrade(connection)
        after = values(connection)
        assert migrate.found_version(connection) == migrate.newest_version()
        transaction.rollback()
    engine.dispose()
    assert [name for name, rows in before.items() if not rows] == []
    for name, rows in before.items():
        if name in after:
            there = set(after[name][0]) & set(rows[0])
            assert {f"{name}.{column}" for column in set(rows[0]) - there} == set()
            assert only(rows, there) - only(after[name], there) == Counter(), name
            assert name in MORE or len(after[name]) == len(rows)
    assert set(before) - set(after) == set()


def only(rows: list[dict[str, object]], columns: set[str]) -> Counter[tuple[str, ...]]:
    """These columns of all rows."""
    return Counter(tuple(repr(row[name]) for name in sorted(columns)) for row in rows)


def write(connection: sa.Connection, version: str, rows: dict[str, list[dict[str, object]]]) -> None:
    """A store of that schema with these rows."""
    migrate.upgrade(connection, version)
    tables = sa.MetaData()
    tables.reflect(connection)
    for table in reversed(tables.sorted_tables):
        if table.name != "alembic_version":
            connection.execute(sa.delete(table))
    for table in tables.sorted_tables:
        if rows.get(table.name):
            connection.execute(sa.insert(table), rows[table.name])


@each_store
def test_the_service_works_from_it(file: Path, tmp_path: Path) -> None:
    """Opened by today's program, with its master key: what is published, with its settings."""
    database = tmp_path / "appproxy.db"
    sealer = Sealer(restored(file, database, whole=False))
    said: list[str] = []
    store = Store.open(f"sqlite:///{database}", sealer, say=said.append)
    snapshot = store.build_snapshot()
    store.close()
    names = {one.name: one for one in snapshot.applications.values()}
    assert set(names) == {"wiki", "Status", "sales"}
    assert names["wiki"].backend_timeout == 120.0
    assert bool(said) == (schema_of(file) != migrate.newest_version())


def test_one_is_kept_that_is_hardly_older_than_today() -> None:
    """Else: `python -m tests.store.earlier`, which makes it of the checkout."""
    known = migrate.known_versions()
    assert [known.index(schema_of(file)) + 1 for file in files()] == [int(file.stem[:4]) for file in files()]
    behind = len(known) - 1 - max(known.index(schema_of(file)) for file in files())
    assert behind <= MOST_BEHIND, f"{behind} migrations are younger than the newest store in tests/store/stores: " \
        "run python -m tests.store.earlier"
