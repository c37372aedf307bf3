"""What the OAuth rules work on: the moment's facts, for the authorization end point and for the token end point."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from authlib.oauth2 import OAuth2Error
from joserfc.jwk import ECKey

from appproxy.errors import Code, IdentityError
from appproxy.identity.sealing import NONCE_SIZE
from appproxy.provider.claims import user_claims
from appproxy.provider.clients import Client, find_client
from appproxy.provider.oauth import OAuthRequest, Server
from appproxy.provider.signing import load
from appproxy.provider.tokens import ACCESS_LIFETIME, CODE_LIFETIME, Access, Grant, ProviderSession
from appproxy.store.names import NotFound
from appproxy.store.people import one_time, users
from appproxy.store.people.users import User
from appproxy.store.service.keys import read_signing_keys
from appproxy.store.snapshot import BUILTIN, SealingKey, Snapshot
from appproxy.store.transaction import Reading, Transaction

#: Signs that a parameter of ours may have: those of RFC 6749 appendix A without quote and backslash. Others would end
#: up in Authlib's error descriptions, which it then refuses to make.
_PLAIN = re.compile(r"[\x20\x21\x23-\x5B\x5D-\x7E]{1,4096}")
#: What an authorization request may say to the rules; the rest is ignored (OpenID Connect Core section 3.1.2.1).
_AUTHORIZE = frozenset({
    "response_type", "client_id", "redirect_uri", "scope", "state", "nonce", "prompt", "max_age", "response_mode",
    "code_challenge", "code_challenge_method", "request", "request_uri", "registration",
})  # fmt: skip
_TOKEN = frozenset({"grant_type", "code", "redirect_uri", "client_id", "code_verifier", "client_secret"})
_JSON = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class GrantContext:
    """The facts of one moment: `now` in seconds since 1970; `random_bytes` gives random bytes."""

    issuer: str
    snapshot: Snapshot
    now: float
    random_bytes: Callable[[int], bytes] = field(repr=False)

    @property
    def redirect_uri(self) -> str:
        """The service's own callback, which is the only place where codes are sent."""
        return self.issuer + "/callback"

    @property
    def key(self) -> SealingKey:
        """The key that seals."""
        return self.snapshot.keys[0]

    def nonce(self) -> bytes:
        """For one sealing."""
        return self.random_bytes(NONCE_SIZE)

    def find_client(self, client_id: str) -> Client | None:
        """The client of this id."""
        return find_client(self.snapshot, client_id, self.redirect_uri)

    def valid(self, session: ProviderSession) -> bool:
        """Is the session still on, as far as the snapshot tells?"""
        not_before = self.snapshot.not_before.get((BUILTIN, session.user), 0.0)
        return (
            session.auth_time >= not_before
            and self.now < session.expires
            and session.id not in self.snapshot.revoked_sessions
        )


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A user with a session that counts now."""

    session: ProviderSession
    user: User


@dataclass(frozen=True, slots=True)
class Redirect:
    """Send the browser to `location`."""

    location: str


@dataclass(frozen=True, slots=True)
class AskPassword:
    """The request is good; the user has to type the password, then go on with `parameters`."""

    parameters: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class _Desk:
    """What the OAuth rules ask of both end points."""

    context: GrantContext

    @property
    def issuer(self) -> str:
        return self.context.issuer

    def find_client(self, client_id: str) -> Client | None:
        return self.context.find_client(client_id)


@dataclass(frozen=True, slots=True)
class _AuthorizationDesk(_Desk):
    who: SignedIn | None

    def new_code(self, client: Client, parameters: Mapping[str, str], scope: str) -> str:
        assert self.who is not None  # Authlib asks for a code only for a user
        context = self.context
        grant = Grant(
            context.random_bytes(16).hex(), client.client_id, parameters["redirect_uri"], parameters["code_challenge"],
            parameters["nonce"], scope, self.who.session,
        )  # fmt: skip
        return grant.seal(context.key, context.now, context.nonce())


def authorize(context: GrantContext, parameters: Mapping[str, str], who: SignedIn | None) -> Redirect | AskPassword:
    """Decide an authorization request (OpenID Connect Core section 3.1.2). `who`: the user with a session, if any.

    Raises IdentityError(SIGN_IN_STATE) when it is not certain that a client of ours has sent it: then nothing may be
    sent anywhere.
    """
    asked = _checked(parameters, _AUTHORIZE)
    if who is not None and not _fresh_enough(asked.get("max_age"), who.session, context.now):
        who = None
    server = Server(_AuthorizationDesk(context, who))
    request = OAuthRequest("GET", context.issuer + "/authorize", asked)
    user = who.user if who is not None else None
    try:
        grant = server.get_consent_grant(request, end_user=user)
    except OAuth2Error as error:
        return _redirect(server.handle_error_response(request, error), str(error))
    if user is None or grant.prompt in ("login", "select_account"):
        return AskPassword(asked)
    return _redirect(server.create_authorization_response(request, grant_user=user, grant=grant), "refused")


def authorize_after_password(context: GrantContext, parameters: Mapping[str, str], who: SignedIn) -> Redirect:
    """Go on with a request whose user has just typed the password, which is what `prompt` and `max_age` ask for."""
    rest = {name: value for name, value in parameters.items() if name not in ("prompt", "max_age")}
    decided = authorize(context, rest, who)
    if not isinstance(decided, Redirect):
        raise IdentityError(Code.SIGN_IN_STATE, "a password was typed, and is asked for again")
    return decided


def _fresh_enough(max_age: str | None, session: ProviderSession, now: float) -> bool:
    """Is the last typing of the password recent enough? A `max_age` that is no number is for the rules to refuse."""
    return max_age is None or not max_age.isdecimal() or now - session.auth_time < int(max_age[:9])


def _redirect(response: tuple[int, object, Mapping[str, str]], why: str) -> Redirect:
    location = response[2].get("Location")
    if location is None:
        raise IdentityError(Code.SIGN_IN_STATE, f"authorization request: {why}")
    return Redirect(location)


def _checked(parameters: Mapping[str, str], known: frozenset[str]) -> dict[str, str]:
    asked = {name: value for name, value in parameters.items() if name in known}
    if not all(_PLAIN.fullmatch(value) for value in asked.values()):
        raise IdentityError(Code.SIGN_IN_STATE, "a parameter is too long or has signs that it cannot have")
    return asked


@dataclass(frozen=True, slots=True)
class _TokenDesk(_Desk):
    tx: Transaction

    def take_code(self, code: str, client: Client) -> Grant | None:
        context = self.context
        try:
            grant = Grant.unseal(code, client.client_id, context.snapshot.keys, context.now)
        except IdentityError:
            return None
        fresh = one_time.use_once(self.tx, f"code {grant.id}", context.now + CODE_LIFETIME)
        return grant if fresh and context.valid(grant.session) else None

    def find_user(self, grant: Grant) -> User | None:
        return find_active(self.tx, grant.session)

    def access_token(self, grant: Grant) -> _JSON:
        access = Access(grant.session.user, grant.session.id, grant.scope, grant.session.auth_time)
        sealed = access.seal(self.context.key, self.context.now, self.context.nonce())
        return {
            "access_token": sealed, "token_type": "Bearer", "expires_in": int(ACCESS_LIFETIME), "scope": grant.scope,
        }  # fmt: skip

    def frame_claims(self, grant: Grant) -> _JSON:
        # The token ends with the session: the service's cookie must not outlive it.
        return {
            "iss": self.context.issuer, "aud": grant.client, "iat": int(self.context.now),
            "exp": int(grant.session.expires), "sid": grant.session.id,
        }  # fmt: skip

    def user_claims(self, user: User, scope: str) -> _JSON:
        return user_claims(user, scope)

    def signing_key(self) -> ECKey:
        return load(read_signing_keys(self.tx)[0])


def find_active(reading: Reading, session: ProviderSession) -> User | None:
    """The session's user, unless removed, disabled, or with another password since."""
    try:
        user = users.find(reading, session.user)
    except NotFound:
        return None
    return user if not user.disabled and user.credentials_changed <= session.auth_time else None


def is_made_up(context: GrantContext, parameters: Mapping[str, str]) -> bool:
    """Is the code none that this client was given lately? Anybody can send such, and no transaction need be begun for it.

    Whatever else is wrong with a request is for the rules to say.
    """
    client, code = context.find_client(parameters.get("client_id", "")), parameters.get("code", "")
    if client is None or not code or parameters.get("grant_type") != "authorization_code":
        return False
    try:
        Grant.unseal(code, client.client_id, context.snapshot.keys, context.now)
    except IdentityError:
        return True
    return False


def answer_token_request(tx: Transaction, context: GrantContext, parameters: Mapping[str, str]) -> tuple[int, _JSON]:
    """Status and JSON for a token request (RFC 6749 section 4.1.3). To be run in a store transaction."""
    try:
        asked = _checked(parameters, _TOKEN)
    except IdentityError:
        return 400, {"error": "invalid_request"}
    server = Server(_TokenDesk(context, tx))
    request = OAuthRequest("POST", context.issuer + "/token", asked)
    status, body, _fields = server.create_token_response(request)
    return status, body
