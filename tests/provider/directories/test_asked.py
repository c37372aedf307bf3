"""What is asked of one directory, in which order, and what its answers come to."""

from __future__ import annotations

from collections.abc import Coroutine
from typing import Any, TypeVar
from uuid import UUID

import pytest
from twisted.internet.task import Clock

from appproxy.errors import Code, RequestError
from appproxy.ldap.messages import DirectoryEntry, ResultCode
from appproxy.provider.directories.asked import AskedDirectory, DirectoryAnswer
from appproxy.provider.directories.entries import WantedName
from appproxy.provider.directories.servers import Servers
from appproxy.provider.directories.verdicts import Verdict
from tests.fakes.outcome import got
from tests.provider.directories.fake import BASE, FakeServer
from tests.provider.directories.made import directory
from tests.provider.house import NOW

T = TypeVar("T")
ANN = "uid=ann,dc=corp"
NOBODY: frozenset[str] = frozenset()


class Asked:
    """A directory with Ann, who is in the group `staff`, which is in `everybody`."""

    def __init__(self, **values: Any) -> None:
        self.server = FakeServer()
        self.server.add(ANN, "right", uid="ann", entryUUID="1", displayName="Ann", objectClass="person")
        self.server.add("cn=staff,dc=corp", cn="staff", entryUUID="g1", member=[ANN], objectClass="groupOfNames")
        self.server.add("cn=everybody,dc=corp", cn="everybody", entryUUID="g2", member=["cn=staff,dc=corp"],
                        objectClass="groupOfNames")
        made = directory(**values)
        servers = Servers(made, lambda host, port: (self.server, object()), Clock())  # type: ignore[return-value,arg-type]
        self.random: list[bytes] = []
        self.directory = AskedDirectory(made, servers, self._random)

    def _random(self, size: int) -> bytes:
        self.random.append(bytes([len(self.random)]) * size)
        return self.random[-1]

    def entry(self, name: str = "ann") -> DirectoryEntry:
        """The entry that a name means, which must be one."""
        found = got(self.directory.find(WantedName((("uid", name),))))
        assert isinstance(found, DirectoryEntry)
        return found

    def check(self, password: str = "right", known: frozenset[str] = NOBODY) -> DirectoryAnswer:
        """Is it Ann's password?"""
        return got(self.directory.check(self.entry(), password, known, NOW))


def refused(work: Coroutine[Any, Any, object]) -> RequestError:
    """Why it cannot be done."""
    with pytest.raises(RequestError) as raised:
        got(work)
    return raised.value


def test_the_right_password() -> None:
    """The user as the directory has them; nobody is asked for groups where none mean anything here."""
    asked = Asked()
    told = asked.check()
    assert told.verdict is Verdict.RIGHT and told.subject == "1"
    assert told.person is not None and told.person.names[0] == "ann" and told.person.groups == frozenset()
    assert len(asked.server.searches) == 2  # the name, and whether it is one entry's alone


def test_a_wrong_password_tells_of_nobody() -> None:
    """With it nothing is read of the user but whose it is, for the audit."""
    asked = Asked()
    assert asked.check("wrong") == DirectoryAnswer(Verdict.WRONG, subject="1")
    assert len(asked.server.searches) == 1


def test_groups_are_those_that_mean_something_here() -> None:
    """Nested ones too; what the directory has besides is left there."""
    asked = Asked()
    for known, groups in (({"g1", "g2"}, {"g1", "g2"}), ({"g2"}, {"g2"}), ({"other"}, set())):
        person = asked.check(known=frozenset(known)).person
        assert person is not None and person.groups == groups


def test_groups_of_active_directory_are_asked_in_its_own_way() -> None:
    """By a chain of links, from the user and from the primary group, which does not list its members."""
    asked = Asked(kind="ad")
    domain = b"\x01\x02" + bytes(10)
    staff, users, other = (UUID(int=number) for number in (1, 2, 3))
    asked.server.entries.clear()
    asked.server.add(ANN, "right", sAMAccountName="ann", objectGUID=UUID(int=9).bytes_le, objectSid=domain + b"\x09\x04\0\0",
                     primaryGroupID="513", objectClass="user", objectCategory="person")
    asked.server.add("cn=staff,dc=corp", objectGUID=staff.bytes_le, member=["cn=users,dc=corp"], objectClass="group")
    asked.server.add("cn=users,dc=corp", objectGUID=users.bytes_le, objectSid=domain + (513).to_bytes(4, "little"),
                     objectClass="group")
    asked.server.add("cn=other,dc=corp", objectGUID=other.bytes_le, member=[ANN], objectClass="group")
    found = got(asked.directory.find(WantedName((("sAMAccountName", "ann"),))))
    assert isinstance(found, DirectoryEntry)
    for known in ({str(staff)}, {str(users)}, {str(staff), str(users), str(UUID(int=4))}):
        person = got(asked.directory.check(found, "right", frozenset(known), NOW)).person
        assert person is not None and person.groups == known - {str(UUID(int=4))}


