"""Tokens of relying parties after the sign-in: refresh tokens, and what one brings (OpenID Connect Core section 12)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from joserfc import jwt
from joserfc.jwk import ECKey

from appproxy.provider.assurance import Method, acr_of, amr_of
from appproxy.provider.oauth.claims import user_claims
from appproxy.provider.oauth.clients import OFFLINE
from appproxy.provider.oauth.grants import GrantContext
from appproxy.provider.oauth.party_policies import may_refresh, session_of
from appproxy.provider.oauth.signing import ALGORITHM
from appproxy.provider.tokens import ACCESS_LIFETIME, CodeGrant, ProviderSession, UserInfoAccess
from appproxy.store.machines import client_grants
from appproxy.store.machines.client_grants import ClientGrant
from appproxy.store.people.session import client_sessions, sessions
from appproxy.store.people.users import User
from appproxy.store.snapshot import BUILTIN
from appproxy.store.transaction import Transaction

#: What a client is told whose token was used before; the audit is told, too.
REUSED = "the refresh token was used before; what it was for has ended"
#: The same, where policies want more than it stands for.
WANTS_SIGN_IN = "a policy asks for a new sign-in"


@dataclass(frozen=True, slots=True)
class PartyTokens:
    """What is made of grants of relying parties, in one transaction."""

    tx: Transaction
    context: GrantContext

    def first(self, grant: CodeGrant) -> str:
        """The first refresh token of a sign-in, "" where the client did not ask for one."""
        if OFFLINE not in grant.scope.split():
            return ""
        session = grant.session
        return client_grants.begin(self.tx, ClientGrant(
            grant.id, grant.client, session.user, session.id, grant.scope, session.auth_time,
            tuple(method.value for method in session.methods), self.context.end_of(session)))

    def session_of(self, grant: ClientGrant) -> ProviderSession | None:
        """The provider's session that a grant belongs to, None once it has ended: here, or at this client."""
        session = ProviderSession(grant.sid, grant.user, grant.auth_time, tuple(map(Method, grant.methods)))
        if not self.context.valid(session) or not client_sessions.goes_on(self.tx, grant.client, grant.sid):
            return None
        # Of a session that another node has ended a moment ago the picture does not tell yet.
        ended = sessions.has_ended(self.tx, session.id, BUILTIN, session.user, session.auth_time)
        return None if ended else session

    def may_go_on(self, grant: ClientGrant, user: User) -> bool:
        """Do policies still let the grant's client have tokens of its user?"""
        context = self.context
        session = ProviderSession(grant.sid, grant.user, grant.auth_time, tuple(map(Method, grant.methods)))
        return may_refresh(
            context.snapshot, grant.client, session_of(session, user, context.issuer, context.now), context.now)

    def refreshed(self, grant: ClientGrant, user: User, scope: str, key: ECKey) -> Mapping[str, object]:
        """The next tokens of a grant; the ID token says what is so of the user now, and when they signed in."""
        context = self.context
        session = ProviderSession(grant.sid, grant.user, grant.auth_time, tuple(map(Method, grant.methods)))
        claims = {
            **user_claims(user, scope), "iss": context.issuer, "aud": grant.client, "iat": int(context.now),
            "exp": int(context.end_of(session)), "sid": grant.sid, "auth_time": int(grant.auth_time),
            "acr": acr_of(session.methods), "amr": amr_of(session.methods),
        }  # fmt: skip
        access = UserInfoAccess(grant.user, grant.sid, scope, grant.auth_time)
        header = {"alg": ALGORITHM, "typ": "JWT", "kid": str(key.kid)}
        return {
            "access_token": access.seal(context.key, context.now, context.nonce()), "token_type": "Bearer",
            "expires_in": int(ACCESS_LIFETIME), "scope": scope, "id_token": jwt.encode(header, claims, key, [ALGORITHM]),
            "refresh_token": client_grants.rotate(self.tx, grant),
        }  # fmt: skip
