"""An application that lives at several addresses: requests go to the one that answers and has least to do, in turn where
several have.

An address that cannot be reached gets no requests for a while, longer each time. With a health path it is also asked for
that, and gets none until the answer is good. When none is left, all are tried all the same. An application that keeps what
it knows of a user in memory can have each user's requests at one address.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Protocol

from twisted.internet.interfaces import IReactorTime
from twisted.logger import Logger

from appproxy.connector.config.configuration import OriginAddress, Target
from appproxy.connector.origin.bindings import NOBODY
from appproxy.connector.origin.health_check import HealthCheck
from appproxy.connector.origin.origin_stream import GivesWay, OriginAttempt, OriginSource, OriginStream, OriginUser
from appproxy.errors import Code, RequestError
from appproxy.http.connection_authentication import Leg
from appproxy.http.h1.client import Event
from appproxy.net.loop.deadlines import Deadlines
from appproxy.publish.settings.table import BOUNDED_AFFINITY
from appproxy.tunnel.rendezvous import BOUND, choose
from appproxy.tunnel.shares import Held

#: What says nothing about the application.
_OWN_LIMITS = (Code.ORIGIN_BUSY, Code.CONNECTOR_BUSY)
#: Seconds without requests after the first failure, and at most; it doubles.
FIRST_PAUSE = 5.0
LONGEST_PAUSE = 60.0


class UpstreamAddress(OriginSource, Protocol):
    """One address, as `Origin` and `H2Origin` are."""

    address: OriginAddress

    @property
    def busy(self) -> int:
        """How many requests and streams it has."""


class Upstream:
    """One of the addresses, and what is known of it."""

    __slots__ = ("failures", "healthy", "origin", "until")

    def __init__(self, origin: UpstreamAddress) -> None:
        self.origin = origin
        #: Connections that could not be made, one after the other.
        self.failures = 0
        #: No requests before this time.
        self.until = 0.0
        #: What the last health check said.
        self.healthy = True

    def __str__(self) -> str:
        address = self.origin.address
        return f"{address.scheme}://{address.host}:{address.port}"


class LoadBalancer:
    """A `OriginSource` over the sources of all addresses."""

    log = Logger()

    def __init__(self, target: Target, origins: Sequence[UpstreamAddress], clock: IReactorTime, deadlines: Deadlines) -> None:
        self.upstreams = [Upstream(origin) for origin in origins]
        self._application = target.name or target.application
        self._seconds = clock.seconds
        self._next = 0
        #: Chosen by `take`, for the `dial` that follows.
        self._chosen: Upstream | None = None
        self._checks = [
            HealthCheck(upstream.origin, target, clock, deadlines, partial(self.judge, upstream))
            for upstream in self.upstreams
        ] if target.health_path else []  # fmt: skip

    def belongs_to(self, owner: bytes) -> bool:
        """Is there a connection to any address that is this owner's alone?"""
        return self._of_owner(owner) is not None

    def take(self, user: OriginUser, repeatable: bool, now: float) -> OriginStream | None:
        """A carrier to the address that has least to do; None: dial."""
        upstream = self._of_owner(user.owner) or self._choose(now, (), user.share)
        origin_stream = upstream.origin.take(user, repeatable, now)
        self._chosen = upstream if origin_stream is None else None
        return origin_stream

    def dial(self, user: OriginUser, timeout: float, patience: float) -> OriginAttempt:
        """Connect to the address that `take` has found; when that fails, to the others."""
        upstream, self._chosen = self._chosen, None
        attempt = Attempts(self, user, timeout, patience)
        attempt.start(upstream or self._of_owner(user.owner) or self._choose(self._seconds(), (), user.share))
        return attempt

    def _of_owner(self, owner: bytes) -> Upstream | None:
        """Where a connection is that only this owner may use: the next leg of a handshake must come there."""
        return next((upstream for upstream in self.upstreams if upstream.origin.belongs_to(owner)), None)

    def another(self, tried: Sequence[Upstream], share: bytes, code: Code) -> Upstream | None:
        """One that was not tried yet, where the last one has failed with this code; None when there is none."""
        return None if len(tried) == len(self.upstreams) else self._choose(self._seconds(), tried, share)

    def _choose(self, now: float, tried: Sequence[Upstream], share: bytes) -> Upstream:
        """The least busy of those that answer, in turn where several are; of all when none answers.

        A slow address, or one that long streams stay with, gets fewer requests so.
        """
        upstreams = self.upstreams
        start = self._next
        self._next = (start + 1) % len(upstreams)
        rest = [upstream for upstream in upstreams[start:] + upstreams[:start] if upstream not in tried]
        return min(_answering(rest, now), key=lambda upstream: upstream.origin.busy)

    def failed(self, upstream: Upstream, error: RequestError) -> None:
        """No connection could be made."""
        if error.code in _OWN_LIMITS:
            return  # a limit of ours says nothing about the application
        if not upstream.failures:
            self.log.warn("{application}: {upstream} cannot be reached: {reason}",
                          application=self._application, upstream=str(upstream), reason=str(error))
        pause = min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** min(upstream.failures, 10))
        upstream.failures += 1
        upstream.until = self._seconds() + pause

    def reached(self, upstream: Upstream) -> None:
        """A connection was made."""
        if upstream.failures:
            self.log.info("{application}: {upstream} is back", application=self._application, upstream=str(upstream))
        upstream.failures = 0
        upstream.until = 0.0

    def judge(self, upstream: Upstream, reason: str) -> None:
        """A health check is over; `reason` says why it failed, empty when it did not."""
        if upstream.healthy and reason:
            self.log.warn("{application}: {upstream} is not well: {reason}",
                          application=self._application, upstream=str(upstream), reason=reason)
        elif not upstream.healthy and not reason:
            self.log.info("{application}: {upstream} is well again", application=self._application, upstream=str(upstream))
        upstream.healthy = not reason
        if not reason:
            self.reached(upstream)

    def close(self) -> None:
        """Check no more."""
        for check in self._checks:
            check.close()