def test_a_name_that_another_entry_has_signs_nobody_in() -> None:
    """Somebody who was found by another attribute could take the name of a colleague otherwise."""
    asked = Asked()
    entry = asked.entry()
    asked.server.add("uid=ann,ou=other,dc=corp", "x", uid="ann", entryUUID="2", objectClass="person")
    assert got(asked.directory.check(entry, "right", NOBODY, NOW)) == DirectoryAnswer(Verdict.AMBIGUOUS, subject="1")
    found = got(asked.directory.find(WantedName((("uid", "ann"),))))
    assert isinstance(found, list) and len(found) == 2


def test_an_entry_without_what_it_is_known_by() -> None:
    """No password is tried for it: nothing could be kept of its user."""
    asked = Asked()
    asked.server.entries[ANN].pop("entryUUID")
    assert asked.check() == DirectoryAnswer(Verdict.UNUSABLE)
    assert [dn for dn, _ in asked.server.binds if dn == ANN] == []


def test_an_account_that_is_locked_for_good() -> None:
    """The right password does not help, and a session ends when the directory is asked again."""
    asked = Asked()
    asked.server.entries[ANN]["nsAccountLock"] = [b"TRUE"]
    assert asked.check() == DirectoryAnswer(Verdict.DISABLED, subject="1")
    assert got(asked.directory.look_up("1", NOBODY, NOW)) == DirectoryAnswer(Verdict.DISABLED, subject="1")


def test_looking_somebody_up() -> None:
    """By what they are known by; one that is gone, or that are two, is nobody."""
    asked = Asked()
    told = got(asked.directory.look_up("1", frozenset({"g1"}), NOW))
    assert told.verdict is Verdict.RIGHT and told.person is not None and told.person.groups == {"g1"}
    assert got(asked.directory.look_up("9", NOBODY, NOW)) == DirectoryAnswer(Verdict.NOBODY, subject="9")
    asked.server.add("uid=eva,dc=corp", uid="eva", entryUUID="1", objectClass="person")
    assert got(asked.directory.look_up("1", NOBODY, NOW)) == DirectoryAnswer(Verdict.NOBODY, subject="1")


def test_nobody_costs_what_somebody_costs() -> None:
    """One bind, below the base of users, by a name and with a password that nobody has had before."""
    asked = Asked()
    asked.entry()
    for _ in range(2):
        got(asked.directory.decoy())
    names = [dn for dn, _ in asked.server.binds[-2:]]
    assert all(dn.startswith("cn=") and dn.endswith("," + BASE) for dn in names) and names[0] != names[1]
    assert len(set(asked.random)) == 4 and all(len(one) >= 16 for one in asked.random)


def test_finding_a_group() -> None:
    """It is one, or nothing is assigned to it; the error says which."""
    asked = Asked()
    assert got(asked.directory.find_group("staff")) == ("g1", "staff")
    none = refused(asked.directory.find_group("nobody"))
    assert none.code is Code.PROVIDER_REFUSED and "no group" in none.detail
    asked.server.add("cn=staff,ou=x,dc=corp", cn="staff", entryUUID="g3", objectClass="groupOfNames")
    assert "several groups" in refused(asked.directory.find_group("staff")).detail
    asked.server.add("cn=secret,dc=corp", cn="secret", objectClass="groupOfNames")
    assert "may not read" in refused(asked.directory.find_group("secret")).detail


@pytest.mark.parametrize(("code", "words"), [
    (ResultCode.REFERRAL, "refers to another server"), (ResultCode.NO_SUCH_OBJECT, "base of the search"),
    (80, "it answers 80"),
])
def test_answers_that_say_nothing_of_the_user(code: int, words: str) -> None:
    """They are failures of the directory, and never a verdict: nobody is let in, and nobody loses a session."""
    asked = Asked()
    entry = asked.entry()
    asked.server.search_code = code
    raised = refused(asked.directory.look_up("1", NOBODY, NOW))
    assert raised.code is Code.PROVIDER_UNREACHABLE and words in raised.detail
    asked.server.search_code = 0
    asked.server.says[ANN] = (code, "", b"")
    if code != ResultCode.NO_SUCH_OBJECT:  # of a bind it says that there is nobody of this name
        assert refused(asked.directory.check(entry, "right", NOBODY, NOW)).code is Code.PROVIDER_UNREACHABLE


def test_groups_that_do_not_all_come() -> None:
    """Where the directory gives only some of somebody's groups, a policy could miss the one that forbids."""
    asked = Asked()
    entry = asked.entry()
    asked.server.search_code = ResultCode.SIZE_LIMIT
    raised = refused(asked.directory.check(entry, "right", frozenset({"g1"}), NOW))
    assert raised.code is Code.PROVIDER_REFUSED


def test_the_report() -> None:
    """Each server, and which base is not there; without a server that answers nothing is said of bases."""
    asked = Asked()
    asked.server.add(BASE, objectClass="domain")
    assert got(asked.directory.report()) == {"servers": [{"server": "one:636", "problem": ""}], "problems": []}
    asked.server.search_code = ResultCode.NO_SUCH_OBJECT
    problems = got(asked.directory.report())["problems"]
    assert isinstance(problems, list) and len(problems) == 1 and problems[0].startswith(BASE)
    down = Asked()
    down.server.down = True
    report = got(down.directory.report())
    assert report["problems"] == [] and "'problem': ''" not in str(report["servers"])
