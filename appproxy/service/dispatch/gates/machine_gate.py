"""The gate for programs: credentials that a request shows in place of an access cookie.

Hot path: who has passed is remembered, by all that the answer depends on: the credential, the application, the client's
address, the certificate that was shown, and the snapshot. A request without a credential, and a certificate, is the cookie
gate's.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from math import inf

from appproxy.errors import Code, IdentityError
from appproxy.http.authorization import AmbiguousCredential, read_credential
from appproxy.http.head import RequestHead
from appproxy.identity.command_line import is_token, open_token
from appproxy.identity.service_token import read_token
from appproxy.identity.session import Session
from appproxy.policy.authorizer import SERVICE_TOKEN, Authorizer, RequestContext, judge_upgrade
from appproxy.policy.conditional.compiled import NO_POLICIES
from appproxy.policy.conditional.parts.conditions import RequestFact
from appproxy.policy.verdict import Pass, Refuse, SignInRequired, Verdict
from appproxy.publish.administration import ADMINISTRATION
from appproxy.publish.application import Application
from appproxy.publish.routing import ApplicationRoute
from appproxy.service.dispatch.gates.gate import Gate, Opened, own_origins
from appproxy.service.dispatch.gates.machine_certificates import MachineCertificates, thumbprint
from appproxy.service.dispatch.gates.provider_tokens import (
    KnownToken,
    NoTokens,
    TokenBook,
    provider_of,
    provider_session,
    takes_access_tokens,
)
from appproxy.service.recent import KEPT, Recent
from appproxy.store.snapshot import ProviderRecord, ServiceToken, Snapshot

#: Seconds between two notes that a token was used from one address.
USED_EVERY = 60.0
#: What browsers say of requests that a page of the same origin makes, and of those that their user does.
_OWN_SITE = (b"same-origin", b"none")
#: Called with a service token's id, the client's address and the time of its use (seconds since 1970).
Used = Callable[[str, str, float], object]


@dataclass(slots=True, eq=False)
class Presented(Opened):
    """What a credential stands for: a session, or why for none. `client`: the address that it was shown from.

    `until`: when it must be looked at again. `refusal`: it is good, and not enough. `unasked`: the provider whose it may
    be, and who has to be asked first. `known`: what that has said of it. `thumbprint`: of the certificate beside it.
    """

    client: str = ""
    until: float = inf
    refusal: Refuse | None = None
    unasked: ProviderRecord | None = None
    known: KnownToken | None = None
    thumbprint: str = ""

    @property
    def by_certificate(self) -> bool:
        """Does a certificate let it in, and not what was typed?"""
        return self.thumbprint != "" and self.key[0] == b""


class MachineGate:
    """Who asks, and may they, where programs may sign in without a browser.

    `cookies`: the gate for all others; `tokens`: what is known of access tokens.
    """

    def __init__(self, cookies: Gate, used: Used, tokens: TokenBook | None = None, size: int = KEPT) -> None:
        self._cookies = cookies
        self._used = used
        self._tokens: TokenBook = tokens or NoTokens()
        self._certificates = MachineCertificates()
        #: Those that passed. Others are not kept: anybody can make them up.
        self._passed: Recent[Presented] = Recent(size)
        self._snapshot: Snapshot | None = None
        #: Negative, so that none is one of the cookie gate's.
        self._epoch = -1

    def authenticate(
        self, head: RequestHead, route: ApplicationRoute, snapshot: Snapshot, now: float, client: str,
        shown: Callable[[], Sequence[bytes]] = tuple,
    ) -> Opened:
        """What the request's credential stands for, or, if it has none, the certificate that was shown, or its access cookies;
        `now` is wall clock time. `shown`: gives the certificates (DER) of the connection; may raise RequestError.
        """
        if self._snapshot is not snapshot:
            self._snapshot = snapshot
            self._epoch -= 1
        repeated = head.repeated
        if repeated is not None:
            kept = repeated.opened
            if isinstance(kept, Presented) and kept.client == client and self._holds(kept, route, now):
                return kept
        application = route.application
        certificates = shown() if application.machine_authority else ()
        bound = thumbprint(certificates)
        try:
            # Where no tokens are taken the application has the field for itself.
            credential = None if application.bearer == "off" else read_credential(
                head.fields, application.bearer_header.encode("ascii"), basic=application.bearer_basic)
        except AmbiguousCredential as error:
            return self._presented(route, b"", client, error.detail)
        if credential is None and not certificates:
            return self._cookies.authenticate(head, route, snapshot, now)
        presented = self._passed.get((credential or b"", application.id, route.host, client, bound))
        if presented is None or not self._holds(presented, route, now):
            if credential is None:
                found = self._certificates.session(certificates, application, now)
                presented = self._presented(route, b"", client, found, bound)
                presented.until = found.expires if isinstance(found, Session) else inf
            else:
                presented = self._look(credential, route, snapshot, now, client, bound)
        if repeated is not None and presented.unasked is None:
            repeated.opened = presented
        return presented

    def settle(self, presented: Presented, known: KnownToken, now: float) -> Presented:
        """The same, now that the provider was asked."""
        credential = presented.key[0]
        assert isinstance(credential, bytes)
        return self._of_provider(presented.route, credential, presented.client, known, now, presented.thumbprint)

    def verdict(
        self, opened: Opened, head: RequestHead, route: ApplicationRoute, snapshot: Snapshot, context: RequestContext[Session],
    ) -> Verdict[Session]:
        """What becomes of the request. No browser adds a credential by itself, so an upgrade may come from any origin; but a
        certificate it does.
        """
        if not isinstance(opened, Presented):
            return self._cookies.verdict(opened, head, route, snapshot, context)
        if opened.by_certificate and (refusal := _of_another_page(head, route)) is not None:
            return refusal
        if context.now < opened.holds_until:
            return opened.verdict
        found = opened.found[0]
        if opened.refusal is not None:
            return opened.refusal
        if isinstance(found, str):
            return SignInRequired(found)
        verdict = Authorizer(snapshot).authorize(replace(context, session=found))
        if isinstance(verdict, Pass):
            program = snapshot.policies.program(route.application.id)
            # What is kept is by credential and address: where policies look at more of it, each request is judged.
            kept = program is None or not program.varies & ~RequestFact.ADDRESS
            opened.verdict, opened.holds_until = verdict, min(verdict.holds_until, opened.until) if kept else -inf
            if not opened.kept:
                opened.kept, opened.renew_at = True, -inf
                self._passed.put(opened.key, opened)
        return verdict

    def renew(self, opened: Opened, now: float) -> bytes:
        """Note once in a while that a token is used; no browser waits for a cookie."""
        if not isinstance(opened, Presented):
            return self._cookies.renew(opened, now)
        opened.renew_at = now + USED_EVERY
        session = opened.found[0]
        if isinstance(session, Session) and session.credential == SERVICE_TOKEN:
            self._used(session.subject, opened.client, now)
        return b""

    def _holds(self, presented: Presented, route: ApplicationRoute, now: float) -> bool:
        """Does what was found before still say what the credential stands for?"""
        return presented.epoch == self._epoch and presented.route is route and now < presented.until

    def _look(
        self, credential: bytes, route: ApplicationRoute, snapshot: Snapshot, now: float, client: str, bound: str
    ) -> Presented:
        application = route.application
        if is_token(credential):
            return self._of_command_line(route, credential, snapshot, now, client, bound)
        record = provider_of(credential, application, snapshot)
        if read_token(credential) is not None or not takes_access_tokens(application) or record is None:
            return self._presented(route, credential, client, _service_session(credential, application, snapshot), bound)
        known = self._tokens.known(credential, record, now)
        if known is not None:
            return self._of_provider(route, credential, client, known, now, bound)
        presented = self._presented(route, credential, client, "the access token was not looked at yet", bound)
        presented.unasked = record
        return presented

    def _of_command_line(
        self, route: ApplicationRoute, credential: bytes, snapshot: Snapshot, now: float, client: str, bound: str
    ) -> Presented:
        """It is for the administration alone, and nobody else is asked about it."""
        found: Session | str
        try:
            found = open_token(credential, ADMINISTRATION, route.host, snapshot.keys, now)
        except IdentityError as error:
            found = error.detail
        if route.application.id != ADMINISTRATION:
            found = "the credential of a command line is for the administration alone"
        presented = self._presented(route, credential, client, found, bound)
        presented.until = found.expires if isinstance(found, Session) else inf
        return presented

    def _of_provider(
        self, route: ApplicationRoute, credential: bytes, client: str, known: KnownToken, now: float, bound: str
    ) -> Presented:
        policies = NO_POLICIES if self._snapshot is None else self._snapshot.policies
        found = provider_session(credential, known, route, now, policies.groups_of(known.record.id), bound)
        if isinstance(found, Refuse):
            presented = self._presented(route, credential, client, found.reason, bound)
            presented.refusal = found
        else:
            presented = self._presented(route, credential, client, found, bound)
        presented.until, presented.known = known.until, known
        return presented

    def _presented(
        self, route: ApplicationRoute, credential: bytes, client: str, found: Session | str, bound: str = ""
    ) -> Presented:
        key = (credential, route.application.id, route.host, client, bound)
        return Presented(route, key, (found,), (), (), self._epoch, client=client, thumbprint=bound)


def _of_another_page(head: RequestHead, route: ApplicationRoute) -> Refuse | None:
    """Why a certificate does not count for this: a page of elsewhere made the browser send it. Programs name neither an origin
    nor a site.
    """
    origins = [value for name, value in head.fields if name == b"origin"]
    if judge_upgrade(origins, own_origins(route)) is not None:
        return Refuse(Code.CROSS_SITE, "a certificate, from another origin")
    if any(name == b"sec-fetch-site" and value not in _OWN_SITE for name, value in head.fields):
        return Refuse(Code.CROSS_SITE, "a certificate, from another site")
    return None


def _service_session(credential: bytes, application: Application, snapshot: Snapshot) -> Session | str:
    """The session of a service token, or why there is none."""
    read = read_token(credential)
    if read is None:
        return "the credential is none that is taken here"
    id, secret = read
    token = snapshot.service_tokens.get(id)
    if token is None or secret not in token.secrets:
        return "there is no such service token, or not any more"
    return service_session(token, secret, application)


def service_session(token: ServiceToken, secret: str, application: Application) -> Session:
    """Who uses a service token, as the application is told. Its id is the hash of the secret, for each ends by itself."""
    wanted = {rule.claim for rule in application.headers}
    claims = {name: value for name, value in token.claims.items() if name in wanted}
    return Session(
        id=secret, subject=token.id, issuer=SERVICE_TOKEN, provider=SERVICE_TOKEN, name=token.name, issued=token.created,
        expires=token.secrets[secret], auth_time=token.created, claims=claims, credential=SERVICE_TOKEN,
    )
