"""The token end point: what codes, refresh tokens and device codes are good for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from authlib.oauth2 import OAuth2Error
from joserfc.jwk import ECKey

from appproxy.errors import IdentityError
from appproxy.provider.oauth.claims import user_claims
from appproxy.provider.oauth.clients import Client
from appproxy.provider.oauth.grants import EndPointContext, GrantContext, checked, find_active
from appproxy.provider.oauth.native import Minting, UsedRefreshToken, WaitingDevice, poll
from appproxy.provider.oauth.party import REUSED, WANTS_SIGN_IN, PartyTokens
from appproxy.provider.oauth.server import OAuthRequest, Server
from appproxy.provider.oauth.signing import load
from appproxy.provider.tokens import ACCESS_LIFETIME, CODE_LIFETIME, CodeGrant, ProviderSession, UserInfoAccess
from appproxy.store.machines import client_grants, device_codes, native_grants
from appproxy.store.machines.client_grants import ClientGrant
from appproxy.store.machines.native_grants import NativeGrant
from appproxy.store.people.session import client_sessions, one_time, sessions
from appproxy.store.people.users import User
from appproxy.store.service.keys import read_signing_keys
from appproxy.store.snapshot import BUILTIN
from appproxy.store.transaction import Transaction

_TOKEN = frozenset({
    "grant_type", "code", "redirect_uri", "client_id", "code_verifier", "client_secret", "refresh_token", "device_code",
    "scope", "resource",
})  # fmt: skip
_JSON = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class _TokenEndPoint(EndPointContext):
    tx: Transaction
    #: For what the tokens shall be (RFC 8707 section 2.2); "" for what was allowed.
    resource: str = ""

    def take_code(self, code: str, client: Client) -> CodeGrant | None:
        context = self.context
        try:
            grant = CodeGrant.unseal(code, client.client_id, context.snapshot.keys, context.now)
        except IdentityError:
            return None
        fresh = one_time.use_once(self.tx, f"code {grant.id}", context.now + CODE_LIFETIME)
        if not fresh:
            # It is in two hands: what the first one got ends (RFC 6749 section 4.1.2).
            (native_grants if grant.resource else client_grants).end(self.tx, grant.id)
        counts = fresh and context.valid(grant.session) and not self._is_over(client, grant.session)
        return grant if counts and (not grant.resource or self._still_for(grant.client, grant.resource)) else None

    def _is_over(self, client: Client, session: ProviderSession) -> bool:
        """Has the session of a relying party ended, on whichever node? That would not be told of what begins after its end."""
        return client.party is not None and sessions.has_ended(self.tx, session.id, BUILTIN, session.user, session.auth_time)

    def find_user(self, grant: CodeGrant) -> User | None:
        return find_active(self.tx, grant.session)

    def access_token(self, grant: CodeGrant) -> _JSON:
        if grant.resource:
            user = find_active(self.tx, grant.session)
            assert user is not None  # Authlib has asked for the user before
            client = self.find_client(grant.client)
            assert client is not None
            return self._begin(client, grant.session, user, grant.scope, grant.resource, grant.id)
        if grant.client in self.context.snapshot.relying_parties:
            client_sessions.begin(self.tx, grant.client, grant.session.id, grant.session.user)
        access = UserInfoAccess(grant.session.user, grant.session.id, grant.scope, grant.session.auth_time)
        sealed = access.seal(self.context.key, self.context.now, self.context.nonce())
        refresh_token = self._of_parties.first(grant)
        return {
            "access_token": sealed, "token_type": "Bearer", "expires_in": int(ACCESS_LIFETIME), "scope": grant.scope,
            **({"refresh_token": refresh_token} if refresh_token else {}),
        }  # fmt: skip

    @property
    def _of_parties(self) -> PartyTokens:
        return PartyTokens(self.tx, self.context)

    def use_refresh_token(self, text: str, client: Client) -> UsedRefreshToken | None:
        if client.party is not None:
            used = client_grants.use(self.tx, text, client.client_id)
            if used.reused:
                raise OAuth2Error(error="invalid_grant", description=REUSED)
            found: ClientGrant | NativeGrant | None = used.grant
        else:
            found = native_grants.use(self.tx, text, client.client_id)
        refreshing = None if found is None else UsedRefreshToken(found)
        user = None if refreshing is None else self.find_granting_user(refreshing)
        if isinstance(found, ClientGrant) and user is not None and not self._of_parties.may_go_on(found, user):
            raise OAuth2Error(error="invalid_grant", description=WANTS_SIGN_IN)
        return None if user is None else refreshing

    def find_granting_user(self, refreshing: UsedRefreshToken) -> User | None:
        grant = refreshing.grant
        if isinstance(grant, ClientGrant):
            lasting = self._of_parties.session_of(grant)
            return None if lasting is None else find_active(self.tx, lasting)
        session = ProviderSession(grant.id, grant.user, grant.auth_time)
        on = self.context.now < self._end(grant.auth_time) and self.context.counts(session)
        return find_active(self.tx, session) if on and self._still_for(grant.client, grant.audience) else None

    def refreshed_tokens(self, refreshing: UsedRefreshToken, scope: str) -> _JSON:
        user = self.find_granting_user(refreshing)
        assert user is not None
        if isinstance(refreshing.grant, ClientGrant):
            return self._of_parties.refreshed(refreshing.grant, user, scope, self.signing_key())
        return self._minting().refresh(refreshing.grant, user, scope)

    def poll(self, device_code: str) -> WaitingDevice | None:
        return poll(self.tx, device_code)

    def find_allowing_user(self, waiting: WaitingDevice) -> User | None:
        session, code = waiting.session, waiting.code
        on = session is not None and self.context.valid(session) and self._still_for(code.client, code.audience)
        return find_active(self.tx, session) if session is not None and on else None

    def device_tokens(self, client: Client, waiting: WaitingDevice, user: User) -> _JSON:
        device_codes.take(self.tx, waiting.code.id)
        session = waiting.session
        assert session is not None
        id = self.context.random_bytes(16).hex()
        return self._begin(client, session, user, waiting.code.scope, waiting.code.audience, id)

    def _begin(
        self, client: Client, session: ProviderSession, user: User, scope: str, resource: str, id: str
    ) -> _JSON:
        return self._minting().begin(client, session, user, scope, resource, self._end(session.auth_time), id)

    def _still_for(self, client_id: str, resource: str) -> bool:
        """May the client have tokens for it now? What the user allowed is not for what is published there later.

        Raises OAuth2Error(invalid_target) where it asks for another one than the user allowed.
        """
        client = self.find_client(client_id)
        if client is None or client.resource(self.context.snapshot, resource) != resource:
            return False
        if self.resource and client.resource(self.context.snapshot, self.resource) != resource:
            raise OAuth2Error(error="invalid_target", description="resource is not what was allowed")
        return True

    def _end(self, auth_time: float) -> float:
        """When a grant ends, as the provider is set now."""
        return auth_time + min(self.context.record.session_hours * 3600.0, native_grants.LIFETIME)

    def _minting(self) -> Minting:
        return Minting(self.tx, self.context.issuer, self.signing_key(), self.context.now)

    def frame_claims(self, grant: CodeGrant) -> _JSON:
        # The token ends with the session: the service's cookie must not outlive it.
        return {
            "iss": self.context.issuer, "aud": grant.client, "iat": int(self.context.now),
            "exp": int(self.context.end_of(grant.session)), "sid": grant.session.id,
        }  # fmt: skip

    def user_claims(self, user: User, scope: str) -> _JSON:
        return user_claims(user, scope)

    def signing_key(self) -> ECKey:
        return load(read_signing_keys(self.tx)[0])


def is_made_up(context: GrantContext, parameters: Mapping[str, str]) -> bool:
    """Is the code none that this client was given lately? Anybody can send such, and no transaction need be begun for it.

    Whatever else is wrong with a request is for the rules to say.
    """
    grant_type = parameters.get("grant_type")
    client, code = context.find_client(parameters.get("client_id", "")), parameters.get("code", "")
    if client is not None and client.check_grant_type("refresh_token") and grant_type == "refresh_token":
        grants = native_grants if client.party is None else client_grants
        return not grants.is_refresh_token(parameters.get("refresh_token", ""))
    if client is None or not code or grant_type != "authorization_code":
        return False
    try:
        CodeGrant.unseal(code, client.client_id, context.snapshot.keys, context.now)
    except IdentityError:
        return True
    return False


def answer_token_request(tx: Transaction, context: GrantContext, parameters: Mapping[str, str]) -> tuple[int, _JSON]:
    """Status and JSON for a token request (RFC 6749 section 4.1.3). To be run in a store transaction."""
    try:
        asked = checked(parameters, _TOKEN)
    except IdentityError:
        return 400, {"error": "invalid_request"}
    server = Server(_TokenEndPoint(context, tx, asked.get("resource", "")))
    request = OAuthRequest("POST", context.issuer + "/token", asked)
    status, body, _fields = server.create_token_response(request)
    return status, body
