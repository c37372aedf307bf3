"""All directories, beside the store: who is asked about a name, how often, and what is kept of what they say."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.task import deferLater
from twisted.logger import Logger

from appproxy.errors import Code, NotFound, RequestError
from appproxy.ldap.messages import DirectoryEntry
from appproxy.policy.fair_queue import Lane
from appproxy.policy.levels import LeakyBuckets
from appproxy.provider.directories.asked import AskedDirectory, DirectoryAnswer
from appproxy.provider.directories.entries import WantedName, bare_of, realm_of, route
from appproxy.provider.directories.servers import Dial, Servers, dialer
from appproxy.provider.directories.verdicts import Verdict
from appproxy.provider.oauth.grants import SignedIn, find_signed_in
from appproxy.store.database.live import LiveStore
from appproxy.store.people import directories, directory_users, users
from appproxy.store.people.directories import Directory
from appproxy.store.people.directory_users import KnownUser
from appproxy.store.people.users import User
from appproxy.store.service import audit
from appproxy.store.service.actions import USER_DIRECTORY_REFUSED
from appproxy.store.snapshot import BUILTIN
from appproxy.store.transaction import Reading, Transaction

#: Seconds in which `Directory.wrong_passwords` may be wrong: as Active Directory's own count usually has it.
_WINDOW = 1800.0
#: So many of them belong to networks where the user has signed in before.
_RESERVED = 2.0
#: Users of whom wrong passwords are counted at the same time.
_COUNTED = 20_000


@dataclass(frozen=True, slots=True)
class Looked:
    """What the store knows when somebody signs in. `known`: by directory, the groups (subjects) that mean something here."""

    directories: Sequence[Directory]
    known: Mapping[str, frozenset[str]]


@dataclass(frozen=True, slots=True)
class Typed:
    """A name and a password for the directories. `user`: whose name it is here. `trusted`: from a known device of the user;
    `standing`: from a network where they have signed in before.
    """

    name: str
    password: str
    user: User | None
    lane: Lane
    sender: str
    trusted: bool
    standing: bool


@dataclass(frozen=True, slots=True)
class HeldBack:
    """Not passed on: the directory would lock the account. `seconds` from now it may be."""

    seconds: float


def look(reading: Reading, typed: str, name: str) -> tuple[User | None, Looked]:
    """Whose name it is here, with or without a realm of their directory, and all directories. `name`: as it is kept here."""
    found = directories.list_all(reading)
    user = users.find_by_name(reading, name)
    if user is None and found:
        realm = realm_of(name)
        bare = users.find_by_name(reading, bare_of(name))
        if bare is not None and any(one.id == bare.directory and realm in one.realms for one in found):
            user = bare
    known = {one.id: frozenset(directory_users.groups_of(reading, one.id)) for one in found}
    return user, Looked(found, known)


class Directories:
    """Calls raise RequestError: PROVIDER_UNREACHABLE, PROVIDER_REFUSED (asked in a way that it does not take) or OVERLOADED.

    `reactor` provides IReactorTime, and what `dial` needs.
    """

    log = Logger()

    def __init__(
        self, live: LiveStore, reactor: Any, wall_clock: Callable[[], float], random_bytes: Callable[[int], bytes],
        dial: Callable[[Directory], Dial] | None = None,
    ) -> None:
        self._live = live
        self._reactor = reactor
        self._wall_clock = wall_clock
        self._random_bytes = random_bytes
        self._dial = dial if dial is not None else lambda directory: dialer(reactor, directory.ca_bundle)
        self._asked: dict[str, AskedDirectory] = {}
        self._wrong = LeakyBuckets(1.0 / _WINDOW, _COUNTED)

    @property
    def away(self) -> bool:
        """Did one of them not answer lately?"""
        return any(one.servers.away for one in self._asked.values())

    def sleep(self, seconds: float) -> Deferred[None]:
        """Fires later."""
        return deferLater(self._reactor, seconds)

    def close(self) -> None:
        """Close all connections."""
        for one in self._asked.values():
            one.servers.close()
        self._asked.clear()

    async def check(self, typed: Typed, looked: Looked) -> tuple[Directory | None, DirectoryAnswer | HeldBack]:
        """Ask one directory after the other, until one knows the name: that one's answer counts, and no other sees the
        password. Where one that comes before does not answer, nobody knows whose name it is, and the call raises.
        """
        last: AskedDirectory | None = None
        for directory, wanted in route(looked.directories, typed.name, typed.user):
            last = asked = self._of(directory)
            await asked.servers.turn(typed.lane, typed.sender)
            try:
                answer = await self._check(asked, wanted, typed, looked.known.get(directory.id, frozenset()))
            finally:
                asked.servers.give_back()
            if answer is not None:
                return directory, answer
        if last is None:
            return None, DirectoryAnswer(Verdict.NOBODY)
        return None, await self._nobody(last, typed)

    async def _check(
        self, asked: AskedDirectory, wanted: WantedName, typed: Typed, known: frozenset[str]
    ) -> DirectoryAnswer | HeldBack | None:
        """None: the directory does not know the name."""
        found = await asked.find(wanted)
        if not isinstance(found, DirectoryEntry):
            return DirectoryAnswer(Verdict.AMBIGUOUS) if found else None
        if not typed.password:
            return None
        key = f"{asked.directory.id}\n{found.dn}"
        held = self._count(asked.directory, key, typed)
        if held is not None:
            return held
        answer = await asked.check(found, typed.password, known, self._wall_clock())
        if answer.verdict is Verdict.RIGHT or answer.verdict.password_was_right:
            self._take_back(key, typed)
        return answer

    async def _nobody(self, asked: AskedDirectory, typed: Typed) -> DirectoryAnswer | HeldBack:
        """The same work, counts and answers as for somebody with a wrong password."""
        held = self._count(asked.directory, f"\n{typed.name.lower()}", typed)
        if held is not None:
            return held
        await asked.servers.turn(typed.lane, typed.sender)
        try:
            await asked.decoy()
        finally:
            asked.servers.give_back()
        return DirectoryAnswer(Verdict.NOBODY)

    def _count(self, directory: Directory, key: str, typed: Typed) -> HeldBack | None:
        """Counted before it is tried, so that a hundred at once do not all get through."""
        if typed.trusted:
            return None
        # The level is in shares of the window, so that directories may have different numbers.
        one = 1.0 / directory.wrong_passwords
        room = 1.0 if typed.standing else max(one, 1.0 - _RESERVED * one)
        now = self._reactor.seconds()
        over = self._wrong.at(key, now) + one - room
        if over > 1e-6:
            return HeldBack(over / self._wrong.drain)
        self._wrong.add(key, one, now)
        return None

    def _take_back(self, key: str, typed: Typed) -> None:
        if not typed.trusted:
            self._wrong.clear(key)

    async def admitted(self, who: SignedIn | None) -> SignedIn | None:
        """The same, once the directory has said that they may still sign in; None when it says that they may not.

        It is asked when it was not for `refresh_minutes`. Users of our own cost nothing here.
        """
        if who is None or not who.user.directory:
            return who
        if not await self._refreshed(who.user, 1.0):
            return None
        return await self._live.read(find_signed_in, who.session)

    async def refresh(self, user_id: str) -> bool:
        """Ask about a user whose session is to be refreshed. False: they may not sign in any more, and sessions have ended."""
        user = await self._live.read(_find, user_id)
        # Half the time: what another session has asked just before is good for this one, too.
        return user is not None and (not user.directory or await self._refreshed(user, 0.5))

    async def _refreshed(self, user: User, share: float) -> bool:
        kept, directory, known = await self._live.read(_kept, user.id)
        if kept is None or directory is None:
            return False
        if 0.0 <= self._wall_clock() - kept.checked < directory.refresh_minutes * 60.0 * share:
            return True
        asked = self._of(directory)
        await asked.servers.turn(Lane.DEVICE, user.id)
        try:
            answer = await asked.look_up(kept.subject, known, self._wall_clock())
        finally:
            asked.servers.give_back()
        if answer.person is not None:
            await self._live.write(directory_users.admit, directory, answer.person)
            return True
        self.log.info("{directory} says that {user} may not sign in any more: {reason}", directory=directory.name,
                      user=user.name, reason=answer.verdict.value)
        await self._live.write(_ended, user, directory, answer.verdict)
        return False

    async def refresh_seconds(self, user_id: str) -> float | None:
        """After how many seconds the directory is to be asked again about a user; None for a user of our own."""
        return await self._live.read(refresh_seconds, user_id)

    async def report(self, directory: str) -> dict[str, object]:
        """What works of a directory (name or id). Raises NotFound."""
        return await self._of(await self._live.read(directories.find, directory)).report()

    async def find_group(self, directory: str, group: str) -> tuple[str, str]:
        """Subject and name of a group. Raises NotFound."""
        asked = self._of(await self._live.read(directories.find, directory))
        try:
            return await asked.find_group(group)
        except RequestError as error:
            if error.code is Code.PROVIDER_REFUSED:
                raise NotFound(error.detail, hint="compare the spelling, and the base of the groups") from error
            raise

    def _of(self, directory: Directory) -> AskedDirectory:
        """What asks a directory; made again when its settings have changed."""
        asked = self._asked.get(directory.id)
        if asked is None or asked.directory != directory:
            if asked is not None:
                asked.servers.close()
            servers = Servers(directory, self._dial(directory), self._reactor)
            asked = self._asked[directory.id] = AskedDirectory(directory, servers, self._random_bytes)
        return asked


def _find(reading: Reading, user_id: str) -> User | None:
    try:
        return users.find(reading, user_id)
    except NotFound:
        return None


def _kept(reading: Reading, user_id: str) -> tuple[KnownUser | None, Directory | None, frozenset[str]]:
    kept = directory_users.of_user(reading, user_id)
    if kept is None:
        return None, None, frozenset()
    known = frozenset(directory_users.groups_of(reading, kept.directory))
    return kept, directories.find(reading, kept.directory), known


def refresh_seconds(reading: Reading, user_id: str) -> float | None:
    """As of `Directories`."""
    kept = directory_users.of_user(reading, user_id)
    return None if kept is None else directories.find(reading, kept.directory).refresh_minutes * 60.0


def _ended(tx: Transaction, user: User, directory: Directory, verdict: Verdict) -> None:
    directory_users.end(tx, user.id)
    detail = {"provider": BUILTIN, "directory": directory.name, "reason": verdict.value}
    audit.record(tx, audit.ANONYMOUS, USER_DIRECTORY_REFUSED, user.id, detail)
