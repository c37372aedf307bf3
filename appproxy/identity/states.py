"""What travels with the browser through one sign-in: sealed texts in URLs, each good for one step.

    start    application host -> /start      which application, where to return, which browser
    state    /start -> /callback             the same, and the nonce; the provider gives it back (`state`)
    device   /callback -> device host        the same, and the session that still has to prove a device
    device elsewhere   sign-in host -> device host   a session of the built-in provider, for a relying party; and back
    finish   /callback -> application host   the same, and the session; one use, 60 s, bound to the host
    again    /callback -> application host   the same: begin once more, because something was lost on the way

The way back lives in these texts and nowhere else, so that no parameter can turn a sign-in into an open redirect. Nothing of a
sign-in is kept in a cookie but a secret that the text is bound to (`identity.binding`): any number of them can be under way
in one browser. A text that is too old, or whose cookie is gone, signs nobody in; `recall` still reads from it where the user
wanted to go.
"""

from __future__ import annotations

import hmac
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

from appproxy.device import ProvedDevice
from appproxy.identity.cookie import from_payload, to_payload
from appproxy.identity.sealing import Key, encode, seal, unseal
from appproxy.identity.session import Session

#: Seconds that a sign-in may take, from the first redirect to the provider's answer: a page that was left open over a long
#: meeting and lunch still works. Forms of the built-in provider last as long.
START_LIFETIME = 4 * 3600.0
#: A browser asks its user which certificate to show, and perhaps for the PIN of a card. In seconds.
DEVICE_LIFETIME = 600.0
#: Two redirects of a browser, in seconds.
FINISH_LIFETIME = 60.0
#: Longest target that travels in them, in bytes; `identity.long_address` has others. With it and the largest session a finish
#: URL stays below 8,192 bytes, and the state below `MAX_STATE`.
MAX_TARGET = 2000
#: Bytes of a state: the built-in provider takes parameters of 4,096, and others give it back in a URL beside a code.
MAX_STATE = 4000
#: How often a sign-in begins again by itself. Whatever is lost once (an overwritten cookie, a used answer) is there the next
#: time; what is lost twice will be lost always, such as the cookies of a browser that keeps none.
MOST_TRIES = 1


@dataclass(frozen=True, slots=True)
class StartState:
    """A browser wants `target` (origin-form) of `application` on `host`; `binding` is its start cookie's hash.

    `tries`: how often this sign-in has begun again by itself. `strengths`, and no longer ago than `max_age` seconds (0.0 for
    any time): what policies ask of it. `kept`: the ticket of a form that is sent at its end, or "". `beside`: it ends on a
    page that closes itself, because the one that it was for is still open. `address`: where the browser keeps a target that is
    too long for a sealed text (`identity.long_address`); `target` is what stands for it then. Else "".
    """

    application: str
    host: str
    target: str
    binding: str
    tries: int = 0
    strengths: tuple[str, ...] = ()
    max_age: float = 0.0
    kept: str = field(default="", repr=False)
    beside: bool = False
    address: str = ""

    def seal(self, key: Key, now: float, nonce: bytes, purpose: str = "start") -> bytes:
        """For the URL of the start page; with the purpose "again" for that of beginning once more."""
        return seal(purpose, _start_payload(self), key, now + START_LIFETIME, nonce)

    @classmethod
    def unseal(cls, text: bytes, keys: Iterable[Key], now: float, purpose: str = "start") -> StartState:
        """Raises IdentityError(SIGN_IN_STATE)."""
        return _read_start(unseal(purpose, text, keys, now))

    @classmethod
    def recall(cls, text: bytes, keys: Iterable[Key], purpose: str = "start") -> StartState:
        """The same, however old the text is: only to find the way back."""
        return cls.unseal(text, keys, -math.inf, purpose)


@dataclass(frozen=True, slots=True)
class PendingState:
    """A sign-in that waits for `provider` to send the browser back; `browser`: hash of the sign-in host's cookie.

    `asked`: when the provider was asked for a new sign-in (seconds since 1970), 0.0 where it was not.
    """

    start: StartState
    provider: str
    nonce: str
    browser: str
    asked: float = 0.0

    def seal(self, key: Key, now: float, nonce: bytes) -> str:
        """The `state` parameter."""
        payload = {**_start_payload(self.start), "i": self.provider, "n": self.nonce, "b": self.browser}
        if self.asked:
            payload["f"] = int(self.asked)
        return seal("state", payload, key, now + START_LIFETIME, nonce).decode("ascii")

    @classmethod
    def unseal(cls, text: bytes, keys: Iterable[Key], now: float) -> PendingState:
        """Raises IdentityError(SIGN_IN_STATE)."""
        payload: Mapping[str, Any] = unseal("state", text, keys, now)
        return cls(_read_start(payload), payload["i"], payload["n"], payload["b"], payload.get("f", 0.0))

    @classmethod
    def recall(cls, text: bytes, keys: Iterable[Key]) -> PendingState:
        """The same, however old the text is: only to find the way back."""
        return cls.unseal(text, keys, -math.inf)


