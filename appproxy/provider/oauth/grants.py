"""What the OAuth rules work on: the moment's facts, for the authorization end point and for the token end point."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from enum import Enum
from urllib.parse import urlencode

from authlib.oauth2 import OAuth2Error

from appproxy.errors import Code, IdentityError
from appproxy.identity.sealing import NONCE_SIZE
from appproxy.provider.assurance import AskedAssurance, Level, Unmet, level_of, read_demand
from appproxy.provider.oauth.clients import Client, find_client
from appproxy.provider.oauth.metadata import CONSENT
from appproxy.provider.oauth.server import OAuthRequest, Server
from appproxy.provider.tokens import CodeGrant, ProviderSession
from appproxy.store.names import NotFound
from appproxy.store.people import users
from appproxy.store.people.factors import factors
from appproxy.store.people.factors.factors import FactorsOfUser
from appproxy.store.people.session import rows as session_rows
from appproxy.store.people.users import User
from appproxy.store.snapshot import BUILTIN, ProviderRecord, SealingKey, Snapshot
from appproxy.store.transaction import Reading

#: Signs that a parameter of ours may have: those of RFC 6749 appendix A without quote and backslash. Others would end
#: up in Authlib's error descriptions, which it then refuses to make.
_PLAIN = re.compile(r"[\x20\x21\x23-\x5B\x5D-\x7E]{1,4096}")
#: What an authorization request may say to the rules; the rest is ignored (OpenID Connect Core section 3.1.2.1).
_AUTHORIZE = frozenset({
    "response_type", "client_id", "redirect_uri", "scope", "state", "nonce", "prompt", "max_age", "response_mode",
    "code_challenge", "code_challenge_method", "resource", "request", "request_uri", "registration", "acr_values", "claims",
})  # fmt: skip
#: JSON, and so of other signs. The rules never see it: `_demand` reads it.
_CLAIMS = "claims"
#: OpenID Connect Core section 3.1.2.6, and Unmet Authentication Requirements 1.0 section 2.
#: RFC 8707 section 2.
_CONSENT, _TARGET = "consent_required", "invalid_target"
_INTERACTION, _UNMET, _LOGIN = "interaction_required", "unmet_authentication_requirements", "login_required"
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
        return find_client(self.snapshot, client_id, self.redirect_uri, self.now)

    @property
    def record(self) -> ProviderRecord:
        """What is set of this provider."""
        return self.snapshot.providers[BUILTIN]

    def end_of(self, session: ProviderSession) -> float:
        """When a session ends at the latest, and with it every token that comes from it."""
        return min(session.expires, session.auth_time + self.record.session_hours * 3600.0)

    def valid(self, session: ProviderSession) -> bool:
        """Is the session still on, as far as the snapshot tells?"""
        return self.now < self.end_of(session) and self.counts(session)

    def counts(self, session: ProviderSession) -> bool:
        """The same of one whose end is known elsewhere."""
        not_before = self.snapshot.not_before.get((BUILTIN, session.user), 0.0)
        return session.auth_time >= not_before and session.id not in self.snapshot.revoked_sessions


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A user with a session that counts now."""

    session: ProviderSession
    user: User
    factors: FactorsOfUser = FactorsOfUser()

    @property
    def level(self) -> Level:
        """What is proved so far."""
        return level_of(self.session.methods)


@dataclass(frozen=True, slots=True)
class Redirect:
    """Send the browser to `location`."""

    location: str


@dataclass(frozen=True, slots=True)
class AskPassword:
    """The request is good; the user has to type the password, then go on with `parameters`."""

    parameters: Mapping[str, str]


class SignInStep(Enum):
    """What a user has to do beside typing the password."""

    PROVE = "use a second factor"
    PASSKEY = "use a passkey"
    ENROL = "set up a second factor"
    ENROL_PASSKEY = "set up a passkey"


@dataclass(frozen=True, slots=True)
class AskFactor:
    """The request is good, and less is proved than it needs: `step` is next, then go on with `parameters`.

    `optional`: the user may leave it; the client then gets less than it asked for, and is told so.
    """

    parameters: Mapping[str, str]
    who: SignedIn
    step: SignInStep
    optional: bool


Decision = Redirect | AskPassword | AskFactor


