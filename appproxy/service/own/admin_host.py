"""The host `admin.DOMAIN`: who asks there, is it their own doing, and how often? What they get is up to the API and the pages.

People sign in as to an application, and policies are about them, too; programs show a service token or an access token. The
stages are those of applications. What is more: a page of another host, be it a sibling, must not be able to use the cookie
of an administrator who opens it, so that requests with the cookie have to come from this host's own pages.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol, TypeVar

from twisted.internet.defer import Deferred
from twisted.logger import Logger
from twisted.python.failure import Failure

from appproxy.errors import Code, RequestError
from appproxy.http.head import RequestHead
from appproxy.identity.session import Session
from appproxy.pages import error_page
from appproxy.policy.authorizer import Authorizer, RequestContext
from appproxy.policy.conditional.parts.demands import Demand
from appproxy.policy.levels import RateLimit
from appproxy.policy.networks import sender_of
from appproxy.policy.sender import work_for
from appproxy.policy.verdict import Pass, Refuse, SignInRequired, Verdict
from appproxy.publish.administration import ADMINISTRATION
from appproxy.publish.routing import ApplicationRoute
from appproxy.service.dispatch.error_pages import ErrorPages
from appproxy.service.dispatch.gates.sign_in_start import SignInStart
from appproxy.service.dispatch.request import InboundRequest, SnapshotSource
from appproxy.service.dispatch.stage import ANSWERED
from appproxy.service.dispatch.stages.machine_access import MachineAuthentication, MachineAuthorization, Programs
from appproxy.service.dispatch.stages.resource_metadata import ResourceMetadata
from appproxy.service.exchange.exchange import Exchange, Handler
from appproxy.service.exchange.whole_body import WholeBody
from appproxy.store.snapshot import Snapshot

T = TypeVar("T")

#: Bytes of a body: room for any bundle of certificates; and for the whole configuration, of some 20,000 applications.
BODY_LIMIT, CONFIGURATION_LIMIT = 1 << 20, 16 << 20
#: And of what a machine asks: two tokens, and more than names take.
MACHINE_LIMIT = 8192
#: Requests of one caller, at once and a second: a program that sets up a hundred applications, then goes on steadily.
BURST, RATE = 200.0, 20.0
#: Of the API; all other paths are pages, or what signs people in and out.
API = b"/api/"
_CONFIGURATION = b"/api/v1/configuration"
_OWN_PATHS = b"/.appproxy/"
#: The stream of what is changed.
EVENTS = b"/api/v1/events"
#: The page on which somebody lets a machine in.
_MACHINES = b"/device"
#: Some frameworks take the method from these: nobody here does, and whoever sends one is mistaken or an attacker.
_METHOD_OVERRIDES = frozenset({b"x-http-method-override", b"x-http-method", b"x-method-override"})


class AdminContent(Protocol):
    """The API and the pages, for whoever may be here."""

    def answer(self, exchange: Exchange, body: bytes, session: Session) -> Deferred[tuple[int, bytes, bytes]]:
        """The answer to somebody's request: status, fields, body. Fails with RequestError."""
        ...

    def stream(self, exchange: Exchange, session: Session, why_not: Callable[[Session], str]) -> None:
        """Answer with a stream of events, as far as they may hear of any. Raises RequestError.

        `why_not`: why they may be here no longer, "" while they may, with their session as it is by then.
        """
        ...


class UnsignedEndPoints(Protocol):
    """What answers machines that nobody has signed in at."""

    def concern(self, target: bytes) -> bool:
        """Is it what is asked for?"""
        ...

    def answer(self, head: RequestHead, body: bytes, client: str) -> Deferred[tuple[int, bytes, bytes]]:
        """Status, fields and body, to `client`, an address. Fails with RequestError."""
        ...


@dataclass(frozen=True, slots=True)
class AdminSignIn:
    """How people sign in there: where they are sent to, and the pages of it below `/.appproxy/`."""

    start: SignInStart
    pages: Handler


