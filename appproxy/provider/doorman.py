"""Decides whether a name and a password sign somebody in: throttle, check, record."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from dataclasses import dataclass, field

from twisted.logger import Logger

from appproxy.provider.checker import PasswordChecker
from appproxy.provider.desks import SignedIn
from appproxy.provider.throttle import Throttle
from appproxy.provider.tokens import ProviderSession
from appproxy.store import audit, users
from appproxy.store.live import LiveStore
from appproxy.store.providers import BUILTIN
from appproxy.store.transaction import Transaction
from appproxy.store.users import User

#: Longer ones are nobody's; also the bound of the form's field.
LONGEST_NAME = 255


@dataclass(frozen=True, slots=True)
class Attempt:
    """A name and a password as typed, and the address that they came from. `now`: seconds since 1970."""

    name: str
    password: str = field(repr=False)
    address: str
    now: float


@dataclass(frozen=True, slots=True)
class Refused:
    """Wrong, or not tried: then `wait` is the seconds until the next try is taken, otherwise 0.0."""

    wait: float


def normal_name(typed: str) -> str:
    """The name to look up: NFKC and case fold, so that wide letters and capitals are the same name."""
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", typed.strip()).casefold())


class Doorman:
    """Signs users in. `seconds` is the monotonic clock, `token` gives random bytes."""

    log = Logger()

    def __init__(
        self,
        live: LiveStore,
        checker: PasswordChecker,
        throttle: Throttle,
        seconds: Callable[[], float],
        token: Callable[[int], bytes],
    ) -> None:
        self._live = live
        self._checker = checker
        self._throttle = throttle
        self._seconds = seconds
        self._token = token

    async def sign_in(self, attempt: Attempt) -> SignedIn | Refused:
        """Try a password. Raises RequestError(OVERLOADED) and StoreError, after which the try does not count."""
        name = normal_name(attempt.name[:LONGEST_NAME])
        wait = self._throttle.begin(name, attempt.address, self._seconds())
        if wait > 0.0:
            self.log.info("sign-in refused: too many failures", address=attempt.address, code="THROTTLED")
            return Refused(wait)
        try:
            user, right, new_hash = await self._check(name, attempt)
            await self._live.write(_record, attempt, user, right, new_hash)
        except Exception:
            self._throttle.abandoned(name, attempt.address)
            raise
        if user is None or not right:
            return Refused(0.0)
        self._throttle.succeeded(name, attempt.address)
        # The attempt's time, before the look-up: a password that changed meanwhile is newer than this session.
        return SignedIn(ProviderSession(self._token(16).hex(), user.id, attempt.now), user)

    async def _check(self, name: str, attempt: Attempt) -> tuple[User | None, bool, str | None]:
        user = await self._live.read(users.find_by_name, name) if len(attempt.name) <= LONGEST_NAME else None
        # One who is disabled is checked like one who does not exist, so that neither can be told from a wrong password.
        kept = user.password_hash if user is not None and not user.disabled else None
        right, new_hash = await self._checker.check(kept, attempt.password)
        return user, right, new_hash


def _record(tx: Transaction, attempt: Attempt, user: User | None, right: bool, new_hash: str | None) -> None:
    """Write down what happened. What was typed as name of nobody is left out: it may be somebody's password."""
    detail = {"address": attempt.address, "provider": BUILTIN}
    if right and user is not None:
        if new_hash is not None:
            users.improve_hash(tx, user.id, user.password_hash, new_hash)
        audit.record(tx, f"user:{user.name}", "user.sign_in", user.id, detail)
        return
    if user is None:
        reason = "no such user"
    else:
        reason = "disabled" if user.disabled else "wrong password"
    target = user.id if user is not None else ""
    audit.record(tx, "anonymous", "user.sign_in_failed", target, {**detail, "reason": reason})
