"""Decides whether a name and a password sign somebody in: throttle, check, record."""

from __future__ import annotations

import hmac
import math
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from hashlib import sha256

from twisted.internet.defer import Deferred, succeed
from twisted.logger import Logger

from appproxy.errors import Code, RequestError
from appproxy.identity.devices import Device, known_device
from appproxy.policy.fair_queue import Lane
from appproxy.policy.networks import block_of, network_of, sender_of
from appproxy.provider.assurance import Method
from appproxy.provider.directories.asked import DirectoryAnswer
from appproxy.provider.directories.source import Directories, HeldBack, Looked, Typed, look
from appproxy.provider.oauth.grants import SignedIn
from appproxy.provider.passwords.checker import PasswordChecker
from appproxy.provider.passwords.throttle import (
    CountedAttempt,
    RepeatedPassword,
    Throttle,
    ThrottleGo,
    ThrottleRule,
    ThrottleWait,
)
from appproxy.provider.passwords.written import Written, write
from appproxy.provider.tokens import ProviderSession
from appproxy.store.database.live import LiveStore
from appproxy.store.people import directory_users, users
from appproxy.store.people.directories import Directory
from appproxy.store.people.directory_users import NameTaken, Person
from appproxy.store.people.factors import factors
from appproxy.store.people.factors.factors import FactorsOfUser
from appproxy.store.people.users import User
from appproxy.store.service import audit
from appproxy.store.service.actions import USER_PASSWORD_ACCEPTED, USER_SIGN_IN, USER_SIGN_IN_FAILED
from appproxy.store.service.note import Note, nowhere
from appproxy.store.snapshot import BUILTIN
from appproxy.store.transaction import Reading, Transaction

#: Longer ones are nobody's; also the bound of the form's field.
LONGEST_NAME = 255
#: Characters that a name is told apart by: one more than any user's has (`store.names`). Some signs become 18 in NFKC.
_COUNTED_NAME = 65
#: Seconds: where there are directories, a refusal comes at a multiple of this, whatever it took to find out.
_STEP = 0.5
#: Seconds for which a directory is not asked again about a wrong password: a program with an old one locks no account.
_REMEMBERED = 600.0
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
    """The password is right; a second factor may still be needed. Only `who.session` says what is proved."""

    who: SignedIn


@dataclass(frozen=True, slots=True)
class PasswordRefused:
    """Wrong, or not tried: then `wait` says which rule holds it back and for how long.

    `stale`: it is the right one, but the directory that it is of wants another one first. `away`: a directory did not answer
    lately, so that nobody can tell whether it is right; said to everybody alike.
    """

    wait: ThrottleWait | None = None
    stale: bool = False
    away: bool = False


def normal_name(typed: str) -> str:
    """The name to look up: NFKC and case fold, so that wide letters and capitals are the same name."""
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", typed.strip()).casefold())
    return folded[:_COUNTED_NAME]


#: Counts a failure: its network, the user (an id, "" for nobody's), the name as it was typed, and whether the password was
#: tried.
Failed = Callable[[str, str, str, bool], None]


def nobody_counts(network: str, user: str, name: str, tried: bool) -> None:
    """Where failures are of no further use."""


