"""The OAuth 2 rules of the provider: Authlib's authorization server, made narrower than it is.

Authlib decides what RFC 6749, RFC 7636 and OpenID Connect Core decide: which errors go back to the client and which
must not, the binding of code, client, redirect URI and verifier, the meaning of `prompt`, the shape of answers. It is
synchronous and keeps state in its server object, so a server is made for each call: the authorization end point needs
no store, and the token end point runs inside a store transaction, in the store's own thread.

Narrower, because this provider serves nobody but its own service and registered clients: the code flow only, PKCE with
S256 always, a redirect URI that must be named, no other response mode. The service always has a nonce, and no
refresh tokens; registered clients have those, and native ones device codes. Relying parties alone have a secret.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Protocol, cast

from authlib.common.urls import add_params_to_uri
from authlib.oauth2 import OAuth2Error, OAuth2Request
from authlib.oauth2.rfc6749 import AuthorizationServer, InvalidRequestError
from authlib.oauth2.rfc6749.grants import AuthorizationCodeGrant, RefreshTokenGrant
from authlib.oauth2.rfc6749.requests import BasicOAuth2Payload
from authlib.oauth2.rfc7636 import CodeChallenge
from authlib.oauth2.rfc8628 import DeviceCodeGrant
from authlib.oidc.core.grants import OpenIDCode
from joserfc.jwk import ECKey

from appproxy.provider.oauth.clients import Client
from appproxy.provider.oauth.native import UsedRefreshToken, WaitingDevice, asks_too_often
from appproxy.provider.tokens import CodeGrant
from appproxy.store.people.users import User

#: Status, body (a mapping to be sent as JSON, or "") and header fields.
Response = tuple[int, Any, Mapping[str, str]]

#: Ignoring one of these would give another answer than the one asked for (OpenID Connect Core sections 6 and 7.2.1).
_UNSUPPORTED = {
    "request": "request_not_supported",
    "request_uri": "request_uri_not_supported",
    "registration": "registration_not_supported",
}
#: 256 bits in base64url.
_CHALLENGE = re.compile(r"[A-Za-z0-9_-]{43}")
#: Seconds; nine digits are 30 years.
_AGE = re.compile(r"[0-9]{1,9}")


class GrantStore(Protocol):
    """Where the rules get and leave what they talk about."""

    @property
    def issuer(self) -> str:
        """The provider's own URL."""
        ...

    def find_client(self, client_id: str) -> Client | None:
        """The client of this id."""
        ...


class AuthorizationGrants(GrantStore, Protocol):
    """The authorization end point's."""

    def new_code(self, client: Client, parameters: Mapping[str, str], scope: str) -> str:
        """A code for the user who is signed in."""
        ...


class TokenGrants(GrantStore, Protocol):
    """The token end point's."""

    def take_code(self, code: str, client: Client) -> CodeGrant | None:
        """What a code stands for, if it is genuine, this client's, fresh and not used before; now it is used."""
        ...

    def find_user(self, grant: CodeGrant) -> User | None:
        """The user of a code, if they may still sign in."""
        ...

    def access_token(self, grant: CodeGrant) -> Mapping[str, object]:
        """`access_token`, `token_type`, `expires_in` and `scope`."""
        ...

    def use_refresh_token(self, text: str, client: Client) -> UsedRefreshToken | None:
        """What a refresh token of this client is for; now it is used."""
        ...

    def find_granting_user(self, refreshing: UsedRefreshToken) -> User | None:
        """Whose grant it is, if they may still sign in."""
        ...

    def refreshed_tokens(self, refreshing: UsedRefreshToken, scope: str) -> Mapping[str, object]:
        """New tokens of a grant."""
        ...

    def poll(self, device_code: str) -> WaitingDevice | None:
        """The device that asks."""
        ...

    def find_allowing_user(self, waiting: WaitingDevice) -> User | None:
        """Who has allowed it, if they may still sign in."""
        ...

    def device_tokens(self, client: Client, waiting: WaitingDevice, user: User) -> Mapping[str, object]:
        """The first tokens of a device, which waits no longer."""
        ...

    def frame_claims(self, grant: CodeGrant) -> Mapping[str, object]:
        """`iss`, `aud`, `iat`, `exp` and `sid` of an ID token."""
        ...

    def user_claims(self, user: User, scope: str) -> Mapping[str, object]:
        """Who the user is."""
        ...

    def signing_key(self) -> ECKey:
        """The key that signs now; it has a `kid`."""
        ...


