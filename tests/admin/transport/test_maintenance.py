"""Backup, restore, and another master key."""

from __future__ import annotations

from pathlib import Path

import pytest

from appproxy.admin.transport import maintenance
from appproxy.admin.transport.client import AdminClient, read_settings
from appproxy.admin.transport.direct import open_store
from appproxy.admin.transport.lock import ServiceLock
from appproxy.config.service import ServiceSettings, dump_service
from appproxy.config.state import StatePaths
from appproxy.errors import ConfigError, StoreError
from appproxy.store.database.initial import initialise
from appproxy.store.database.store import Store
from appproxy.store.service.master_key import create_master, read_master

NOW = 1782864000.0


@pytest.fixture
def state(tmp_path: Path) -> Path:
    """A state directory with one group."""
    state = tmp_path / "state"
    state.mkdir(mode=0o700)
    settings = ServiceSettings(domain="example.com")
    (state / "service.toml").write_text(dump_service(settings))
    create_master(state)
    store = Store.create(f"sqlite:///{state}/appproxy.db", read_master("file", state, {}))
    with store.transaction(NOW) as tx:
        initialise(tx, "example.com", settings.signin_origin)
    store.close()
    call(state, "POST", "/groups", {"name": "staff"})
    return state


def call(state: Path, method: str, path: str, body: dict[str, object] | None = None) -> object:
    """Perform an operation."""
    return AdminClient(state, lambda name, password: "hash", wall_clock=lambda: NOW).call(method, path, body)


def change_master(state: Path) -> int:
    """Change the master key."""
    return maintenance.change_master(state, wall_clock=lambda: NOW)


class TestBackup:
    """`back_up` and `restore`."""

    def test_a_backup_works_with_its_master_key(self, state: Path, tmp_path: Path) -> None:
        """What was there is there, once the key is put beside it; without it, nothing opens."""
        maintenance.back_up(state, tmp_path / "copy")
        call(state, "POST", "/groups", {"name": "later"})
        maintenance.restore(tmp_path / "copy", tmp_path / "again")
        with pytest.raises(StoreError, match="master key file .* cannot be read"):
            call(tmp_path / "again", "GET", "/groups")
        (state / "master.key").rename(tmp_path / "again" / "master.key")
        groups = call(tmp_path / "again", "GET", "/groups")
        assert isinstance(groups, list) and [group["name"] for group in groups] == ["staff"]

    def test_it_is_its_owners_alone_and_holds_no_key(self, state: Path, tmp_path: Path) -> None:
        """Also the restored one."""
        maintenance.back_up(state, tmp_path / "copy")
        maintenance.restore(tmp_path / "copy", tmp_path / "again")
        for directory in (tmp_path / "copy", tmp_path / "again"):
            assert sorted(path.name for path in directory.iterdir()) == ["appproxy.db", "service.toml"]
            assert {path.stat().st_mode & 0o077 for path in (directory, *directory.iterdir())} == {0}

    def test_it_is_made_while_others_write(self, state: Path, tmp_path: Path) -> None:
        """What is not committed is not in it."""
        settings = read_settings(StatePaths(state))
        store = open_store(StatePaths(state), settings, {}, lambda text: None)
        with store.transaction(NOW) as tx:
            from appproxy.store.people import user_groups

            user_groups.add(tx, "half")
            maintenance.back_up(state, tmp_path / "copy")
        store.close()
        (tmp_path / "copy" / "master.key").write_bytes((state / "master.key").read_bytes())
        (tmp_path / "copy" / "master.key").chmod(0o600)
        groups = call(tmp_path / "copy", "GET", "/groups")
        assert isinstance(groups, list) and [group["name"] for group in groups] == ["staff"]

    def test_nothing_is_overwritten(self, state: Path, tmp_path: Path) -> None:
        """Neither a backup nor a state directory."""
        with pytest.raises(ConfigError, match="already there"):
            maintenance.back_up(state, tmp_path)
        maintenance.back_up(state, tmp_path / "copy")
        with pytest.raises(ConfigError, match="already there"):
            maintenance.restore(tmp_path / "copy", state)

    def test_what_is_no_backup(self, state: Path, tmp_path: Path) -> None:
        """Is told by what it lacks; a failed backup leaves nothing behind."""
        with pytest.raises(ConfigError, match="must have service.toml and appproxy.db"):
            maintenance.restore(tmp_path, tmp_path / "again")
        (state / "appproxy.db").unlink()
        with pytest.raises(StoreError, match="no database is there"):
            maintenance.back_up(state, tmp_path / "copy")
        assert not (tmp_path / "copy").exists() and not (state / "appproxy.db").exists()

    def test_postgresql_has_its_own(self, state: Path, tmp_path: Path) -> None:
        """The tool is named."""
        settings = ServiceSettings(domain="example.com", database_url="postgresql://host/appproxy")
        (state / "service.toml").write_text(dump_service(settings))
        with pytest.raises(ConfigError, match="pg_dump"):
            maintenance.back_up(state, tmp_path / "copy")


class TestMaster:
    """`change_master`."""

    def test_the_new_key_opens_everything(self, state: Path) -> None:
        """The old one opens nothing any more; the file is as private as before."""
        old = (state / "master.key").read_bytes()
        assert change_master(state) >= 8
        assert (state / "master.key").read_bytes() != old
        assert (state / "master.key").stat().st_mode & 0o777 == 0o600
        assert not (state / "master.key.new").exists()
        assert call(state, "GET", "/groups")
        (state / "master.key").write_bytes(old)
        with pytest.raises(StoreError, match="is not the master key of this database"):
            call(state, "GET", "/groups")

    def test_not_while_a_service_runs(self, state: Path) -> None:
        """It would go on sealing under the old one."""
        lock = ServiceLock(state / "service.lock")
        lock.acquire()
        with pytest.raises(ConfigError, match="stop it first"):
            change_master(state)
        lock.release()

    def test_interrupted_before_the_database_had_it(self, state: Path) -> None:
        """The half-made key is thrown away."""
        create_master(state, name="master.key.new")
        assert change_master(state) >= 8
        assert call(state, "GET", "/groups")

    def test_interrupted_after_the_database_had_it(self, state: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """The next call puts the new key into its place."""
        def crash(self: Path, target: Path) -> Path:
            raise KeyboardInterrupt

        with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
            patch.setattr(Path, "replace", crash)
            change_master(state)
        with pytest.raises(StoreError, match="is not the master key"):
            call(state, "GET", "/groups")
        assert change_master(state) == 0
        assert call(state, "GET", "/groups")

    def test_a_damaged_key_file_left_over(self, state: Path) -> None:
        """Is no reason to fail."""
        (state / "master.key.new").write_text("rubbish")
        assert change_master(state) >= 8

    def test_a_key_from_elsewhere_is_left_alone(self, state: Path) -> None:
        """We cannot write where it is kept."""
        settings = ServiceSettings(domain="example.com", master_key="env:KEY")
        (state / "service.toml").write_text(dump_service(settings))
        with pytest.raises(ConfigError, match="^master_key: "):
            change_master(state)