@dataclass(frozen=True, slots=True)
class MachineSignIn:
    """How machines do: what answers those that nobody has signed in at, and how many seconds ago may who lets one in have
    signed in.
    """

    end_points: UnsignedEndPoints
    freshness: float


class AdminHost:
    """A `Handler`. `metadata`: where programs sign in."""

    log = Logger()

    def __init__(
        self, store: SnapshotSource, programs: Programs, error_pages: ErrorPages, content: AdminContent, *,
        sign_in: AdminSignIn, machines: MachineSignIn, metadata: ResourceMetadata, wall_clock: Callable[[], float],
    ) -> None:
        self._content = content
        self._machines = machines.end_points
        self._fresh = Demand(max_age=machines.freshness)
        self._store = store
        self._programs = programs
        self._metadata = metadata
        self._authentication = MachineAuthentication(programs)
        self._authorization = _Authorization(programs, sign_in.start, error_pages)
        self._error_pages = error_pages
        self._pages = sign_in.pages
        self._wall_clock = wall_clock
        self._limit = RateLimit(BURST, RATE)

    def __call__(self, exchange: Exchange) -> None:
        """Answer one exchange."""
        exchange.application = ADMINISTRATION
        if exchange.head.target.startswith(_OWN_PATHS):
            self._pages(exchange)
            return
        if self._machines.concern(exchange.head.target):
            self._guarded(exchange, lambda: self._of_machine(exchange))
            return
        self._guarded(exchange, lambda: self._ask_who(exchange))

    def _of_machine(self, exchange: Exchange) -> None:
        """What a machine asks that nobody has signed in at."""
        check_head(exchange.head)

        def asked(data: bytes) -> None:
            exchange.responder = _Nobody()
            self._machines.answer(exchange.head, data, exchange.client).addCallbacks(
                lambda answer: send(exchange, *answer), lambda failure: self._failed(exchange, failure))

        self._with_body(exchange, asked, MACHINE_LIMIT)

    def _guarded(self, exchange: Exchange, do: Callable[[], object]) -> None:
        """Whatever fails is an answer; and what is asked of the database waits its turn, as all that a network asks does."""
        try:
            with work_for(sender_of(exchange.client)):
                do()
        except RequestError as error:
            self._refuse(exchange, error.code, error.detail)
        except Exception:
            self.log.failure("a request for the administration failed")
            self._refuse(exchange, Code.INTERNAL)

    def _ask_who(self, exchange: Exchange) -> None:
        head = exchange.head
        check_head(head)
        request = self._request(exchange)
        if self._metadata.handle(request) is ANSWERED:
            return
        outcome = self._authentication.handle(request)
        if isinstance(outcome, Deferred):
            # The provider is asked about an access token; then all is decided again, with what is known by then.
            _Waiting(exchange, outcome, lambda: self._guarded(exchange, lambda: self._ask_who(exchange)), self._failed)
        elif self._authorization.handle(request) is not ANSWERED:
            assert request.session is not None
            self._admit(request, request.session)

    def _request(self, exchange: Exchange) -> InboundRequest:
        request = InboundRequest(exchange, self._store.snapshot, self._wall_clock())
        request.route = route_of(request.snapshot, exchange.head.host)
        return request

    def _admit(self, request: InboundRequest, session: Session) -> None:
        exchange, head = request.exchange, request.head
        exchange.subject = session.subject
        if not session.credential:
            check_own_page(head, request.route.origin)
        wait = self._limit.take((session.provider, session.subject), self._programs.seconds())
        if wait > 0.0:
            self._refuse(exchange, Code.TOO_MANY_REQUESTS, "of one administrator", math.ceil(wait))
        elif _is_of_machines(head) and not self._is_fresh(session):
            self._authorization.ask(request, SignInRequired("a machine is let in by a new sign-in alone", demand=self._fresh))
        else:
            self._with_body(exchange, lambda data: self._perform(exchange, session, data), body_limit(head.target))

    def _is_fresh(self, session: Session) -> bool:
        """Has who is to let a machine in signed in a short while ago? A stolen session, or an open browser, lets none in."""
        return self._wall_clock() - (session.auth_time or session.issued) <= self._fresh.max_age

    def _with_body(self, exchange: Exchange, do: Callable[[bytes], None], limit: int) -> None:
        """Read all of a body, of so many bytes at most, and go on with it."""
        head = exchange.head
        if head.length == 0:
            do(b"")
        elif head.length is not None and head.length > limit:
            self._refuse(exchange, Code.BODY_TOO_LARGE)
        else:
            WholeBody(exchange, limit, lambda data: self._guarded(exchange, lambda: do(data)),
                      lambda: self._refuse(exchange, Code.BODY_TOO_LARGE)).read()

    def _perform(self, exchange: Exchange, session: Session, body: bytes) -> None:
        """A body may take long: who has been shut out meanwhile does nothing more."""
        verdict = self._verdict(exchange, session)
        if not isinstance(verdict, Pass):
            code = verdict.code if isinstance(verdict, Refuse) else Code.SIGN_IN_REQUIRED
            self._refuse(exchange, code, verdict.reason)
            return
        if exchange.head.method == b"GET" and exchange.head.target.partition(b"?")[0] == EVENTS:
            self._content.stream(exchange, session, lambda now: self._why_not(exchange, now))
            return
        exchange.responder = _Nobody()
        self._content.answer(exchange, body, session).addCallbacks(
            lambda answer: send(exchange, *answer), lambda failure: self._failed(exchange, failure))

    def _verdict(self, exchange: Exchange, session: Session) -> Verdict[Session]:
        """May they be here now?"""
        request = self._request(exchange)
        context: RequestContext[Session] = request.context()
        return Authorizer(request.snapshot).authorize(_with(context, session))

    def _why_not(self, exchange: Exchange, session: Session) -> str:
        """Why what goes on must end; "" where it may go on."""
        try:
            verdict = self._verdict(exchange, session)
        except RequestError as error:
            return error.detail
        return "" if isinstance(verdict, Pass) else verdict.reason

    def _failed(self, exchange: Exchange, failure: Failure) -> None:
        error = failure.value
        if isinstance(error, RequestError):
            self._refuse(exchange, error.code, error.detail)
        else:
            self.log.failure("a request for the administration failed", failure)
            self._refuse(exchange, Code.INTERNAL)

    def _refuse(self, exchange: Exchange, code: Code, detail: str = "", retry_after: int | None = None) -> None:
        exchange.failure, exchange.detail = code, detail or exchange.detail
        if code is Code.METHOD_NOT_ALLOWED:  # of the end points of machines; the API says it by itself
            exchange.own_fields += b"allow: POST\n"
        if exchange.head.target.startswith(API):
            exchange.answer(*error_page(code, exchange.id, accept_json=True, retry_after=retry_after))
        else:
            self._error_pages.refuse(exchange, code, detail)


