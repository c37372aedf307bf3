"""One directory, as sign-in asks it: whose name is it, is it their password, which groups are they in."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass

from appproxy.errors import Code, RequestError
from appproxy.ldap import filters
from appproxy.ldap.messages import DirectoryEntry, Result, Scope, SearchRequest
from appproxy.ldap.messages import ResultCode as LdapCode
from appproxy.provider.directories.connection import away
from appproxy.provider.directories.entries import (
    WantedName,
    choose,
    person_of,
    search_for,
    search_for_subject,
    subject_of,
)
from appproxy.provider.directories.groups import GroupWalk, chain_searches, group_search, primary_group_search
from appproxy.provider.directories.servers import Servers
from appproxy.provider.directories.verdicts import Verdict, standing_of, verdict_of_bind
from appproxy.store.people.directories import AD, Directory
from appproxy.store.people.directory_users import Person

_DECOY_SIZE = 16


@dataclass(frozen=True, slots=True)
class DirectoryAnswer:
    """What the directory says; `person` with Verdict.RIGHT alone, `subject` where an entry was found."""

    verdict: Verdict
    person: Person | None = None
    subject: str = ""


class AskedDirectory:
    """Calls raise RequestError as `Servers` does, and with PROVIDER_REFUSED where the directory cannot be asked so.

    `now`: seconds since 1970. `known`: the groups (subjects) of the directory that mean something here.
    """

    def __init__(self, directory: Directory, servers: Servers, random_bytes: Callable[[int], bytes]) -> None:
        self.directory = directory
        self.servers = servers
        self._random_bytes = random_bytes

    async def find(self, wanted: WantedName) -> DirectoryEntry | list[DirectoryEntry]:
        """The entry that a name means, else those between which nothing decides."""
        return choose(wanted, await self._search(search_for(self.directory, wanted)))

    async def check(self, entry: DirectoryEntry, password: str, known: Collection[str], now: float) -> DirectoryAnswer:
        """Is it the password of this entry? Never asked with none."""
        subject = subject_of(self.directory, entry)
        if not subject or not entry.dn:
            return DirectoryAnswer(Verdict.UNUSABLE)
        result = await self.servers.bind(entry.dn, password)
        verdict = verdict_of_bind(result)
        if verdict is None:
            raise _unasked(result)
        if verdict is not Verdict.RIGHT:
            return DirectoryAnswer(verdict, subject=subject)
        if not await self._has_name_alone(entry):
            return DirectoryAnswer(Verdict.AMBIGUOUS, subject=subject)
        return await self._standing(entry, subject, known, now)

    async def _has_name_alone(self, entry: DirectoryEntry) -> bool:
        """Has no other entry the name that they get here? Whoever signs in by another attribute could take it otherwise."""
        attribute = self.directory.sign_in[0]
        wanted = WantedName(tuple((attribute, name) for name in entry.texts(attribute)[:1]))
        return not wanted.pairs or isinstance(await self.find(wanted), DirectoryEntry)

    async def decoy(self) -> None:
        """What `check` costs, for nobody: no entry is called so, and the password is made up."""
        name = f"cn={self._random_bytes(_DECOY_SIZE).hex()},{self.directory.user_base}"
        await self.servers.bind(name, self._random_bytes(_DECOY_SIZE).hex())

    async def look_up(self, subject: str, known: Collection[str], now: float) -> DirectoryAnswer:
        """What is so now of somebody who has signed in before."""
        found = await self._search(search_for_subject(self.directory, subject))
        if len(found) != 1:
            return DirectoryAnswer(Verdict.NOBODY, subject=subject)
        return await self._standing(found[0], subject, known, now)

    async def find_group(self, named: str) -> tuple[str, str]:
        """Subject and name of the one group that is called so. Raises RequestError(PROVIDER_REFUSED)."""
        found = await self._search(group_search(self.directory, named))
        if len(found) != 1:
            raise RequestError(Code.PROVIDER_REFUSED, f"{'no group' if not found else 'several groups'} of the directory "
                               f"{self.directory.name} below {self.directory.group_base!r} called {named!r}")
        subject = subject_of(self.directory, found[0])
        if not subject:
            raise RequestError(Code.PROVIDER_REFUSED, f"the account may not read {self.directory.subject_attribute} of groups")
        return subject, found[0].text("cn") or named

    async def _standing(self, entry: DirectoryEntry, subject: str, known: Collection[str], now: float) -> DirectoryAnswer:
        verdict = standing_of(self.directory, entry, now)
        if verdict is not Verdict.RIGHT:
            return DirectoryAnswer(verdict, subject=subject)
        groups = await self._groups(entry, known) if known else frozenset()
        person = person_of(self.directory, entry, groups)
        return DirectoryAnswer(Verdict.UNUSABLE) if person is None else DirectoryAnswer(Verdict.RIGHT, person, subject)

    async def _groups(self, entry: DirectoryEntry, known: Collection[str]) -> frozenset[str]:
        if self.directory.kind == AD:
            return await self._groups_in_chain(entry, known)
        walk = GroupWalk(self.directory, entry.dn, entry.text("uid"))
        while not walk.done:
            for search in walk.searches():
                walk.learn(await self._search(search))
        return frozenset(walk.found & set(known))

    async def _groups_in_chain(self, entry: DirectoryEntry, known: Collection[str]) -> frozenset[str]:
        found: set[str] = set()
        members = [entry.dn]
        primary = primary_group_search(self.directory, entry)
        if primary is not None:
            for group in await self._search(primary):
                members.append(group.dn)
                found.add(subject_of(self.directory, group))
        for search in chain_searches(self.directory, members, known):
            found.update(subject_of(self.directory, group) for group in await self._search(search))
        return frozenset(found & set(known))

    async def _search(self, search: SearchRequest) -> list[DirectoryEntry]:
        entries, result = await self.servers.search(search)
        if result.code == LdapCode.SIZE_LIMIT and search.whole:
            raise RequestError(Code.PROVIDER_REFUSED, f"it gives no more than {len(entries)} of somebody's groups")
        if result.code in (LdapCode.SUCCESS, LdapCode.SIZE_LIMIT):
            return entries
        raise _unasked(result)

    async def report(self) -> dict[str, object]:
        """What works: each server, and whether both bases are there. For whoever sets it up."""
        servers = [{"server": name, "problem": problem} for name, problem in await self.servers.each()]
        problems: list[str] = []
        if not all(one["problem"] for one in servers):
            for base in dict.fromkeys((self.directory.user_base, self.directory.group_base)):
                try:
                    await self._search(SearchRequest(base, filters.present("objectClass"), ("1.1",), 1, Scope.BASE))
                except RequestError as error:
                    problems.append(f"{base}: {error.detail}")
        return {"servers": servers, "problems": problems}


def _unasked(result: Result) -> RequestError:
    """The directory answered, and says nothing of the user. Referrals are never followed: our account, or the user's password,
    would go to whomever it names.
    """
    if result.code == LdapCode.REFERRAL:
        return away("it refers to another server, which is never asked: name that one, or another base")
    if result.code == LdapCode.NO_SUCH_OBJECT:
        return away("the base of the search is not there, or the account may not see it")
    return away(f"it answers {result.code}: {result.message[:200]}")
