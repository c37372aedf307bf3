"""Which groups somebody is in, through other groups too: what is asked, and what the answers come to."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from appproxy.errors import Code, RequestError
from appproxy.ldap import filters
from appproxy.ldap.messages import DirectoryEntry, SearchRequest
from appproxy.provider.directories.entries import subject_filter, subject_of
from appproxy.store.people.directories import Directory

#: Groups that one search asks about: a filter of some kilobytes.
_AT_ONCE = 50
#: Levels of groups in groups, and groups of one user: nobody means more, and circles are told apart from them anyway.
DEEPEST, MOST = 16, 2000
#: Entries of one search: Active Directory gives no more (MaxPageSize).
_MOST_FOUND = 1000
_CLASSES = ("groupOfNames", "groupOfUniqueNames", "groupOfMembers", "posixGroup")
_SID_HEAD = 8


def chain_searches(directory: Directory, members: Sequence[str], known: Iterable[str]) -> list[SearchRequest]:
    """Active Directory finds out itself which of the `known` groups (subjects) these entries (DNs) are in."""
    whose = filters.some(filters.matching(filters.IN_CHAIN, "member", member) for member in members)
    subjects = sorted(known)
    return [
        SearchRequest(directory.group_base, filters.every([
            filters.equal("objectClass", "group"), whose,
            filters.some(subject_filter(directory, subject) for subject in subjects[at : at + _AT_ONCE]),
        ]), (directory.subject_attribute,), _MOST_FOUND, whole=True)
        for at in range(0, len(subjects), _AT_ONCE)
    ]


def primary_group_search(directory: Directory, entry: DirectoryEntry) -> SearchRequest | None:
    """The search for the group that Active Directory does not list members of: the primary one ([MS-ADA3] section 2.120)."""
    sid, number = entry.octets("objectSid"), entry.number("primaryGroupID")
    if number is None or not 0 <= number < 1 << 32 or len(sid) < _SID_HEAD + 4:
        return None
    # The domain's part of a SID, then the group's number in it ([MS-DTYP] section 2.4.2.2).
    group = sid[:-4] + number.to_bytes(4, "little")
    return SearchRequest(directory.group_base, filters.equal("objectSid", group), (directory.subject_attribute,), 1)


def group_search(directory: Directory, named: str) -> SearchRequest:
    """The search for a group by its name (`cn`, in Active Directory also sAMAccountName)."""
    names = [filters.equal("cn", named)]
    classes = [filters.equal("objectClass", name) for name in _CLASSES]
    if directory.kind == "ad":
        names.append(filters.equal("sAMAccountName", named))
        classes = [filters.equal("objectClass", "group")]
    return SearchRequest(directory.group_base, filters.every([filters.some(classes), filters.some(names)]),
                  (directory.subject_attribute, "cn"), 2)


class GroupWalk:
    """From a user to their groups, to the groups of those, and so on. Ask for `searches`, `learn` what came, until it is done.

    Groups that are in each other are looked at once. Raises RequestError(PROVIDER_REFUSED) beyond `DEEPEST` and `MOST`: part
    of somebody's groups would be taken for all of them.
    """

    def __init__(self, directory: Directory, dn: str, uid: str) -> None:
        self._directory = directory
        self._next = [dn]
        self._uid = uid
        self._depth = 0
        self.found: set[str] = set()

    @property
    def done(self) -> bool:
        """Is nothing left to be asked?"""
        return not self._next

    def searches(self) -> Iterator[SearchRequest]:
        """Which groups have those that were found last?"""
        members, self._next = self._next, []
        self._depth += 1
        if self._depth > DEEPEST:
            raise RequestError(Code.PROVIDER_REFUSED, f"groups are in one another more than {DEEPEST} deep")
        classes = filters.some(filters.equal("objectClass", name) for name in _CLASSES)
        for at in range(0, len(members), _AT_ONCE):
            some = members[at : at + _AT_ONCE]
            has = [filters.equal(attribute, dn) for dn in some for attribute in ("member", "uniqueMember")]
            if self._depth == 1 and self._uid:
                has.append(filters.equal("memberUid", self._uid))
            yield SearchRequest(self._directory.group_base, filters.every([classes, filters.some(has)]),
                         (self._directory.subject_attribute,), _MOST_FOUND, whole=True)

    def learn(self, entries: Iterable[DirectoryEntry]) -> None:
        """What one search has found."""
        for entry in entries:
            subject = subject_of(self._directory, entry)
            if subject and subject not in self.found:
                self.found.add(subject)
                self._next.append(entry.dn)
        if len(self.found) > MOST:
            raise RequestError(Code.PROVIDER_REFUSED, f"more than {MOST} groups")
