"""Which directory a typed name may be of, which entry is meant, and what the entry says of its user."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from appproxy.ldap import filters
from appproxy.ldap.messages import DirectoryEntry, Scope, SearchRequest
from appproxy.store import names
from appproxy.store.people.directories import AD, Directory
from appproxy.store.people.directory_users import Person
from appproxy.store.people.users import User

#: Entries that may come of one name: more than one is a mistake of the directory, or another server's idea of what is equal.
_MOST_FOUND = 10
_PEOPLE = {
    AD: "(&(objectCategory=person)(objectClass=user))",
    "openldap": "(|(objectClass=person)(objectClass=posixAccount)(objectClass=account))",
}
_ATTRIBUTES = {
    AD: ("displayName", "mail", "userAccountControl", "accountExpires", "pwdLastSet", "objectSid", "primaryGroupID"),
    "openldap": ("displayName", "cn", "mail", "pwdAccountLockedTime", "pwdChangedTime", "nsAccountLock"),
}
#: As `store.people.users` has them at most.
_LONGEST_DISPLAY_NAME, _LONGEST_EMAIL = 128, 254
_GUID_SIZE = 16


@dataclass(frozen=True, slots=True)
class WantedName:
    """A typed name as one directory is asked for it: the first pair of attribute and value counts that an entry has."""

    pairs: tuple[tuple[str, str], ...]


def route(directories: Sequence[Directory], typed: str, user: User | None) -> list[tuple[Directory, WantedName]]:
    """Which directories are asked for a name, in their order, and what for. `user`: whose name it is here.

    A user of our own is no directory's; one of a directory is that one's alone, and so is a name with a realm. No other one
    ever sees the password.
    """
    if user is not None:
        return [(one, _wanted(one, typed)) for one in directories if one.id == user.directory]
    realm = realm_of(typed)
    of_realm = [(one, _wanted(one, typed)) for one in directories if realm and realm in one.realms]
    if of_realm or "\\" in typed:
        return of_realm
    return [(one, _wanted(one, typed)) for one in directories if typed]


def realm_of(typed: str) -> str:
    """What stands behind `@`, or before a backslash, in small letters; "" for neither."""
    short, backslash, _ = typed.partition("\\")
    return (short if backslash else typed.rpartition("@")[2] if "@" in typed else "").lower()


def bare_of(typed: str) -> str:
    """The name without its realm."""
    return typed.partition("\\")[2] if "\\" in typed else typed.rpartition("@")[0]


def _wanted(directory: Directory, typed: str) -> WantedName:
    """A name with a realm may also be an address, and is that first."""
    pairs = [(attribute, typed) for attribute in directory.sign_in]
    if realm_of(typed) in directory.realms and bare_of(typed):
        pairs.append((directory.sign_in[0], bare_of(typed)))
    return WantedName(tuple(pairs))


def search_for(directory: Directory, wanted: WantedName) -> SearchRequest:
    """The search for a typed name."""
    return _search(directory, filters.some(filters.equal(attribute, value) for attribute, value in wanted.pairs))


def search_for_subject(directory: Directory, subject: str) -> SearchRequest:
    """The search for an entry that is known here."""
    return _search(directory, subject_filter(directory, subject))


def subject_filter(directory: Directory, subject: str) -> bytes:
    """The filter for an entry, as it is known here."""
    value: bytes | str = UUID(subject).bytes_le if directory.subject_attribute.lower() == "objectguid" else subject
    return filters.equal(directory.subject_attribute, value)


def _search(directory: Directory, meant: bytes) -> SearchRequest:
    people = [filters.parse(_PEOPLE[directory.kind])]
    if directory.user_filter:
        people.append(filters.parse(directory.user_filter))
    attributes = (directory.subject_attribute, *directory.sign_in, *_ATTRIBUTES[directory.kind])
    return SearchRequest(directory.user_base, filters.every([*people, meant]), attributes, _MOST_FOUND, Scope.SUBTREE)


def choose(wanted: WantedName, found: Sequence[DirectoryEntry]) -> DirectoryEntry | list[DirectoryEntry]:
    """The entry that is meant; else those between which nothing can decide, none at all among them.

    Servers find more than they are asked for (Active Directory takes `e` for an accented one): only what is the same counts.
    """
    for attribute, value in wanted.pairs:
        same = [entry for entry in found if _key(value) in map(_key, entry.texts(attribute))]
        if len(same) == 1:
            return same[0]
        if same:
            return same
    return []


def _key(text: str) -> str:
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())


def subject_of(directory: Directory, entry: DirectoryEntry) -> str:
    """What an entry is known by for ever, "" when the directory does not say it."""
    if directory.subject_attribute.lower() == "objectguid":
        data = entry.octets("objectGUID")
        return str(UUID(bytes_le=data)) if len(data) == _GUID_SIZE else ""
    text = entry.text(directory.subject_attribute)
    return text if 0 < len(text) <= 255 and text.isascii() and text.isprintable() else ""


def person_of(directory: Directory, entry: DirectoryEntry, groups: frozenset[str]) -> Person | None:
    """What an entry says of its user; None when it lacks what they are known by.

    What a user may be called here: as the directory has it, or with a realm of the directory behind it.
    """
    subject = subject_of(directory, entry)
    if not subject:
        return None
    first = entry.text(directory.sign_in[0])
    called = [name.lower() for name in (first, *(f"{first}@{realm}" for realm in directory.realms))]
    shown = entry.text("displayName") or entry.text("cn")
    mail = entry.text("mail")
    return Person(
        subject=subject, names=tuple(name for name in called if names.is_user_name(name)),
        display_name=shown if shown.isprintable() and len(shown) <= _LONGEST_DISPLAY_NAME else "",
        email=mail if mail.isprintable() and " " not in mail and len(mail) <= _LONGEST_EMAIL else "", groups=groups,
        password_mark=(entry.text("pwdLastSet") if directory.kind == AD else entry.text("pwdChangedTime"))[:128],
    )
