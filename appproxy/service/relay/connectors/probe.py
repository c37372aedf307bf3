"""Asks applications whether they answer: a HEAD of each, through a connector, as a user's request would go.

Nobody is signed in in it, so an application may well answer 401 or redirect: it is up. Only what an administrator starts
sends these (`appproxy doctor`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from twisted.internet.defer import Deferred, DeferredSemaphore, gatherResults
from twisted.internet.interfaces import IPushProducer, IReactorTime
from zope.interface import implementer

from appproxy.errors import Code, RequestError
from appproxy.http.head import RequestHead
from appproxy.net.secure.tls import ServerName
from appproxy.publish.application import Application
from appproxy.publish.routing import ApplicationRoute, Router
from appproxy.service.exchange.exchange import BodyReader, Exchange
from appproxy.service.exchange.state import ExchangeState

#: Seconds for an answer; a user would begin to wonder by then.
PATIENCE = 8.0
#: At the same time, so that a probe of many is over in seconds and is no load to speak of.
AT_ONCE = 20
#: Applications that are asked; a command's answer may take 60 s (`admin.client.WORKING`), and all may be slow.
MOST = 100


@dataclass(frozen=True, slots=True)
class ProbeResult:
    """How an application has answered: `status`, 0 for none; then `failure` is the name of a code, and `detail` says why."""

    status: int
    failure: str = ""
    detail: str = ""


@implementer(IPushProducer)
class _Nobody:
    """Sends no body."""

    def pauseProducing(self) -> None:
        """Nothing comes anyway."""

    def resumeProducing(self) -> None:
        """Nothing comes anyway."""

    def stopProducing(self) -> None:
        """Nothing comes anyway."""


class Probe(ExchangeState):
    """A request that nobody waits for but `done`, which fires with its `ProbeResult`."""

    __slots__ = ("_patience", "done")

    def __init__(self, head: RequestHead, id: str, clock: IReactorTime) -> None:
        super().__init__(head, id, "127.0.0.1", "https", clock.seconds())
        self.done: Deferred[ProbeResult] = Deferred()
        self._patience = clock.callLater(PATIENCE, self._too_late)

    def _too_late(self) -> None:
        if self.tell(Code.CANCELLED):
            self._end(ProbeResult(0, Code.BACKEND_TIMEOUT.name, f"no answer within {PATIENCE:g} s"))

    def _end(self, outcome: ProbeResult) -> None:
        if not self._over:
            self._over = True
            if self._patience.active():
                self._patience.cancel()
            self.done.callback(outcome)

    # What `Exchange` asks for.

    @property
    def read_gate(self) -> IPushProducer:
        """Nobody sends."""
        return _Nobody()

    @property
    def connection_number(self) -> int:
        """No user's connection."""
        return 0

    @property
    def shown_certificates(self) -> list[bytes]:
        """None."""
        return []

    @property
    def peer_certificate(self) -> bytes | None:
        """None."""
        return None

    @property
    def server_name(self) -> ServerName | None:
        """None."""
        return None

    def stop_body(self) -> None:
        """There is none."""

    def read_body(self, reader: BodyReader) -> IPushProducer:
        """There is none."""
        return self.read_gate

    def replace(self, head: RequestHead, body: bytes) -> None:
        """Nothing takes its place."""

    def inform(self, status: int, fields: bytes) -> None:
        """An interim answer is none yet."""

    def answer(self, status: int, fields: bytes, body: bytes) -> None:
        """The answer, or our own page where there was none."""
        self._end(ProbeResult(status) if self.failure is None else ProbeResult(0, self.failure.name, self.detail))

    def start(self, status: int, fields: bytes, length: int | None) -> None:
        """The head of an answer is enough."""
        self._end(ProbeResult(status))

    def write(self, data: bytes) -> None:
        """The answer to a HEAD has no body."""

    def finish(self, trailers: bytes = b"") -> None:
        """It was over with its head."""

    def abort(self) -> None:
        """It broke off."""
        code = self.failure or Code.INTERNAL
        self._end(ProbeResult(0, code.name, self.detail))

    def switch(self, fields: bytes, reader: BodyReader) -> IPushProducer:
        """No upgrade was asked for."""
        return self.read_gate

    def end_stream(self) -> None:
        """No upgrade was asked for."""

    def register_producer(self, producer: IPushProducer) -> None:
        """Nothing of the body is taken, so nothing need be paused."""

    def unregister_producer(self) -> None:
        """As above."""


#: `Relay.start` with a request that nobody has signed in for.
Send = Callable[[Exchange, ApplicationRoute], None]


def probe_all(
    applications: Iterable[Application], router: Router, send: Send, clock: IReactorTime, new_id: Callable[[], str]
) -> Deferred[Mapping[str, ProbeResult]]:
    """How each application answers, by name; those that have only wildcards, and those beyond `MOST`, are not asked."""
    routes = [route for one in applications if (route := _route_of(one, router)) is not None][:MOST]
    limit = DeferredSemaphore(AT_ONCE)
    asked = [limit.run(_probe, route, send, clock, new_id()) for route in routes]

    def named(outcomes: list[ProbeResult]) -> Mapping[str, ProbeResult]:
        return {route.application.name: outcome for route, outcome in zip(routes, outcomes, strict=True)}

    return gatherResults(asked).addCallback(named)


def _route_of(application: Application, router: Router) -> ApplicationRoute | None:
    pair = next((pair for pair in application.pairs if not pair.external.is_wildcard), None)
    if pair is None or (application.methods and b"HEAD" not in application.methods):
        return None
    return next((route for route in router.routes_of(pair.external.host) if route.application is application), None)


def _probe(route: ApplicationRoute, send: Send, clock: IReactorTime, id: str) -> Deferred[ProbeResult]:
    authority = route.segment.external.authority.encode("ascii")
    head = RequestHead(
        b"HEAD", route.prefix, 11, [(b"host", authority), (b"accept", b"*/*"), (b"user-agent", b"appproxy-doctor")], authority,
        route.host, 0, True, None, False,
    )  # fmt: skip
    probe = Probe(head, id, clock)
    try:
        send(probe, route)
    except RequestError as error:
        probe.failure, probe.detail = error.code, error.detail
        probe.abort()
    return probe.done
