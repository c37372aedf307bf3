"""The gate: finds the access cookie in a request, opens it, and remembers what an authorizer says of its session.

Hot path: an opened cookie is kept, so that the same one costs a look-up. What it says does not change: with another
snapshot, such as after anybody's sign-out, it is judged again once, and opened again only where another key or another
place counts.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass, field, replace
from math import inf
from typing import Protocol, TypeAlias

from appproxy.errors import IdentityError
from appproxy.http.cookies import find
from appproxy.http.head import RequestHead
from appproxy.identity.cookie import CookiePlace, counting_places, open_session
from appproxy.identity.session import Session
from appproxy.policy.authorizer import Authorizer, RequestContext, judge_upgrade
from appproxy.policy.conditional.parts.conditions import RequestFact
from appproxy.policy.verdict import Pass, SignInRequired, Verdict
from appproxy.publish.application import Application
from appproxy.publish.routing import ApplicationRoute
from appproxy.service.recent import KEPT, Recent
from appproxy.store.snapshot import SealingKey, Snapshot

#: The access cookies of a request with their names, application id, host.
_Key: TypeAlias = tuple[bytes, str, str]

_NOTHING = SignInRequired("no access cookie")
#: Addresses, browsers and contexts of one session of which verdicts are kept: one or two addresses, a few contexts.
_MOST_MEMOS = 16


@dataclass(slots=True, eq=False)
class Opened:
    """What the access cookies of a request hold: sessions, or why one holds none, in the order in which they count.

    `epoch` is the number that the gate gave the last snapshot that it was looked at with: the snapshot itself would be held
    in memory. `verdict` is the authorizer's while `now` is before `holds_until`, and the snapshot is the same.

    Where policies look at more of a request than its session, `verdict` is of the last one alone, and `memo` has those of some
    by what was looked at.
    """

    route: ApplicationRoute
    key: tuple[object, ...]
    found: tuple[Session | str, ...]
    keys: tuple[SealingKey, ...]
    places: tuple[CookiePlace, ...]
    epoch: int
    verdict: Verdict[Session] = field(default=_NOTHING)
    holds_until: float = -inf
    kept: bool = False
    #: The session that passes, as the cookie has it; and when to look whether the browser needs a new cookie.
    passing: Session | None = None
    renew_at: float = inf
    memo: dict[Hashable, Verdict[Session]] = field(default_factory=dict)
    #: Where of all that a request says its policies look at the address alone: `verdict` is of requests from `address` while
    #: `now` is before `address_until`, and the snapshot is the same.
    address: str = ""
    address_until: float = -inf
    #: The verdict that is in the decision log already.
    logged: object = None
    #: By what policies look at that are only reported: until when requests need not be looked at again.
    reported: dict[Hashable, float] = field(default_factory=dict)


class Renewing(Protocol):
    """What keeps sessions as new as their provider has them: `service.signin.renewal.Renewal`."""

    def current(self, session: Session, application: Application) -> Session:
        """A cookie's session as it is known to be now."""
        ...

    def renew(
        self, route: ApplicationRoute, passing: Session, session: Session, now: float, *, persistent: bool = True,
    ) -> tuple[bytes, float]:
        """A session passes: `passing` in the cookie, `session` as it is now. Gives field lines for the answer, which may be
        none, and when to ask again. `persistent`: may a cookie outlive the browser?
        """
        ...


class Judge(Protocol):
    """What tells who may pass: the gate of cookies, or that of programs, which has both."""

    def verdict(
        self, opened: Opened, head: RequestHead, route: ApplicationRoute, snapshot: Snapshot, context: RequestContext[Session],
    ) -> Verdict[Session]:
        """What becomes of a request with these cookies or credentials."""
        ...

    def renew(self, opened: Opened, now: float) -> bytes:
        """Field lines for the answer to who passes; to be asked when `now` is not before `opened.renew_at`."""
        ...


