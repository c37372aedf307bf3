"""Every schema that ever was becomes today's, with its data."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from appproxy.store import migrate
from appproxy.store.engine import make_engine, make_private
from appproxy.store.tables import core as schema


def value(column: sa.Column[Any]) -> object:
    """The same for every column of a type, so that what refers to a row finds it."""
    if isinstance(column.type, sa.Boolean):
        return False
    if isinstance(column.type, sa.Integer | sa.Float):
        return 1
    if isinstance(column.type, sa.LargeBinary):
        return b"x"
    return "{}" if column.name in JSON else "x"


#: Texts that are JSON to a migration.
JSON = {"settings"}


def rows(connection: sa.Connection, names: Iterable[str]) -> dict[str, int]:
    """How many rows each of these tables has. One question: a busy machine takes milliseconds for each."""
    counts = [sa.select(sa.func.count()).select_from(sa.table(name)).scalar_subquery().label(name) for name in names]
    return dict(connection.execute(sa.select(*counts)).mappings().one())


def fill(connection: sa.Connection) -> set[str]:
    """One row in every table that has none, with a value in every column; the tables."""
    tables = sa.MetaData()
    tables.reflect(connection)
    there = rows(connection, tables.tables)
    filled = [table for table in tables.sorted_tables if table.name != "alembic_version" and not there[table.name]]
    for table in filled:
        connection.execute(sa.insert(table).values({column.name: value(column) for column in table.columns}))
    return {table.name for table in filled}


#: All columns, constraints and indexes, each as the server says it.
DESCRIPTIONS = {
    "sqlite": "SELECT type, tbl_name, name, sql FROM sqlite_master",
    "postgresql": """
        SELECT 'column', c.relname, a.attname,
            concat_ws(' ', format_type(a.atttypid, a.atttypmod), a.attnotnull, pg_get_expr(d.adbin, d.adrelid))
        FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
            LEFT JOIN pg_attrdef d ON d.adrelid = c.oid AND d.adnum = a.attnum
        WHERE c.relkind IN ('r', 'S') AND c.relnamespace = current_schema()::regnamespace
        UNION ALL SELECT 'constraint', conrelid::regclass::text, conname, pg_get_constraintdef(oid)
        FROM pg_constraint WHERE connamespace = current_schema()::regnamespace
        UNION ALL SELECT 'index', tablename, indexname, indexdef FROM pg_indexes WHERE schemaname = current_schema()
    """,
}


def described(connection: sa.Connection) -> set[tuple[str, ...]]:
    """All that the schema is made of."""
    return {tuple(row) for row in connection.execute(sa.text(DESCRIPTIONS[connection.dialect.name]))}


def check_today(connection: sa.Connection, filled: set[str]) -> None:
    """What was filled before it became today's schema is there, and nothing refers to nothing."""
    assert migrate.found_version(connection) == migrate.newest_version()
    there = set(sa.inspect(connection).get_table_names())
    assert {name for name, count in rows(connection, filled & there).items() if count != 1} == set()
    assert len(filled) > 10
    if connection.dialect.name == "sqlite":
        assert connection.execute(sa.text("PRAGMA foreign_key_check")).all() == []


def test_a_store_of_each_version_comes_to_today(database_url: str) -> None:
    """No row of any table is lost, every reference holds, and the schema is the one that a new store has.

    One store grows from each version to the next. At each it is filled and comes to today's, which is taken back then: both
    kinds of databases can take back the making of tables. To make each version from nothing would take twice as long.
    """
    engine = make_engine(database_url)
    make_private(engine.url)
    with engine.connect() as connection, connection.begin() as transaction:
        today = of_a_new_store(connection)
        for version in migrate.known_versions():
            migrate.upgrade(connection, version)
            with connection.begin_nested() as taken_back:
                filled = fill(connection)
                try:
                    migrate.upgrade(connection)
                    check_today(connection, filled)
                    assert described(connection) == today
                except (AssertionError, sa.exc.SQLAlchemyError) as error:
                    raise AssertionError(f"a store of the version {version}") from error
                taken_back.rollback()
            assert migrate.found_version(connection) == version
        transaction.rollback()
    engine.dispose()


def of_a_new_store(connection: sa.Connection) -> set[tuple[str, ...]]:
    """The description of today's schema, which is the one that the code works with; nothing of it is left."""
    with connection.begin_nested() as taken_back:
        migrate.upgrade(connection)
        differences = compare_metadata(MigrationContext.configure(connection, opts={"compare_type": False}), schema.metadata)
        assert differences == []
        today = described(connection)
        assert {name for _, name, *_ in today} >= set(schema.metadata.tables)
        taken_back.rollback()
    return today
