"""The gate: finds the access cookie in a request, opens it, and says what becomes of the request.

Hot path: an opened cookie is kept, so that the same one costs a look-up. What it says does not change: with another
snapshot, such as after anybody's sign-out, it is judged again once, and opened again only where another key or another
place counts.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Generic, TypeAlias, TypeVar

from appproxy.errors import Code, IdentityError
from appproxy.http.cookies import find
from appproxy.http.head import RequestHead
from appproxy.identity.claims import is_field_safe
from appproxy.identity.cookie import CookiePlace, counting_places, open_session
from appproxy.identity.session import Session
from appproxy.policy.gate import judge, judge_upgrade
from appproxy.policy.verdict import Pass, SignIn, Verdict
from appproxy.publish.application import Application, Preauthentication
from appproxy.publish.routing import Route
from appproxy.store.snapshot import SealingKey, Snapshot

#: Opened cookies that are kept. With Cookie fields of 1,000 bytes that is some 20 MB.
KEPT = 10_000

#: A Cookie field up to this size is remembered as it is, so that it need not even be taken apart; of a longer one only
#: our cookie is, to bound the memory.
_LONG = 2048

T = TypeVar("T")
#: Cookie field, application id, host; or our cookie's value, application id, host and True.
_Key: TypeAlias = tuple[bytes, str, str] | tuple[bytes, str, str, bool]

_PASSTHROUGH: Pass[Session] = Pass(None)


class Recent(Generic[T]):
    """The values used last, at most `size` of them.

    Two dicts instead of a linked list: what is used moves to the young one; when that is half the size, it becomes the
    old one, and the old one is dropped. A hit costs one look-up.
    """

    __slots__ = ("_half", "_old", "_young")

    def __init__(self, size: int = KEPT) -> None:
        self._half = max(size // 2, 1)
        self._young: dict[object, T] = {}
        self._old: dict[object, T] = {}

    def __len__(self) -> int:
        return len(self._young.keys() | self._old.keys())

    def __bool__(self) -> bool:
        return bool(self._young)

    def get(self, key: object) -> T | None:
        """The value kept for `key`."""
        value = self._young.get(key)
        if value is None and self._old:
            value = self._old.get(key)
            if value is not None:
                self.put(key, value)
        return value

    def put(self, key: object, value: T) -> None:
        """Keep a value."""
        if len(self._young) >= self._half:
            self._old = self._young
            self._young = {}
        self._young[key] = value

    def clear(self) -> None:
        """Forget all."""
        self._young = {}
        self._old = {}


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


class Blocks:
    """What connector and application are told of the user, worked out once for each session."""

    __slots__ = ("_identity", "_user")

    def __init__(self, size: int = KEPT) -> None:
        self._user: Recent[tuple[Session, bytes]] = Recent(size)
        self._identity: Recent[tuple[Session, Application, bytes]] = Recent(size)

    def user_header(self, session: Session | None) -> bytes:
        """The user as JSON for the tunnel; `null` for nobody."""
        if session is None:
            return b"null"
        kept = self._user.get(session.id)
        if kept is not None and kept[0] is session:
            return kept[1]
        made = user_header(session)
        self._user.put(session.id, (session, made))
        return made

    def identity_block(self, application: Application, session: Session | None) -> bytes:
        """The lines of single sign-on by headers."""
        if session is None or not application.headers:
            return b""
        key = (session.id, application.id)
        kept = self._identity.get(key)
        if kept is not None and kept[0] is session and kept[1] is application:
            return kept[2]
        made = identity_block(application, session)
        self._identity.put(key, (session, application, made))
        return made


def user_header(session: Session) -> bytes:
    """The user as a JSON object: subject, issuer, name. The session's id stays here."""
    return json.dumps(
        {"subject": session.subject, "issuer": session.issuer, "name": session.name}, separators=(",", ":")
    ).encode("ascii")


def identity_block(application: Application, session: Session) -> bytes:
    """One line for each header rule whose claim the user has: UTF-8, as it is in the claim.

    Besides the token's claims a rule may name `subject` and `issuer`. Raises IdentityError(TOKEN_REFUSED) for control
    characters, which could begin another field.
    """
    lines = []
    for rule in application.headers:
        value = claim_of(session, rule.claim)
        if value is None:
            continue
        if not is_field_safe(value):
            raise IdentityError(Code.TOKEN_REFUSED, f"the claim {rule.claim!r} has control characters")
        lines.append(b"%b: %b\n" % (rule.name.encode("ascii"), value.strip().encode()))
    return b"".join(lines)


def claim_of(session: Session, claim: str) -> str | None:
    """A claim by the name that header rules use, None when the user has it not."""
    if claim in ("sub", "subject"):
        return session.subject
    if claim in ("iss", "issuer"):
        return session.issuer
    if claim == "name":
        return session.claims.get("name", session.name)
    return session.claims.get(claim)
