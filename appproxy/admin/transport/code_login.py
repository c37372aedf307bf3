"""The machine's side of being let in by a code (RFC 8628): ask for one, have it shown, and wait until somebody has decided."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from math import isfinite
from typing import Any

from appproxy.admin.base.problem import error_of
from appproxy.admin.logins.paths import BEGIN, REVOKE, TOKEN
from appproxy.admin.transport.remote import Remote, TokenRefused
from appproxy.errors import AppProxyError, ConfigError, StoreError
from appproxy.identity.grant_types import DEVICE_CODE, REFRESH

#: How this program calls itself there.
_CLIENT = "appproxy"
#: Seconds by which it waits longer each time that it has asked too often (RFC 8628 section 3.5); also how long it waits where
#: the service does not say (section 3.2).
_SLOWER = 5.0
#: Seconds between two questions, and for which a code counts, whatever the service says: one that is broken is not asked
#: without a pause, nor for ever.
_LEAST_PAUSE, _LONGEST_PAUSE, _LONGEST_WAIT = 1.0, 60.0, 3600.0
#: Questions that may fail because the service is away for a moment, one after the other: it may be started again meanwhile.
_MOST_FAILURES = 20
_AGAIN = "appproxy login again"


class NotLetIn(AppProxyError):
    """Somebody did not let the machine in, or nobody did in time."""


@dataclass(frozen=True, slots=True)
class ShownCode:
    """What a person has to be told: where, the code, and both in one; `expires_in` seconds."""

    address: str
    code: str
    complete: str
    expires_in: float


def let_in(
    service: Remote, purpose: str, names: Mapping[str, str], tell: Callable[[ShownCode], object],
    sleep: Callable[[float], object],
) -> Mapping[str, Any]:
    """Wait until somebody lets this machine in for a `purpose` (the scope); gives what the service answers then.

    `names`: what the machine calls itself, and the group of a connector; `tell` shows the code. Raises NotLetIn, or as
    `Remote.call`.
    """
    made = _good(service, *service.post_form(BEGIN, {"client_id": _CLIENT, "scope": purpose, **names}))
    try:
        place, code, complete = (str(made[name]) for name in ("verification_uri", "user_code", "verification_uri_complete"))
        shown = ShownCode(place, code, complete, _within(made["expires_in"], 0.0, _LONGEST_WAIT))
        question = {"client_id": _CLIENT, "grant_type": DEVICE_CODE, "device_code": str(made["device_code"])}
        interval = _within(made.get("interval", _SLOWER), _LEAST_PAUSE, _LONGEST_PAUSE)
    except (KeyError, TypeError, ValueError) as error:
        raise StoreError(f"{service.url} gives no code", hint="is it of this version, with admin_api true?") from error
    tell(shown)
    return _wait(service, question, interval, shown.expires_in, sleep)


def _within(said: object, least: float, most: float) -> float:
    """Seconds that the service has said, within bounds. Raises ValueError or TypeError for what is no number."""
    seconds = float(said)  # type: ignore[arg-type]
    if not isfinite(seconds):
        raise ValueError(said)
    return min(max(seconds, least), most)


def _wait(
    service: Remote, question: Mapping[str, str], interval: float, left: float, sleep: Callable[[float], object],
) -> Mapping[str, Any]:
    failures = 0
    while left > 0.0:
        sleep(interval)
        left -= interval
        try:
            status, answer = service.post_form(TOKEN, question)
        except StoreError:
            failures += 1
            if failures > _MOST_FAILURES:
                raise
            continue
        failures, error = 0, answer.get("error")
        if status == 200:
            return answer
        if error == "slow_down":
            interval = min(interval + _SLOWER, _LONGEST_PAUSE)
        elif error == "access_denied":
            raise NotLetIn("this machine was not let in",
                           hint="somebody has declined its code, or has confirmed it and may do so no more")
        elif error != "authorization_pending":
            break
    raise NotLetIn("nobody has confirmed the code in time", hint="run the same command again, for a new code")


def with_tokens(service: Remote, answer: Mapping[str, Any], now: float) -> Remote:
    """The service with the tokens of an answer; `now` in seconds since 1970."""
    token, following, lasts = (answer.get(name) for name in ("access_token", "refresh_token", "expires_in"))
    if not isinstance(token, str) or not isinstance(following, str) or not isinstance(lasts, int | float):
        raise StoreError(f"{service.url} gives no tokens", hint="is it a service of this version?")
    return replace(service, token=token, refresh_token=following, expires=now + lasts)


def refreshed(service: Remote, now: float) -> Remote:
    """The same with new tokens. Raises TokenRefused where the session has ended."""
    status, answer = service.post_form(TOKEN, {
        "client_id": _CLIENT, "grant_type": REFRESH, "refresh_token": service.refresh_token})
    if status == 400:
        raise TokenRefused(f"the session at {service.url} has ended", hint=_AGAIN)
    return with_tokens(service, _good(service, status, answer), now)


def end(service: Remote) -> None:
    """End the session of these tokens. Raises as `Remote.call`."""
    _good(service, *service.post_form(REVOKE, {"client_id": _CLIENT, "token": service.refresh_token}))


def _good(service: Remote, status: int, answer: Mapping[str, Any]) -> Mapping[str, Any]:
    if status == 200:
        return answer
    if status == 404:
        raise ConfigError(f"{service.url} lets no machine in by a code", hint="is it of this version, with admin_api true? "
                          "With a service token: appproxy login --token-stdin")
    if status == 429:
        raise StoreError(f"{service.url} was asked too often from here", hint="wait a minute")
    if "error" in answer:
        raise ConfigError(f"{service.url} refuses: {answer.get('error_description') or answer['error']}")
    raise error_of(status, answer)
