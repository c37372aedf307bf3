"""One database: opened, checked, read, written, and turned into snapshots. Synchronous; `live.py` gives it a thread."""

from __future__ import annotations

import errno
import os
import secrets
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError, IntegrityError, OperationalError, SQLAlchemyError
from sqlalchemy.pool import PoolProxiedConnection
from twisted.logger import Logger

from appproxy.errors import StoreAway, StoreError
from appproxy.policy.lifetimes import Lifetimes
from appproxy.store import migrate
from appproxy.store.database import notices
from appproxy.store.database.snapshot_builder import Builder, uncollected
from appproxy.store.engine import (
    begin_writing,
    file_identity,
    in_memory,
    interrupt,
    make_engine,
    make_private,
    without_limits,
)
from appproxy.store.names import AlreadyThere
from appproxy.store.policies.countries import CountryDatabase
from appproxy.store.sealing import Sealer
from appproxy.store.snapshot import Snapshot
from appproxy.store.tables.core import master_check, revisions
from appproxy.store.transaction import (
    ALL,
    SNAPSHOT,
    Reading,
    Transaction,
    bump,
    current_revision,
    lock,
)

_CHECK = "check"
_CHECK_TEXT = b"appproxy"

log = Logger()


def _say(text: str) -> None:
    log.warn("{text}", text=text)


class GroupLostError(StoreError):
    """The database has given up all of a group of transactions, and not one statement alone: the disk is full, or broken."""


class WriteGroup:
    """Write transactions that are committed together; see `Store.group`. `begin` makes one of its moment and revision."""

    def __init__(self, connection: sa.Connection, begin: Callable[[float, int], Transaction]) -> None:
        self._connection = connection
        self._begin = begin
        #: Of the snapshot's tables, with all that has succeeded so far.
        self.revision = lock(connection)

    @contextmanager
    def transaction(self, now: float) -> Iterator[Transaction]:
        """One of them, at the time `now`, after those before it: undone by any exception, and then it alone.

        Raises GroupLostError where it cannot be undone alone: nothing of the group is kept then.
        """
        transaction = self._begin(now, self.revision)
        with _explaining(self._connection.engine), self._savepoint():
            yield transaction
            bump(transaction)
        self.revision = transaction.revision

    @contextmanager
    def _savepoint(self) -> Iterator[None]:
        # By the driver itself: one savepoint of SQLAlchemy's costs as much as two statements.
        driver: Any = self._connection.connection.dbapi_connection
        try:
            driver.execute("SAVEPOINT one")
            yield
            driver.execute("RELEASE one")
        except BaseException as error:
            # After some errors SQLite has undone everything (https://www.sqlite.org/lang_transaction.html, section 3.2).
            if not driver.in_transaction or not _undone(driver):
                reason = " ".join(str(getattr(error, "orig", error)).split())
                raise GroupLostError(f"{_name(self._connection.engine)}: {reason}") from getattr(error, "orig", None)
            raise


