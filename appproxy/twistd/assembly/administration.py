"""The administration over HTTPS, put together: the host where people and programs sign in, the operations, the pages."""

from __future__ import annotations

import json
from collections.abc import Callable
from secrets import token_bytes
from typing import Any, Protocol

from twisted.internet.defer import Deferred, fail
from twisted.internet.threads import deferToThreadPool

from appproxy.admin.base.principal import Forbidden, Principal
from appproxy.admin.base.problem import problem
from appproxy.admin.events import heard, last_event, may_hear
from appproxy.admin.logins.allowing import Allowing
from appproxy.admin.logins.end_points import AskedDirectories, MachineEndPoints, MachinePlace
from appproxy.admin.logins.rules import MachineFacts
from appproxy.admin.transport.api import AdminApi
from appproxy.admin.transport.https import AdminRequest, Answered, Caller, HttpsApi
from appproxy.config import ServiceSettings
from appproxy.console import Console
from appproxy.console.console import PageRequest
from appproxy.errors import AppProxyError, Code, RequestError
from appproxy.http.fields import encode_block
from appproxy.identity.session import Session
from appproxy.pages import NO_STORE, SECURITY_FIELDS
from appproxy.policy.authorizer import SERVICE_TOKEN
from appproxy.publish.application import Application
from appproxy.service.dispatch.error_pages import ErrorPages
from appproxy.service.dispatch.gates.gate import Gate
from appproxy.service.dispatch.stages.resource_metadata import ResourceMetadata
from appproxy.service.exchange.exchange import Exchange, Handler
from appproxy.service.node_parts import NodeSignIn
from appproxy.service.own.admin_host import API, AdminHost, AdminSignIn, MachineSignIn, route_of, send
from appproxy.service.own.event_stream import EventStreams, Show
from appproxy.service.own.token_uses import programs
from appproxy.store.database.live import LiveStore
from appproxy.store.service.audit import AuditRow


class Administration:
    """Made once a node, and asked only where the setting `admin_api` wants it. `use` is called before anybody asks."""

    def __init__(
        self, settings: ServiceSettings, live: LiveStore, reactor: Any, wall_clock: Callable[[], float], *,
        sign_in: NodeSignIn, pages: Handler, directories: AskedDirectories,
    ) -> None:
        self._settings = settings
        self._live = live
        self._reactor = reactor
        self._wall_clock = wall_clock
        self._renewal = sign_in.renewal
        self._api: HttpsApi | None = None
        self._console: Console | None = None
        gate = Gate(settings.public_port, renewing=sign_in.renewal)
        place = MachinePlace(settings.admin_origin, settings.admin_host, reactor.seconds, token_bytes)
        self._allowing = Allowing(live, self._facts, reactor.seconds)
        #: Answers what comes to `admin.DOMAIN`.
        self.handler: Handler = AdminHost(
            live, programs(gate, live, reactor, sign_in.note, sign_in.tokens), ErrorPages(lambda: live.snapshot.brand), self,
            sign_in=AdminSignIn(sign_in.start, pages),
            machines=MachineSignIn(MachineEndPoints(live, self._facts, place, directories, sign_in.renewal),
                                   settings.machine_sign_in_minutes * 60.0),
            metadata=ResourceMetadata({settings.public_port, settings.listen.port}), wall_clock=wall_clock)
        self._streams = EventStreams(live, reactor)

    def _facts(self) -> MachineFacts:
        return MachineFacts(self._live.snapshot, self._settings, self._wall_clock())

    def use(self, api: AdminApi, leaving: Callable[[], bool]) -> None:
        """Perform operations by this from now on. `leaving`: does the node end?"""
        live = self._live
        self._streams.leaving = leaving
        self._api = HttpsApi(api, lambda: live.snapshot, self._wall_clock, self._settings.admin_origin)
        self._console = Console(
            self._api.answer, lambda: live.snapshot.brand, lambda: live.snapshot.keys, self._settings.public_port,
            self._wall_clock, lambda work: deferToThreadPool(self._reactor, self._reactor.getThreadPool(), work))

    def stream(self, exchange: Exchange, session: Session, why_not: Callable[[Session], str]) -> None:
        """Answer with the stream of events, or with why not (`admin_host.AdminContent`)."""
        api = self._api
        if api is None:
            raise RequestError(Code.OVERLOADED, "the node begins")
        asked = asked_of(exchange, b"", session)
        caller = asked.caller
        application = route_of(self._live.snapshot, exchange.head.host).application
        hearer = Hearer(
            session, api.principal, why_not, self._renewal, application, client=exchange.client, wall_clock=self._wall_clock)
        try:
            after = last_event(asked.target, asked.fields)
            if isinstance(hearer(), str):
                raise Forbidden(f"{caller.name} has no role")
        except AppProxyError as error:
            send(exchange, *written(Answered(*problem(error))))
            return
        self._streams.open(exchange, (caller.provider, caller.subject), after, hearer)

    def answer(self, exchange: Exchange, body: bytes, session: Session) -> Deferred[tuple[int, bytes, bytes]]:
        """What the API or a page answers (`admin_host.AdminContent`)."""
        if self._api is None or self._console is None:
            return fail(RequestError(Code.OVERLOADED, "the node begins"))
        asked = asked_of(exchange, body, session)
        if exchange.head.target.startswith(API):
            return self._api.answer(asked).addCallback(written)
        if session.credential:
            return fail(RequestError(Code.NOT_FOUND, "pages are for people; programs find the API below /api/v1"))
        return self._console.answer(
            PageRequest(asked.method, asked.target, asked.fields, body, asked.caller, session.id,
                        self._allowing.of(session, exchange.client)))


