"""The database: made, opened, migrated, written to and counted."""

from __future__ import annotations

import subprocess
import sys
import threading
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext

from appproxy.errors import ConfigError, IdentityError, StoreError
from appproxy.pki.tokens import hash_secret
from appproxy.store import migrate
from appproxy.store.applications import applications
from appproxy.store.connectors import connectors
from appproxy.store.database.store import Store
from appproxy.store.engine import make_engine, make_private
from appproxy.store.people import users
from appproxy.store.people.session import one_time
from appproxy.store.sealing import Sealer
from appproxy.store.tables.core import metadata


def only_sqlite(url: str) -> None:
    """Skip a test about files."""
    if not url.startswith("sqlite"):
        pytest.skip("about the file of an SQLite database")


class TestSchema:
    """What `create` and `open` do about tables."""

    def test_migrations_make_exactly_the_schema(self, empty_store: Store) -> None:
        """A table or column that is changed without a migration is noticed."""
        with empty_store.reading() as reading:
            context = MigrationContext.configure(reading.connection, opts={"compare_type": True})
            assert compare_metadata(context, metadata) == []

    def test_constraints_bear_the_agreed_names(self, empty_store: Store) -> None:
        """Migrations can name every constraint, on each database."""
        with empty_store.reading() as reading:
            inspector = sa.inspect(reading.connection)
            for table in metadata.sorted_tables:
                assert inspector.get_pk_constraint(table.name)["name"] == f"pk_{table.name}"
                for key in inspector.get_foreign_keys(table.name):
                    assert key["name"] == f"fk_{table.name}_{key['constrained_columns'][0]}"
                    assert key["options"].get("ondelete") in ("CASCADE", "RESTRICT")

    def test_a_second_create_is_refused(self, empty_store: Store, database_url: str, sealer: Sealer) -> None:
        """`init` never overwrites a database."""
        with pytest.raises(StoreError, match="already there"):
            Store.create(database_url, sealer)

    def test_a_newer_schema_is_refused(self, empty_store: Store, database_url: str, sealer: Sealer) -> None:
        """A program that was set back does not touch what it does not know."""
        with empty_store.transaction(0) as tx:
            tx.connection.execute(sa.text("UPDATE alembic_version SET version_num = '9999'"))
        with pytest.raises(StoreError, match="9999 is newer .* upgrade appproxy"):
            Store.open(database_url, sealer)

    def test_opening_takes_no_lock_from_who_has_it_open(self, database_url: str, sealer: Sealer) -> None:
        """Another program that is the last to close it, as it thinks, would remove the log that others go on writing to."""
        only_sqlite(database_url)
        first = Store.create(database_url, sealer)
        with first.transaction(0) as tx:
            tx.connection.execute(sa.text("UPDATE revisions SET revision = revision + 1"))
        log = Path(str(first.engine.url.database) + "-wal")
        before = log.stat().st_ino
        second = Store.open(database_url, sealer)
        program = "import sqlite3, sys; c = sqlite3.connect(sys.argv[1]); list(c.execute('SELECT 1 FROM users')); c.close()"
        subprocess.run([sys.executable, "-c", program, str(first.engine.url.database)], check=True, timeout=60)
        assert log.exists() and log.stat().st_ino == before
        for one in (first, second):
            one.close()

    def test_a_database_without_tables_is_refused(self, database_url: str, sealer: Sealer) -> None:
        """Another program's database is not taken for ours."""
        engine = make_engine(database_url)
        make_private(engine.url)
        with engine.begin() as connection:
            connection.execute(sa.text("CREATE TABLE other (a INTEGER)"))
        engine.dispose()
        with pytest.raises(StoreError, match="appproxy init"):
            Store.open(database_url, sealer)

    def test_an_older_schema_is_brought_up_to_date(
        self, empty_store: Store, database_url: str, sealer: Sealer, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """The program says so before it migrates, and does it once."""
        found = migrate.newest_version()
        upgraded: list[str] = []
        monkeypatch.setattr(migrate, "newest_version", lambda: "9998")
        monkeypatch.setattr(migrate, "upgrade", lambda connection: upgraded.append(connection.dialect.name))
        said: list[str] = []
        Store.open(database_url, sealer, say=said.append).close()
        assert len(upgraded) == 1
        assert len(said) == 1 and said[0].endswith(f"the schema is brought from {found} to 9998")


class TestFile:
    """An SQLite database on disk."""

    def test_it_is_its_owners_alone(self, store: Store, database_url: str, tmp_path: Path) -> None:
        """Nobody else can read the database or its journal."""
        only_sqlite(database_url)
        assert {path.stat().st_mode & 0o077 for path in tmp_path.glob("appproxy.db*")} == {0}

    def test_a_missing_file_is_not_made(self, tmp_path: Path, sealer: Sealer) -> None:
        """`open` with a wrong path makes no empty database."""
        with pytest.raises(StoreError, match="run: appproxy init"):
            Store.open(f"sqlite:///{tmp_path}/none.db", sealer)
        assert list(tmp_path.iterdir()) == []

    def test_it_writes_ahead_and_minds_its_references(self, store: Store, database_url: str) -> None:
        """Readers do not wait for writers, and no row refers to nothing."""
        only_sqlite(database_url)
        with store.reading() as reading:
            assert reading.connection.exec_driver_sql("PRAGMA journal_mode").scalar() == "wal"
            assert reading.connection.exec_driver_sql("PRAGMA foreign_keys").scalar() == 1

    def test_a_store_can_live_in_memory(self, sealer: Sealer, now: float) -> None:
        """Tests and demonstrations need no file."""
        store = Store.create("sqlite://", sealer)
        with store.transaction(now) as tx:
            users.add(tx, "ann", "hash")
        with store.reading() as reading:
            assert users.find(reading, "ann").name == "ann"
        store.data_version()
        store.close()


@pytest.mark.parametrize("url", ["", "nonsense", "mysql://host/db", "sqlite+nonsense:///x", "oracle://h/d"])
def test_a_wrong_url_names_the_setting(url: str, sealer: Sealer) -> None:
    """The admin learns which setting to change."""
    with pytest.raises(ConfigError, match="database_url"):
        Store.open(url, sealer)


def test_no_password_of_the_database_is_shown(sealer: Sealer) -> None:
    """An unreachable server is named without its password."""
    with pytest.raises(StoreError) as caught:
        Store.open("postgresql://user:canary@127.0.0.1:1/none", sealer)
    assert "canary" not in str(caught.value)


class TestMaster:
    """The master key must be the one that the database was made with."""

    def test_another_master_is_refused_and_its_source_named(self, store: Store, database_url: str) -> None:
        """Start-up ends with the name of the file to look at."""
        with pytest.raises(StoreError, match="the other file is not the master key of this database"):
            Store.open(database_url, Sealer(bytes(32), "the other file"))

    def test_the_right_one_opens(self, store: Store, database_url: str, sealer: Sealer) -> None:
        """A store can be opened again, also while it is open."""
        Store.open(database_url, sealer).close()


class TestTransaction:
    """Writes are whole, one at a time, and counted."""

    def test_an_exception_undoes_everything(self, store: Store, now: float) -> None:
        """Nothing of a failed change stays."""
        before = store.revision()
        with pytest.raises(ValueError), store.transaction(now) as tx:
            applications.publish(tx, "wiki", "http://wiki/", "https://wiki.example.com/")
            raise ValueError
        with store.reading() as reading:
            assert applications.list_all(reading) == []
        assert store.revision() == before

    def test_a_change_gets_a_revision(self, store: Store, now: float) -> None:
        """Each transaction that changes the snapshot counts one, whatever it changed."""
        before = store.revision()
        with store.transaction(now) as tx:
            applications.publish(tx, "wiki", "http://wiki/", "https://wiki.example.com/")
            applications.publish(tx, "mail", "http://mail/", "https://mail.example.com/")
        assert store.revision() == before + 1

    def test_what_no_snapshot_shows_counts_nothing(self, store: Store, now: float) -> None:
        """A sign-in uses up an id; nodes need not look again for that."""
        before = store.revision()
        with store.transaction(now) as tx:
            assert one_time.use_once(tx, "x", now + 60)
        with store.transaction(now):
            pass
        assert store.revision() == before

    def test_a_duplicate_is_explained(self, store: Store, now: float) -> None:
        """The database's own refusal becomes one line without statement or values."""
        with pytest.raises(StoreError) as caught, store.transaction(now) as tx:
            for _ in range(2):
                tx.connection.execute(sa.text("INSERT INTO one_time (id, expires) VALUES ('canary', 1)"))
        assert "already there" in str(caught.value) and "canary" not in str(caught.value)

    def test_a_reader_sees_one_moment(self, store: Store, now: float) -> None:
        """What is committed meanwhile does not appear in the middle of a look."""
        with store.reading() as reading:
            assert applications.list_all(reading) == []
            with store.transaction(now) as tx:
                applications.publish(tx, "wiki", "http://wiki/", "https://wiki.example.com/")
            assert applications.list_all(reading) == []

    def test_another_process_is_noticed(self, store: Store, database_url: str, sealer: Sealer, now: float) -> None:
        """The number that is polled changes with another's commit, and not without."""
        other = Store.open(database_url, sealer)
        before = store.data_version()
        assert store.data_version() == before
        with other.transaction(now) as tx:
            applications.publish(tx, "wiki", "http://wiki/", "https://wiki.example.com/")
        assert store.data_version() != before
        other.close()

    def test_writers_take_turns(self, store: Store, database_url: str, sealer: Sealer, now: float) -> None:
        """Of many changes at once from several processes, none is lost and none dies of a lock."""
        stores = [store, Store.open(database_url, sealer)]
        before = store.revision()
        failed: list[BaseException] = []

        def work(number: int) -> None:
            try:
                with stores[number % 2].transaction(now) as tx:
                    there = len(applications.list_all(tx))
                    applications.publish(tx, f"app {there}", "http://app/", f"https://app{there}.example.com/")
            except BaseException as error:
                failed.append(error)

        in_threads(work, 8)  # each waits for the others, on a busy machine too
        assert failed == []
        assert store.revision() == before + 8
        stores[1].close()


def test_a_join_token_for_one_use_is_used_once(store: Store, now: float) -> None:
    """Of 100 connectors that show the same token at once, one joins."""
    with store.transaction(now) as tx:
        token, secret = connectors.new_token(tx, "default", 1, now + 3600)
    won: list[str] = []
    lost: list[IdentityError] = []

    def use(_: int) -> None:
        try:
            with store.transaction(now) as tx:
                won.append(connectors.use_token(tx, token, hash_secret(secret)))
        except IdentityError as error:
            lost.append(error)

    in_threads(use, 100)
    assert won == ["default"]
    assert len(lost) == 99


def in_threads(work: object, count: int) -> None:
    """Run work(0), work(1), ... at the same time, and wait for the end."""
    assert callable(work)
    threads = [threading.Thread(target=work, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)


def test_a_database_that_has_gone(empty_store: Store, database_url: str, now: float) -> None:
    """It is not written to where nobody finds it, and not made again; once it is back, all goes on."""
    only_sqlite(database_url)
    path = Path(str(sa.make_url(database_url).database))
    with empty_store.transaction(now) as tx:
        users.add(tx, "ann", "hash")
    empty_store.data_version()
    path.rename(path.with_name("elsewhere"))
    with pytest.raises(StoreError, match="has gone"), empty_store.transaction(now) as tx:
        users.add(tx, "bob", "hash")
    with pytest.raises(StoreError, match="has gone"), empty_store.reading():
        pass
    with pytest.raises(StoreError, match="has gone"):
        empty_store.data_version()
    assert not path.exists()
    path.with_name("elsewhere").rename(path)
    with empty_store.transaction(now) as tx:
        users.add(tx, "bob", "hash")
    empty_store.data_version()
    with empty_store.reading() as reading:
        assert {user.name for user in users.list_all(reading)} == {"ann", "bob"}
