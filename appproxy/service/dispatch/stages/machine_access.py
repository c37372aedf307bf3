"""Stages of pre-authentication where programs may sign in without a browser."""

from __future__ import annotations

import math
import re
import sys
from collections.abc import Callable
from dataclasses import dataclass, field

from appproxy.errors import Code, RequestError
from appproxy.identity.openid.id_token import MAX_SUBJECT as _LONGEST_SUBJECT
from appproxy.identity.session import Session
from appproxy.pages import error_page
from appproxy.policy.authorizer import CERTIFICATE, SERVICE_TOKEN
from appproxy.policy.conditional.model import AskedLevels, levels_for
from appproxy.policy.conditional.parts.demands import Demand
from appproxy.policy.failed_tries import FailedTries
from appproxy.policy.networks import sender_of
from appproxy.policy.sender import SENDER
from appproxy.policy.thinning import Thinning
from appproxy.policy.verdict import Refuse, SignInRequired
from appproxy.publish.routing import ApplicationRoute
from appproxy.service.dispatch.error_pages import ErrorPages
from appproxy.service.dispatch.gates.decision_log import DecisionLog
from appproxy.service.dispatch.gates.machine_certificates import shown_to
from appproxy.service.dispatch.gates.machine_gate import MachineGate, Presented
from appproxy.service.dispatch.gates.provider_tokens import KnownToken, NoTokens, TokenBook, takes_access_tokens
from appproxy.service.dispatch.gates.report_only import ReportOnly
from appproxy.service.dispatch.gates.sign_in_start import SignInStart
from appproxy.service.dispatch.request import InboundRequest
from appproxy.service.dispatch.stage import Outcome, Stage
from appproxy.service.dispatch.stages.access import Authorization, takes_programs
from appproxy.service.dispatch.stages.resource_metadata import metadata_url
from appproxy.service.recent import Recent
from appproxy.store.service.actions import PROGRAM_REFUSED, PROGRAM_SIGN_IN
from appproxy.store.service.note import ANONYMOUS, Note, nowhere
from appproxy.store.snapshot import ProviderRecord

#: Wrong credentials of one network: at once, and a second. A program with an old token asks again and again; whoever shows a
#: good one is not held up by it.
BURST, RATE = 30.0, 0.5
#: Entries of the audit about one credential at one application from one address, and in how many seconds: that a program is
#: at work is told, and not each of its requests.
_ENTRIES, _WINDOW = 1, 3600.0
#: RFC 9470 section 3; and what `acr` values look like that can stand in a quoted text (RFC 9110 section 5.6.4).
_STEP_UP = "insufficient_user_authentication"
_LEVEL = re.compile(r"[\x21\x23-\x5b\x5d-\x7e]+")
#: Answers of providers that are kept until their requests go on, which is at once.
_WAITED = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Programs:
    """What signs programs in. `seconds`: the monotonic clock; `note`: keeps entries of the audit."""

    gate: MachineGate
    tokens: TokenBook = field(default_factory=NoTokens)
    seconds: Callable[[], float]
    note: Note = nowhere
    tries: FailedTries = field(default_factory=lambda: FailedTries(BURST, RATE))
    #: Which entries about known ones are written.
    noted: Thinning = field(default_factory=lambda: Thinning(_ENTRIES, sys.maxsize, _WINDOW))


