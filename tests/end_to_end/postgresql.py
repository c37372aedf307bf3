"""An empty database of a test's own on the tests' PostgreSQL server: a schema of its own."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
import sqlalchemy as sa

from appproxy.store.engine import make_engine
from tests.end_to_end.cable import Cable

_VARIABLE = "APPPROXY_TEST_POSTGRESQL"


def server() -> str:
    """The server's URL. Skips the test when there is none."""
    found = os.environ.get(_VARIABLE)
    if not found:
        pytest.skip(f"{_VARIABLE} names no PostgreSQL server, such as postgresql://user@host/database")
    return found


@contextmanager
def empty_database(cable: Cable | None = None) -> Iterator[str]:
    """The URL of one, reached through the `cable` if there is one."""
    schema = f"test_{secrets.token_hex(8)}"
    engine = make_engine(server())
    with engine.begin() as connection:
        connection.execute(sa.text(f"CREATE SCHEMA {schema}"))
    options = {"options": f"-csearch_path={schema}"}
    if cable is None:
        url = engine.url.update_query_dict(options)
    else:
        url = sa.make_url(server()).set(host="127.0.0.1", port=cable.port, query=options)
    yield url.render_as_string(hide_password=False)
    with engine.begin() as connection:
        connection.execute(sa.text(f"DROP SCHEMA {schema} CASCADE"))
    engine.dispose()


@contextmanager
def cable_to_server() -> Iterator[Cable]:
    """The way to the server, which can be cut."""
    cable = Cable(f"{sa.make_url(server()).query['host']}/.s.PGSQL.5432")
    yield cable
    cable.stop()
