"""The stage of forms that outlive a session: it keeps what a signed-out user posts, and sends it once when that user is back.

    POST /page          with the access cookie of a session that has ended: read and kept, and the sign-in begins
    /.appproxy/finish   a page that posts a ticket to /page (`service.signin.destination`)
    POST /page          with the ticket and a session of the same user: goes on as the form that was kept
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from math import inf
from typing import Protocol
from urllib.parse import quote

from twisted.internet.defer import Deferred
from twisted.logger import Logger

from appproxy.errors import Code, IdentityError, StoreError
from appproxy.http.cookies import find
from appproxy.http.head import Fields, RequestHead
from appproxy.identity.cookie import open_session
from appproxy.identity.session import Session
from appproxy.net.web import HTML
from appproxy.pages import NO_STORE, SECURITY_FIELDS, failure_fields, render
from appproxy.policy.conditional.parts.demands import Demand
from appproxy.policy.networks import sender_of
from appproxy.policy.sender import SENDER
from appproxy.policy.verdict import Pass, SignInRequired
from appproxy.publish.application import Application
from appproxy.publish.response_policy import hsts_line
from appproxy.publish.routing import ApplicationRoute
from appproxy.service.dispatch.gates.gate import Gate
from appproxy.service.dispatch.gates.machine_gate import Presented
from appproxy.service.dispatch.request import InboundRequest
from appproxy.service.dispatch.stage import ANSWERED, Decided, Outcome, Stage
from appproxy.service.exchange.exchange import Exchange
from appproxy.service.kept_form import (
    KEPT_SECONDS,
    TICKET_LENGTH,
    TICKET_SIZE,
    KeptForm,
    is_own_form,
    may_bring_ticket,
    owner_of,
    place_of,
    row_of,
    ticket_in,
)

_OFF = "What you have sent is not kept while you sign in."
_TOO_LARGE = "What you have sent is larger than what is kept while you sign in."
_UNKNOWN = "Nobody can tell any more whose session it was, so what you have sent was not kept."
_FULL = "What you have sent could not be kept."
_FAILURE_FIELDS = b"content-type: text/html; charset=utf-8\n" + NO_STORE + SECURITY_FIELDS


class FormStore(Protocol):
    """Where forms are kept, for all nodes. Its calls raise StoreError when the database is away."""

    async def keep_form(self, id: str, owner: str, place: str, form: bytes, expires: float) -> bool:
        """Keep it until `expires` (seconds since 1970); False where there is no room for this user, or for anybody."""
        ...

    async def take_form(self, id: str, owner: str, place: str) -> bytes | None:
        """The form, which is gone from now on; None where this user has none of this id there."""
        ...


class KeptStart(Protocol):
    """Begins a sign-in that ends with a form."""

    def begin_kept(
        self, head: RequestHead, application: Application, ticket: str, request_id: str, now: float, demand: Demand,
    ) -> tuple[int, bytes, bytes]:
        """Status, fields and body. `demand`: what policies ask of the sign-in."""
        ...


@dataclass(frozen=True, slots=True)
class FormKeeping:
    """What the stage is made of."""

    store: FormStore
    start: KeptStart
    random_bytes: Callable[[int], bytes] = field(repr=False)


class KeptForms(Stage):
    """Without `keeping` nothing is kept."""

    name = "kept-forms"
    log = Logger()

    def __init__(self, gate: Gate, keeping: FormKeeping | None) -> None:
        self._gate = gate
        self._keeping = keeping

    def concerns(self, route: ApplicationRoute) -> bool:
        """Applications that people sign in to with a browser."""
        return self._keeping is not None and not route.application.passthrough

    def handle(self, request: InboundRequest) -> Outcome:
        """Pass on all but posts without a session, and those that bring a ticket."""
        head = request.head
        # What shows a credential is no browser: it has what it sends, and is told what is wrong.
        if head.method != b"POST" or self._keeping is None or isinstance(request.opened, Presented):
            return None
        verdict = self._gate.verdict(request.opened, head, request.route, request.snapshot, request.context())
        if isinstance(verdict, Pass):
            if verdict.session is None or not may_bring_ticket(head):
                return None
            return Deferred.fromCoroutine(self._bring(self._keeping, request, verdict.session))
        # A ticket stands for a form that is kept already.
        own = is_own_form(head, request.route.origin.encode("ascii")) and not may_bring_ticket(head)
        if not isinstance(verdict, SignInRequired) or not own:
            return None
        return self._ask(self._keeping, request, verdict)

    # A session has ended.

    def _ask(self, keeping: FormKeeping, request: InboundRequest, verdict: SignInRequired) -> Outcome:
        request.exchange.detail = verdict.reason
        most = request.route.application.kept_body
        if not most:
            return self._not_kept(request, Code.SIGN_IN_REQUIRED, _OFF)
        if request.head.length is not None and request.head.length > most:
            return self._not_kept(request, Code.BODY_TOO_LARGE, _TOO_LARGE)
        ended = self._ended(request)
        if ended is None:
            return self._not_kept(request, Code.SIGN_IN_REQUIRED, _UNKNOWN)
        return Deferred.fromCoroutine(self._keep(keeping, request, ended, most, verdict.demand))

    def _ended(self, request: InboundRequest) -> Session | None:
        """The session that has ended: its cookie is still ours, whatever its time. None where not just one tells."""
        lines = b"; ".join(value for name, value in request.head.fields if name == b"cookie")
        found: dict[str, Session] = {}
        for place in self._gate.places_of(request.route):
            values = find(lines, place.name)
            try:
                session = open_session(values[0], request.snapshot.keys, place, -inf) if len(values) == 1 else None
            except IdentityError:
                continue
            if session is not None:
                found[owner_of(session)] = session
        return next(iter(found.values())) if len(found) == 1 else None

    async def _keep(self, keeping: FormKeeping, request: InboundRequest, ended: Session, most: int, demand: Demand) -> Decided:
        exchange, route, head = request.exchange, request.route, request.head
        SENDER.set(sender_of(exchange.client))
        body = await collect(exchange, most)
        if body is None:
            return self._not_kept(request, Code.BODY_TOO_LARGE, _TOO_LARGE)
        ticket = keeping.random_bytes(TICKET_SIZE).hex()
        form, place = KeptForm.of(head, body).encode(), place_of(route.application.id, route.host)
        try:
            kept = await keeping.store.keep_form(row_of(ticket), owner_of(ended), place, form, request.now + KEPT_SECONDS)
        except StoreError as error:
            self.log.error("a form could not be kept: {error}", error=str(error), request_id=exchange.id)
            kept = False
        if not kept:
            return self._not_kept(request, Code.SIGN_IN_REQUIRED, _FULL)
        answer = keeping.start.begin_kept(head, route.application, ticket, exchange.id, request.now, demand)
        self._answer(request, *answer)
        return ANSWERED

    def _not_kept(self, request: InboundRequest, code: Code, why: str) -> Decided:
        """The browser still has what was sent, and sends it again when this page is loaded again."""
        exchange, snapshot = request.exchange, request.snapshot
        exchange.failure, exchange.detail = code, why
        link = f"{request.route.origin}/.appproxy/sign-in?return={quote(request.route.prefix)}"
        page = render("send_again", snapshot.brand, why=why, link=link)
        status = 413 if code is Code.BODY_TOO_LARGE else 401
        self._answer(request, status, _FAILURE_FIELDS + failure_fields(code), page)
        return ANSWERED

    def _answer(self, request: InboundRequest, status: int, block: bytes, body: bytes) -> None:
        application, exchange = request.route.application, request.exchange
        block += hsts_line(application.hsts_max_age, application.hsts_subdomains)
        exchange.answer(status, block + exchange.own_fields, body)

    # The user is back.

    async def _bring(self, keeping: FormKeeping, request: InboundRequest, session: Session) -> Decided:
        exchange, route = request.exchange, request.route
        SENDER.set(sender_of(exchange.client))
        body = await collect(exchange, TICKET_LENGTH) or b""
        ticket = ticket_in(body)
        if not ticket:
            exchange.replace(request.head, body)
            return None
        taken = await keeping.store.take_form(row_of(ticket), owner_of(session), place_of(route.application.id, route.host))
        if taken is None:
            exchange.detail = "a kept form was sent before, or is kept no longer"
            page = render(
                "message", request.snapshot.brand, title="Nothing was sent now",
                text="What you had sent before you signed in was sent already, or is no longer kept.",
                link=f"{route.origin}{request.head.target.decode('latin-1')}", link_text="Open the page",
            )  # fmt: skip
            self._answer(request, 409, HTML, page)
            return ANSWERED
        form = KeptForm.decode(taken)
        exchange.replace(form.head(request.head), form.body)
        return None


def collect(exchange: Exchange, most: int) -> Deferred[bytes | None]:
    """A request's body; None as soon as more than `most` bytes of it have come."""
    collector = _Collector(most)
    if exchange.head.length == 0:
        collector.body_ended([])
    else:
        exchange.read_body(collector)
    return collector.done


class _Collector:
    """Takes a small body (`exchange.BodyReader`). What comes when nobody waits any more is dropped."""

    def __init__(self, most: int) -> None:
        self._left = most
        self._pieces: list[bytes] = []
        self.done: Deferred[bytes | None] = Deferred(lambda done: self._pieces.clear())

    def body_received(self, data: bytes) -> None:
        """A piece."""
        if self.done.called:
            return
        self._left -= len(data)
        if self._left < 0:
            self._pieces.clear()
            self.done.callback(None)
        else:
            self._pieces.append(data)

    def body_ended(self, trailers: Fields) -> None:
        """All is there."""
        if not self.done.called:
            self.done.callback(b"".join(self._pieces))
