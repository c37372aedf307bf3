"""Access tokens of an application's identity provider: what of them the application accepts, and whose they are.

Times are seconds since 1970.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from hashlib import sha256
from typing import Protocol

from twisted.internet.defer import Deferred

from appproxy.errors import Code, IdentityError
from appproxy.identity.claims import build_session
from appproxy.identity.openid.access_token import RISK, Accepted, AccessToken, accept, lacking_scopes
from appproxy.identity.openid.id_token import issuer_of
from appproxy.identity.session import Session
from appproxy.policy.authorizer import BOTH, PROVIDER_TOKEN
from appproxy.policy.risk.levels import LEVELS
from appproxy.policy.verdict import Refuse
from appproxy.publish.application import Application
from appproxy.publish.routing import ApplicationRoute
from appproxy.store.snapshot import BUILTIN, ProviderRecord, Snapshot


@dataclass(frozen=True, slots=True)
class KnownToken:
    """What is known of a token until `until`: what it says, or why it counts for nothing. `record`: the provider's."""

    token: AccessToken | None
    reason: str
    until: float
    record: ProviderRecord


class TokenBook(Protocol):
    """What is known of access tokens: `service.signin.access_tokens.AccessTokens`."""

    def known(self, token: bytes, record: ProviderRecord, now: float) -> KnownToken | None:
        """What is known without asking anybody."""
        ...

    def is_familiar(self, token: bytes, record: ProviderRecord) -> bool:
        """Was it good when it was looked at last?"""
        ...

    def learn(self, token: bytes, record: ProviderRecord, now: float) -> Deferred[KnownToken]:
        """The same, after somebody was asked. Fails with RequestError."""
        ...


class NoTokens:
    """A book for who has no providers to ask."""

    def known(self, token: bytes, record: ProviderRecord, now: float) -> KnownToken | None:
        """Every token counts for nothing."""
        return KnownToken(None, "access tokens are not taken here", now, record)

    def is_familiar(self, token: bytes, record: ProviderRecord) -> bool:
        """None is."""
        return False

    def learn(self, token: bytes, record: ProviderRecord, now: float) -> Deferred[KnownToken]:
        """Never asked: all is known."""
        raise NotImplementedError


def takes_access_tokens(application: Application) -> bool:
    """Does it want a sign-in, and takes access tokens of its provider in place of one?"""
    return not application.passthrough and application.bearer in (PROVIDER_TOKEN, BOTH)


def provider_of(credential: bytes, application: Application, snapshot: Snapshot) -> ProviderRecord | None:
    """Whose a token may be: the one of the application's providers that it names as its issuer, else the first."""
    first = snapshot.providers.get(application.provider)
    if application.other_providers and (issuer := issuer_of(credential.decode("ascii"))):
        records = (snapshot.providers.get(id) for id in application.providers)
        return next((one for one in records if one is not None and one.issuer == issuer), first)
    return first


def resource_of(route: ApplicationRoute) -> str:
    """The application's name as a protected resource: its external URL (RFC 8707 section 2)."""
    return str(route.segment.external)


def accepted_of(route: ApplicationRoute, record: ProviderRecord, thumbprint: str = "") -> Accepted:
    """What the application accepts of its provider, from who has proved the certificate of this thumbprint."""
    application = route.application
    own = {str(pair.external) for pair in application.pairs if not pair.external.is_wildcard}
    return Accepted(
        issuers=application.bearer_issuers or frozenset({record.issuer}), resources=frozenset({resource_of(route), *own}),
        audiences=application.bearer_audience, clients=application.bearer_clients, scopes=application.bearer_scopes,
        old_types=application.bearer_types == "any", own=frozenset({record.client_id, application.id}),
        thumbprint=thumbprint,
    )


def provider_session(
    credential: bytes, known: KnownToken, route: ApplicationRoute, now: float, groups: frozenset[str] = frozenset(),
    thumbprint: str = "",
) -> Session | Refuse | str:
    """Whose a token is, as a session that ends with it; why it is nobody's; or that it is for something less.

    `groups`: those that policies name. `thumbprint`: of the certificate that has come along.
    """
    token, application, record = known.token, route.application, known.record
    if token is None:
        return known.reason
    access = application.access_of(record.id)
    if access is None:
        return "it is of another identity provider"
    accepted = accepted_of(route, record, thumbprint)
    try:
        claims = accept(token, accepted, now)
        session = build_session(
            claims, provider=record.id, session_id=_session_id(credential, token, record), now=now, expires=claims.expires,
            groups_claim=record.groups_claim, named_groups=access.named_groups | groups,
            named_claims=[rule.claim for rule in application.headers],
        )
    except IdentityError as error:
        return error.detail
    if lacking := lacking_scopes(token, accepted):
        return Refuse(Code.NOT_ASSIGNED, f"the access token lacks {', '.join(lacking)}", session.expires)
    # What it was issued at tells whether the user's sessions were revoked since, and nothing of when the user signed in; and
    # the provider is the one that it is of, whatever name it uses for itself there.
    auth_time = claims.auth_time if "auth_time" in claims.raw else 0.0
    risk = token.raw.get(RISK) if record.id == BUILTIN else ""
    return replace(
        session, issued=claims.issued, auth_time=auth_time, issuer=record.issuer, credential=PROVIDER_TOKEN,
        sign_in_risk=risk if isinstance(risk, str) and risk in LEVELS else "")


def _session_id(credential: bytes, token: AccessToken, record: ProviderRecord) -> str:
    """The built-in provider's own, which ends with a sign-out; of others, who name theirs as they like, one for each token."""
    sid = token.raw.get("sid")
    if record.id == BUILTIN and isinstance(sid, str):
        return sid
    return sha256(credential).hexdigest()