class OAuthRequest(OAuth2Request):  # type: ignore[misc]  # here and below: Authlib has no annotations
    """Checked parameters, as Authlib wants them."""

    def __init__(self, method: str, uri: str, parameters: Mapping[str, str]) -> None:
        super().__init__(method, uri)
        self.payload = BasicOAuth2Payload(dict(parameters))

    @property
    def form(self) -> Mapping[str, str]:
        """The parameters, when they were posted."""
        parameters: Mapping[str, str] = self.payload.data
        return parameters


class _Narrow(CodeChallenge):  # type: ignore[misc]
    """PKCE that cannot be left out or downgraded (RFC 9700 section 2.1.1), and nothing that changes the flow."""

    DEFAULT_CODE_CHALLENGE_METHOD = "S256"
    SUPPORTED_CODE_CHALLENGE_METHOD = ["S256"]

    def validate_code_challenge(self, grant: AuthorizationCodeGrant, redirect_uri: str) -> None:
        """Called by Authlib once the redirect URI is known to be good, so that errors may go there."""
        asked: Mapping[str, str] = grant.request.payload.data
        for name, error in _UNSUPPORTED.items():
            if name in asked:
                raise OAuth2Error(error=error, description=f"{name} is not supported")
        if asked.get("response_mode", "query") != "query":
            raise InvalidRequestError("response_mode must be query")
        if asked.get("code_challenge_method") != "S256" or not _CHALLENGE.fullmatch(asked.get("code_challenge", "")):
            raise InvalidRequestError("code_challenge with the method S256 is needed")
        if not _AGE.fullmatch(asked.get("max_age", "0")):
            raise InvalidRequestError("max_age must be a number of seconds")

    def get_authorization_code_challenge_method(self, authorization_code: CodeGrant) -> str:
        """No code was ever given with another one."""
        return "S256"


class _IdToken(OpenIDCode):  # type: ignore[misc]
    """Adds the ID token to the token answer."""

    def __init__(self, grants: GrantStore) -> None:
        super().__init__(require_nonce=True)
        # Both end points register it, for the nonce; only the token end point makes tokens.
        self._grants = cast("TokenGrants", grants)
        self._key: ECKey | None = None

    def validate_openid_authorization_request(self, grant: AuthorizationCodeGrant, redirect_uri: str) -> None:
        """Called by Authlib. Registered clients may leave the nonce out (OpenID Connect Core section 3.1.2.1)."""
        self.require_nonce = grant.request.client.native is None and grant.request.client.party is None
        super().validate_openid_authorization_request(grant, redirect_uri)

    def exists_nonce(self, nonce: str, request: OAuth2Request) -> bool:
        """The client checks its nonces; what the provider lets be used once is the code."""
        return False

    def resolve_client_private_key(self, client: Client) -> ECKey:
        """Asked for twice, for the header and for the signature: it must be one key."""
        if self._key is None:
            self._key = self._grants.signing_key()
        return self._key

    def get_encode_header(self, client: Client) -> dict[str, str]:
        """`kid` finds the key in the key set."""
        return {"alg": "ES256", "typ": "JWT", "kid": str(self.resolve_client_private_key(client).kid)}

    def get_compatible_claims(self, request: OAuth2Request) -> dict[str, object]:
        """Authlib's own version reads the clock."""
        return dict(self._grants.frame_claims(request.authorization_code))

    def generate_user_info(self, user: User, scope: str) -> dict[str, object]:
        """Called by Authlib for the claims about the user."""
        return dict(self._grants.user_claims(user, scope))


class _Unprintable(dict[str, object]):
    """Authlib writes each token answer into its debug log; this one shows nothing there."""

    def __repr__(self) -> str:
        return "<tokens>"


