"""What is done to a state directory as a whole: back it up, restore it, give it another master key."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path

from appproxy.admin.transport.client import read_settings
from appproxy.admin.transport.direct import open_store
from appproxy.admin.transport.lock import ServiceLock
from appproxy.config.state import StatePaths
from appproxy.errors import ConfigError, StoreError
from appproxy.store.database.resealing import reseal_all
from appproxy.store.database.store import Store
from appproxy.store.engine import copy_database
from appproxy.store.sealing import Sealer
from appproxy.store.service import audit
from appproxy.store.service.actions import MASTER_CHANGE
from appproxy.store.service.master_key import FILE, create_master, read_file

_NEW = FILE + ".new"


def back_up(state: Path, target: Path) -> None:
    """Copy database and settings into the new directory `target`, also while the service runs.

    The master key is left out: without it, the secrets in the copy are worth nothing; keep it elsewhere. Raises
    ConfigError: the target is there, or the database is PostgreSQL.
    """
    paths, copy = StatePaths(state), StatePaths(target)
    settings = read_settings(paths)
    if settings.database_url is not None and not settings.database_url.startswith("sqlite"):
        raise ConfigError("backup: back up a PostgreSQL database with pg_dump, and service.toml beside it")
    _new_directory(target)
    try:
        copy_database(paths.database_url(settings), copy.database)
        shutil.copyfile(paths.settings, copy.settings)
        for path in (copy.database, copy.settings):
            path.chmod(0o600)
    except BaseException:
        shutil.rmtree(target, ignore_errors=True)
        raise


def restore(backup: Path, state: Path) -> None:
    """Make the new state directory `state` from a backup; its master key has to be put there afterwards.

    Raises ConfigError: not a backup, or the directory is there.
    """
    source, paths = StatePaths(backup), StatePaths(state)
    if not source.settings.is_file() or not source.database.is_file():
        raise ConfigError(f"{backup}: not a backup", hint=f"it must have {source.settings.name} and {source.database.name}")
    settings = read_settings(source)
    if settings.database_url is not None:
        raise ConfigError(f"{source.settings}: database_url names a database elsewhere", hint="take that line out first")
    _new_directory(state)
    for old, new in ((source.database, paths.database), (source.settings, paths.settings)):
        shutil.copyfile(old, new)
        new.chmod(0o600)


def change_master(
    state: Path,
    *,
    environment: Mapping[str, str] = os.environ,
    wall_clock: Callable[[], float] = time.time,  # noqa: TID251 -- the default of an argument
) -> int:
    """Make a new STATE/master.key and seal every secret again under it; gives their number.

    Only while no service runs. Interrupted at any point, the next call finishes it. Raises ConfigError or StoreError;
    the old key is in force then.
    """
    paths = StatePaths(state)
    settings = read_settings(paths)
    if settings.master_key != "file":
        raise ConfigError("master_key: only the key in master.key can be changed", hint="set master_key to file for it")
    with ServiceLock(paths.lock) as lock:
        if not lock.try_acquire():
            raise ConfigError(f"the service{lock.holder()} runs", hint="stop it first, since it knows only the old key")
        fresh = state / _NEW
        if _finish(paths.database_url(settings), fresh):
            fresh.replace(paths.master_key)
            return 0
        fresh.unlink(missing_ok=True)
        store = open_store(paths, settings, environment, lambda text: None)
        try:
            count = _reseal(store, read_file(create_master(state, name=_NEW), "new master key"), wall_clock())
        finally:
            store.close()
        fresh.replace(paths.master_key)
        return count


def _finish(url: str, fresh: Path) -> bool:
    """Was an earlier change interrupted after the database had it? Then the new key opens the database."""
    if not fresh.exists():
        return False
    with suppress(StoreError):
        Store.open(url, read_file(fresh, "new master key")).close()
        return True
    return False


def _reseal(store: Store, sealer: Sealer, now: float) -> int:
    with store.transaction(now) as tx:
        count = reseal_all(tx, sealer)
        audit.record(tx, f"local:{os.getuid()}", MASTER_CHANGE, "", {"secrets": count})
    return count


def _new_directory(path: Path) -> None:
    try:
        path.mkdir(mode=0o700)
    except FileExistsError:
        raise ConfigError(f"{path}: is already there", hint="give a new directory") from None
    except OSError as error:
        raise ConfigError(f"{path}: {error.strerror}") from error