class SessionRefresh(Protocol):
    """What is needed of `service.signin.sessions.renewal.Renewal`."""

    def current(self, session: Session, application: Application) -> Session:
        """A session as it is known to be now."""
        ...

    def watch(self, session: Session, now: float) -> None:
        """It is in use: see to it that its provider is asked when its tokens are over."""
        ...


class Hearer:
    """Somebody who hears events, as their next request would find them: who they are is what their provider says by now.

    A stream is a reason to ask their provider, as a request is. `principal`: what a caller may do now; `why_not`: why somebody
    with this session may not be here, "" where they may.
    """

    def __init__(
        self, session: Session, principal: Callable[[Caller], Principal], why_not: Callable[[Session], str],
        refresh: SessionRefresh | None, application: Application, *, client: str, wall_clock: Callable[[], float],
    ) -> None:
        self._session = session
        self._principal = principal
        self._why_not = why_not
        self._refresh = refresh
        self._application = application
        self._client = client
        self._wall_clock = wall_clock

    def __call__(self) -> Show | str:
        """How to show them what they may hear now, or why that is nothing."""
        if self._refresh is not None:
            self._refresh.watch(self._session, self._wall_clock())
            self._session = self._refresh.current(self._session, self._application)
        if why := self._why_not(self._session):
            return why
        principal = self._principal(caller_of(self._session, self._client))
        if not may_hear(principal):
            return "their roles have ended"

        def show(row: AuditRow) -> bytes | None:
            event = heard(row, principal)
            return None if event is None else json.dumps(event).encode()

        return show


def caller_of(session: Session, client: str) -> Caller:
    """Who calls from an address."""
    provider = "" if session.credential == SERVICE_TOKEN else session.provider
    return Caller(provider, session.subject, session.name, session.groups, client)


def asked_of(exchange: Exchange, body: bytes, session: Session) -> AdminRequest:
    """A request as the API takes it; HEAD is a GET whose body is left out. Raises RequestError(BAD_REQUEST)."""
    head = exchange.head
    fields: dict[str, str] = {}
    for name, value in head.fields:
        key, text = name.decode("latin-1"), value.decode("latin-1")
        fields[key] = f"{fields[key]}, {text}" if key in fields else text
    method = "GET" if head.method == b"HEAD" else head.method.decode("latin-1")
    return AdminRequest(method, head.target.decode("latin-1"), fields, body, caller_of(session, exchange.client))


def written(answered: Answered) -> tuple[int, bytes, bytes]:
    """Status, fields and body."""
    fields = encode_block([(name.encode("ascii"), value.encode("latin-1")) for name, value in answered.fields])
    fields += NO_STORE + SECURITY_FIELDS
    if answered.status == 304:
        return 304, fields, b""
    return answered.status, b"content-type: %b\n" % answered.kind.encode() + fields, json.dumps(answered.data).encode() + b"\n"
