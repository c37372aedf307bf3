"""Tokens of native clients: access tokens that the applications' gate believes (RFC 9068), and refresh tokens."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from joserfc import jwt
from joserfc.jwk import ECKey

from appproxy.errors import IdentityError
from appproxy.identity.openid.access_token import ACCESS_TYPE, RISK
from appproxy.provider.assurance import Method, acr_of, amr_of
from appproxy.provider.oauth.claims import user_claims
from appproxy.provider.oauth.clients import SCOPES, Client
from appproxy.provider.oauth.signing import ALGORITHM
from appproxy.provider.tokens import ProviderSession
from appproxy.store.machines import device_codes, native_grants
from appproxy.store.machines.client_grants import ClientGrant
from appproxy.store.machines.device_codes import DeviceCode
from appproxy.store.machines.native_grants import NativeGrant
from appproxy.store.people.session import rows as session_rows
from appproxy.store.people.session.record import SignInResult
from appproxy.store.people.users import User
from appproxy.store.snapshot import BUILTIN
from appproxy.store.transaction import Transaction

#: Seconds that an access token lasts: a disabled user or an ended session is out at once all the same.
LIFETIME = 600.0
#: Signs as in any parameter of an authorization request (`grants.checked`), and seconds.
_LEVELS = {"acr_values": re.compile(r"[\x20\x21\x23-\x5B\x5D-\x7E]{1,512}"), "max_age": re.compile(r"[0-9]{1,9}")}


@dataclass(frozen=True, slots=True)
class UsedRefreshToken:
    """A refresh token that was used, as Authlib wants it."""

    grant: NativeGrant | ClientGrant

    def check_client(self, client: Client) -> bool:
        """Called by Authlib."""
        return client.client_id == self.grant.client

    def get_scope(self) -> str:
        """What was granted."""
        return self.grant.scope


@dataclass(frozen=True, slots=True)
class WaitingDevice:
    """A device that waits, as Authlib wants it."""

    code: DeviceCode
    now: float

    def get_client_id(self) -> str:
        """Whose it is."""
        return self.code.client

    def get_scope(self) -> str:
        """What was asked for."""
        return self.code.scope

    def get_user_code(self) -> str:
        """The code that the user types."""
        return self.code.user_code

    def is_expired(self) -> bool:
        """Called by Authlib."""
        return self.code.expires <= self.now

    @property
    def session(self) -> ProviderSession | None:
        """That of who has allowed it."""
        if self.code.session is None:
            return None
        try:
            return ProviderSession.unpack(self.code.session)
        except IdentityError:
            return None


@dataclass(frozen=True, slots=True)
class Minting:
    """What tokens are made with: the facts of a transaction. `ends`: when a grant that begins with `auth_time` ends."""

    tx: Transaction
    issuer: str
    key: ECKey
    now: float

    def begin(
        self, client: Client, session: ProviderSession, user: User, scope: str, resource: str, ends: float, id: str
    ) -> Mapping[str, object]:
        """The first tokens of a new grant of this id, which is a session that users and admins see and can end."""
        methods = tuple(method.value for method in session.methods)
        grant = NativeGrant(id, client.client_id, user.id, scope, resource, session.auth_time, methods, ends, session.risk)
        name = "" if client.native is None else client.native.name
        session_rows.begin(self.tx, SignInResult(
            id=id, provider=BUILTIN, subject=user.id, issuer=self.issuer, name=user.display_name or user.name, sid=id,
            application="", expires=ends, address="", client=name, auth_time=session.auth_time,
            amr=tuple(amr_of(session.methods)), acr=acr_of(session.methods), claims={}))
        return self._answer(grant, user, scope, native_grants.begin(self.tx, grant))

    def refresh(self, grant: NativeGrant, user: User, scope: str) -> Mapping[str, object]:
        """The next tokens of a grant, whose last refresh token is used up."""
        return self._answer(grant, user, scope, native_grants.rotate(self.tx, grant))

    def _answer(self, grant: NativeGrant, user: User, scope: str, refresh_token: str) -> Mapping[str, object]:
        ends = min(self.now + LIFETIME, grant.expires)
        methods = [Method(name) for name in grant.methods]
        # All that is known of the user: it is for an application of ours, which sees what its header rules name.
        claims = {
            **user_claims(user, " ".join(SCOPES)), "iss": self.issuer, "aud": grant.audience, "client_id": grant.client,
            "iat": int(self.now), "exp": int(ends), "jti": self.tx.random_bytes(16).hex(), "sid": grant.id, "scope": scope,
            "auth_time": int(grant.auth_time), "acr": acr_of(methods), "amr": amr_of(methods),
            **({RISK: grant.risk} if grant.risk else {}),
        }  # fmt: skip
        header = {"alg": ALGORITHM, "typ": ACCESS_TYPE, "kid": str(self.key.kid)}
        return {
            "access_token": jwt.encode(header, claims, self.key, [ALGORITHM]), "token_type": "Bearer",
            "expires_in": max(int(ends - self.now), 1), "scope": scope, "refresh_token": refresh_token,
        }  # fmt: skip


def poll(tx: Transaction, secret: str) -> WaitingDevice | None:
    """The device of this code, which asks now."""
    found = device_codes.of_device(tx, secret)
    if found is None:
        return None
    device_codes.polled(tx, found.id)
    return WaitingDevice(found, tx.now)


def asked_of_sign_in(parameters: Mapping[str, str]) -> dict[str, str] | None:
    """What a device says that its user's sign-in has to prove, as an authorization request says it; None: it cannot be read.

    RFC 9470 leaves open how a device passes on what it was told: RFC 8628 section 3.1 lets servers define parameters.
    """
    asked = {name: parameters[name] for name in _LEVELS if name in parameters}
    return asked if all(_LEVELS[name].fullmatch(value) for name, value in asked.items()) else None


def asks_too_often(waiting: WaitingDevice) -> bool:
    """Has it asked a moment ago? A second less than was said: timers of devices are not exact."""
    return waiting.now - waiting.code.polled < device_codes.INTERVAL - 1.0