def needed_level(who: SignedIn, now: float, asked: Level = Level.PASSWORD) -> Level:
    """Who has a second factor uses it, whoever asks; and who must have one needs it."""
    due = who.factors.due is not None and who.factors.due <= now
    return max(asked, Level.MFA if who.factors.any or due else Level.PASSWORD)


def next_step(who: SignedIn, level: Level) -> SignInStep | None:
    """What the user has to do to reach a level; None when it is reached.

    Nobody sets anything up before they have proved what they have: else a password alone would make a second factor.
    """
    if who.level >= level:
        return None
    if who.factors.any and who.level < Level.MFA:
        return SignInStep.PROVE
    if level < Level.PHISHING_RESISTANT:
        return SignInStep.ENROL
    return SignInStep.PASSKEY if who.factors.passkeys else SignInStep.ENROL_PASSKEY


@dataclass(frozen=True, slots=True)
class EndPointContext:
    """What the OAuth rules ask of both end points."""

    context: GrantContext

    @property
    def issuer(self) -> str:
        """The provider's own URL."""
        return self.context.issuer

    def find_client(self, client_id: str) -> Client | None:
        """The client of this id."""
        return self.context.find_client(client_id)


@dataclass(frozen=True, slots=True)
class _AuthorizationEndPoint(EndPointContext):
    who: SignedIn | None

    def new_code(self, client: Client, parameters: Mapping[str, str], scope: str) -> str:
        assert self.who is not None  # Authlib asks for a code only for a user
        context = self.context
        grant = CodeGrant(
            context.random_bytes(16).hex(), client.client_id, parameters["redirect_uri"], parameters["code_challenge"],
            parameters.get("nonce", ""), scope, replace(self.who.session, device=None),
            client.resource(context.snapshot, parameters.get("resource", "")) or "",
        )  # fmt: skip
        return grant.seal(context.key, context.now, context.nonce())


def authorize(
    context: GrantContext, parameters: Mapping[str, str], who: SignedIn | None, *, consented: bool = False
) -> Decision:
    """Decide an authorization request (OpenID Connect Core section 3.1.2). `who`: the user with a session, if any.

    `consented`: the user has allowed what a native client wants, who is asked for it on a page of its own; and the sign-in was
    judged, as that at a relying party is there, which nobody is asked about.

    Raises IdentityError(SIGN_IN_STATE) when it is not certain that a client of ours has sent it: then nothing may be
    sent anywhere.
    """
    asked = checked(parameters, _AUTHORIZE)
    if who is not None and not _fresh_enough(asked.get("max_age"), who.session, context.now):
        who = None
    server = Server(_AuthorizationEndPoint(context, who))
    plain = {name: value for name, value in asked.items() if name != _CLAIMS}
    request = OAuthRequest("GET", context.issuer + "/authorize", plain)
    user = who.user if who is not None else None
    try:
        grant = server.get_consent_grant(request, end_user=user)
        demand = _demand(asked)
        client: Client = request.client
        if client.native is not None and client.resource(context.snapshot, asked.get("resource", "")) is None:
            raise _oauth_error(asked, _TARGET)
    except OAuth2Error as error:
        return _error(server, request, error)
    if who is None or grant.prompt in ("login", "select_account"):
        return AskPassword(asked)
    silent = asked.get("prompt") == "none"
    if demand.subject not in (None, who.user.id):
        return _error(server, request, _oauth_error(asked, _LOGIN)) if silent else AskPassword(asked)
    needed = needed_level(who, context.now, demand.level)
    step = next_step(who, needed)
    if step is not None:
        if silent:
            return _error(server, request, _oauth_error(asked, _INTERACTION))
        return AskFactor(asked, who, step, who.level >= needed_level(who, context.now))
    if client.native is not None and not consented and silent:
        return _error(server, request, _oauth_error(asked, _CONSENT))
    if (client.native is not None or client.party is not None) and not consented:
        more = {"prompt": "none"} if silent else {}
        return Redirect(f"/{CONSENT}?{urlencode(after_sign_in(asked) | more)}")
    return _redirect(server.create_authorization_response(request, grant_user=user, grant=grant), "refused")


