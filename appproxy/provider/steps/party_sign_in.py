"""A sign-in at a relying party, before the code is sent: its risk, what policies make of it, and what is missing."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from typing import Protocol
from urllib.parse import urlencode

from authlib.common.urls import add_params_to_uri
from twisted.web.server import Request

from appproxy.errors import Code, IdentityError
from appproxy.identity.session import Session
from appproxy.identity.states import DeviceElsewhereState
from appproxy.net.web import Answer, failure_answer, redirect
from appproxy.policy.authorizer import Authorizer, RequestContext
from appproxy.policy.risk.outcome import SignInOutcome
from appproxy.policy.verdict import Refuse, Verdict
from appproxy.provider.oauth.grants import AskFactor, Redirect, SignedIn, authorize, next_step
from appproxy.provider.oauth.metadata import AUTHORIZE
from appproxy.provider.oauth.party_policies import (
    Missing,
    ProveDevice,
    ProveMore,
    SignInAnew,
    context_of,
    missing,
    session_of,
)
from appproxy.provider.parameters import read_query
from appproxy.provider.passwords.authenticator import Failed, nobody_counts
from appproxy.provider.steps.onward import Onward, client_address, leave
from appproxy.provider.steps.sign_in_form import resume
from appproxy.store.service.actions import CLIENT_BREAK_GLASS, CLIENT_SIGN_IN_REFUSED
from appproxy.store.service.note import Action, Note
from appproxy.store.snapshot import BUILTIN, RelyingParty, Snapshot
from appproxy.store.transaction import Transaction

#: What writes down what became of a sign-in that was judged, in the transaction in which that is done.
Conclude = Callable[[Transaction, SignInOutcome], object]
#: Says at which risk a user lets a program in: the request, the user's session, and the id of the application, or of the
#: relying party, "" for several.
JudgeProgram = Callable[[Request, Session, str], Awaitable[tuple[str, Conclude]]]


#: Where a browser proves its device: for the session and the user of these ids, with the query of the request to go on with,
#: and what it is told if it proves none.
DeviceUrl = Callable[[str, str, str, str], str]
_Lacks = SignInAnew | ProveMore | ProveDevice | Refuse


class Observe(Protocol):
    """Hears of each verdict on a sign-in at a relying party. Gives the policies (names) that would keep an exempt user out."""

    def __call__(
        self, snapshot: Snapshot, context: RequestContext[Session], session: Session, verdict: Verdict[Session], /
    ) -> list[str]: ...


def unobserved(
    snapshot: Snapshot, context: RequestContext[Session], session: Session, verdict: Verdict[Session]
) -> list[str]:
    """Nobody hears of it."""
    return []


@dataclass(frozen=True, slots=True)
class SignInWatch:
    """What the service has to say of sign-ins at its built-in provider, beside the provider itself.

    `failed` counts wrong passwords. `judge` judges sign-ins of programs and at relying parties, `observe` hears what policies
    say of the latter, and `device_url` is where devices are proved.
    """

    failed: Failed = nobody_counts
    judge: JudgeProgram | None = None
    observe: Observe = unobserved
    device_url: DeviceUrl | None = None


#: Nobody has anything to say.
UNWATCHED = SignInWatch()


def to_client(parameters: Mapping[str, str], issuer: str, error: str) -> str:
    """Where a client whose request was found good hears of an error (RFC 6749 section 4.1.2.1, RFC 9207)."""
    said = [("error", error), ("iss", issuer)]
    if "state" in parameters:
        said.append(("state", parameters["state"]))
    return str(add_params_to_uri(parameters["redirect_uri"], said))


def nothing(tx: Transaction, outcome: SignInOutcome) -> None:
    """Nobody judges."""


class PartySignIn:
    """What comes after the sign-in for users of relying parties. Nobody is asked whether a relying party may know them, but
    their sign-in is judged, and written down before it is told of: with each code that it is sent, as of applications that are
    published here.
    """

    def __init__(self, onward: Onward, note: Note, watch: SignInWatch) -> None:
        self._onward = onward
        self._facts = onward.facts
        self._judge = watch.judge
        self._note = note
        self._observe = watch.observe
        self._device_url = watch.device_url

    async def lead_on(
        self, request: Request, who: SignedIn, party: RelyingParty, parameters: Mapping[str, str]
    ) -> Answer:
        """Send the code, or what stands in its way. Raises StoreError."""
        facts, address = self._facts, client_address(request)
        session = session_of(who.session, who.user, facts.issuer, facts.wall_clock(), address)
        conclude: Conclude = nothing
        told = who
        if self._judge is not None:
            level, conclude = await self._judge(request, session, party.id)
            session = replace(session, sign_in_risk=level)
            told = replace(who, session=replace(who.session, risk=level))
        snapshot = facts.live.snapshot
        context = context_of(party, session, address, _user_agent(request))
        verdict = Authorizer(snapshot).authorize(context)
        against = self._observe(snapshot, context, session, verdict)
        lacks = self._missing(verdict, who, snapshot)
        outcome = _outcome(lacks)
        decided = authorize(facts.context(), parameters, told, consented=True)
        if lacks is None and not isinstance(decided, Redirect):
            return redirect(resume(parameters))
        await facts.live.write(conclude, outcome)
        if against:
            self._tell(request, CLIENT_BREAK_GLASS, party, session, {"break_glass": against})
        if isinstance(lacks, Refuse):
            self._tell(request, CLIENT_SIGN_IN_REFUSED, party, session, {"code": lacks.code.name, "reason": lacks.reason})
        if lacks is not None:
            return await self._ask(request, who, parameters, lacks)
        assert isinstance(decided, Redirect)
        # It may have begun with a form, whose way is bound to https to its end.
        return leave(request, decided.location)

    def _missing(self, verdict: Verdict[Session], who: SignedIn, snapshot: Snapshot) -> Missing:
        lacks = missing(verdict, who.session, snapshot.policies, self._facts.wall_clock())
        return lacks.refusal if isinstance(lacks, ProveDevice) and self._device_url is None else lacks

    async def _ask(self, request: Request, who: SignedIn, parameters: Mapping[str, str], lacks: _Lacks) -> Answer:
        if parameters.get("prompt") == "none":
            return leave(request, self._error(parameters, lacks))
        if isinstance(lacks, Refuse):
            return failure_answer(
                request, lacks.code, lacks.reason, link=resume(parameters), link_text="Try again", notice=lacks.message)
        if isinstance(lacks, SignInAnew):
            return redirect(resume({**parameters, **_anew(parameters, lacks.max_age)}))
        if isinstance(lacks, ProveDevice):
            assert self._device_url is not None  # `_missing`
            return redirect(self._device_url(who.session.id, who.user.id, urlencode(parameters), lacks.refusal.message))
        step = next_step(who, lacks.level)
        assert step is not None  # it is a higher level than theirs
        return await self._onward.ask(request, AskFactor(parameters, who, step, False), error=lacks.message)

    async def proved(self, request: Request) -> Answer:
        """Back from where devices prove themselves, with a device for the session that this browser has."""
        facts = self._facts
        context, text = facts.context(), read_query(request).get("t", "").encode()
        try:
            state, device = DeviceElsewhereState.unseal_proved(text, context.snapshot.keys, context.now)
            session = facts.session(request)
            if session is None or (session.id, session.user) != (state.session, state.user):
                raise IdentityError(Code.SIGN_IN_STATE, "a device was proved for another session than this browser's")
        except IdentityError as error:
            return failure_answer(
                request, error.code, error.detail, link=context.snapshot.portal.url, link_text="Your applications")
        return redirect(f"/{AUTHORIZE}?{state.onward}", facts.keep_session(replace(session, device=device)))

    def _error(self, parameters: Mapping[str, str], lacks: _Lacks) -> str:
        """What a client hears that wants nobody to be asked (OpenID Connect Core section 3.1.2.6, RFC 9207)."""
        error = ("access_denied" if isinstance(lacks, Refuse)
                 else "login_required" if isinstance(lacks, SignInAnew) else "interaction_required")
        return to_client(parameters, self._facts.issuer, error)

    def _tell(
        self, request: Request, action: Action, party: RelyingParty, session: Session, detail: Mapping[str, object]
    ) -> None:
        self._note(f"user:{session.subject}", action, party.id, {
            "name": party.name, "address": client_address(request), "provider": BUILTIN, "session": session.id, **detail})


def _anew(parameters: Mapping[str, str], max_age: float | None) -> dict[str, str]:
    """What asks for a sign-in that is young enough, for the client as well."""
    if max_age is None:
        return {"prompt": "login"}
    asked = parameters.get("max_age", "")
    return {"max_age": str(min(int(max_age), int(asked[:9])) if asked.isdecimal() else int(max_age))}


def _outcome(lacks: Missing) -> SignInOutcome:
    if lacks is None:
        return SignInOutcome.PASSED
    return SignInOutcome.REFUSED if isinstance(lacks, Refuse) else SignInOutcome.ASKED


def _user_agent(request: Request) -> bytes:
    said: bytes = (request.requestHeaders.getRawHeaders(b"user-agent") or [b""])[0]
    return said
