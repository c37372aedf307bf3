"""The service's database as the list of applications sees it."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from typing import ParamSpec, TypeVar

from twisted.internet.defer import Deferred, fail
from twisted.logger import Logger
from twisted.python.failure import Failure

from appproxy.errors import StoreError
from appproxy.store.applications import logos, recent, requests
from appproxy.store.applications.asked import AccessAsking, AccessRequest
from appproxy.store.database.live import LiveStore
from appproxy.store.service import audit
from appproxy.store.service.actions import ACCESS_REQUEST
from appproxy.store.transaction import Reading, Transaction

#: Bytes of pictures that a node remembers: some hundred usual ones, so that a page of tiles is not a hundred questions.
REMEMBERED = 4 << 20
#: Seconds for which a page waits for what it can be shown without: a database that works answers in hundredths of one, and
#: one that hangs is known for that only after some seconds.
SOON = 1.0
P = ParamSpec("P")
T = TypeVar("T")


class LivePanelStore:
    """A `PanelStore` on the database that all nodes share."""

    log = Logger()

    def __init__(self, live: LiveStore) -> None:
        self._live = live
        #: By digest, the one that was asked for last at the end: what is in a picture never changes.
        self._pictures: OrderedDict[str, bytes] = OrderedDict()
        self._held = 0
        self._complained = False

    async def logo(self, application: str, digest: str) -> bytes | None:
        """From memory, or one look."""
        if (known := self._pictures.get(digest)) is not None:
            self._pictures.move_to_end(digest)
            return known
        found = await self._live.read(logos.picture, application, digest)
        if found is not None and digest not in self._pictures:
            self._pictures[digest] = found
            self._held += len(found)
            while self._held > REMEMBERED:
                self._held -= len(self._pictures.popitem(last=False)[1])
        return found

    async def recent(self, provider: str, subject: str) -> Sequence[tuple[str, float]]:
        """One look."""
        return await self._soon(self._live.read, recent.of, provider, subject)

    async def clear_recent(self, provider: str, subject: str) -> None:
        """One transaction."""
        await self._live.write(recent.clear, provider, subject)

    async def requests(self, provider: str, subject: str) -> Sequence[AccessRequest]:
        """One look."""
        return await self._soon(self._live.read, _requests_of, provider, subject)

    async def ask(self, asking: AccessAsking, noted: Mapping[str, object]) -> None:
        """One transaction, with an entry in the audit."""
        await self._live.write(_ask, asking, noted)

    def _soon(self, read: Callable[P, Deferred[T]], *args: P.args, **kwargs: P.kwargs) -> Deferred[T]:
        """The same, which fails with StoreError at once where the database is known not to answer, else after `SOON`."""
        if not self._live.reachable:
            return fail(StoreError("the database does not answer"))

        def late(result: object, after: float) -> Failure:
            return Failure(StoreError(f"the database has not answered in {after:g} s"))

        return read(*args, **kwargs).addTimeout(SOON, self._live.clock, late)

    def note_use(self, provider: str, subject: str, application: str) -> None:
        """One transaction, some time."""
        self._live.write(recent.used, provider, subject, application).addCallbacks(self._written, self._lost)

    def _written(self, _: None) -> None:
        self._complained = False

    def _lost(self, failure: Failure) -> None:
        """Once in a row: the store's own log says that the database is away."""
        if not self._complained:
            self._complained = True
            self.log.warn("what users have used lately could not be written: {reason}", reason=failure.getErrorMessage())


def _requests_of(reading: Reading, provider: str, subject: str) -> Sequence[AccessRequest]:
    return requests.list_all(reading, of=(provider, subject))


def _ask(tx: Transaction, asking: AccessAsking, noted: Mapping[str, object]) -> None:
    made = requests.ask(tx, asking)
    audit.record(tx, f"user:{made.subject}", ACCESS_REQUEST, made.application, {
        **noted, "name": made.name, "reason": made.reason})
