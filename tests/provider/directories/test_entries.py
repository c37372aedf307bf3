"""Who is meant by a typed name."""

from __future__ import annotations

from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appproxy.ldap.messages import DirectoryEntry
from appproxy.provider.directories.entries import choose, person_of, route, subject_of
from appproxy.store.people.users import User
from tests.provider.directories.made import directory

GUID = UUID("a4e25f57-1c1c-4dbd-a04e-3e35ce8de80c")
FIRST = directory(id="f", realms=("corp.example", "corp"))
SECOND = directory(id="s", realms=("other.example",))


def user(of: str) -> User:
    """Somebody who is known here."""
    return User("u", "ann", "Ann", "", "", False, (), 0.0, of)


def entry(dn: str = "uid=ann", **attributes: str) -> DirectoryEntry:
    """An entry with these texts."""
    return DirectoryEntry(dn, {name: [value.encode()] for name, value in attributes.items()})


@pytest.mark.parametrize(("typed", "known", "asked"), [
    ("ann", None, ["f", "s"]),
    ("ann", user("s"), ["s"]),
    ("ann", user(""), []),
    ("ann@corp.example", None, ["f"]),
    ("ANN@Other.Example", None, ["s"]),
    ("ann@elsewhere.example", None, ["f", "s"]),
    ("CORP\\ann", None, ["f"]),
    ("OTHER\\ann", None, []),
    ("", None, []),
])
def test_a_password_goes_to_no_other_directory(typed: str, known: User | None, asked: list[str]) -> None:
    assert [one.id for one, _ in route([FIRST, SECOND], typed, known)] == asked


def test_a_name_with_a_realm_is_an_address_first() -> None:
    [(_, wanted)] = route([FIRST], "ann@corp.example", None)
    mail, uid = entry("1", mail="ann@corp.example", uid="x"), entry("2", mail="y", uid="ann")
    assert choose(wanted, [uid, mail]) is mail
    assert choose(wanted, [uid]) is uid
    [(_, short)] = route([FIRST], "CORP\\ann", None)
    assert choose(short, [uid]) is uid


def test_an_attribute_that_comes_first_decides() -> None:
    """Whoever may write their own mail takes nobody's name with it."""
    [(_, wanted)] = route([SECOND], "ann", None)
    ann, mallory = entry("1", uid="ann", mail="a@x"), entry("2", uid="mallory", mail="ann")
    assert choose(wanted, [mallory, ann]) is ann
    assert choose(wanted, [ann, entry("3", uid="ANN")]) != ann
    assert choose(wanted, []) == []


@pytest.mark.parametrize(("typed", "has"), [("jose", "jos\u00e9"), ("ann", "ann "), ("*", "ann"), ("ann", "anna")])
def test_what_a_server_takes_for_equal_is_not(typed: str, has: str) -> None:
    [(_, wanted)] = route([SECOND], typed, None)
    assert choose(wanted, [entry(uid=has)]) == []


@given(st.text(max_size=20))
def test_whatever_is_typed_is_routed(typed: str) -> None:
    for _, wanted in route([FIRST, SECOND], typed, None):
        assert all(value in typed for _, value in wanted.pairs)


def test_a_guid_is_read_as_windows_writes_it() -> None:
    ad = directory(kind="ad")
    assert subject_of(ad, DirectoryEntry("x", {"objectguid": [GUID.bytes_le]})) == str(GUID)
    assert subject_of(ad, DirectoryEntry("x", {"objectguid": [b"short"]})) == ""
    assert subject_of(FIRST, entry(entryuuid=str(GUID))) == str(GUID)
    assert subject_of(FIRST, entry()) == ""


def test_what_an_entry_says_of_its_user() -> None:
    found = entry(entryuuid="1-2", uid="Ann", cn="Ann Other", mail="ann@x", pwdchangedtime="t")
    made = person_of(FIRST, found, frozenset({"g"}))
    assert made is not None
    assert (made.subject, made.names) == ("1-2", ("ann", "ann@corp.example", "ann@corp"))
    assert (made.display_name, made.email, made.password_mark, made.groups) == ("Ann Other", "ann@x", "t", frozenset({"g"}))
    assert person_of(FIRST, entry(uid="ann"), frozenset()) is None
    odd = person_of(FIRST, entry(entryuuid="1", uid="a b", cn="x" * 200, mail="a b"), frozenset())
    assert odd is not None and (odd.names, odd.display_name, odd.email) == ((), "", "")
