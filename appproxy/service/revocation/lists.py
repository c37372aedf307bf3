"""Fetches lists of revoked certificates (CRLs) from where authorities' records say, one node an authority.

    due -> claimed -> all lists fetched -> read in the store's thread, as one that an administrator gives -> due again in time
                        any failure -> noted, due again later; the lists that are there count until they end
"""

from __future__ import annotations

import shlex
from collections import Counter
from collections.abc import Callable
from typing import Any

from twisted.internet.threads import deferToThreadPool
from twisted.logger import Logger

from appproxy.errors import AppProxyError, StoreError
from appproxy.http.shown_url import shown_url
from appproxy.pki.revocation.crl import LARGEST_FETCHED, Revocations, read_fetched
from appproxy.service.regular_look import RegularLook
from appproxy.service.revocation.fetching import AnswerTooLong, FetchFailed, Fetching
from appproxy.store.database.live import LiveStore
from appproxy.store.devices import authorities, list_fetches
from appproxy.store.devices.authorities import AuthorityRecord
from appproxy.store.service import audit
from appproxy.store.service.actions import DEVICE_LISTS_FETCHED
from appproxy.store.transaction import Transaction

#: Seconds between two looks for what is due: a URL that was just given is fetched within it.
LOOK_EVERY = 5.0


class ListFetcher:
    """`wall_clock` gives seconds since 1970. `start` it, and `stop` it at the end."""

    log = Logger()

    def __init__(
        self, live: LiveStore, fetching: Fetching, reactor: Any, wall_clock: Callable[[], float],
        random_bytes: Callable[[int], bytes],
    ) -> None:
        self._live = live
        self._fetching = fetching
        self._wall_clock = wall_clock
        self._reactor = reactor
        self._random_bytes = random_bytes
        self._node = random_bytes(8).hex()
        self._looks = RegularLook(
            reactor, LOOK_EVERY, self._take_up, failed="lists of revoked certificates could not be fetched",
            away="lists of revoked certificates cannot be fetched now")
        #: Of this node since its start, by the authority's name.
        self.fetched: Counter[str] = Counter()
        self.failures: Counter[str] = Counter()

    def start(self) -> None:
        """Begin to look."""
        self._looks.start()

    def stop(self) -> None:
        """Stop; what is under way is given up, for whichever node comes next."""
        if self._looks.stop():
            self._live.write(list_fetches.release, self._node).addErrback(self._looks.complain)

    async def _take_up(self) -> None:
        """One authority at a time."""
        # A look costs no write transaction.
        due = await self._live.read(list_fetches.is_due, self._wall_clock())
        record = await self._live.write(list_fetches.claim, self._node) if due else None
        self._looks.answered()
        if record is None:
            return
        try:
            await self._live.write(self._keep, record, await self._fetched(record))
            self.fetched[record.name] += 1
        except StoreError:
            raise
        except AppProxyError as error:
            await self._failed(record, error)

    async def _fetched(self, record: AuthorityRecord) -> Revocations:
        """What all lists of an authority come to. Raises FetchFailed or ConfigError."""
        hint = (f"lists of more than {LARGEST_FETCHED} bytes in all are not kept; ask the responder instead, if the authority "
                f"has one: appproxy device authority set {shlex.quote(record.name)} --ocsp URL")
        answers: list[bytes] = []
        for url in record.authority.sources.crl_urls:
            try:
                answers.append(await self._fetching.get(url, LARGEST_FETCHED))
            except AnswerTooLong as error:
                raise FetchFailed(str(error), hint=hint) from error
            if sum(map(len, answers)) > LARGEST_FETCHED:
                raise FetchFailed(f"{shown_url(url)}: the list is too long", hint=hint)
        # Neither in the reactor's thread nor in the database's: both have others to serve.
        found: Revocations = await deferToThreadPool(
            self._reactor, self._reactor.getThreadPool(), read_fetched, answers, authorities.issuers(record),
            self._wall_clock())
        return found

    def _keep(self, tx: Transaction, record: AuthorityRecord, found: Revocations) -> None:
        made = list_fetches.fetched(tx, record.id, self._node, found)
        if made is not None:
            detail = {"name": made.name, "revoked": len(made.authority.revoked),
                      "crl_until": min(made.authority.lists.values(), default=0.0)}
            audit.record(tx, "service", DEVICE_LISTS_FETCHED, made.id, detail)

    async def _failed(self, record: AuthorityRecord, error: AppProxyError) -> None:
        now = self._wall_clock()
        left = min(record.authority.lists.values(), default=now) - now
        known = (await self._live.read(list_fetches.all_of)).get(record.id)
        failures = 1 if known is None else known.failures + 1
        chance = int.from_bytes(self._random_bytes(4), "big") / 2**32
        again = now + list_fetches.retry_pause(failures, left, chance)
        await self._live.write(list_fetches.failed, record.id, self._node, str(error), again)
        self.failures[record.name] += 1
        self.log.error("the lists of revoked certificates of {name} did not come ({failures} in a row): {reason}",
                       name=record.name, failures=failures, reason=str(error))