class _Authorization(MachineAuthorization):
    """The same as of applications; programs that call the API get JSON."""

    def refuse(self, request: InboundRequest, verdict: Refuse) -> None:
        """403."""
        exchange = request.exchange
        if not request.head.target.startswith(API):
            super().refuse(request, verdict)
            return
        exchange.failure, exchange.detail = verdict.code, verdict.reason
        exchange.answer(*error_page(verdict.code, exchange.id, accept_json=True, notice=verdict.message))

    def ask(self, request: InboundRequest, verdict: SignInRequired) -> None:
        """401 for whoever calls the API or sends a form: a sign-in would lead back to a request that has lost its body."""
        exchange, head = request.exchange, request.head
        if not head.target.startswith(API) and head.method not in (b"GET", b"HEAD"):
            exchange.failure, exchange.detail = Code.SIGN_IN_REQUIRED, verdict.reason
            exchange.answer(*error_page(
                Code.SIGN_IN_REQUIRED, exchange.id, accept_json=False, link="/", link_text="Sign in",
                brand=request.snapshot.brand,
                notice="Your session has ended, and nothing was changed. Sign in, then send the form again."))
            return
        if not head.target.startswith(API) or any(name == b"authorization" for name, _ in head.fields):
            super().ask(request, verdict)
            return
        exchange.failure, exchange.detail = Code.SIGN_IN_REQUIRED, verdict.reason
        status, block, body = error_page(Code.SIGN_IN_REQUIRED, exchange.id, accept_json=True, notice=verdict.message)
        exchange.answer(status, self.challenge(request) + block, body)


