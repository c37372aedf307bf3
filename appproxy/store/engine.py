"""SQLAlchemy engines: SQLite as it must be set up to be safe under load, PostgreSQL with plain settings."""

from __future__ import annotations

import os
import re
import socket
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any
from weakref import WeakKeyDictionary

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.exc import ArgumentError, DisconnectionError, NoSuchModuleError
from sqlalchemy.pool import StaticPool

from appproxy.errors import ConfigError, StoreError
from appproxy.store.searching import SMALL, small

#: How long a writer waits for another one, in seconds: the longest write (10,000 applications) takes two.
BUSY_TIMEOUT = 5.0
#: A server that is away is noticed before a user's sign-in has waited for 10 seconds: seconds to connect, and
#: milliseconds without an acknowledgement.
_SERVER = {"connect_timeout": 5, "tcp_user_timeout": 5000, "keepalives_idle": 10}
#: What the server itself ends, in milliseconds: a statement, the wait for another writer, and a transaction whose client has
#: gone without a word, and which would keep all others waiting.
_LIMITS = {"statement_timeout": 15_000, "lock_timeout": 5_000, "idle_in_transaction_session_timeout": 30_000}
#: A URL with commas between servers: what is before them, they, the path, the query. Each of them: host and port.
_SEVERAL_HOSTS = re.compile(r"(postgresql(?:\+[a-z0-9]+)?://(?:[^@/?#]*@)?)([^@/?#]*,[^@/?#]*)(/[^?#]*)?(?:\?([^#]*))?")
_HOST_AND_PORT = re.compile(r"(\[[0-9A-Fa-f:.]+\]|[^\[\]:]+)(?::([0-9]{1,5}))?")
#: Open connections to servers, by engine.
_open: WeakKeyDictionary[sa.Engine, set[Any]] = WeakKeyDictionary()
#: In the `info` of a driver's connection whose next transaction writes.
_WRITE = "appproxy_write"


def make_engine(url: str) -> sa.Engine:
    """The engine for a database URL, `sqlite:///PATH` or `postgresql+psycopg://...`. Raises ConfigError."""
    try:
        parsed = sa.make_url(_one_host(url))
        kind = parsed.get_backend_name()
        if kind == "postgresql":
            driven = _with_driver(parsed)
            arguments = _SERVER if driven.get_driver_name() == "psycopg" else {}
            engine = sa.create_engine(driven, connect_args=arguments, pool_pre_ping=True, pool_size=2, max_overflow=8)
            _bound(engine)
            return engine
        if kind == "sqlite":
            return _sqlite(parsed)
    except (ArgumentError, NoSuchModuleError) as error:
        raise ConfigError("database_url: not a database URL", hint="use sqlite:///PATH or postgresql://...") from error
    except ImportError as error:
        raise ConfigError("database_url: PostgreSQL needs a driver", hint="run: pip install 'appproxy[postgresql]'") from error
    raise ConfigError(f"database_url: {kind} is not supported", hint="use sqlite:///PATH or postgresql://...")


def _bound(engine: sa.Engine) -> None:
    """Set the server's limits on each connection, and know all that are open."""
    open_now = _open[engine] = set()

    @event.listens_for(engine, "connect")
    def _(connection: Any, _record: object) -> None:
        open_now.add(connection)
        with connection.cursor() as cursor:
            for name, value in _LIMITS.items():
                cursor.execute(f"SET {name} = {value}")
        connection.commit()

    @event.listens_for(engine, "close")
    def _(connection: Any, _record: object) -> None:
        open_now.discard(connection)


def interrupt(engine: sa.Engine) -> None:
    """End all connections of the engine to a server, from any thread: whoever waits for an answer there fails at once.

    Only the socket is shut down; the thread that uses the connection closes it.
    """
    for connection in list(_open.get(engine, ())):
        with suppress(Exception), socket.socket(fileno=os.dup(connection.fileno())) as found:
            found.shutdown(socket.SHUT_RDWR)


def without_limits(connection: sa.Connection) -> None:
    """A migration of this transaction takes as long as it takes."""
    if connection.dialect.name == "postgresql":
        for name in _LIMITS:
            connection.exec_driver_sql(f"SET LOCAL {name} = 0")


def make_private(url: sa.URL) -> None:
    """Create the file of an SQLite database for its owner only; its journal files take over its mode."""
    if not in_memory(url) and url.get_backend_name() == "sqlite":
        with suppress(FileExistsError):
            os.close(os.open(str(url.database), os.O_CREAT | os.O_EXCL, 0o600))