class PasswordAuthenticator:
    """Signs users in. `seconds` is the monotonic clock, `note` keeps entries of the audit, `failed` counts failures."""

    log = Logger()

    def __init__(
        self,
        live: LiveStore,
        checker: PasswordChecker,
        throttle: Throttle,
        seconds: Callable[[], float],
        random_bytes: Callable[[int], bytes],
        note: Note = nowhere,
        directories: Directories | None = None,
        failed: Failed = nobody_counts,
    ) -> None:
        self._failed = failed
        self._note = note
        self._directories = directories
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
        began = self._seconds()
        typed = attempt.name if len(attempt.name) <= LONGEST_NAME else ""
        user, has, looked = await self._live.read(_find, typed, normal_name(typed))
        outcome = await self._tried(attempt, user, has, looked)
        if isinstance(outcome, PasswordAccepted) or self._directories is None or not looked.directories:
            return outcome
        # Users of our own, of a directory, and nobody take their time each: none is told from another by it.
        await self._directories.sleep(_STEP - (self._seconds() - began) % _STEP)
        return replace(outcome, away=outcome.wait is None and not outcome.stale and self._directories.away)

    async def _tried(
        self, attempt: PasswordAttempt, user: User | None, has: FactorsOfUser, looked: Looked
    ) -> PasswordAccepted | PasswordRefused:
        name = normal_name(attempt.name[:LONGEST_NAME]) if user is None else user.name
        elsewhere = self._directories is not None and bool(looked.directories) and (user is None or bool(user.directory))
        device = None
        if user is not None:
            device = known_device(attempt.devices, user.id, user.credentials_changed, attempt.now)
        # One who is disabled, or was invited and has no password yet, is checked like one who does not exist, so that neither
        # can be told from a wrong password.
        kept = user.password_hash or None if user is not None and not user.disabled else None
        who = CountedAttempt(
            name, network_of(attempt.address), block_of(attempt.address), None if device is None else device.id,
            self._guess(name, self._window(user, looked) if elsewhere else kept, attempt.password),
        )
        decided = self._throttle.begin(who, self._seconds())
        if isinstance(decided, ThrottleWait):
            self.log.info("sign-in refused: too many attempts, by {rule}", rule=decided.rule.value, address=attempt.address,
                          seconds=math.ceil(decided.seconds), code="THROTTLED")
            self._count(attempt, user, tried=False)
            if self._written.failed(who.network, self._seconds()):
                detail = {"address": attempt.address, "provider": BUILTIN, "reason": f"throttled: {decided.rule.value}"}
                self._note(audit.ANONYMOUS, USER_SIGN_IN_FAILED, "" if user is None else user.id, detail)
            return PasswordRefused(decided)
        if isinstance(decided, RepeatedPassword):
            self._written.repeated(user, who.block, self._seconds())
            return PasswordRefused()
        if elsewhere:
            return await self._elsewhere(decided, attempt, user, looked)
        right = await self._checked(decided, attempt, user, kept, has)
        if user is None or not right:
            self._throttle.failed(decided, self._seconds())
            self._count(attempt, user)
            return PasswordRefused()
        self._throttle.succeeded(decided, self._seconds())
        # The attempt's time, before the look-up: a password that changed meanwhile is newer than this session.
        session = ProviderSession(self._random_bytes(16).hex(), user.id, attempt.now)
        return PasswordAccepted(SignedIn(session, user, has))

    async def _elsewhere(
        self, go: ThrottleGo, attempt: PasswordAttempt, user: User | None, looked: Looked
    ) -> PasswordAccepted | PasswordRefused:
        """Ask the directories. A user who is disabled here is asked about, and refused whatever the answer."""
        assert self._directories is not None
        typed = Typed(attempt.name.strip(), attempt.password, user, lane_of(go), go.who.device or sender_of(attempt.address),
                      go.who.device is not None, go.standing)
        try:
            directory, answer = await self._directories.check(typed, looked)
            if isinstance(answer, DirectoryAnswer) and answer.person is not None and directory is not None:
                return await self._admit(go, attempt, directory, answer.person)
        except (NameTaken, RequestError) as error:
            self._throttle.abandoned(go, self._seconds())
            if isinstance(error, RequestError) and error.code is Code.OVERLOADED:
                raise
            self._write_refused(go, attempt, user, str(error))
            return PasswordRefused()
        except Exception:
            self._throttle.abandoned(go, self._seconds())
            raise
        if isinstance(answer, HeldBack):
            self._throttle.abandoned(go, self._seconds())
            self._write_refused(go, attempt, user, "not passed on: the directory would lock the account")
            return PasswordRefused(ThrottleWait(ThrottleRule.NAME, answer.seconds))
        self._write_refused(go, attempt, user, answer.verdict.value)
        if answer.verdict.password_was_right:
            self._throttle.abandoned(go, self._seconds())
            return PasswordRefused(stale=True)
        self._throttle.failed(go, self._seconds())
        self._count(attempt, user)
        return PasswordRefused()

    async def _admit(
        self, go: ThrottleGo, attempt: PasswordAttempt, directory: Directory, person: Person
    ) -> PasswordAccepted | PasswordRefused:
        """The directory lets them in: what it says of them is kept."""
        user, has = await self._live.write(_admit, directory, person)
        if user.disabled:
            self._throttle.failed(go, self._seconds())
            self._write_refused(go, attempt, user, "disabled")
            return PasswordRefused()
        half = _is_half(has, attempt.now)
        if self._is_written(go.who, user, half):
            await self._live.write(_record, attempt, user, True, None, half, directory.name)
        self._throttle.succeeded(go, self._seconds())
        # Not before a change of the password that the directory has told of just now: it ends what began earlier.
        since = max(attempt.now, user.credentials_changed)
        return PasswordAccepted(SignedIn(ProviderSession(self._random_bytes(16).hex(), user.id, since), user, has))

    def _count(self, attempt: PasswordAttempt, user: User | None, *, tried: bool = True) -> None:
        self._failed(network_of(attempt.address), "" if user is None else user.id, attempt.name[:LONGEST_NAME], tried)

    def _write_refused(self, go: ThrottleGo, attempt: PasswordAttempt, user: User | None, reason: str) -> None:
        if self._written.failed(go.who.network, self._seconds()):
            detail = {"address": attempt.address, "provider": BUILTIN, "reason": reason}
            self._note(audit.ANONYMOUS, USER_SIGN_IN_FAILED, "" if user is None else user.id, detail)

    def _window(self, user: User | None, looked: Looked) -> str:
        """What a wrong password is remembered with, where nobody tells us that another one was set.

        Who is enabled here again, or found by changed settings, is asked about at once.
        """
        shut = user is None or user.disabled
        return f"{int(self._seconds() // _REMEMBERED)} {shut} {looked.directories!r}"

    async def _checked(
        self, go: ThrottleGo, attempt: PasswordAttempt, user: User | None, kept: str | None, has: FactorsOfUser
    ) -> bool:
        """Is the password right? What happened is written down."""
        sender = go.who.device or sender_of(attempt.address)
        try:
            right, new_hash = await self._checker.check(kept, attempt.password, lane_of(go), sender)
            half = _is_half(has, attempt.now)
            if self._is_written(go.who, user if right else None, half) or new_hash is not None:
                await self._live.write(_record, attempt, user, right, new_hash, half)
        except Exception:
            self._throttle.abandoned(go, self._seconds())
            raise
        return right

    def _is_written(self, who: CountedAttempt, signed_in: User | None, half: bool) -> bool:
        """Does the audit have this one by itself? `half`: a second factor is still to come."""
        if signed_in is None:
            return self._written.failed(who.network, self._seconds())
        if half:
            return self._written.half(signed_in, who.block, self._seconds())
        return self._written.succeeded(signed_in, who.block, self._seconds())

    def is_written(self, user: User, address: str) -> bool:
        """Does the audit have this sign-in by itself, which was not by a password alone?"""
        return self._written.succeeded(user, block_of(address), self._seconds())

    def is_failure_written(self, address: str) -> bool:
        """Does the audit have this failure by itself, of nobody who is known?"""
        return self._written.failed(network_of(address), self._seconds())

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