class Gate:
    """Who asks, and may they? `port`: the public port, part of the cookie's name.

    Without `renewing` cookies stay as they are, and count until they end.
    """

    __slots__ = ("_epoch", "_opened", "_places", "_port", "_renewing", "_snapshot", "opens")

    def __init__(self, port: int = 443, size: int = KEPT, renewing: Renewing | None = None) -> None:
        self._port = port
        self._renewing = renewing
        #: Those of whom one session passed. Others are not kept: anybody can make up cookies.
        self._opened: Recent[Opened] = Recent(size)
        self._places: dict[tuple[str, str, str, bool], tuple[CookiePlace, ...]] = {}
        self._snapshot: Snapshot | None = None
        self._epoch = 0
        #: How many values of cookies were decrypted.
        self.opens = 0

    def authenticate(self, head: RequestHead, route: ApplicationRoute, snapshot: Snapshot, now: float) -> Opened:
        """What the request's access cookies hold; `now` is wall clock time."""
        if self._snapshot is not snapshot:
            self._snapshot = snapshot
            self._epoch += 1
        # The same fields as those of the connection's last request: the same cookies.
        repeated = head.repeated
        if repeated is not None:
            kept = repeated.opened
            if isinstance(kept, Opened) and kept.epoch == self._epoch and kept.route is route:
                return kept
        lines = []
        for name, value in head.fields:
            if name == b"cookie":
                lines.append(value)
        line = lines[0] if len(lines) == 1 else b"; ".join(lines)
        application = route.application
        # Only our cookies make the key: an application's own may be others in each request.
        cookies = self._cookies(line, route) if line else []
        said = b""
        for place, value in cookies:
            said += b"%b=%b;" % (place.name, value)
        key: _Key = (said, application.id, head.host)
        opened = self._opened.get(key)
        if opened is None or (opened.epoch != self._epoch and not self._still_opens(opened, route, snapshot)):
            opened = self._open(key, cookies, route, snapshot, now)
        elif repeated is not None and opened.route is route:
            repeated.opened = opened
        return opened

    def verdict(
        self, opened: Opened, head: RequestHead, route: ApplicationRoute, snapshot: Snapshot, context: RequestContext[Session],
    ) -> Verdict[Session]:
        """What becomes of a request with these cookies: the first session that passes counts.

        `context` is the request's, still without a session.
        """
        if head.upgrade is not None and (refusal := upgrade_refusal(head, route)) is not None:
            return refusal
        if context.now < opened.holds_until:
            return opened.verdict
        program = snapshot.policies.program(route.application.id)
        if program is not None and program.varies:
            looked_at = program.looked_at(context)
            known = opened.memo.get(looked_at)
            if known is None or context.now >= min(known.holds_until, opened.renew_at):
                if len(opened.memo) >= _MOST_MEMOS:
                    opened.memo.clear()
                known = opened.memo[looked_at] = self._judge(opened, route, snapshot, context)
            opened.verdict = known
            opened.address = context.client
            opened.address_until = (
                min(known.holds_until, opened.renew_at) if program.varies is RequestFact.ADDRESS else -inf)
            return known
        opened.verdict = self._judge(opened, route, snapshot, context)
        opened.holds_until = min(opened.verdict.holds_until, opened.renew_at)
        return opened.verdict

    def _judge(
        self, opened: Opened, route: ApplicationRoute, snapshot: Snapshot, context: RequestContext[Session]
    ) -> Verdict[Session]:
        authorizer = Authorizer(snapshot)
        verdict: Verdict[Session] = _NOTHING
        for found in opened.found:
            if isinstance(found, str):
                verdict = SignInRequired(found)
            else:
                session = found if self._renewing is None else self._renewing.current(found, route.application)
                verdict = authorizer.authorize(replace(context, session=session))
            if isinstance(verdict, Pass):
                if not opened.kept:
                    opened.kept = True
                    self._opened.put(opened.key, opened)
                if opened.passing is not found and isinstance(found, Session):
                    opened.passing, opened.renew_at = found, inf if self._renewing is None else -inf
                break
        return verdict

    def renew(self, opened: Opened, now: float) -> bytes:
        """Field lines for the answer to a request that passes with these cookies, which give the browser a newer one; or none.

        To be asked when `now` is not before `opened.renew_at`.
        """
        verdict, passing = opened.verdict, opened.passing
        if self._renewing is None or passing is None or not isinstance(verdict, Pass) or verdict.session is None:
            return b""
        lines, opened.renew_at = self._renewing.renew(
            opened.route, passing, verdict.session, now, persistent=verdict.controls.persistent)
        # Where verdicts differ between requests, none holds for all.
        opened.holds_until = -inf if opened.memo else min(verdict.holds_until, opened.renew_at)
        return lines

    def check(
        self, head: RequestHead, route: ApplicationRoute, snapshot: Snapshot, now: float, client: str = "",
    ) -> Verdict[Session]:
        """Both in one, for a request to `route` from this address."""
        path = head.target.partition(b"?")[0]
        context: RequestContext[Session] = RequestContext(
            route.application, None, now, client, head.method, path,
            user_agent=head.get(b"user-agent") or b"", upgrade=head.upgrade is not None)
        if route.application.passthrough:
            return Authorizer(snapshot).authorize(context)
        return self.verdict(self.authenticate(head, route, snapshot, now), head, route, snapshot, context)

    def _still_opens(self, opened: Opened, route: ApplicationRoute, snapshot: Snapshot) -> bool:
        """Does what was opened before hold the same in a snapshot that is new to it? It is judged again then."""
        if opened.keys != snapshot.keys or opened.places != self.places_of(route):
            return False
        opened.epoch, opened.route, opened.holds_until, opened.address_until = self._epoch, route, -inf, -inf
        opened.memo.clear()
        opened.reported.clear()
        return True

    def places_of(self, route: ApplicationRoute) -> tuple[CookiePlace, ...]:
        """Where the application's access cookie counts on the route's host."""
        application = route.application
        key = (application.id, route.host, route.cookie_path, application.cookie_secure)
        places = self._places.get(key)
        if places is None:
            if len(self._places) >= KEPT:  # paths come and go with what is published, hosts of a wildcard are endless
                self._places.clear()
            places = counting_places(*key[:3], self._port, secure=application.cookie_secure)
            self._places[key] = places
        return places

    def _cookies(self, line: bytes, route: ApplicationRoute) -> list[tuple[CookiePlace, bytes]]:
        """The access cookies, one for each name. Two of one: somebody plays tricks (a browser keeps one), so none counts."""
        found = []
        for place in self.places_of(route):
            values = find(line, place.name)
            if len(values) == 1:
                found.append((place, values[0]))
        return found

    def _open(
        self, key: _Key, cookies: Sequence[tuple[CookiePlace, bytes]], route: ApplicationRoute, snapshot: Snapshot, now: float,
    ) -> Opened:
        found: list[Session | str] = []
        for place, value in cookies:
            self.opens += 1
            try:
                found.append(open_session(value, snapshot.keys, place, now))
            except IdentityError as error:
                found.append(error.detail)
        return Opened(route, key, tuple(found), snapshot.keys, self.places_of(route), self._epoch)


def upgrade_refusal(head: RequestHead, route: ApplicationRoute) -> Verdict[Session] | None:
    """Why an upgrade may not bear the user's cookie, if it may not."""
    return judge_upgrade([value for name, value in head.fields if name == b"origin"], own_origins(route))


def own_origins(route: ApplicationRoute) -> frozenset[bytes]:
    """From where pages may open a WebSocket there: the route's own origin, and those of all URLs of its application.

    Other hosts of a wildcard are not among them: they may be other people's.
    """
    pairs = route.application.pairs if route.application.segments or route.application.alternate_hosts else ()
    others = {pair.external.origin for pair in pairs if not pair.external.is_wildcard}
    return frozenset(origin.encode("ascii") for origin in others | {route.origin})