def in_memory(url: sa.URL) -> bool:
    """Is this an SQLite database that lives in one connection only?"""
    return url.get_backend_name() == "sqlite" and url.database in (None, "", ":memory:")


def _one_host(url: str) -> str:
    """SQLAlchemy knows several servers, `postgresql://A:5432,B:5432/NAME` (libpq, "Connection URIs"), by the query alone."""
    found = _SEVERAL_HOSTS.fullmatch(url)
    if found is None:
        return url
    before, servers, path, query = found.groups()
    pairs = [_HOST_AND_PORT.fullmatch(one) for one in servers.split(",")]
    if None in pairs:
        raise ConfigError("database_url: several servers are written HOST:PORT,HOST:PORT",
                          hint="such as postgresql://appproxy@a:5432,b:5432/appproxy?target_session_attrs=read-write")
    hosts = ",".join(one[1].strip("[]") for one in pairs if one is not None)
    ports = ",".join(one[2] or "5432" for one in pairs if one is not None)
    return f"{before}{path or '/'}?host={hosts}&port={ports}{f'&{query}' if query else ''}"


def _with_driver(url: sa.URL) -> sa.URL:
    """psycopg 3 unless another driver is named."""
    return url.set(drivername="postgresql+psycopg") if url.drivername == "postgresql" else url


def _sqlite(url: sa.URL) -> sa.Engine:
    arguments: dict[str, Any] = {"timeout": BUSY_TIMEOUT, "check_same_thread": False}
    if in_memory(url):
        engine = sa.create_engine(url, connect_args=arguments, poolclass=StaticPool)
    else:
        engine = sa.create_engine(url, connect_args=arguments, pool_size=2, max_overflow=-1)
        _stay_with_the_file(engine)

    @event.listens_for(engine, "connect")
    def _(connection: Any, _record: object) -> None:
        # We begin transactions ourselves: the driver's own BEGIN comes only before the first write, and a transaction
        # that has read by then dies with "database is locked" when another one wrote meanwhile.
        connection.isolation_level = None
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA foreign_keys=ON")
        connection.create_function(SMALL, 1, small, deterministic=True)

    # Not by an event: where there is one of a connection, SQLAlchemy looks for listeners at each statement.
    engine.dialect.do_begin = _begin  # type: ignore[method-assign, assignment]
    return engine


def _begin(connection: Any) -> None:
    """What the dialect does for SQLAlchemy's `Connection.begin`."""
    connection.dbapi_connection.execute("BEGIN IMMEDIATE" if connection.info.pop(_WRITE, False) else "BEGIN")


@contextmanager
def begin_writing(connection: sa.Connection) -> Iterator[None]:
    """A transaction that writes: it waits for other writers at its beginning, and is committed in the end."""
    connection.connection.info[_WRITE] = True
    with connection.begin():
        yield


def _stay_with_the_file(engine: sa.Engine) -> None:
    """Connections to a file that has been removed or replaced are given up.

    SQLite would go on writing to the file that it has open: everything would seem well until the next start. Nor may a
    new connection make an empty file where the database has gone.
    """
    path = str(engine.url.database)

    @event.listens_for(engine, "do_connect")
    def _(_dialect: object, _record: object, _arguments: object, _options: object) -> None:
        if file_identity(path) is None:
            raise sqlite3.OperationalError("the database has gone; put its file back")

    @event.listens_for(engine, "connect")
    def _(_connection: object, record: Any) -> None:
        record.info["file"] = file_identity(path)

    @event.listens_for(engine, "checkout")
    def _(_connection: object, record: Any, _proxy: object) -> None:
        if record.info["file"] != file_identity(path):
            raise DisconnectionError


def file_identity(path: str) -> tuple[int, int] | None:
    """Tells a file from any other; None when it is not there."""
    try:
        found = os.stat(path)
    except OSError:
        return None
    return found.st_dev, found.st_ino


def copy_database(url: str, target: Path) -> None:
    """Copy an SQLite database as it is at this moment into the new file `target`, while others read and write it.

    Raises StoreError.
    """
    engine = make_engine(url)
    if not Path(str(engine.url.database)).is_file():
        raise StoreError(f"{engine.url.database}: no database is there")
    connection = engine.raw_connection()
    try:
        connection.cursor().execute("VACUUM INTO ?", (str(target),))
    except sqlite3.Error as error:
        raise StoreError(f"{engine.url.database}: cannot be copied to {target}: {error}") from error
    finally:
        connection.close()
        engine.dispose()
