"""Decides whether a name and a password sign somebody in: throttle, check, record."""

from __future__ import annotations

import hmac
import math
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass, field
from hashlib import sha256

from twisted.internet.defer import Deferred, succeed
from twisted.logger import Logger

from appproxy.policy.fair_queue import Lane
from appproxy.policy.networks import block_of, network_of
from appproxy.provider.checker import PasswordChecker
from appproxy.provider.devices import Device, known_device
from appproxy.provider.grants import SignedIn
from appproxy.provider.throttle import CountedAttempt, RepeatedPassword, Throttle, ThrottleGo, ThrottleWait
from appproxy.provider.tokens import ProviderSession
from appproxy.provider.written import FAILED, SIGNED_IN, Written, write
from appproxy.store.database.live import LiveStore
from appproxy.store.people import users
from appproxy.store.people.users import User
from appproxy.store.service import audit
from appproxy.store.service.note import Note, nowhere
from appproxy.store.snapshot import BUILTIN
from appproxy.store.transaction import Transaction

#: Longer ones are nobody's; also the bound of the form's field.
LONGEST_NAME = 255
#: Characters that a name is told apart by: one more than any user's has (`store.names`). Some signs become 18 in NFKC.
_COUNTED_NAME = 65
#: Bytes: among the few that are remembered of a name, none is taken for another one.
_GUESS_SIZE = 8


@dataclass(frozen=True, slots=True)
class PasswordAttempt:
    """A name and a password as typed, and the address that they came from. `now`: seconds since 1970.

    `devices`: whose known device the browser is.
    """

    name: str
    password: str = field(repr=False)
    address: str
    now: float
    devices: tuple[Device, ...] = ()


@dataclass(frozen=True, slots=True)
class PasswordAccepted:
    """Signed in; the browser is known as this user's `device` from now on."""

    who: SignedIn
    device: Device


@dataclass(frozen=True, slots=True)
class PasswordRefused:
    """Wrong, or not tried: then `wait` says which rule holds it back and for how long."""

    wait: ThrottleWait | None = None


def normal_name(typed: str) -> str:
    """The name to look up: NFKC and case fold, so that wide letters and capitals are the same name."""
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", typed.strip()).casefold())
    return folded[:_COUNTED_NAME]


class PasswordAuthenticator:
    """Signs users in. `seconds` is the monotonic clock, `note` keeps entries of the audit."""

    log = Logger()

    def __init__(
        self,
        live: LiveStore,
        checker: PasswordChecker,
        throttle: Throttle,
        seconds: Callable[[], float],
        random_bytes: Callable[[int], bytes],
        note: Note = nowhere,
    ) -> None:
        self._note = note
        self._live = live
        self._checker = checker
        self._throttle = throttle
        self._seconds = seconds
        self._random_bytes = random_bytes
        #: Of this process alone: hashes of wrong passwords, which may be nearly right, mean nothing elsewhere.
        self._secret = random_bytes(32)
        self._written = Written()

    async def sign_in(self, attempt: PasswordAttempt) -> PasswordAccepted | PasswordRefused:
        """Try a password. Raises RequestError(OVERLOADED) and StoreError, after which the try does not count."""
        name = normal_name(attempt.name[:LONGEST_NAME])
        user = await self._live.read(users.find_by_name, name) if len(attempt.name) <= LONGEST_NAME else None
        device = None
        if user is not None:
            device = known_device(attempt.devices, user.id, user.credentials_changed, attempt.now)
        # One who is disabled is checked like one who does not exist, so that neither can be told from a wrong password.
        kept = user.password_hash if user is not None and not user.disabled else None
        who = CountedAttempt(
            name, network_of(attempt.address), block_of(attempt.address), None if device is None else device.id,
            self._guess(name, kept, attempt.password),
        )
        decided = self._throttle.begin(who, self._seconds())
        if isinstance(decided, ThrottleWait):
            self.log.info("sign-in refused: too many attempts, by {rule}", rule=decided.rule.value, address=attempt.address,
                          seconds=math.ceil(decided.seconds), code="THROTTLED")
            if self._written.failed(who.network, self._seconds()):
                detail = {"address": attempt.address, "provider": BUILTIN, "reason": f"throttled: {decided.rule.value}"}
                self._note(audit.ANONYMOUS, FAILED, "" if user is None else user.id, detail)
            return PasswordRefused(decided)
        if isinstance(decided, RepeatedPassword):
            self._written.repeated(user, who.block, self._seconds())
            return PasswordRefused()
        right = await self._checked(decided, attempt, user, kept)
        if user is None or not right:
            self._throttle.failed(decided, self._seconds())
            return PasswordRefused()
        self._throttle.succeeded(decided, self._seconds())
        # The attempt's time, before the look-up: a password that changed meanwhile is newer than this session.
        session = ProviderSession(self._random_bytes(16).hex(), user.id, attempt.now)
        id = self._random_bytes(16).hex() if device is None else device.id
        return PasswordAccepted(SignedIn(session, user), Device(id, user.id, attempt.now))

    async def _checked(self, go: ThrottleGo, attempt: PasswordAttempt, user: User | None, kept: str | None) -> bool:
        """Is the password right? What happened is written down."""
        sender = go.who.device or go.who.network
        try:
            right, new_hash = await self._checker.check(kept, attempt.password, lane_of(go), sender)
            if self._is_written(go.who, user if right else None) or new_hash is not None:
                await self._live.write(_record, attempt, user, right, new_hash)
        except Exception:
            self._throttle.abandoned(go, self._seconds())
            raise
        return right

    def _is_written(self, who: CountedAttempt, signed_in: User | None) -> bool:
        """Does the audit have this one by itself?"""
        if signed_in is None:
            return self._written.failed(who.network, self._seconds())
        return self._written.succeeded(signed_in, who.block, self._seconds())

    def write_withheld(self, *, all: bool = False) -> Deferred[None]:
        """Tell the audit how many attempts were not written down one by one, once each hour is over; `all`: at once."""
        withheld = self._written.due(math.inf if all else self._seconds())
        return self._live.write(write, withheld) if withheld else succeed(None)

    def _guess(self, name: str, kept: str | None, password: str) -> bytes:
        """The same for the same name and password, until the user's is another one; tells nothing to others."""
        text = "\0".join((name, kept or "", password))
        return hmac.digest(self._secret, text.encode("utf-8", "surrogatepass"), sha256)[:_GUESS_SIZE]


def lane_of(go: ThrottleGo) -> Lane:
    """In which order a password is checked when many wait."""
    if go.who.device is not None:
        return Lane.DEVICE
    if go.standing:
        return Lane.STANDING
    return Lane.DOUBTFUL if go.doubtful else Lane.STRANGER


def _record(tx: Transaction, attempt: PasswordAttempt, user: User | None, right: bool, new_hash: str | None) -> None:
    """Write down what happened. What was typed as name of nobody is left out: it may be somebody's password."""
    detail = {"address": attempt.address, "provider": BUILTIN}
    if right and user is not None:
        if new_hash is not None:
            users.improve_hash(tx, user.id, user.password_hash, new_hash)
        audit.record(tx, f"user:{user.name}", SIGNED_IN, user.id, detail)
        return
    if user is None:
        reason = "no such user"
    else:
        reason = "disabled" if user.disabled else "wrong password"
    target = user.id if user is not None else ""
    audit.record(tx, audit.ANONYMOUS, FAILED, target, {**detail, "reason": reason})
