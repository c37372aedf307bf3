"""What the provider hands out sealed: codes, access tokens, its session cookie and the hidden field of its forms.

Each is self-contained and has a purpose of its own, so that none can pass for another. Times are seconds since 1970;
`nonce` is 12 random bytes. Opening raises IdentityError(SIGN_IN_STATE): forged, too old, or bound to something else.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, cast

from appproxy.device import ProvedDevice
from appproxy.errors import Code, IdentityError
from appproxy.identity import binding
from appproxy.identity.sealing import Key, seal, unseal
from appproxy.identity.states import START_LIFETIME
from appproxy.provider.assurance import Method, acr_of, amr_of
from appproxy.store.people.session.record import PROVIDER_SESSION_LIFETIME

#: RFC 6749 section 4.1.2 allows ten minutes; ours goes straight to the service.
CODE_LIFETIME = 60.0
#: The service asks the userinfo end point at once, if at all.
ACCESS_LIFETIME = 300.0
#: Who ends a session from elsewhere has to know it, too.
SESSION_LIFETIME = PROVIDER_SESSION_LIFETIME
#: A sign-in form left open over lunch still works, and so does what it leads back to.
FORM_LIFETIME = START_LIFETIME
#: Between the password and what comes after it; also how long an account may be changed after a sign-in.
STEP_LIFETIME = 600.0


@dataclass(frozen=True, slots=True)
class ProviderSession:
    """A user's session with the provider. `auth_time`: when they signed in; `methods`: what they have proved, in this order.
    `risk`: the level at which they let a program in, "" for unknown; it is in the program's tokens alone. `device`: that was
    proved in it for a relying party.

    Before all that is asked for is proved, it is in the hidden field of the next form only, and no cookie has it.
    """

    id: str
    user: str
    auth_time: float
    methods: tuple[Method, ...] = (Method.PASSWORD,)
    risk: str = ""
    device: ProvedDevice | None = None

    @property
    def expires(self) -> float:
        """When its cookie ends; settings may end it before (`GrantContext.end_of`)."""
        return self.auth_time + SESSION_LIFETIME

    def seal(self, key: Key, nonce: bytes) -> bytes:
        """For the cookie."""
        return seal("provider session", self.packed(), key, self.expires, nonce)

    @classmethod
    def unseal(cls, text: bytes, keys: Iterable[Key], now: float) -> ProviderSession:
        """From the cookie."""
        return cls.unpack(unseal("provider session", text, keys, now))

    def packed(self) -> dict[str, object]:
        """As it is in sealed texts."""
        packed: dict[str, object] = {
            "i": self.id, "u": self.user, "a": self.auth_time, "m": [method.value for method in self.methods]}
        if self.risk:
            packed["k"] = self.risk
        if self.device is not None:
            packed["d"] = self.device.payload()
        return packed

    @classmethod
    def unpack(cls, payload: Mapping[str, object]) -> ProviderSession:
        """From a sealed text; one without methods is of an older version, which knew passwords alone."""
        names = cast("list[str]", payload.get("m", [Method.PASSWORD.value]))
        try:
            methods = tuple(map(Method, names))
        except ValueError as error:
            raise IdentityError(Code.SIGN_IN_STATE, f"a session with a method that is unknown here: {error}") from error
        device = payload.get("d")
        return cls(
            str(payload["i"]), str(payload["u"]), cast("float", payload["a"]), methods, str(payload.get("k", "")),
            None if device is None else ProvedDevice.read(cast("Mapping[str, Any]", device)))

    def with_method(self, method: Method) -> ProviderSession:
        """The same with one more proof."""
        return self if method in self.methods else replace(self, methods=(*self.methods, method))


@dataclass(frozen=True, slots=True)
class CodeGrant:
    """What a code stands for. `id` may be used once; the `get_` methods are what Authlib asks of a code."""

    id: str
    client: str
    redirect_uri: str
    code_challenge: str
    nonce: str
    scope: str
    session: ProviderSession
    #: What the tokens of a native client will be for (RFC 8707); "" for an application.
    resource: str = ""

    def seal(self, key: Key, now: float, nonce: bytes) -> str:
        """The code."""
        payload = {
            "r": self.redirect_uri, "c": self.code_challenge, "n": self.nonce, "o": self.scope,
            **self.session.packed(), "i": self.id, "s": self.session.id, "t": self.resource,
        }  # fmt: skip
        return seal("code", payload, key, now + CODE_LIFETIME, nonce, (self.client,)).decode("ascii")

    @classmethod
    def unseal(cls, code: str, client: str, keys: Iterable[Key], now: float) -> CodeGrant:
        """Open a code that was given to this client."""
        payload = unseal("code", code.encode(), keys, now, (client,))
        session = ProviderSession.unpack({**payload, "i": payload["s"]})
        redirect_uri, challenge, nonce, scope = (str(payload[name]) for name in ("r", "c", "n", "o"))
        return cls(str(payload["i"]), client, redirect_uri, challenge, nonce, scope, session, str(payload.get("t", "")))

    def get_redirect_uri(self) -> str:
        """The token request must repeat it."""
        return self.redirect_uri

    def get_scope(self) -> str:
        """What was granted."""
        return self.scope

    def get_nonce(self) -> str:
        """The client's, for the ID token."""
        return self.nonce

    def get_auth_time(self) -> int:
        """When the user signed in."""
        return int(self.session.auth_time)

    def get_acr(self) -> str:
        """How strongly the user proved who they are."""
        return acr_of(self.session.methods)

    def get_amr(self) -> list[str]:
        """By which methods."""
        return amr_of(self.session.methods)


