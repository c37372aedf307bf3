"""What a database server may cost us: limits of its own, and a way out when it does not answer."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError

from appproxy.errors import ConfigError
from appproxy.store.engine import interrupt, make_engine, without_limits


@pytest.fixture
def engine(database_url: str) -> Iterator[sa.Engine]:
    """Of the database that the test asks for."""
    found = make_engine(database_url)
    yield found
    found.dispose()


def limits(connection: sa.Connection) -> list[str]:
    """Of statements, of the wait for others, and of idle transactions."""
    names = ("statement_timeout", "lock_timeout", "idle_in_transaction_session_timeout")
    return [str(connection.exec_driver_sql(f"SHOW {name}").scalar()) for name in names]


@pytest.mark.parametrize("database_url", [pytest.param("postgresql", marks=pytest.mark.postgresql)], indirect=True)
class TestServer:
    """PostgreSQL."""

    def test_the_server_ends_what_takes_too_long(self, engine: sa.Engine) -> None:
        """In each transaction of each connection; a migration takes as long as it takes, and the next one does not."""
        for _ in range(2):
            with engine.connect() as connection, connection.begin():
                assert limits(connection) == ["15s", "5s", "30s"]
                without_limits(connection)
                assert limits(connection) == ["0"] * 3

    def test_whoever_waits_for_an_answer_is_let_go(self, engine: sa.Engine) -> None:
        """From another thread; the next connection is as good as any."""
        errors: list[Any] = []
        begun = threading.Event()

        def wait() -> None:
            try:
                with engine.connect() as connection:
                    begun.set()
                    connection.exec_driver_sql("SELECT pg_sleep(60)")
            except DBAPIError as error:
                errors.append(error)

        waiting = threading.Thread(target=wait)
        waiting.start()
        assert begun.wait(30)
        interrupt(engine)
        waiting.join(30)
        assert not waiting.is_alive() and errors[0].connection_invalidated
        with engine.connect() as connection:
            assert connection.exec_driver_sql("SELECT 7").scalar() == 7


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_file_is_not_interrupted(engine: sa.Engine, database_url: str) -> None:
    """Nobody is at its other end."""
    with open(database_url.removeprefix("sqlite:///"), "w"):
        pass
    with engine.connect() as connection:
        interrupt(engine)
        without_limits(connection)
        assert connection.exec_driver_sql("SELECT 7").scalar() == 7


@pytest.mark.parametrize(("url", "means"), [
    ("postgresql://ann:x@a:5432,b:5433/main?target_session_attrs=read-write",
     {"host": "a,b", "port": "5432,5433", "dbname": "main", "user": "ann", "password": "x",
      "target_session_attrs": "read-write"}),
    ("postgresql+psycopg://ann@a,b:7", {"host": "a,b", "port": "5432,7", "user": "ann"}),
    ("postgresql://[2001:db8::1]:1,[::2]:2/main", {"host": "2001:db8::1,::2", "port": "1,2", "dbname": "main"}),
    ("postgresql://ann@a:5432/main", {"host": "a", "port": 5432, "dbname": "main", "user": "ann"}),
    ("postgresql://ann:x,y@a/main", {"host": "a", "dbname": "main", "user": "ann", "password": "x,y"}),
    ("postgresql://ann:7,b@a/main", {"host": "a", "dbname": "main", "user": "ann", "password": "7,b"}),
    ("postgresql://ann:7,b@a,c:7/main",
     {"host": "a,c", "port": "5432,7", "dbname": "main", "user": "ann", "password": "7,b"}),
])
def test_several_servers_of_which_one_takes_changes(url: str, means: dict[str, object]) -> None:
    """They are written as PostgreSQL's own programs take them."""
    engine = make_engine(url)
    found = engine.dialect.create_connect_args(engine.url)[1]
    assert {name: value for name, value in found.items() if name != "context"} == means


@pytest.mark.parametrize("url", ["postgresql://a:5432,/x", "postgresql://a:port,b/x", "postgresql://a,b:1:2/x"])
def test_several_servers_that_are_none(url: str) -> None:
    """The error shows how they are written."""
    with pytest.raises(ConfigError, match="HOST:PORT,HOST:PORT"):
        make_engine(url)