def _is_half(has: FactorsOfUser, now: float) -> bool:
    """Is a second factor still to come?"""
    return has.any or (has.due is not None and has.due <= now)


def _admit(tx: Transaction, directory: Directory, person: Person) -> tuple[User, FactorsOfUser]:
    user = directory_users.admit(tx, directory, person, only_one=True)
    return user, factors.of_user(tx, user.id)


def _find(reading: Reading, typed: str, name: str) -> tuple[User | None, FactorsOfUser, Looked]:
    """The user of this name with their factors, and the directories. The database is asked the same whoever it is."""
    user, looked = look(reading, typed, name)
    return user, factors.of_user(reading, "" if user is None else user.id), looked


def _record(
    tx: Transaction, attempt: PasswordAttempt, user: User | None, right: bool, new_hash: str | None, half: bool,
    directory: str = "",
) -> None:
    """Write down what happened; who has proved one of two things is still anybody.

    What was typed as name of nobody is left out: it may be somebody's password.
    """
    detail = {"address": attempt.address, "provider": BUILTIN, **({"directory": directory} if directory else {})}
    if right and user is not None:
        if new_hash is not None:
            users.improve_hash(tx, user.id, user.password_hash, new_hash)
        if half:
            audit.record(tx, audit.ANONYMOUS, USER_PASSWORD_ACCEPTED, user.id, detail)
        else:
            methods = {"methods": [Method.PASSWORD.value]}
            audit.record(tx, f"user:{user.name}", USER_SIGN_IN, user.id, {**detail, **methods})
        return
    if user is None:
        reason = "no such user"
    else:
        reason = "disabled" if user.disabled else "wrong password" if user.password_hash else "no password yet"
    target = user.id if user is not None else ""
    audit.record(tx, audit.ANONYMOUS, USER_SIGN_IN_FAILED, target, {**detail, "reason": reason})
