"""Orders certificates from an authority and renews them in time: one attempt at a time, one node an order.

    due -> claimed -> registered -> challenges answered by all nodes -> validated -> issued -> served, due again
                                  any failure -> noted with the authority's words, due again later; the old one stays
"""

from __future__ import annotations

import secrets
import threading
from collections.abc import Callable
from typing import Any, TypeVar

from twisted.internet.defer import Deferred
from twisted.logger import Logger
from twisted.python.failure import Failure

from appproxy.errors import AppProxyError
from appproxy.pki import certificate_facts
from appproxy.pki.acme import check_issued, renewal_due, retry_due, server_request
from appproxy.pki.issuing.request import new_key
from appproxy.service.own.acme_session import AuthoritySession, OpenSession
from appproxy.service.regular_look import RegularLook
from appproxy.store.certificates import acme
from appproxy.store.certificates.acme import AcmeAccount, CertificateOrder
from appproxy.store.database.live import POLL, LiveStore
from appproxy.store.service import audit
from appproxy.store.service.actions import CERTIFICATE_ISSUE
from appproxy.store.snapshot import AcmeChallenge
from appproxy.store.transaction import Transaction

T = TypeVar("T")
#: Seconds between two looks for orders that are due: an order that was just given begins within it.
LOOK_EVERY = 5.0
#: Every node has seen a challenge by then, in seconds: it looks at the store once in POLL.
_KNOWN_TO_ALL = POLL + 0.5

#: Runs what blocks, elsewhere.
Runner = Callable[[Callable[[], T]], "Deferred[T]"]


def in_own_thread(reactor: Any, do: Callable[[], T]) -> Deferred[T]:
    """Run `do` in a thread of its own that nobody waits for: a stop must not wait for an authority's answer."""
    result: Deferred[T] = Deferred()

    def report(outcome: T | Failure) -> None:
        if not result.called:
            result.callback(outcome)

    def run() -> None:
        outcome: T | Failure
        try:
            outcome = do()
        except BaseException:
            outcome = Failure()
        reactor.callFromThread(report, outcome)

    threading.Thread(target=run, name="acme", daemon=True).start()
    return result


class Issuer:
    """Takes orders up when they are due. `run` runs what blocks; `wall_clock` gives seconds since 1970."""

    log = Logger()

    def __init__(
        self,
        store: LiveStore,
        open_session: OpenSession,
        reactor: Any,
        wall_clock: Callable[[], float],
        *,
        run: Callable[[Callable[[], Any]], Deferred[Any]] | None = None,
        random_bytes: Callable[[int], bytes] = secrets.token_bytes,
    ) -> None:
        self._store = store
        self._open = open_session
        self._reactor = reactor
        self._wall_clock = wall_clock
        self._run = run or (lambda do: in_own_thread(reactor, do))
        self._random_bytes = random_bytes
        self._node = random_bytes(8).hex()
        self._looks = RegularLook(
            reactor, LOOK_EVERY, self._take_up, failed="certificates could not be ordered",
            away="certificates cannot be ordered now")

    def start(self) -> None:
        """Begin to look for orders."""
        self._looks.start()

    def stop(self) -> None:
        """Stop; an attempt under way is given up, for whichever node comes next."""
        if self._looks.stop():
            self._store.write(acme.release, self._node).addErrback(self._looks.complain)

    async def _take_up(self) -> None:
        """One order at a time."""
        # A look costs no write transaction.
        due = await self._store.read(acme.is_due, self._wall_clock())
        claimed = await self._store.write(acme.claim, self._node) if due else None
        self._looks.answered()
        if claimed is None:
            return
        account, order = claimed
        try:
            chain, key = await self._obtain(account, order)
            credential = check_issued(chain, key, order.hosts)
        except AppProxyError as error:
            again = retry_due(self._wall_clock(), order.failures + 1, self._chance())
            await self._store.write(acme.failed, order.id, self._node, str(error), again)
            self.log.error("the certificate {name} was not issued ({failures} in a row): {reason}",
                           name=order.name, failures=order.failures + 1, reason=str(error))
            return
        facts = certificate_facts(credential.certificate)
        again = renewal_due(facts.not_before, facts.not_after, self._chance())
        detail = {"name": order.name, "names": list(facts.names), "fingerprint": facts.fingerprint,
                  "not_after": facts.not_after}

        def keep(tx: Transaction) -> bool:
            kept = acme.issued(tx, order.id, self._node, credential, again)
            if kept:
                audit.record(tx, "service", CERTIFICATE_ISSUE, order.id, detail)
            return kept

        if await self._store.write(keep):
            self.log.info("the certificate {name} was issued for {hosts}", name=order.name, hosts=", ".join(order.hosts))

    async def _obtain(self, account: AcmeAccount, order: CertificateOrder) -> tuple[str, str]:
        """The chain and the new key. Raises AcmeFailed."""
        session: AuthoritySession = await self._run(lambda: self._open(account))
        url = await self._run(session.register)
        if url != account.url:
            await self._store.write(acme.registered, account.directory, url)
        key = new_key()
        request = server_request(key, order.hosts)
        challenges: list[AcmeChallenge] = await self._run(lambda: session.order(request, order.challenge))
        await self._store.write(acme.put_challenges, challenges)
        try:
            await self._pause(_KNOWN_TO_ALL)
            await self._run(session.validate)
        except AppProxyError:
            await self._store.write(acme.remove_challenges, challenges)
            raise
        await self._store.write(acme.remove_challenges, challenges)
        return await self._run(session.finish), key

    def _pause(self, seconds: float) -> Deferred[None]:
        paused: Deferred[None] = Deferred()
        call = self._reactor.callLater(seconds, paused.callback, None)
        paused.addErrback(lambda failure: (call.active() and call.cancel(), failure)[1])
        return paused

    def _chance(self) -> float:
        return int.from_bytes(self._random_bytes(4), "big") / 2**32
