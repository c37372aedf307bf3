"""The gate: finds the access cookie in a request, opens it, and remembers what an authorizer says of its session.

Hot path: an opened cookie is kept, so that the same one costs a look-up. What it says does not change: with another
snapshot, such as after anybody's sign-out, it is judged again once, and opened again only where another key or another
place counts.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from math import inf
from typing import TypeAlias

from appproxy.errors import IdentityError
from appproxy.http.cookies import find
from appproxy.http.head import RequestHead
from appproxy.identity.cookie import CookiePlace, counting_places, open_session
from appproxy.identity.session import Session
from appproxy.policy.authorizer import Authorizer, RequestContext, judge_upgrade
from appproxy.policy.verdict import Pass, SignInRequired, Verdict
from appproxy.publish.routing import ApplicationRoute
from appproxy.service.recent import KEPT, Recent
from appproxy.store.snapshot import SealingKey, Snapshot

#: A Cookie field up to this size is remembered as it is, so that it need not even be taken apart; of a longer one only
#: our cookie is, to bound the memory.
_LONG = 2048

#: Cookie field, application id, host; or our cookie's value, application id, host and True.
_Key: TypeAlias = tuple[bytes, str, str] | tuple[bytes, str, str, bool]

_NOTHING = SignInRequired("no access cookie")


@dataclass(slots=True, eq=False)
class Opened:
    """What the access cookies of a request hold: sessions, or why one holds none, in the order in which they count.

    `epoch` is the number that the gate gave the last snapshot that it was looked at with: the snapshot itself would be held
    in memory. `verdict` is the authorizer's while `now` is before `holds_until`, and the snapshot is the same.
    """

    route: ApplicationRoute
    key: _Key
    found: tuple[Session | str, ...]
    keys: tuple[SealingKey, ...]
    places: tuple[CookiePlace, ...]
    epoch: int
    verdict: Verdict[Session] = field(default=_NOTHING)
    holds_until: float = -inf
    kept: bool = False


class Gate:
    """Who asks, and may they? `port`: the public port, part of the cookie's name."""

    __slots__ = ("_epoch", "_opened", "_places", "_port", "_snapshot", "opens")

    def __init__(self, port: int = 443, size: int = KEPT) -> None:
        self._port = port
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
        key: _Key = (line, application.id, head.host)
        if len(line) > _LONG:
            found = self._cookies(line, route)
            key = (b";".join([place.name + b"=" + value for place, value in found]), application.id, head.host, True)
        opened = self._opened.get(key)
        if opened is None or (opened.epoch != self._epoch and not self._still_opens(opened, route, snapshot)):
            opened = self._open(key, line, route, snapshot, now)
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
        authorizer = Authorizer(snapshot)
        verdict: Verdict[Session] = _NOTHING
        for found in opened.found:
            if isinstance(found, str):
                verdict = SignInRequired(found)
            else:
                verdict = authorizer.authorize(replace(context, session=found))
            if isinstance(verdict, Pass):
                if not opened.kept:
                    opened.kept = True
                    self._opened.put(opened.key, opened)
                break
        opened.verdict, opened.holds_until = verdict, verdict.holds_until
        return verdict

    def check(
        self, head: RequestHead, route: ApplicationRoute, snapshot: Snapshot, now: float, client: str = "",
    ) -> Verdict[Session]:
        """Both in one, for a request to `route` from this address."""
        path = head.target.partition(b"?")[0]
        context: RequestContext[Session] = RequestContext(route.application, None, now, client, head.method, path)
        if route.application.passthrough:
            return Authorizer(snapshot).authorize(context)
        return self.verdict(self.authenticate(head, route, snapshot, now), head, route, snapshot, context)

    def _still_opens(self, opened: Opened, route: ApplicationRoute, snapshot: Snapshot) -> bool:
        """Does what was opened before hold the same in a snapshot that is new to it? It is judged again then."""
        if opened.keys != snapshot.keys or opened.places != self.places_of(route):
            return False
        opened.epoch, opened.route, opened.holds_until = self._epoch, route, -inf
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
        found = ((place, find(line, place.name)) for place in self.places_of(route))
        return [(place, values[0]) for place, values in found if len(values) == 1]

    def _open(self, key: _Key, line: bytes, route: ApplicationRoute, snapshot: Snapshot, now: float) -> Opened:
        found: list[Session | str] = []
        for place, value in self._cookies(line, route):
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