class StickyBalancer(LoadBalancer):
    """A user's requests go to one address as long as that answers (setting `affinity`), and then to one of the others.

    Rendezvous hashing by the user's share: all connectors say the same, and when an address goes or comes only users move that
    were, or are, at home there. A request that names nobody goes to the least busy.
    """

    def __init__(self, target: Target, origins: Sequence[UpstreamAddress], clock: IReactorTime, deadlines: Deadlines) -> None:
        super().__init__(target, origins, clock, deadlines)
        self._bound = BOUND if target.settings.affinity == BOUNDED_AFFINITY else None
        self._names = {upstream: str(upstream).encode() for upstream in self.upstreams}

    def another(self, tried: Sequence[Upstream], share: bytes, code: Code) -> Upstream | None:
        """As above; but one that has no free connection is not down, and elsewhere the application would not know the user."""
        if self._bound is None and share != NOBODY and code in _OWN_LIMITS:
            return None
        return super().another(tried, share, code)

    def _choose(self, now: float, tried: Sequence[Upstream], share: bytes) -> Upstream:
        if share == NOBODY:
            return super()._choose(now, tried, share)
        found = _answering([upstream for upstream in self.upstreams if upstream not in tried], now)
        loads = () if self._bound is None else [upstream.origin.busy for upstream in found]
        return found[choose(share, [self._names[upstream] for upstream in found], loads, self._bound)]


def _answering(upstreams: list[Upstream], now: float) -> list[Upstream]:
    """Those that answer; all when none does."""
    return [upstream for upstream in upstreams if upstream.healthy and upstream.until <= now] or upstreams


class Attempts:
    """One request's way to the first address that lets it in. It is the user until then."""

    __slots__ = ("_attempt", "_patience", "_balancer", "_timeout", "_tried", "_user", "_way")

    def __init__(self, balancer: LoadBalancer, user: OriginUser, timeout: float, patience: float) -> None:
        self._balancer = balancer
        self._user: OriginUser | None = user
        self._timeout = timeout
        self._patience = patience
        self._tried: list[Upstream] = []
        self._attempt: OriginAttempt | None = None
        self._way = 0

    @property
    def owner(self) -> bytes:
        """Whoever it is for."""
        return NOBODY if self._user is None else self._user.owner

    @property
    def share(self) -> bytes:
        """Whoever it is for."""
        return NOBODY if self._user is None else self._user.share

    @property
    def leg(self) -> Leg:
        """What the request carries."""
        return Leg.NONE if self._user is None else self._user.leg

    def look(self, now: float) -> Held[GivesWay] | None:
        """How it uses its carrier."""
        return None if self._user is None else self._user.look(now)

    def start(self, upstream: Upstream) -> None:
        """Try this one."""
        self._tried.append(upstream)
        self._way += 1
        way = self._way
        attempt = upstream.origin.dial(self, self._timeout, self._patience)
        if self._way == way:  # else it has failed already, and the next one is under way
            self._attempt = attempt

    def cancel(self) -> None:
        """Nobody wants it any more."""
        self._user = None
        attempt, self._attempt = self._attempt, None
        if attempt is not None:
            attempt.cancel()

    def origin_ready(self, connection: OriginStream) -> None:
        """It is in."""
        self._balancer.reached(self._tried[-1])
        user, self._user = self._user, None
        self._way += 1
        self._attempt = None
        if user is None:
            connection.abort()
            return
        connection.user = user
        user.origin_ready(connection)

    def origin_failed(self, error: RequestError) -> None:
        """Nothing was sent: the next one may have it."""
        self._balancer.failed(self._tried[-1], error)
        self._way += 1
        self._attempt = None
        if self._user is None:
            return
        upstream = self._balancer.another(self._tried, self._user.share, error.code)
        if upstream is None:
            user, self._user = self._user, None
            user.origin_failed(error)
        else:
            self.start(upstream)

    def answer_received(self, events: list[Event]) -> None:
        """Never: the carrier is handed on before a request is sent."""

    def would_repeat(self, origin_stream: OriginStream) -> bool:
        """Never asked, as above."""
        return False

    def origin_lost(self, error: RequestError) -> None:
        """Never, as above."""
