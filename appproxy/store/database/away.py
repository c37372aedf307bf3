"""A store whose database server is away: it has what was kept on disk, and goes over to the server once that answers."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import NoReturn

from sqlalchemy.pool import PoolProxiedConnection

from appproxy.errors import AppProxyError, StoreAway
from appproxy.policy.lifetimes import Lifetimes
from appproxy.store.database import notices
from appproxy.store.database.kept import KeptSnapshot
from appproxy.store.database.store import Store
from appproxy.store.policies.countries import CountryDatabase
from appproxy.store.snapshot import Snapshot
from appproxy.store.transaction import Reading, Transaction

#: Seconds between two attempts to reach the server. One that hangs takes 5 s of the database's thread, for which nobody else
#: has any use meanwhile.
TRY_EVERY = 5.0

#: Opens the server's store. It is told the store as soon as there is one that can be interrupted.
OpenStore = Callable[[Callable[[Store], None]], Store]


class AwayStore:
    """In a Store's place. All but `interrupt` belongs to the database's thread; `seconds` is a monotonic clock."""

    def __init__(self, kept: KeptSnapshot, why: str, open_store: OpenStore, seconds: Callable[[], float]) -> None:
        self._kept = kept
        self._why = why
        self._open = open_store
        self._seconds = seconds
        self._next = seconds()
        self._countries: CountryDatabase | None = None
        self._lifetimes: Lifetimes | None = None
        self._opening: Store | None = None
        #: The server's, once it answers.
        self._there: Store | None = None

    @property
    def kept_at(self) -> float | None:
        """When what there is was known to be so, in seconds since 1970; None once the server answers."""
        return self._kept.at if self._there is None else None

    @property
    def real(self) -> Store | None:
        """The server's store, None while it is away."""
        return self._there

    def data_version(self) -> int:
        """As of Store. Raises StoreAway while the server is."""
        if self._there is None:
            self._try()
        assert self._there is not None
        return self._there.data_version()

    def build_snapshot(self, previous: Snapshot | None = None) -> Snapshot:
        """Of what there is."""
        return (self._there or self._kept.store).build_snapshot(previous)

    @contextmanager
    def transaction(self, now: float) -> Iterator[Transaction]:
        """As of Store. Raises StoreAway."""
        if self._there is None:
            self._refuse()
        with self._there.transaction(now) as transaction:
            yield transaction

    @contextmanager
    def reading(self) -> Iterator[Reading]:
        """As of Store. Raises StoreAway: most tables are not kept, and would seem to be empty."""
        if self._there is None:
            self._refuse()
        with self._there.reading() as reading:
            yield reading

    @contextmanager
    def reading_kept(self) -> Iterator[Reading]:
        """A look at the tables that are kept, for what a start needs."""
        with (self._there or self._kept.store).reading() as reading:
            yield reading

    def secret(self, purpose: str) -> bytes:
        """As of Store."""
        return self._kept.store.secret(purpose)

    def use_countries(self, database: CountryDatabase) -> None:
        """As of Store."""
        self._countries = database
        (self._there or self._kept.store).use_countries(database)

    def use_lifetimes(self, lifetimes: Lifetimes) -> None:
        """As of Store."""
        self._lifetimes = lifetimes
        (self._there or self._kept.store).use_lifetimes(lifetimes)

    def countries_changed(self) -> bool:
        """As of Store."""
        return (self._there or self._kept.store).countries_changed()

    def can_hear(self, reactor: object) -> bool:
        """As of Store: only a server can be away."""
        return notices.reads_sockets(reactor)

    def listen(self) -> PoolProxiedConnection:
        """As of Store. Raises StoreAway."""
        if self._there is None:
            self._refuse()
        return self._there.listen()

    def interrupt(self) -> None:
        """As of Store."""
        if self._opening is not None:
            self._opening.interrupt()

    def close(self) -> None:
        """As of Store."""
        self._kept.store.close()
        if self._there is not None:
            self._there.close()

    def _try(self) -> None:
        if self._seconds() < self._next:
            self._refuse()
        try:
            there = self._open(self._begun)
        except AppProxyError as error:
            self._why = str(error)
            self._next = self._seconds() + TRY_EVERY
            self._refuse()
        if self._countries is not None:
            there.use_countries(self._countries)
        if self._lifetimes is not None:
            there.use_lifetimes(self._lifetimes)
        self._there = there

    def _begun(self, store: Store) -> None:
        self._opening = store

    def _refuse(self) -> NoReturn:
        at = datetime.fromtimestamp(self._kept.at, UTC)
        raise StoreAway(f"the database is away, and this service works from what it knew on {at:%Y-%m-%d at %H:%M} UTC: "
                        f"{self._why}")