@dataclass(frozen=True, slots=True)
class UserInfoAccess:
    """What an access token allows: to ask who the user is."""

    user: str
    session: str
    scope: str
    auth_time: float

    def seal(self, key: Key, now: float, nonce: bytes) -> str:
        """The access token."""
        payload = {"u": self.user, "s": self.session, "o": self.scope, "a": self.auth_time}
        return seal("provider access token", payload, key, now + ACCESS_LIFETIME, nonce).decode("ascii")

    @classmethod
    def unseal(cls, token: str, keys: Iterable[Key], now: float) -> UserInfoAccess:
        """Open an access token."""
        payload = unseal("provider access token", token.encode(), keys, now)
        return cls(str(payload["u"]), str(payload["s"]), str(payload["o"]), cast("float", payload["a"]))

    def seal_renewal(self, key: Key, nonce: bytes) -> str:
        """A refresh token, which ends with the session. It is the service's, whichever application has begun the session."""
        payload = {"u": self.user, "s": self.session, "o": self.scope, "a": self.auth_time}
        ends = self.auth_time + SESSION_LIFETIME
        return seal("provider refresh token", payload, key, ends, nonce).decode("ascii")

    @classmethod
    def unseal_renewal(cls, token: str, keys: Iterable[Key], now: float) -> UserInfoAccess:
        """Open a refresh token."""
        payload = unseal("provider refresh token", token.encode(), keys, now)
        return cls(str(payload["u"]), str(payload["s"]), str(payload["o"]), cast("float", payload["a"]))


@dataclass(frozen=True, slots=True)
class FormState:
    """The hidden field of a form: what to go on with once it is posted, bound to a cookie of the browser.

    It is the guard against forged posts and the only place where the way onward is kept.
    """

    purpose: str
    parameters: Mapping[str, str] = field(repr=False)
    #: Of a later step: what is proved so far.
    session: ProviderSession | None = None
    #: What the answer is checked with, such as a challenge.
    known: Mapping[str, str] = field(default_factory=dict, repr=False)

    @property
    def lifetime(self) -> float:
        """Seconds: a later step waits for less than a first one."""
        return FORM_LIFETIME if self.session is None else STEP_LIFETIME

    def seal(self, key: Key, now: float, nonce: bytes, bound_to: str) -> str:
        """The field's value. `bound_to`: hash of the browser's cookie (`identity.binding`)."""
        payload: dict[str, object] = {"p": dict(self.parameters), "b": bound_to, "e": now + self.lifetime}
        if self.session is not None:
            payload["s"] = self.session.packed()
        if self.known:
            payload["k"] = dict(self.known)
        return seal("provider form", payload, key, now + self.lifetime, nonce, (self.purpose,)).decode("ascii")

    @classmethod
    def unseal(cls, text: str, purpose: str, keys: Iterable[Key], now: float, secrets: Iterable[bytes]) -> FormState:
        """Open a posted field with the `secrets` of the browser's cookies.

        Raises IdentityError(SIGN_IN_STATE) when it is not ours, and StaleForm when it is, but too old or not this browser's.
        """
        payload = unseal("provider form", text.encode(), keys, -math.inf, (purpose,))
        session = ProviderSession.unpack(cast("Mapping[str, object]", payload["s"])) if "s" in payload else None
        form = cls(purpose, cast("Mapping[str, str]", payload["p"]), session, cast("Mapping[str, str]", payload.get("k", {})))
        if now >= cast("float", payload["e"]):
            raise StaleForm(form, "the form was open for too long")
        if binding.find(str(payload["b"]), secrets) is None:
            raise StaleForm(form, "the form comes without its cookie")
        return form


class StaleForm(IdentityError):
    """A form of ours that cannot count any more; what it was for is known."""

    def __init__(self, form: FormState, detail: str) -> None:
        super().__init__(Code.SIGN_IN_STATE, detail)
        self.form = form