def body_limit(target: bytes) -> int:
    """How large the body of a request may be."""
    return CONFIGURATION_LIMIT if target.startswith(_CONFIGURATION) else BODY_LIMIT


class _Nobody:
    """What was begun is completed, whoever has left."""

    def user_left(self, code: Code) -> None:
        """The answer finds nobody."""


class _Waiting:
    """A request whose credential the provider is asked about."""

    def __init__(
        self, exchange: Exchange, waits_for: Deferred[T], go_on: Callable[[], None],
        failed: Callable[[Exchange, Failure], None],
    ) -> None:
        self._waits_for = waits_for
        self._left = False
        exchange.responder = self

        def fail(failure: Failure) -> None:
            if not self._left:
                failed(exchange, failure)

        waits_for.addCallbacks(lambda _: go_on(), fail)

    def user_left(self, code: Code) -> None:
        """The others that wait for the same are not concerned."""
        self._left = True
        self._waits_for.cancel()


def route_of(snapshot: Snapshot, host: str) -> ApplicationRoute:
    """The administration's one route. Raises RequestError(UNKNOWN_HOST)."""
    routes = snapshot.administration.router.routes_of(host)
    if not routes:
        raise RequestError(Code.UNKNOWN_HOST, "the administration is not here")
    return routes[0]


def check_head(head: RequestHead) -> None:
    """Raises RequestError(BAD_REQUEST) for what nobody means well who sends it."""
    if head.upgrade is not None:
        raise RequestError(Code.BAD_REQUEST, "nothing here is upgraded")
    if not head.target.startswith(b"/"):
        raise RequestError(Code.BAD_REQUEST, "not a path")
    if any(name in _METHOD_OVERRIDES for name, _ in head.fields):
        raise RequestError(Code.BAD_REQUEST, "another method in a field")


def _is_of_machines(head: RequestHead) -> bool:
    return head.target.partition(b"?")[0] == _MACHINES


def check_own_page(head: RequestHead, origin: str) -> None:
    """Raises RequestError(CROSS_SITE) for a request with the cookie that another host's page may have sent.

    A change needs this very Origin: browsers send one with every request that is neither GET nor HEAD (Fetch standard, section
    3.1), and no page can choose it. What is only read, a page elsewhere could not see; it learns nothing from how long it
    takes either where browsers say by Sec-Fetch fields whose doing it is. A link from elsewhere may be followed.
    """
    values = [value for name, value in head.fields if name == b"origin"]
    if (values or head.method not in (b"GET", b"HEAD")) and values != [origin.encode("ascii")]:
        raise RequestError(Code.CROSS_SITE, "not from this host's own page")
    site, mode, dest = (head.get(b"sec-fetch-" + name) for name in (b"site", b"mode", b"dest"))
    is_page = mode == b"navigate" and dest == b"document" and head.method in (b"GET", b"HEAD")
    if site not in (None, b"same-origin", b"none") and not is_page:
        raise RequestError(Code.CROSS_SITE, "another site's doing")


def send(exchange: Exchange, status: int, fields: bytes, body: bytes) -> None:
    """Answer; for HEAD without the body, and with a cookie that was made again."""
    fields += b"x-request-id: %b\n" % exchange.id.encode("ascii") + exchange.renewal
    if exchange.head.method == b"HEAD":
        exchange.answer(status, fields + b"content-length: %d\n" % len(body), b"")
    else:
        exchange.answer(status, fields, body)


def _with(context: RequestContext[Session], session: Session) -> RequestContext[Session]:
    return RequestContext(
        context.application, session, context.now, context.client, context.method, context.path, context.device, True,
        context.user_agent)
