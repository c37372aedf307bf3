"""What travels with the browser through one sign-in: three sealed texts, each good for one step.

    start    application host -> /start      in the URL    which application, where to return, which browser
    oidc     /start -> /callback             in a cookie   the same, nonce, PKCE verifier; bound to the state
    finish   /callback -> application host   in the URL    the session; one use, 60 s, bound to application and host

The way back lives in these texts and nowhere else, so that no parameter can turn a sign-in into an open redirect.
"""

from __future__ import annotations

import hmac
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from appproxy.errors import Code, IdentityError
from appproxy.identity.cookie import from_payload, to_payload
from appproxy.identity.sealing import Key, decode, seal, unseal
from appproxy.identity.session import Session

#: Time to sign in, a forgotten password included, in seconds.
START_LIFETIME = 600.0
#: Two redirects of a browser, in seconds.
FINISH_LIFETIME = 60.0
#: Bytes of the start cookie's secret.
START_SECRET = 32
#: Longest target that is kept: with it and the largest session a finish URL stays below 8,192 bytes, and the oidc
#: cookie below the 4,096 that browsers keep.
MAX_TARGET = 2000


@dataclass(frozen=True, slots=True)
class Start:
    """A browser wants `target` (origin-form) of `application` on `host`; `binding` is its start cookie's hash."""

    application: str
    host: str
    target: str
    binding: str

    def seal(self, key: Key, now: float, nonce: bytes) -> bytes:
        """For the URL of the start page."""
        return seal("start", _start_payload(self), key, now + START_LIFETIME, nonce)

    @classmethod
    def unseal(cls, text: bytes, keys: Iterable[Key], now: float) -> Start:
        """Raises IdentityError(SIGN_IN_STATE)."""
        return _read_start(unseal("start", text, keys, now))


@dataclass(frozen=True, slots=True)
class Pending:
    """A sign-in that waits for `provider` to send the browser back."""

    start: Start
    provider: str
    nonce: str
    verifier: str

    def seal(self, key: Key, now: float, nonce: bytes, state: str) -> bytes:
        """For the cookie that belongs to `state`."""
        payload = {**_start_payload(self.start), "i": self.provider, "n": self.nonce, "v": self.verifier}
        return seal("oidc", payload, key, now + START_LIFETIME, nonce, (state,))

    @classmethod
    def unseal(cls, text: bytes, keys: Iterable[Key], now: float, state: str) -> Pending:
        """Raises IdentityError(SIGN_IN_STATE)."""
        payload: Mapping[str, Any] = unseal("oidc", text, keys, now, (state,))
        return cls(_read_start(payload), payload["i"], payload["n"], payload["v"])


@dataclass(frozen=True, slots=True)
class Finish:
    """A sign-in that has succeeded; `id` may be used once."""

    id: str
    start: Start
    session: Session

    def seal(self, key: Key, now: float, nonce: bytes) -> bytes:
        """For the URL on the application's host."""
        payload = {**_start_payload(self.start), "u": self.id, "s": to_payload(self.session)}
        return seal("finish", payload, key, now + FINISH_LIFETIME, nonce, (self.start.host,))

    @classmethod
    def unseal(cls, text: bytes, keys: Iterable[Key], now: float, host: str) -> Finish:
        """Raises IdentityError(SIGN_IN_STATE), also when the text is for another host."""
        payload: Mapping[str, Any] = unseal("finish", text, keys, now, (host,))
        return cls(payload["u"], _read_start(payload), from_payload(payload["s"]))


def binding(secret: bytes) -> str:
    """The hash that ties sealed texts to the start cookie `secret` (its value as sent)."""
    return sha256(secret).hexdigest()


def check_binding(start: Start, secret: bytes | None) -> None:
    """Is this the browser that started? Raises IdentityError(SIGN_IN_STATE); compares in constant time."""
    if secret is None or not hmac.compare_digest(binding(secret), start.binding):
        raise IdentityError(Code.SIGN_IN_STATE, "the start cookie is not the one of this sign-in")


def is_start_secret(value: bytes) -> bool:
    """Has it the form of a start cookie of ours? Then a second tab may share it."""
    try:
        return len(decode(value, 64)) == START_SECRET
    except ValueError:
        return False


def _start_payload(start: Start) -> dict[str, object]:
    return {"a": start.application, "h": start.host, "p": start.target, "c": start.binding}


def _read_start(payload: Mapping[str, Any]) -> Start:
    return Start(payload["a"], payload["h"], payload["p"], payload["c"])
