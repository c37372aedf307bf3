"""Operations of the admin API without a service: on the database itself. Whoever calls holds the service's lock."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from appproxy.admin.base.dry_run import NothingDone, dry
from appproxy.admin.operations import ROUTES, AdminContext, Query
from appproxy.config.service import ServiceSettings
from appproxy.config.state import StatePaths
from appproxy.store.database.store import Store
from appproxy.store.service.master_key import read_master

__all__ = ["AdminContext", "open_store", "perform"]


def open_store(
    paths: StatePaths[Path], settings: ServiceSettings, environment: Mapping[str, str], say: Callable[[str], None],
    begun: Callable[[Store], object] = lambda store: None,
) -> Store:
    """The store of a state directory, with the master key that its settings name. Raises ConfigError or StoreError."""
    sealer = read_master(settings.master_key, paths.directory, environment)
    return Store.open(paths.database_url(settings), sealer, say=say, begun=begun)


def perform(
    paths: StatePaths[Path], context: AdminContext, environment: Mapping[str, str], say: Callable[[str], None],
    method: str, path: str, body: Mapping[str, object] | None, if_match: str = "", dry_run: bool = False,
) -> object:
    """One operation; gives its answer. `say` hears what the store does to itself. Raises ConfigError or StoreError.

    `if_match`: the ETag that what is changed must have; `dry_run`: as if it was done, with nothing changed.
    """
    operation, call = ROUTES.prepare(method, path, None if body is None else dict(body), context, if_match)
    store = open_store(paths, context.settings, environment, say)
    try:
        if isinstance(operation, Query):
            with store.reading() as reading:
                return operation.perform(reading, call)
        command = operation
        with store.transaction(context.now) as tx:
            return dry(tx, lambda: command.perform(tx, call)) if dry_run else command.perform(tx, call)
    except NothingDone as done:
        return done.answer
    finally:
        store.close()