def authorize_after_sign_in(context: GrantContext, parameters: Mapping[str, str], who: SignedIn) -> Redirect | AskFactor:
    """Go on with a request whose user has just signed in, which is what `prompt` and `max_age` ask for."""
    rest = after_sign_in(parameters)
    decided = authorize(context, rest, who)
    if isinstance(decided, AskPassword):
        # It is another user than the client wants (`claims`).
        server = Server(_AuthorizationEndPoint(context, who))
        return _error(server, OAuthRequest("GET", context.issuer + "/authorize", {}), _oauth_error(rest, _LOGIN))
    return decided


def authorize_without_step(context: GrantContext, parameters: Mapping[str, str], who: SignedIn) -> Redirect:
    """Go on with a request whose user leaves a step that is optional: the client gets what there is, or an error."""
    asked = after_sign_in(parameters)
    server = Server(_AuthorizationEndPoint(context, who))
    demand = _demand(asked)
    if demand.essential and who.level < demand.level:
        return _error(server, OAuthRequest("GET", context.issuer + "/authorize", {}), _oauth_error(asked, _UNMET))
    rest = {name: value for name, value in asked.items() if name not in ("acr_values", _CLAIMS)}
    decided = authorize(context, rest, who)
    if not isinstance(decided, Redirect):
        raise IdentityError(Code.SIGN_IN_STATE, "a step was left that is needed")
    return decided


def after_sign_in(parameters: Mapping[str, str]) -> dict[str, str]:
    """A request without what a sign-in just now has fulfilled."""
    return {name: value for name, value in parameters.items() if name not in ("prompt", "max_age")}


def _demand(asked: Mapping[str, str]) -> AskedAssurance:
    """What the client wants of the sign-in. Raises OAuth2Error, with where to send it."""
    try:
        return read_demand(asked.get("acr_values", ""), asked.get(_CLAIMS, ""))
    except Unmet as error:
        raise _oauth_error(asked, _UNMET) from error
    except ValueError as error:
        raise _oauth_error(asked, "invalid_request") from error


def _oauth_error(asked: Mapping[str, str], error: str) -> OAuth2Error:
    """An error for the client; only of a request whose client and redirect URI are known to be good."""
    return OAuth2Error(error=error, redirect_uri=asked["redirect_uri"], state=asked.get("state"))


def _error(server: Server, request: OAuthRequest, error: OAuth2Error) -> Redirect:
    return _redirect(server.handle_error_response(request, error), str(error))


def _fresh_enough(max_age: str | None, session: ProviderSession, now: float) -> bool:
    """Is the last sign-in recent enough? A `max_age` that is no number is for the rules to refuse."""
    return max_age is None or not max_age.isdecimal() or now - session.auth_time < int(max_age[:9])


def _redirect(response: tuple[int, object, Mapping[str, str]], why: str) -> Redirect:
    location = response[2].get("Location")
    if location is None:
        raise IdentityError(Code.SIGN_IN_STATE, f"authorization request: {why}")
    return Redirect(location)


def checked(parameters: Mapping[str, str], known: frozenset[str]) -> dict[str, str]:
    """The known ones among the parameters of a request. Raises IdentityError(SIGN_IN_STATE) for signs that none can have."""
    asked = {name: value for name, value in parameters.items() if name in known}
    if not all(_PLAIN.fullmatch(value) for name, value in asked.items() if name != _CLAIMS):
        raise IdentityError(Code.SIGN_IN_STATE, "a parameter is too long or has signs that it cannot have")
    return asked


def find_signed_in(reading: Reading, session: ProviderSession) -> SignedIn | None:
    """The session's user with their factors, unless the session does not count (`find_active`)."""
    user = find_active(reading, session)
    return None if user is None else SignedIn(session, user, factors.of_user(reading, user.id))


def find_in_use(reading: Reading, session: ProviderSession, since: float) -> SignedIn | None:
    """The same, unless the session was not used after `since` (seconds since 1970): by a sign-in, or by a request to an
    application that was opened with it.
    """
    if max(session.auth_time, session_rows.last_seen(reading, BUILTIN, session.id)) <= since:
        return None
    return find_signed_in(reading, session)


def find_active(reading: Reading, session: ProviderSession) -> User | None:
    """The session's user, unless removed, disabled, or with another password since."""
    try:
        user = users.find(reading, session.user)
    except NotFound:
        return None
    return user if not user.disabled and user.credentials_changed <= session.auth_time else None
