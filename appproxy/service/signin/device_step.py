"""Where browsers prove their device: a host of its own, at whose handshake alone they are asked for a certificate.

    callback: a device is missing   ---->   device.DOMAIN/prove: certificate checked   ---->   /.appproxy/finish
                                            not good: a page that says why

Browsers cannot be asked in the middle of a connection that carries other requests, too. So this takes one redirect; what is
proved goes into the session that the sign-in ends with. Nobody is sent round: who has nothing to show reads what is missing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from twisted.logger import Logger
from twisted.web.iweb import IRequest

from appproxy.device import ProvedDevice
from appproxy.errors import Code, IdentityError, RequestError, StoreError
from appproxy.identity.cookie import seal_session
from appproxy.identity.session import Session
from appproxy.identity.states import DeviceState, FinishState, StartState
from appproxy.net.web import Answer, failure_answer, redirect, request_id
from appproxy.pki.client_path import ClientAuthority, ClientCertificate, check_client_certificate
from appproxy.pki.issuing.device import owner_of
from appproxy.pki.pem import load_chain
from appproxy.pki.revocation.crl import Revocations
from appproxy.policy.verdict import Pass, Refuse, SignInRequired
from appproxy.publish.application import Application
from appproxy.service.exchange.exchange import Exchange
from appproxy.service.signin import step_up
from appproxy.service.signin.request import audit
from appproxy.service.signin.request.browser_request import query_of
from appproxy.service.signin.request.context import SignInContext
from appproxy.service.signin.way_back import WayBack
from appproxy.store.service.actions import DEVICE_PROVED
from appproxy.store.snapshot import BUILTIN, OWN_AUTHORITY, DeviceAuthority

#: Browsers ask their users once, and remember also that nothing was chosen.
ADVICE = "If your browser let you choose a certificate and you chose none, close all its windows and try again."


class DeviceCheck:
    """Looks at the certificate that a browser has shown, for whoever leads browsers here."""

    def __init__(self, context: SignInContext) -> None:
        self._context = context
        #: What the authorities of a snapshot come to.
        self._authorities: tuple[Mapping[str, DeviceAuthority], Mapping[str, ClientAuthority]] = ({}, {})

    async def device(self, request: IRequest, provider: str, subject: str, now: float) -> ProvedDevice:
        """The device of a user of a provider (ids). Raises IdentityError(PROOF_MISSING)."""
        known = self._context.snapshot.device_authorities
        if self._authorities[0] is not known:
            self._authorities = known, {id: _authority(one) for id, one in known.items()}
        if not known:
            raise IdentityError(Code.PROOF_MISSING, "no device authority is known here (appproxy device authority add)")
        exchange: Exchange | None = getattr(request, "exchange", None)
        shown = [] if exchange is None else exchange.shown_certificates
        found = check_client_certificate(shown, self._authorities[1], now)
        # The service's own authority issues to one user each.
        if found.authority == OWN_AUTHORITY and (provider != BUILTIN or owner_of(found.uris) != subject):
            raise IdentityError(Code.PROOF_MISSING, "the certificate was issued to another user")
        answered = await self._answered(found, known[found.authority])
        return ProvedDevice(found.authority, found.fingerprint, found.subject, found.path, now, found.ends, answered)

    async def _answered(self, found: ClientCertificate, authority: DeviceAuthority) -> float:
        """Raises IdentityError(PROOF_MISSING)."""
        if not authority.sources.ocsp:
            return 0.0
        if self._context.statuses is None:
            raise IdentityError(Code.PROOF_MISSING, "no responder can be asked here whether the certificate is revoked")
        return await self._context.statuses.until(found)


class DeviceStep:
    """The responder of /prove on `device.DOMAIN`, and the way there."""

    log = Logger()

    def __init__(self, context: SignInContext, way_back: WayBack, check: DeviceCheck) -> None:
        self._context = context
        self._way_back = way_back
        self._check = check

    def url(self, start: StartState, session: Session) -> str:
        """Where a sign-in goes on that has to prove a device."""
        context = self._context
        text = DeviceState(start, session).seal(context.key, context.wall_clock(), context.nonce())
        return f"{context.device_origin}/prove?t={text.decode('ascii')}"

    async def prove(self, request: IRequest) -> Answer:
        """Look at the certificate that the browser has shown, and lead on."""
        context = self._context
        try:
            text = query_of(request).get("t", "").encode()
            state = DeviceState.recall(text, context.snapshot.keys)
        except IdentityError as error:
            return self._way_back.unknown(request, error)
        try:
            DeviceState.unseal(text, context.snapshot.keys, context.wall_clock())
            return await self._prove(request, state)
        except (RequestError, StoreError) as error:
            return self._way_back.after(request, state.start, error, provider=state.session.provider)

    async def _prove(self, request: IRequest, state: DeviceState) -> Answer:
        context, start = self._context, state.start
        try:
            device = await self._check.device(
                request, state.session.provider, state.session.subject, context.wall_clock())
            why_not = f"what was shown is {device}, and that is not enough"
        except IdentityError as error:
            device, why_not = None, error.detail
        # A responder may have been asked meanwhile: all else is as it is now.
        now, application = context.wall_clock(), context.application(start)
        session = replace(state.session, device=device)
        asked = context.context(request, application, session, start.target)
        verdict = context.authorizer.authorize(asked)
        decided = step_up.decided(verdict, start, session, context.snapshot.policies, now, shown=True)
        if isinstance(decided, StartState):
            text = decided.seal(context.key, now, context.nonce()).decode("ascii")
            return redirect(f"{context.base}/start?r={text}")
        if isinstance(decided, Refuse):
            context.refused(session, asked, decided, context.snapshot)
            return self._refuse(request, application, state, decided, why_not)
        if not isinstance(decided, Pass):
            raise IdentityError(Code.TOKEN_REFUSED, _reason(decided))
        # Too large a cookie is known here, before the browser goes on.
        seal_session(session, context.key, context.place(context.route(application, start.host)), context.nonce())
        if device is not None:
            self._note(request, application, session, device)
        return redirect(finish_url(context, application, start, session))

    def _refuse(
        self, request: IRequest, application: Application, state: DeviceState, refusal: Refuse, why_not: str
    ) -> Answer:
        """Say what is missing, in the admin's words if there are any, and what is wrong with what was shown."""
        session, detail = state.session, f"{refusal.reason}; {why_not}" if why_not else refusal.reason
        self.log.info("{detail}", detail=detail, code=refusal.code.name, request_id=request_id(request))
        error = IdentityError(refusal.code, detail)
        audit.refused(self._context, request, application, error, session.subject, session.provider)
        notice = refusal.message
        if why_not:
            notice = f"{notice} {why_not[0].upper()}{why_not[1:]}. {ADVICE}".lstrip()
        link = self._way_back.link(state.start)
        return failure_answer(request, refusal.code, detail, link=link, link_text="Try again", notice=notice)

    def _note(self, request: IRequest, application: Application, session: Session, device: ProvedDevice) -> None:
        context = self._context
        context.store.note(f"user:{session.subject}", DEVICE_PROVED, session.subject, {
            **audit.facts(context, request, application, session.provider), **audit.of_session(session),
            "authority": context.snapshot.device_authorities[device.authority].name, "device": str(device),
            "fingerprint": device.fingerprint,
        })  # fmt: skip


def finish_url(context: SignInContext, application: Application, start: StartState, session: Session) -> str:
    """Where a sign-in ends that has succeeded: on the application's host."""
    text = FinishState(context.random_bytes(16).hex(), start, session).seal(
        context.key, context.wall_clock(), context.nonce())
    return f"{context.route(application, start.host).origin}/.appproxy/finish?t={text.decode('ascii')}"


def _authority(one: DeviceAuthority) -> ClientAuthority:
    certificates = tuple(found for pem in one.certificates for found in load_chain(pem))
    return ClientAuthority(certificates, Revocations(one.lists, one.revoked), bool(one.sources.crl_urls))


def _reason(verdict: object) -> str:
    return verdict.reason if isinstance(verdict, SignInRequired) else "the device host is asked once"