class _CodeGrant(AuthorizationCodeGrant):  # type: ignore[misc]
    """The code flow, with sealed codes that carry what they stand for."""

    TOKEN_ENDPOINT_AUTH_METHODS = ["none", "client_secret_post"]

    def generate_authorization_code(self) -> str:
        """Called by Authlib when all checks are passed."""
        grants: AuthorizationGrants = self.server.grants
        return grants.new_code(self.request.client, self.request.payload.data, self.request.scope)

    def save_authorization_code(self, code: str, request: OAuth2Request) -> None:
        """Nothing to keep."""

    def query_authorization_code(self, code: str, client: Client) -> CodeGrant | None:
        """Used up here, before its verifier is looked at: who guesses verifiers has one try."""
        grants: TokenGrants = self.server.grants
        return grants.take_code(code, client)

    def delete_authorization_code(self, authorization_code: CodeGrant) -> None:
        """It is used up already."""

    def authenticate_user(self, authorization_code: CodeGrant) -> User | None:
        """None for a user who was removed or disabled in between."""
        grants: TokenGrants = self.server.grants
        return grants.find_user(authorization_code)

    def generate_token(self, **_: object) -> dict[str, object]:
        """The answer, but for the ID token, which is added by `_IdToken`."""
        grants: TokenGrants = self.server.grants
        return _Unprintable(grants.access_token(self.request.authorization_code))


class _RefreshGrant(RefreshTokenGrant):  # type: ignore[misc]
    """Refresh tokens of registered clients: each is used up by what it gives (RFC 9700 section 4.14.2)."""

    TOKEN_ENDPOINT_AUTH_METHODS = ["none", "client_secret_post"]

    def authenticate_refresh_token(self, refresh_token: str) -> UsedRefreshToken | None:
        """Used up here."""
        grants: TokenGrants = self.server.grants
        return grants.use_refresh_token(refresh_token, self.request.client)

    def authenticate_user(self, refresh_token: UsedRefreshToken) -> User | None:
        """None for a user who may no longer; `use_refresh_token` has told before."""
        grants: TokenGrants = self.server.grants
        return grants.find_granting_user(refresh_token)

    def revoke_old_credential(self, refresh_token: UsedRefreshToken) -> None:
        """It is used up already."""

    def generate_token(self, scope: str = "", **_: object) -> dict[str, object]:
        """The answer."""
        grants: TokenGrants = self.server.grants
        return _Unprintable(grants.refreshed_tokens(self.request.refresh_token, scope))


class _DeviceGrant(DeviceCodeGrant):  # type: ignore[misc]
    """Devices that ask whether somebody has signed in for them (RFC 8628 section 3.4)."""

    TOKEN_ENDPOINT_AUTH_METHODS = ["none"]

    def query_device_credential(self, device_code: str) -> WaitingDevice | None:
        """Called by Authlib."""
        grants: TokenGrants = self.server.grants
        self._waiting = grants.poll(device_code)
        return self._waiting

    def query_user_grant(self, user_code: str) -> tuple[User | None, bool] | None:
        """What somebody has decided; None: nothing yet. A user who may no longer is as if they had denied it."""
        grants: TokenGrants = self.server.grants
        waiting = self._waiting
        if waiting is None or (waiting.code.session is None and not waiting.code.denied):
            return None
        user = None if waiting.code.denied else grants.find_allowing_user(waiting)
        return user, user is not None

    def should_slow_down(self, credential: WaitingDevice) -> bool:
        """Called by Authlib."""
        return asks_too_often(credential)

    def generate_token(self, user: User, scope: str = "", **_: object) -> dict[str, object]:
        """The answer; the code is used up by it."""
        grants: TokenGrants = self.server.grants
        return _Unprintable(grants.device_tokens(self.request.client, self.request.credential, user))


class Server(AuthorizationServer):  # type: ignore[misc]
    """The server of one call."""

    def __init__(self, grants: GrantStore) -> None:
        super().__init__()
        self.grants = grants
        self.register_grant(_CodeGrant, [_Narrow(required=True), _IdToken(grants)])
        self.register_grant(_RefreshGrant)
        self.register_grant(_DeviceGrant)

    def query_client(self, client_id: str) -> Client | None:
        """Called by Authlib."""
        return self.grants.find_client(client_id)

    def create_oauth2_request(self, request: OAuthRequest) -> OAuthRequest:
        """It is one already."""
        return request

    def save_token(self, token: object, request: OAuth2Request) -> None:
        """Tokens are sealed or signed, and kept nowhere."""

    def send_signal(self, name: str, *args: object, **kwargs: object) -> None:
        """Nobody listens."""

    def handle_response(self, status: int, body: object, headers: list[tuple[str, str]]) -> Response:
        """Called by Authlib with what to answer. Redirects say who sends them (RFC 9207 section 2)."""
        fields = dict(headers)
        if "Location" in fields:
            fields["Location"] = add_params_to_uri(fields["Location"], [("iss", self.grants.issuer)])
        return status, body, fields
