"""Access cookies are made again while a session is used: idle ones are told from others, and what refreshing brings gets in.

Here no request waits and nothing is asked of the store: what a process knows of refreshed sessions it has in memory, and
judges by it, however old the cookie is that comes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from math import inf

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IDelayedCall, IReactorTime
from twisted.logger import Logger
from twisted.python.failure import Failure

from appproxy.errors import RequestError
from appproxy.identity.claims import groups_of, kept_claims
from appproxy.identity.cookie import seal_session
from appproxy.identity.session import SEEN_EVERY, Session
from appproxy.net.web import cookie_lines
from appproxy.publish.application import Application
from appproxy.publish.routing import ApplicationRoute
from appproxy.service.recent import Recent
from appproxy.service.signin.openid.refreshing import Refreshing, RefreshStore
from appproxy.service.signin.openid.wanted import WantedByProvider
from appproxy.service.signin.request.context import SignInContext
from appproxy.store.people.session.record import Later, Refreshed

#: Sessions of which it is known what refreshing has brought, some kilobytes each.
_KEPT = 20_000
#: A browser that has been given a cookie sends it with its next requests; those that were on their way, and tabs whose
#: answer was lost, get one again after so many seconds.
_AGAIN = 30.0
#: While a session is being refreshed, look so often whether that is done.
_LOOK = 1.0
#: Seconds between two transactions in which sessions are marked as used.
_NOTE_EVERY = 5.0


class Renewal:
    """Made once a node. `changed` is called with the id of a session of which something new is known."""

    log = Logger()

    def __init__(self, context: SignInContext, store: RefreshStore, clock: IReactorTime) -> None:
        self._context = context
        self._store = store
        self._clock = clock
        self._refreshing = Refreshing(store, context.providers, clock, context.wall_clock, self._learn)
        self._known: Recent[Refreshed] = Recent(_KEPT)
        self._wanted = WantedByProvider()
        self._seen: dict[str, float] = {}
        self._noting: IDelayedCall | None = None
        #: Who is told, with the session's id, when it is not what it was.
        self.changed: Callable[[str], object] = lambda session: None

    def current(self, session: Session, application: Application) -> Session:
        """A cookie's session as it is known to be now."""
        known = self._known.get(session.id) if session.refresh_at else None
        if known is None or known.refresh_at <= session.refresh_at:
            return session
        return self._with(session, known, [rule.claim for rule in application.headers])

    async def asked_again(self, origin: str, session: Session) -> Session | None:
        """A session without tokens of its own, as its provider knows its user now by those of the session `origin`. None: that
        has ended, or the provider refuses it. While the provider is away it goes on as it is. Raises StoreError.
        """
        known = await self._refreshing.ask(origin, session.provider)
        if known is None:
            return None
        return session if isinstance(known, Later) else replace(self._with(session, known, ()), refresh_at=session.refresh_at)

    def _with(self, session: Session, known: Refreshed, named_claims: Sequence[str]) -> Session:
        snapshot = self._context.snapshot
        record = snapshot.providers.get(session.provider)
        if record is None:
            return session
        named = self._wanted.of(snapshot, record.id).groups
        try:
            claims: Mapping[str, str] = kept_claims(known.claims, named_claims)
        except RequestError as error:
            self.log.warn("a claim of {subject} cannot be told: {detail}", subject=session.subject, detail=error.detail)
            claims = {}
        groups = tuple(group for group in groups_of(known.claims, record.groups_claim) if group in named)
        return replace(
            session, name=known.name, auth_time=known.auth_time, amr=known.amr, acr=known.acr, groups=groups, claims=claims,
            refresh_at=known.refresh_at)

    def renew(
        self, route: ApplicationRoute, passing: Session, session: Session, now: float, *, persistent: bool = True,
    ) -> tuple[bytes, float]:
        """A session passes: `passing` in the cookie, `session` as it is now. Gives field lines for the answer, which may be
        none, and when to ask again (seconds since 1970). `persistent`: may a cookie outlive the browser?
        """
        look = inf
        if session.refresh_at:
            look = session.refresh_at
            if now >= look:
                self._refreshing.begin(session.id, session.provider)
                look = now + _LOOK
        last = passing.seen or passing.issued
        # After a step back of the clock a cookie may be from the future; it is made again then, too.
        if session is passing and last <= now < last + SEEN_EVERY:
            return b"", min(look, last + SEEN_EVERY)
        self._mark(session.id, now)
        return self._cookie(route, replace(session, seen=now), now, persistent), min(look, now + _AGAIN)

    def _cookie(self, route: ApplicationRoute, session: Session, now: float, persistent: bool) -> bytes:
        context = self._context
        try:
            sealed = seal_session(session, context.key, context.place(route), context.nonce())
        except RequestError as error:  # more groups than before; the cookie that is there goes on
            self.log.warn("the cookie of {subject} could not be made again: {detail}", subject=session.subject,
                          detail=error.detail)
            return b""
        left = max(int(session.expires - now), 1) if persistent and route.application.cookie_persistent else None
        return cookie_lines(context.access_cookie(route, sealed, left))

    def watch(self, session: Session, now: float) -> None:
        """A stream of this session is open, though no request may come: refresh it as if one had."""
        known = self._known.get(session.id)
        due = max(session.refresh_at, 0.0 if known is None else known.refresh_at)
        if session.refresh_at and now >= due:
            self._refreshing.begin(session.id, session.provider)

    def _learn(self, known: Refreshed) -> None:
        before = self._known.get(known.id)
        self._known.put(known.id, known)
        if before is None or before.claims != known.claims:
            self.changed(known.id)

    def _mark(self, session: str, now: float) -> None:
        """The session is in use; the store hears of it some seconds later."""
        self._seen[session] = now
        if self._noting is None:
            self._noting = self._clock.callLater(_NOTE_EVERY, self._note)

    def _note(self) -> None:
        self._noting = None
        moments, self._seen = self._seen, {}
        Deferred.fromCoroutine(self._store.seen(moments)).addErrback(self._not_noted)

    def _not_noted(self, failure: Failure) -> None:
        """It is only shown, and the next request tells it again."""
        self.log.warn("when sessions were used could not be written down: {reason}", reason=failure.getErrorMessage())