class Store:
    """An open database. Use `open` or `create`; threads may share it, each with its own transactions."""

    def __init__(self, engine: sa.Engine, sealer: Sealer, random_bytes: Callable[[int], bytes] = secrets.token_bytes) -> None:
        self.engine = engine
        self._sealer = sealer
        self._random_bytes = random_bytes
        self._builder = Builder()
        self._watch: PoolProxiedConnection | None = None
        #: The file that `_watch` has open.
        self._watched: tuple[int, int] | None = None

    @classmethod
    def create(cls, url: str, sealer: Sealer, random_bytes: Callable[[int], bytes] = secrets.token_bytes) -> Store:
        """Make the tables in an empty database and remember which master key it has.

        Raises StoreError when it is not empty or cannot be reached, ConfigError when the URL is wrong.
        """
        engine = make_engine(url)
        store = cls(engine, sealer, random_bytes)
        with _closing_on_error(engine), _explaining(engine):
            make_private(engine.url)
            with engine.connect() as connection, begin_writing(connection):
                if migrate.found_version(connection) is not None:
                    raise StoreError(f"{_name(engine)}: appproxy's tables are already there",
                                     hint="give another state directory, or another, empty database")
                migrate.upgrade(connection)
                sealed = sealer.seal(_CHECK, _CHECK, _CHECK_TEXT)
                connection.execute(sa.insert(master_check).values(id=_CHECK, sealed=sealed))
                connection.execute(sa.insert(revisions).values(part=ALL, revision=0))
        return store

    @classmethod
    def open(
        cls,
        url: str,
        sealer: Sealer,
        random_bytes: Callable[[int], bytes] = secrets.token_bytes,
        say: Callable[[str], None] = _say,
        begun: Callable[[Store], object] = lambda store: None,
    ) -> Store:
        """Open a database that `create` made; an older schema is migrated after `say` was told so. `begun` gets the store
        before anything is asked of it: `interrupt` ends the opening.

        Raises StoreError: none there, a newer schema, another master key; StoreAway when its server does not answer;
        ConfigError when the URL is wrong.
        """
        engine = make_engine(url)
        store = cls(engine, sealer, random_bytes)
        begun(store)
        with _closing_on_error(engine), _explaining(engine):
            if engine.url.get_backend_name() == "sqlite" and not in_memory(engine.url):
                _must_exist(engine)
            store._bring_up_to_date(say)
            store._check_master()
        return store

    def interrupt(self) -> None:
        """End the connections to a database server: work on them fails, and the next begins with a new one. For any thread.

        A file has none, and is waited for.
        """
        interrupt(self.engine)

    def can_hear(self, reactor: object) -> bool:
        """Does the database tell of what others commit?"""
        return notices.can_hear(self.engine, reactor)

    def listen(self) -> PoolProxiedConnection:
        """A connection for `notices.Notices`. Raises StoreError."""
        with _explaining(self.engine):
            return notices.listen(self.engine)

    def close(self) -> None:
        """Close all connections."""
        if self._watch is not None:
            self._watch.close()
            self._watch = None
        self.engine.dispose()

    @contextmanager
    def transaction(self, now: float) -> Iterator[Transaction]:
        """A write transaction at the time `now`: committed at the end, undone by any exception.

        One runs at a time, also over several nodes. What it changes of the snapshot gets a new revision.
        """
        with self._writing() as connection:
            transaction = Transaction(connection, self._sealer, now, self._random_bytes, revision=lock(connection))
            yield transaction
            notices_due = {SNAPSHOT} if bump(transaction) else set()
            notices.tell(connection, notices_due | transaction.notices)

    @contextmanager
    def group(self) -> Iterator[WriteGroup]:
        """Several write transactions with one commit, so that the disk is waited for once. For databases in a file alone:
        a server commits for several at once by itself, and has others waiting for our lock meanwhile.

        None of them is kept before the end: whoever asked for one must not be told earlier that it is done.
        """
        with self._writing() as connection:
            yield WriteGroup(connection, lambda now, revision: Transaction(
                connection, self._sealer, now, self._random_bytes, revision=revision))

    @contextmanager
    def _writing(self) -> Iterator[sa.Connection]:
        with _explaining(self.engine), self.engine.connect() as connection, begin_writing(connection):
            yield connection

    @contextmanager
    def reading(self) -> Iterator[Reading]:
        """One consistent look at the database, which waits for no writer."""
        with _explaining(self.engine), self.engine.connect() as connection:
            if connection.dialect.name == "postgresql":
                connection.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
            with connection.begin():
                yield Reading(connection, self._sealer)

    #: What `AwayStore` has besides; here they are of no moment.
    kept_at: float | None = None
    reading_kept = reading

    @property
    def real(self) -> Store:
        """The store itself."""
        return self

    @property
    def on_server(self) -> bool:
        """Is it a server's, which may be away while we are here?"""
        return self.engine.dialect.name != "sqlite"

    def build_snapshot(self, previous: Snapshot | None = None) -> Snapshot:
        """The picture of the store at this moment; what did not change since `previous` is shared with it.

        Not to be run in two threads at once.
        """
        with self.reading() as reading, uncollected():
            return self._builder.build(reading, previous)

    def secret(self, purpose: str) -> bytes:
        """32 bytes for this purpose, which all that have the master key have alike (`Sealer.secret`); no transaction."""
        return self._sealer.secret(purpose)

    def use_countries(self, database: CountryDatabase) -> None:
        """From now on snapshots know the countries of addresses."""
        self._builder.countries = database

    def use_lifetimes(self, lifetimes: Lifetimes) -> None:
        """From now on snapshots have what was heard of revocations bound by both clocks."""
        self._builder.lifetimes = lifetimes

    def countries_changed(self) -> bool:
        """Is there a new file of countries, which the next snapshot takes up?"""
        return self._builder.countries is not None and self._builder.countries.changed

    def revision(self) -> int:
        """The revision of the last change."""
        with self.reading() as reading:
            return current_revision(reading)

    def data_version(self) -> int:
        """A number that differs from the last one when another connection has committed; cheap enough for each second.

        To be called from one thread only.
        """
        if self.engine.dialect.name != "sqlite":
            return self.revision()
        with _explaining(self.engine):
            if self._watch is not None and self._watched != self._file():
                self._watch.invalidate()
                self._watch = None
            try:
                if self._watch is None:
                    self._watched = self._file()
                    # The number means something only on one and the same connection; a raw one, because a transaction
                    # that stays open would keep the journal growing.
                    self._watch = self.engine.raw_connection()
                return _data_version(self._watch)
            except sqlite3.Error as error:
                # The driver's own, since SQLAlchemy is not between; the next poll gets another connection.
                if self._watch is not None:
                    self._watch.invalidate()
                    self._watch = None
                raise StoreError(f"{_name(self.engine)}: {error}") from error

    def _file(self) -> tuple[int, int] | None:
        """Which file is the database now? None in memory, or when it has gone."""
        return None if in_memory(self.engine.url) else file_identity(str(self.engine.url.database))

    def _bring_up_to_date(self, say: Callable[[str], None]) -> None:
        newest = migrate.newest_version()
        with self.engine.connect() as connection:
            found = migrate.found_version(connection)
        if found is None:
            raise StoreError(f"{_name(self.engine)}: no appproxy database", hint="run: appproxy init")
        if not migrate.is_known(found):
            raise StoreError(
                f"{_name(self.engine)}: its schema {found} is newer than this program ({newest})", hint="upgrade appproxy"
            )
        if found != newest:
            say(f"{_name(self.engine)}: the schema is brought from {found} to {newest}")
            with self.engine.connect() as connection, begin_writing(connection):
                # Several nodes may start at once: the first migrates, the others find nothing left to do.
                without_limits(connection)
                connection.execute(sa.select(revisions.c.revision).where(revisions.c.part == ALL).with_for_update())
                migrate.upgrade(connection)

    def _check_master(self) -> None:
        with self.reading() as reading:
            check_master(reading)


