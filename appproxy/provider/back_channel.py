"""Telling relying parties that a session has ended: OpenID Connect Back-Channel Logout 1.0, as the provider.

What they are to be told is in the store since the moment in which the session ended (`store.people.client_sessions`), so
that a restart forgets nothing, and one node does it. It is done beside all requests: nobody waits for a party that does not
answer, and each has its own two calls at a time.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any

from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.interfaces import IDelayedCall
from twisted.logger import Logger
from twisted.python.failure import Failure

from appproxy.errors import StoreError
from appproxy.identity.openid.logout_token import EVENT
from appproxy.provider.oauth.signing import sign_claims
from appproxy.store.database.live import LiveStore
from appproxy.store.people.session import client_sessions
from appproxy.store.people.session.client_sessions import Notice
from appproxy.store.service import audit
from appproxy.store.service.actions import CLIENT_SIGN_OUT_FAILED, CLIENT_SIGNED_OUT
from appproxy.store.snapshot import RelyingParty, Snapshot
from appproxy.store.transaction import Transaction

#: Section 2.4.
LOGOUT_TYPE = "logout+jwt"
#: Seconds that a token counts: section 2.4 recommends two minutes at most. Each try has its own.
_LIFETIME = 120
#: Calls to one party at a time.
_EACH = 2
#: Seconds after each try that has failed: an hour of repair work is survived, a party that is gone is not asked for ever.
WAITS = (5.0, 30.0, 120.0, 600.0, 3600.0, 10800.0)
#: Seconds between two looks for what another process has left.
_LOOK_EVERY = 30.0
#: Section 2.8: the token is not to be believed, which no other try changes.
_REFUSED = 400

#: Posts a form to a URL, with the PEM of the authorities that alone count there; fires with the status.
Post = Callable[[str, Mapping[str, str], str], Deferred[int]]


class BackChannel:
    """`post` sends; `clock` provides IReactorTime. `start` it, and `stop` it at the end: what is under way is tried again."""

    log = Logger()

    def __init__(
        self, live: LiveStore, issuer: str, clock: Any, wall_clock: Callable[[], float],
        random_bytes: Callable[[int], bytes], post: Post,
    ) -> None:
        self._live = live
        self._issuer = issuer
        self._clock = clock
        self._wall_clock = wall_clock
        self._random_bytes = random_bytes
        self._post = post
        self._busy: Counter[str] = Counter()
        self._calls: set[Deferred[Any]] = set()
        self._looking = self._look_again = self._running = False
        self._later: IDelayedCall | None = None
        self._unsubscribe: Callable[[], None] = lambda: None

    def start(self) -> None:
        """Tell what is to be told, from now on."""
        self._running = True
        self._unsubscribe = self._live.subscribe(self._changed)
        self._look()

    def stop(self) -> None:
        """Begin nothing new, and give up what is under way."""
        self._running = False
        self._unsubscribe()
        if self._later is not None:
            self._later.cancel()
            self._later = None
        for call in list(self._calls):
            call.cancel()

    def _changed(self, old: Snapshot, new: Snapshot) -> None:
        if old.revoked_sessions is not new.revoked_sessions or old.not_before is not new.not_before:
            self._look()

    def _look(self) -> None:
        """Look what is due: one look at a time."""
        if not self._running:
            return
        if self._looking:
            self._look_again = True
            return
        self._looking = True
        if self._later is not None:
            self._later.cancel()
            self._later = None
        Deferred.fromCoroutine(self._take()).addErrback(self._failed).addCallback(self._looked)

    async def _take(self) -> float:
        """Begin what is due; the seconds after which to look again."""
        due = await self._live.read(client_sessions.next_due)
        now = self._wall_clock()
        if due is None or due > now:
            return math.inf if due is None else due - now
        taken = await self._live.write(client_sessions.take, dict(self._busy), _EACH)
        for notice in taken:
            self._begin(notice)
        return 0.0 if taken else math.inf

    def _looked(self, wait: float) -> None:
        self._looking = False
        if not self._running:
            return
        if self._look_again:
            self._look_again, wait = False, 0.0
        self._later = self._clock.callLater(min(wait, _LOOK_EVERY), self._due)

    def _due(self) -> None:
        self._later = None
        self._look()

    def _failed(self, failure: Failure) -> float:
        if failure.check(StoreError, CancelledError) is None:
            self.log.failure("relying parties could not be told of ended sessions", failure)
        return _LOOK_EVERY

    def _begin(self, notice: Notice) -> None:
        self._busy[notice.client] += 1
        call: Deferred[Any] = Deferred.fromCoroutine(self._tell(notice))
        self._calls.add(call)

        def ended(result: object) -> None:
            self._calls.discard(call)
            self._busy[notice.client] -= 1
            if not self._busy[notice.client]:
                del self._busy[notice.client]
            self._look()

        call.addErrback(self._failed).addBoth(ended)

    async def _tell(self, notice: Notice) -> None:
        party = self._live.snapshot.relying_parties.get(notice.client)
        if party is None or not party.backchannel_logout_uri:
            await self._live.write(client_sessions.done, notice.id)
            return
        reason, final = "", False
        try:
            token = await self._live.read(sign_claims, self._claims(notice), LOGOUT_TYPE)
            status = await self._post(party.backchannel_logout_uri, {"logout_token": token}, party.ca_bundle)
            if status not in (200, 204):
                reason, final = f"status {status}", status == _REFUSED
        except StoreError:
            raise
        except Exception as error:  # whatever is between us and an answer: DNS, TLS, time, a broken message
            reason = f"{type(error).__name__} {error}".strip()[:300]
        if not self._running:
            return  # another process does it, after the lease
        await self._live.write(_heard, notice, party, reason, final or notice.tries > len(WAITS))

    def _claims(self, notice: Notice) -> dict[str, object]:
        """Section 2.4. There is no nonce, so that nobody takes it for an ID token."""
        now = int(self._wall_clock())
        return {
            "iss": self._issuer, "aud": notice.client, "iat": now, "exp": now + _LIFETIME, "jti": self._random_bytes(16).hex(),
            "sub": notice.user, **({"sid": notice.sid} if notice.sid else {}), "events": {EVENT: {}},
        }  # fmt: skip


def _heard(tx: Transaction, notice: Notice, party: RelyingParty, reason: str, final: bool) -> None:
    """A try is over; `reason`: why it has failed, "" where it has not. `final`: there is no other one."""
    if reason and not final:
        client_sessions.again(tx, notice.id, tx.now + WAITS[notice.tries - 1])
        return
    if not client_sessions.done(tx, notice.id):
        return
    detail: dict[str, object] = {"name": party.name, "subject": notice.user, "tries": notice.tries}
    if notice.sid:
        detail["session"] = notice.sid
    if reason:
        detail["reason"] = reason
    audit.record(tx, "service", CLIENT_SIGN_OUT_FAILED if reason else CLIENT_SIGNED_OUT, party.id, detail)