@dataclass(frozen=True, slots=True)
class DeviceState:
    """A sign-in that lacks the proof of a device. What it ends with is bound to the application's host and start cookie, so
    that somebody else's device proves nothing for it.
    """

    start: StartState
    session: Session

    def seal(self, key: Key, now: float, nonce: bytes) -> bytes:
        """For the URL on the device host."""
        return seal("device", {**_start_payload(self.start), "s": to_payload(self.session)}, key, now + DEVICE_LIFETIME, nonce)

    @classmethod
    def unseal(cls, text: bytes, keys: Iterable[Key], now: float) -> DeviceState:
        """Raises IdentityError(SIGN_IN_STATE)."""
        payload: Mapping[str, Any] = unseal("device", text, keys, now)
        return cls(_read_start(payload), from_payload(payload["s"]))

    @classmethod
    def recall(cls, text: bytes, keys: Iterable[Key]) -> DeviceState:
        """The same, however old the text is: only to find the way back."""
        return cls.unseal(text, keys, -math.inf)


@dataclass(frozen=True, slots=True)
class DeviceElsewhereState:
    """A sign-in at a relying party that lacks the proof of a device: the ids of the built-in provider's session and of its
    user, and the query of the request that goes on with it. What is proved counts for that session alone, and the browser
    that comes back has to have it. `message`: what a browser is told that proves none.
    """

    session: str
    user: str
    onward: str = field(repr=False)
    message: str = ""

    def seal(self, key: Key, now: float, nonce: bytes) -> bytes:
        """For the URL on the device host."""
        payload = {"i": self.session, "u": self.user, "q": self.onward, "m": self.message}
        return seal("device elsewhere", payload, key, now + DEVICE_LIFETIME, nonce)

    @classmethod
    def unseal(cls, text: bytes, keys: Iterable[Key], now: float) -> DeviceElsewhereState:
        """Raises IdentityError(SIGN_IN_STATE)."""
        payload: Mapping[str, Any] = unseal("device elsewhere", text, keys, now)
        return cls(payload["i"], payload["u"], payload["q"], payload["m"])

    def proved(self, device: ProvedDevice, key: Key, now: float, nonce: bytes) -> bytes:
        """For the URL that leads back to the provider."""
        payload = {"i": self.session, "u": self.user, "q": self.onward, "d": device.payload()}
        return seal("device proved", payload, key, now + FINISH_LIFETIME, nonce)

    @classmethod
    def unseal_proved(cls, text: bytes, keys: Iterable[Key], now: float) -> tuple[DeviceElsewhereState, ProvedDevice]:
        """The same, and the device that was proved. Raises IdentityError(SIGN_IN_STATE)."""
        payload: Mapping[str, Any] = unseal("device proved", text, keys, now)
        return cls(payload["i"], payload["u"], payload["q"]), ProvedDevice.read(payload["d"])


@dataclass(frozen=True, slots=True)
class FinishState:
    """A sign-in that has succeeded; `id` may be used once."""

    id: str
    start: StartState
    session: Session

    def seal(self, key: Key, now: float, nonce: bytes) -> bytes:
        """For the URL on the application's host."""
        payload = {**_start_payload(self.start), "u": self.id, "s": to_payload(self.session)}
        return seal("finish", payload, key, now + FINISH_LIFETIME, nonce, (self.start.host,))

    @classmethod
    def unseal(cls, text: bytes, keys: Iterable[Key], now: float, host: str) -> FinishState:
        """Raises IdentityError(SIGN_IN_STATE), also when the text is for another host."""
        payload: Mapping[str, Any] = unseal("finish", text, keys, now, (host,))
        return cls(payload["u"], _read_start(payload), from_payload(payload["s"]))

    @classmethod
    def recall(cls, text: bytes, keys: Iterable[Key], host: str) -> FinishState:
        """The same, however old the text is: only to find the way back."""
        return cls.unseal(text, keys, -math.inf, host)


def verifier_of(secret: bytes, nonce: str) -> str:
    """The PKCE verifier of a sign-in (RFC 7636 section 4.1: 43 characters, 256 bits).

    Made from the browser's `secret` and the sign-in's `nonce`: it is kept nowhere, and no other browser can make it.
    """
    return encode(hmac.digest(secret, b"pkce " + nonce.encode(), sha256)).decode("ascii")


def _start_payload(start: StartState) -> dict[str, object]:
    payload: dict[str, object] = {"a": start.application, "h": start.host, "p": start.target, "c": start.binding}
    more = {"t": start.tries, "d": start.strengths, "y": start.max_age, "k": start.kept, "w": start.beside,
            "l": start.address}
    return {**payload, **{name: part for name, part in more.items() if part}}


def _read_start(payload: Mapping[str, Any]) -> StartState:
    read = payload.get
    more = (read("t", 0), tuple(read("d", ())), read("y", 0.0), read("k", ""), read("w", False),
            read("l", ""))
    return StartState(payload["a"], payload["h"], payload["p"], payload["c"], *more)
