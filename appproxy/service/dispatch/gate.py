"""The gate: finds the access cookie in a request, opens it, and says what becomes of the request.

Hot path: an opened cookie is kept, so that the same one costs a look-up. What it says does not change: with another
snapshot, such as after anybody's sign-out, it is judged again once, and opened again only where another key or another
place counts.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from appproxy.errors import IdentityError
from appproxy.http.cookies import find
from appproxy.http.head import RequestHead
from appproxy.identity.cookie import CookiePlace, counting_places, open_session
from appproxy.identity.session import Session
from appproxy.policy.gate import judge, judge_upgrade
from appproxy.policy.verdict import Pass, SignIn, Verdict
from appproxy.publish.application import Preauthentication
from appproxy.publish.routing import Route
from appproxy.service.recent import KEPT, Recent
from appproxy.store.snapshot import SealingKey, Snapshot

#: A Cookie field up to this size is remembered as it is, so that it need not even be taken apart; of a longer one only
#: our cookie is, to bound the memory.
_LONG = 2048

#: Cookie field, application id, host; or our cookie's value, application id, host and True.
_Key: TypeAlias = tuple[bytes, str, str] | tuple[bytes, str, str, bool]

_PASSTHROUGH: Pass[Session] = Pass(None)


@dataclass(slots=True, eq=False)
class _Opened:
    """An opened cookie: its verdict, the keys and places that it was opened with, and the last snapshot that it passed in.

    `epoch` is the number that the gate gave that snapshot: the snapshot itself would be held in memory.
    """

    verdict: Pass[Session]
    session: Session
    keys: tuple[SealingKey, ...]
    places: tuple[CookiePlace, ...]
    epoch: int


class Gate:
    """Who may pass. `port`: the public port, part of the cookie's name."""

    __slots__ = ("_epoch", "_opened", "_places", "_port", "_snapshot", "opens")

    def __init__(self, port: int = 443, size: int = KEPT) -> None:
        self._port = port
        #: Those that pass. Failures are not kept: anybody can make up cookies.
        self._opened: Recent[_Opened] = Recent(size)
        self._places: dict[tuple[str, str, str, bool], tuple[CookiePlace, ...]] = {}
        self._snapshot: Snapshot | None = None
        self._epoch = 0
        #: How many values of cookies were decrypted.
        self.opens = 0

    def check(self, head: RequestHead, route: Route, snapshot: Snapshot, now: float) -> Verdict[Session]:
        """The verdict on a request to `route`; `now` is wall clock time."""
        application = route.application
        if application.preauthentication is Preauthentication.PASSTHROUGH:
            return _PASSTHROUGH
        if self._snapshot is not snapshot:
            self._snapshot = snapshot
            self._epoch += 1
        if head.upgrade is not None:
            origins = [value for name, value in head.fields if name == b"origin"]
            refusal = judge_upgrade(origins, own_origins(route))
            if refusal is not None:
                return refusal
        lines = [value for name, value in head.fields if name == b"cookie"]
        line = lines[0] if len(lines) == 1 else b"; ".join(lines)
        key: _Key = (line, application.id, head.host)
        if len(line) > _LONG:
            found = self._cookies(line, route)
            if not found:
                return SignIn("no access cookie")
            key = (b";".join(place.name + b"=" + value for place, value in found), application.id, head.host, True)
        kept = self._opened.get(key)
        if kept is not None and kept.session.expires > now and (
            kept.epoch == self._epoch or self._still_passes(kept, route, snapshot, now)
        ):
            return kept.verdict
        return self._open(key, line, route, snapshot, now)

    def _still_passes(self, kept: _Opened, route: Route, snapshot: Snapshot, now: float) -> bool:
        """Does an opened cookie pass in a snapshot that is new to it?

        Unless it does, the request's cookies are looked at from the beginning: another one may.
        """
        if kept.keys != snapshot.keys or kept.places != self.places_of(route):
            return False
        if not isinstance(judge(route.application, kept.session, now, snapshot), Pass):
            return False
        kept.epoch = self._epoch
        return True

    def places_of(self, route: Route) -> tuple[CookiePlace, ...]:
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

    def _cookies(self, line: bytes, route: Route) -> list[tuple[CookiePlace, bytes]]:
        """The access cookies, one for each name. Two of one: somebody plays tricks (a browser keeps one), so none counts."""
        found = ((place, find(line, place.name)) for place in self.places_of(route))
        return [(place, values[0]) for place, values in found if len(values) == 1]

    def _open(
        self, key: _Key, line: bytes, route: Route, snapshot: Snapshot, now: float
    ) -> Verdict[Session]:
        application = route.application
        verdict: Verdict[Session] = SignIn("no access cookie")
        for place, value in self._cookies(line, route):
            self.opens += 1
            try:
                session = open_session(value, snapshot.keys, place, now)
            except IdentityError as error:
                verdict = SignIn(error.detail)
                continue
            verdict = judge(application, session, now, snapshot)
            if isinstance(verdict, Pass):
                places = self.places_of(route)
                self._opened.put(key, _Opened(verdict, session, snapshot.keys, places, self._epoch))
                break
        return verdict


def own_origins(route: Route) -> frozenset[bytes]:
    """From where pages may open a WebSocket there: the route's own origin, and those of all URLs of its application.

    Other hosts of a wildcard are not among them: they may be other people's.
    """
    pairs = route.application.pairs if route.application.segments or route.application.alternate_hosts else ()
    others = {pair.external.origin for pair in pairs if not pair.external.is_wildcard}
    return frozenset(origin.encode("ascii") for origin in others | {route.origin})