class MachineAuthentication(Stage):
    """Finds a program's credential, or the access cookie."""

    name = "machine-authentication"
    #: What it has waited for is found then, or nothing is.
    asked_again = True

    def __init__(self, programs: Programs) -> None:
        self._gate = programs.gate
        self._programs = programs
        #: What the provider has said to requests that have waited for it, by their ids.
        self._learned: Recent[KnownToken] = Recent(_WAITED)

    def concerns(self, route: ApplicationRoute) -> bool:
        """Applications with sign-in that take credentials of programs."""
        return takes_programs(route.application)

    def handle(self, request: InboundRequest) -> Outcome:
        """Set `request.opened`; what follows from it is the business of others. Raises RequestError."""
        exchange = request.exchange
        opened = self._gate.authenticate(
            request.head, request.route, request.snapshot, request.now, exchange.client, lambda: shown_to(exchange))
        if isinstance(opened, Presented) and (record := opened.unasked) is not None:
            learned = self._learned.get(request.exchange.id)
            if learned is None or learned.record != record:
                return self._ask(request, opened, record)
            opened = self._gate.settle(opened, learned, request.now)
        request.opened = opened
        return None

    def _ask(self, request: InboundRequest, presented: Presented, record: ProviderRecord) -> Outcome:
        """Wait for what the provider says. Raises RequestError(THROTTLED) where too much from there was wrong."""
        exchange, programs = request.exchange, self._programs
        credential = presented.key[0]
        assert isinstance(credential, bytes)
        if not programs.tokens.is_familiar(credential, record) and programs.tries.wait(exchange.client, programs.seconds()):
            raise RequestError(Code.THROTTLED, "too many wrong credentials came from this network")
        sender = SENDER.set(sender_of(exchange.client))
        try:
            learning = programs.tokens.learn(credential, record, request.now)
        finally:
            SENDER.reset(sender)

        def learned(known: KnownToken) -> None:
            self._learned.put(exchange.id, known)

        return learning.addCallback(learned)


class MachineAuthorization(Authorization):
    """Lets pass who may; programs that may not are told so in the words of RFC 6750."""

    name = "machine-authorization"

    def __init__(
        self, programs: Programs, sign_in: SignInStart, error_pages: ErrorPages, decisions: DecisionLog | None = None,
        reports: ReportOnly | None = None,
    ) -> None:
        super().__init__(programs.gate, sign_in, error_pages, decisions, reports)
        self._programs = programs

    def concerns(self, route: ApplicationRoute) -> bool:
        """Applications with sign-in that take credentials of programs."""
        return takes_programs(route.application)

    def handle(self, request: InboundRequest) -> Outcome:
        """The same, and the audit hears of programs that pass."""
        opened = request.opened
        before = opened.renew_at
        outcome = super().handle(request)
        # It was renewed: it passes for the first time, or for the first time in a while.
        if opened.renew_at != before and outcome is None and isinstance(opened, Presented):
            self._note(request, opened)
        return outcome

    def refuse(self, request: InboundRequest, verdict: Refuse) -> None:
        """403: the credential is good, and not enough (RFC 6750 section 3.1)."""
        if isinstance(request.opened, Presented):
            self._note(request, request.opened, verdict.reason)
            request.exchange.own_fields += challenge(request.route, "insufficient_scope")
        super().refuse(request, verdict)

    def ask(self, request: InboundRequest, verdict: SignInRequired) -> None:
        """401 for programs, the sign-in for people. Who shows wrong credentials is never sent there."""
        exchange = request.exchange
        if not isinstance(request.opened, Presented):
            super().ask(request, verdict)
            return
        if verdict.demand:
            self._ask_for_more(request, request.opened, verdict)
            return
        tries, now = self._programs.tries, self._programs.seconds()
        wait = tries.wait(exchange.client, now)
        tries.failed(exchange.client, now)
        self._note(request, request.opened, verdict.reason)
        exchange.detail = verdict.reason
        exchange.failure = Code.THROTTLED if wait > 0.0 else Code.CREDENTIAL_REFUSED
        status, block, body = error_page(
            exchange.failure, exchange.id, accept_json=True, retry_after=math.ceil(wait) if wait > 0.0 else None)
        if wait <= 0.0:
            block = challenge(request.route, "invalid_token") + block
        exchange.answer(status, block + exchange.own_fields, body)

    def _ask_for_more(self, request: InboundRequest, presented: Presented, verdict: SignInRequired) -> None:
        """401: the credential is good, and a policy asks for a sign-in that proves more or is newer (RFC 9470 section 3).

        What no sign-in at the provider can prove, such as a device, is refused: the program would sign in for ever.
        """
        exchange, session, policies = request.exchange, presented.found[0], request.snapshot.policies
        assert isinstance(session, Session)
        strengths = [policies.strengths.get(name) for name in sorted(verdict.demand.strengths)]
        if any(one is None or not one.by_provider(session.provider) for one in strengths):
            self._note(request, presented, verdict.reason)
            super().refuse(request, Refuse(Code.PROOF_MISSING, verdict.reason, message=verdict.message))
            return
        self._note(request, presented, verdict.reason)
        exchange.detail, exchange.failure = verdict.reason, Code.PROGRAM_STEP_UP
        status, block, body = error_page(exchange.failure, exchange.id, accept_json=True, notice=verdict.message)
        more = _asked_for(verdict.demand, levels_for(strengths, session.provider))
        exchange.answer(status, challenge(request.route, _STEP_UP, more) + block + exchange.own_fields, body)

    def challenge(self, request: InboundRequest) -> bytes:
        """How a program would sign in, for one that has shown nothing."""
        return challenge(request.route)

    def _note(self, request: InboundRequest, presented: Presented, reason: str = "") -> None:
        """An entry of the audit; `reason`: why it was refused, "" where it was not.

        Of credentials that stand for somebody there is one an hour; what anybody can make up is counted by its network.
        """
        programs, application = self._programs, request.route.application
        actor, detail = _whose(presented, request)
        if actor != ANONYMOUS:
            session = presented.found[0]
            key = f"{session.id if isinstance(session, Session) else actor}\n{application.id}\n{presented.client}\n{reason}"
            if not programs.noted.note(key, programs.seconds()):
                return
        action = PROGRAM_REFUSED if reason else PROGRAM_SIGN_IN
        programs.note(actor, action, application.id, {**detail, **({"reason": reason} if reason else {})})


