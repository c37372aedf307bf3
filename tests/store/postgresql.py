"""Databases on a PostgreSQL server for tests: each a schema, since a schema is made in 2 ms and a database in 100.

The schemas of one process of tests are in a database of its own, since notifications are heard in all of it.
"""

from __future__ import annotations

import secrets

from appproxy.store.database.initial import initialise
from appproxy.store.database.store import Store
from appproxy.store.engine import make_engine
from appproxy.store.sealing import Sealer
from appproxy.store.tables import attempts as schema_attempts
from appproxy.store.tables import core as schema
from appproxy.store.tables import factors as schema_factors
from appproxy.store.tables import fleet as schema_fleet
from appproxy.store.tables import nodes as schema_nodes

#: What is copied, parents first.
_TABLES = ["alembic_version", *(table.name for table in schema.metadata.sorted_tables)]
#: All files of tables are read by then.
assert {schema_nodes.nodes.name, schema_attempts.password_attempts.name, schema_factors.passkeys.name,
        schema_fleet.connector_places.name} <= set(_TABLES)
_COUNTER = "audit_number_seq"
#: Seconds for those who still hold rows of the last test.
_LOCKED = 10


class Server:
    """Makes schemas, and drops their database in the end. What its tables hold is copied from one that `init` has filled."""

    def __init__(self, url: str, sealer: Sealer, now: float) -> None:
        self._server = make_engine(url)
        self._database = f"test_{secrets.token_hex(8)}"
        self._outside(f"CREATE DATABASE {self._database}")
        self._engine = make_engine(self._server.url.set(database=self._database).render_as_string(hide_password=False))
        self._sealer, self._now = sealer, now
        self._template = self._used = ""

    def url(self, name: str) -> str:
        """Where the tables of this schema are found."""
        url = self._engine.url.update_query_dict({"options": f"-csearch_path={name}"})
        return url.render_as_string(hide_password=False)

    def empty(self) -> str:
        """A new schema without tables."""
        name = f"test_{secrets.token_hex(8)}"
        self._run(f"CREATE SCHEMA {name}")
        return name

    def filled(self) -> str:
        """A schema as `init` leaves it: the one of the test before, with its rows replaced, since to make it takes 200 ms."""
        if not self._template:
            self._template, self._used = self._initial(), self._initial()
        else:
            self._restore()
        return self._used

    def _initial(self) -> str:
        name = self.empty()
        store = Store.create(self.url(name), self._sealer)
        with store.transaction(self._now) as tx:
            initialise(tx, "example.com", "https://signin.example.com")
        store.close()
        return name

    def _restore(self) -> None:
        deleted = [f"DELETE FROM {self._used}.{table}" for table in reversed(_TABLES)]
        copied = [f"INSERT INTO {self._used}.{table} SELECT * FROM {self._template}.{table}" for table in _TABLES]
        counted = f"SELECT setval('{self._used}.{_COUNTER}', last_value, is_called) FROM {self._template}.{_COUNTER}"
        self._run("; ".join([f"SET LOCAL lock_timeout = '{_LOCKED}s'", *deleted, *copied, counted]))

    def _run(self, statements: str) -> None:
        with self._engine.begin() as connection:
            connection.exec_driver_sql(statements)

    def close(self) -> None:
        """Drop the database, whoever still has it open."""
        self._engine.dispose()
        self._outside(f"DROP DATABASE {self._database} WITH (FORCE)")
        self._server.dispose()

    def _outside(self, statement: str) -> None:
        """What a transaction cannot do."""
        with self._server.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.exec_driver_sql(statement)
