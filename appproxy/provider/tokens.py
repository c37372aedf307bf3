"""What the provider hands out sealed: codes, access tokens, its session cookie and the hidden field of its forms.

Each is self-contained and has a purpose of its own, so that none can pass for another. Times are seconds since 1970;
`nonce` is 12 random bytes. Opening raises IdentityError(SIGN_IN_STATE): forged, too old, or bound to something else.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import cast

from appproxy.errors import Code, IdentityError
from appproxy.identity import binding
from appproxy.identity.sealing import Key, seal, unseal
from appproxy.identity.states import START_LIFETIME

#: RFC 6749 section 4.1.2 allows ten minutes; ours goes straight to the service.
CODE_LIFETIME = 60.0
#: The service asks the userinfo end point at once, if at all.
ACCESS_LIFETIME = 300.0
#: A working day with its breaks, after which the password is asked for again.
SESSION_LIFETIME = 12 * 3600.0
#: A sign-in form left open over lunch still works, and so does what it leads back to.
FORM_LIFETIME = START_LIFETIME

#: RFC 8176 section 2: a password.
AMR = ("pwd",)
#: One factor, something known. Stronger methods will have names of their own.
ACR = "urn:appproxy:acr:password"


@dataclass(frozen=True, slots=True)
class ProviderSession:
    """A user's session with the provider. `auth_time`: when the password was typed."""

    id: str
    user: str
    auth_time: float

    @property
    def expires(self) -> float:
        """When it ends, and with it every token that comes from it."""
        return self.auth_time + SESSION_LIFETIME

    def seal(self, key: Key, nonce: bytes) -> bytes:
        """For the cookie."""
        return seal("provider session", {"i": self.id, "u": self.user, "a": self.auth_time}, key, self.expires, nonce)

    @classmethod
    def unseal(cls, text: bytes, keys: Iterable[Key], now: float) -> ProviderSession:
        """From the cookie."""
        payload = unseal("provider session", text, keys, now)
        return cls(str(payload["i"]), str(payload["u"]), cast("float", payload["a"]))


@dataclass(frozen=True, slots=True)
class Grant:
    """What a code stands for. `id` may be used once; the `get_` methods are what Authlib asks of a code."""

    id: str
    client: str
    redirect_uri: str
    code_challenge: str
    nonce: str
    scope: str
    session: ProviderSession

    def seal(self, key: Key, now: float, nonce: bytes) -> str:
        """The code."""
        payload = {
            "i": self.id, "r": self.redirect_uri, "c": self.code_challenge, "n": self.nonce, "o": self.scope,
            "s": self.session.id, "u": self.session.user, "a": self.session.auth_time,
        }  # fmt: skip
        return seal("code", payload, key, now + CODE_LIFETIME, nonce, (self.client,)).decode("ascii")

    @classmethod
    def unseal(cls, code: str, client: str, keys: Iterable[Key], now: float) -> Grant:
        """Open a code that was given to this client."""
        payload = unseal("code", code.encode(), keys, now, (client,))
        session = ProviderSession(str(payload["s"]), str(payload["u"]), cast("float", payload["a"]))
        redirect_uri, challenge, nonce, scope = (str(payload[name]) for name in ("r", "c", "n", "o"))
        return cls(str(payload["i"]), client, redirect_uri, challenge, nonce, scope, session)

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
        """When the password was typed."""
        return int(self.session.auth_time)

    def get_acr(self) -> str:
        """How strongly the user proved who they are."""
        return ACR

    def get_amr(self) -> list[str]:
        """By which methods."""
        return list(AMR)


@dataclass(frozen=True, slots=True)
class Access:
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
    def unseal(cls, token: str, keys: Iterable[Key], now: float) -> Access:
        """Open an access token."""
        payload = unseal("provider access token", token.encode(), keys, now)
        return cls(str(payload["u"]), str(payload["s"]), str(payload["o"]), cast("float", payload["a"]))


@dataclass(frozen=True, slots=True)
class FormState:
    """The hidden field of a form: what to go on with once it is posted, bound to a cookie of the browser.

    It is the guard against forged posts and the only place where the way onward is kept.
    """

    purpose: str
    parameters: Mapping[str, str] = field(repr=False)

    def seal(self, key: Key, now: float, nonce: bytes, bound_to: str) -> str:
        """The field's value. `bound_to`: hash of the browser's cookie (`identity.binding`)."""
        payload = {"p": dict(self.parameters), "b": bound_to, "e": now + FORM_LIFETIME}
        return seal("provider form", payload, key, now + FORM_LIFETIME, nonce, (self.purpose,)).decode("ascii")

    @classmethod
    def unseal(cls, text: str, purpose: str, keys: Iterable[Key], now: float, secrets: Iterable[bytes]) -> FormState:
        """Open a posted field with the `secrets` of the browser's cookies.

        Raises IdentityError(SIGN_IN_STATE) when it is not ours, and StaleForm when it is, but too old or not this browser's.
        """
        payload = unseal("provider form", text.encode(), keys, -math.inf, (purpose,))
        form = cls(purpose, cast("Mapping[str, str]", payload["p"]))
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