def _whose(presented: Presented, request: InboundRequest) -> tuple[str, dict[str, object]]:
    """The actor of an entry, and what is known of a credential: nothing of what it is made of."""
    detail: dict[str, object] = {"address": presented.client, "application": request.route.application.name}
    session, known = presented.found[0], presented.known
    if isinstance(session, Session) and session.credential == SERVICE_TOKEN:
        return f"token:{session.subject}", {**detail, "provider": SERVICE_TOKEN, "name": session.name}
    if isinstance(session, Session) and session.credential == CERTIFICATE:
        shown = {"provider": CERTIFICATE, "name": session.name, "fingerprint": session.id}
        return f"machine:{session.subject}", {**detail, **shown}
    if known is not None:
        detail["provider"] = known.record.name
    if isinstance(session, Session):
        return f"user:{session.subject}", {
            **detail, "issuer": session.issuer, "name": session.name, "session": session.id, "expires": session.expires}
    subject = None if known is None or known.token is None else known.token.raw.get("sub")
    if not isinstance(subject, str):
        return ANONYMOUS, detail
    if presented.refusal is not None:
        return f"user:{subject[:_LONGEST_SUBJECT]}", detail
    # The provider has signed it, and not for this application: whose it is, it says itself.
    return ANONYMOUS, {**detail, "subject": subject[:_LONGEST_SUBJECT]}


def _asked_for(demand: Demand, levels: AskedLevels | None) -> bytes:
    """What the next sign-in has to have: `acr_values` and `max_age` of an authorization request (RFC 9470 section 3).

    Where the provider has no level for a strength, a whole new sign-in is asked for, at which the user can prove more.
    """
    more = b""
    # A value with a sign that ends the quoted text, or the list, is none that could be asked for.
    if levels is not None and levels.values:
        more += b', acr_values="%b"' % " ".join(filter(_LEVEL.fullmatch, levels.values)).encode("ascii")
    if levels is None:
        return more + b', max_age="0"'
    return more if demand.max_age == math.inf else more + b', max_age="%d"' % demand.max_age


def challenge(route: ApplicationRoute, error: str = "", more: bytes = b"") -> bytes:
    """WWW-Authenticate lines (RFC 6750 section 3), with `more` parameters; none where credentials come in another field, which
    no scheme names, or where certificates alone are taken.
    """
    application = route.application
    if application.bearer_header != "authorization" or application.bearer == "off":
        return b""
    realm = route.host.encode("ascii")
    lines = b'www-authenticate: Bearer realm="%b"' % realm
    if error:
        lines += b', error="%b"' % error.encode("ascii") + more
    if takes_access_tokens(application):
        if application.bearer_scopes:
            lines += b', scope="%b"' % " ".join(sorted(application.bearer_scopes)).encode("ascii")
        lines += b', resource_metadata="%b"' % metadata_url(route).encode("ascii")
    basic = b'www-authenticate: Basic realm="%b", charset="UTF-8"\n' % realm if application.bearer_basic else b""
    return lines + b"\n" + basic