def _undone(driver: sqlite3.Connection) -> bool:
    """Could what happened since the savepoint be undone?"""
    try:
        driver.execute("ROLLBACK TO one")
        driver.execute("RELEASE one")
    except sqlite3.Error:
        return False
    return True


def _data_version(connection: PoolProxiedConnection) -> int:
    cursor = connection.cursor()
    try:
        cursor.execute("PRAGMA data_version")
        row = cursor.fetchone()
    finally:
        cursor.close()
    return int(row[0]) if row else 0


def check_master(reading: Reading) -> None:
    """Raises StoreError, which names the source, when the sealer's master key is not this database's."""
    row = reading.row(sa.select(master_check).where(master_check.c.id == _CHECK))
    if row is None or reading.sealer.open(_CHECK, _CHECK, row["sealed"]) != _CHECK_TEXT:
        raise StoreError("the database does not say which master key it has", hint="restore it from a backup")


def _must_exist(engine: sa.Engine) -> None:
    """The file is only looked at: to open and close it would take away the locks that this process has on it (POSIX), and
    with them what keeps other programs from removing the log beneath it.
    """
    path = str(engine.url.database)
    try:
        os.stat(path)
    except FileNotFoundError:
        raise StoreError(f"{path}: no database is there", hint="run: appproxy init") from None
    except OSError as error:
        raise StoreError(f"{path}: {error.strerror}") from error
    if not os.access(path, os.R_OK):
        raise StoreError(f"{path}: {os.strerror(errno.EACCES)}")


def _name(engine: sa.Engine) -> str:
    """The database in words that hold no password."""
    return engine.url.render_as_string(hide_password=True)


#: What a server says that is there and takes nobody now (PostgreSQL, appendix A: 57P01 to 57P03, 53300).
_TAKES_NOBODY = ("is starting up", "is shutting down", "in recovery mode", "not yet accepting", "too many clients",
                 "connection slots", "terminating connection")


def _is_away(engine: sa.Engine, error: BaseException | None) -> bool:
    """Does this mean that the server cannot be reached? Not, that it refuses us: a wrong password is nobody's outage."""
    state = getattr(error, "sqlstate", None)
    if engine.dialect.name == "sqlite" or state is not None:
        return state is not None and str(state).startswith(("08", "57P"))
    text = str(error)
    return "FATAL" not in text or any(words in text for words in _TAKES_NOBODY)


@contextmanager
def _closing_on_error(engine: sa.Engine) -> Iterator[None]:
    try:
        yield
    except BaseException:
        engine.dispose()
        raise


@contextmanager
def _explaining(engine: sa.Engine) -> Iterator[None]:
    """Say what the database refused in one line, without the statement and its values, which may be secret."""
    try:
        yield
    except IntegrityError as error:
        raise AlreadyThere(f"{_name(engine)}: refused, because it is already there or still in use") from error.orig
    except DBAPIError as error:
        kind = StoreAway if isinstance(error, OperationalError) and _is_away(engine, error.orig) else StoreError
        raise kind(f"{_name(engine)}: {' '.join(str(error.orig).split())}") from error.orig
    except SQLAlchemyError as error:
        raise StoreError(f"{_name(engine)}: {error}") from error
