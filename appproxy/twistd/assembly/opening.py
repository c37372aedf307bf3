"""How a service gets its store: from the database, or, while the server of that is away, from what was kept on disk."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.task import LoopingCall
from twisted.logger import Logger

from appproxy.admin.transport.direct import open_store
from appproxy.config import ServiceSettings, StatePaths
from appproxy.errors import ConfigError, StoreAway, StoreError
from appproxy.store.applications import applications
from appproxy.store.database.away import AwayStore
from appproxy.store.database.kept import Keeper, open_kept
from appproxy.store.database.live import LiveStore
from appproxy.store.database.store import Store
from appproxy.store.service import settings as service_settings
from appproxy.store.service.master_key import read_master
from appproxy.store.service.place import PublicAddress
from appproxy.store.transaction import Reading

#: Seconds between two lines of the log that say that this service works from what was kept.
SAY_EVERY = 600.0
#: Seconds between two looks at how old that is.
LOOK_EVERY = 10.0

log = Logger()


def _check(reading: Reading, settings: ServiceSettings) -> None:
    """Raises ConfigError for a store of another service, and where an application from before is published on the
    administration's host: what administrators do there would be its business.
    """
    service_settings.check_place(reading, PublicAddress(settings.domain, settings.public_port))
    for one in applications.list_all(reading) if settings.admin_api else ():
        if any(pair.external.host == settings.admin_host for pair in one.pairs):
            raise ConfigError(f"admin_api: {one.name} is published at {settings.admin_host}",
                              hint="publish it elsewhere first, or set it to false")


def open_checked(
    paths: StatePaths[Path], settings: ServiceSettings, environment: Mapping[str, str], begun: Callable[[Store], object],
) -> Store:
    """The database's store, which is one for this domain and port. Raises ConfigError or StoreError."""
    store = open_store(paths, settings, environment, lambda text: log.warn("{text}", text=text), begun)
    try:
        with store.reading() as reading:
            _check(reading, settings)
    except BaseException:
        store.close()
        raise
    return store


def open_or_kept(
    paths: StatePaths[Path], settings: ServiceSettings, environment: Mapping[str, str], now: float,
    seconds: Callable[[], float],
) -> Store | AwayStore:
    """The store, or what was kept of it, if that may be used. Raises ConfigError or StoreError.

    `now`: seconds since 1970; `seconds`: a monotonic clock.
    """
    try:
        return open_checked(paths, settings, environment, lambda store: None)
    except StoreAway as error:
        why = error.message
    most = settings.kept_snapshot_hours * 3600.0
    try:
        if not most:
            raise StoreError("kept_snapshot_hours is 0")
        sealer = read_master(settings.master_key, paths.directory, environment)
        kept = open_kept(paths.kept_snapshot, sealer, now, most)
    except StoreError as error:
        raise StoreAway(why, hint=f"start the database; it cannot be done without: {error}") from error
    with kept.store.reading() as reading:
        _check(reading, settings)
    return AwayStore(kept, why, lambda begun: open_checked(paths, settings, environment, begun), seconds)


def keeper_of(paths: StatePaths[Path], settings: ServiceSettings, store: Store | AwayStore,
              wall_clock: Callable[[], float]) -> Keeper | None:
    """Who keeps what a start without the database needs; None where that is a file, or nothing is to be kept."""
    on_server = store.real is None or store.real.on_server
    return Keeper(paths.kept_snapshot, wall_clock) if on_server and settings.kept_snapshot_hours else None


class KeptWatch:
    """Says again and again that a service works from what was kept, and ends that when it is too old: `over` fails then."""

    log = Logger()

    def __init__(self, live: LiveStore, hours: float, reactor: Any, wall_clock: Callable[[], float]) -> None:
        self.over: Deferred[None] = Deferred()
        self._live = live
        self._hours = hours
        self._reactor = reactor
        self._wall_clock = wall_clock
        self._said = float("-inf")
        self._loop = LoopingCall(self._look)
        self._loop.clock = reactor

    def start(self) -> None:
        """Look, now and later; nothing is done where the database answers."""
        if self._live.kept_at is not None:
            self._loop.start(LOOK_EVERY)

    def stop(self) -> None:
        """Look no more."""
        if self._loop.running:
            self._loop.stop()

    def _look(self) -> None:
        at = self._live.kept_at
        if at is None:
            self._loop.stop()
            return
        if self._wall_clock() - at > self._hours * 3600.0:
            self._loop.stop()
            self.over.errback(StoreAway(f"the database is away for longer than kept_snapshot_hours ({self._hours:g})",
                                        hint="start the database, then this service"))
        elif self._reactor.seconds() - self._said >= SAY_EVERY:
            self._said = self._reactor.seconds()
            self.log.error(
                "THE DATABASE IS AWAY: users, applications and revocations are those of {at}, nobody can sign in at the "
                "built-in provider, and no command can be given; after {hours:g} hours this ends",
                at=datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%d %H:%M:%S UTC"), hours=self._hours)
