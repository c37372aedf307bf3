"""The page of a user code: who finds which machine, and who may let it in."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from twisted.internet.defer import Deferred

from appproxy.admin.base.principal import Forbidden
from appproxy.admin.base.problem import TooOften
from appproxy.admin.logins.allowing import TRIES, Allowing, AllowingPerson
from appproxy.admin.logins.rules import MachineFacts
from appproxy.config.service import ServiceSettings
from appproxy.errors import NotFound
from appproxy.identity.session import Session
from appproxy.store.connectors import groups
from appproxy.store.database.live import LiveStore
from appproxy.store.database.store import Store
from appproxy.store.machines import waiting_machines
from appproxy.store.machines.waiting_machines import LIFETIME, MachinePurpose, NewWaitingMachine, WaitingMachine
from appproxy.store.people import users
from appproxy.store.roles import assignments
from appproxy.store.service import audit
from appproxy.store.snapshot import BUILTIN
from appproxy.testing.network import InlinePool
from tests.fakes.outcome import got
from tests.fakes.threads import NoThreads
from tests.store.conftest import database_url, now, sealer, server, store, templates

__all__ = ["database_url", "now", "sealer", "server", "store", "templates"]
ADMINISTER, JOIN = MachinePurpose.ADMINISTER, MachinePurpose.JOIN
#: Looks at a machine that one person has at once.
AT_ONCE, A_SECOND = TRIES


class Office:
    """A node; Ann administers it, Connie may let connectors in, and Rita may only read."""

    def __init__(self, store: Store, now: float) -> None:
        self.clock, self.store, self.now = NoThreads(), store, now
        self.clock.advance(500.0)
        self.live = LiveStore(self.clock, store, self.wall_clock, InlinePool())
        self.people: dict[str, str] = {}
        with store.transaction(now) as tx:
            groups.add(tx, "berlin")
            for name, role in (("ann", "administrator"), ("connie", "connector-administrator"), ("rita", "reader")):
                self.people[name] = users.add(tx, name, "hash").id
                assignments.assign(tx, role, assignments.resolve(tx, assignments.NamedHolder(user=name)), "", 0.0)
        self.live.start()
        self.allowing = Allowing(self.live, self.facts, self.clock.seconds)

    def wall_clock(self) -> float:
        """Seconds since 1970."""
        return self.now + self.clock.seconds() - 500.0

    def facts(self) -> MachineFacts:
        """What is so at this moment."""
        return MachineFacts(self.live.snapshot, ServiceSettings(domain="example.com"), self.wall_clock())

    def session(self, name: str) -> Session:
        """Somebody who has signed in."""
        ends = self.now + 9000.0
        return Session(f"s-{name}", self.people[name], "https://signin.example.com", BUILTIN, name, self.now, ends, self.now)

    def person(self, name: str) -> AllowingPerson:
        """The same, before the page."""
        return self.allowing.of(self.session(name), "198.51.100.1")

    def wait(self, purpose: MachinePurpose = ADMINISTER) -> WaitingMachine:
        """A machine begins to wait."""
        new = NewWaitingMachine(purpose, "rack", "", "192.0.2.9")
        _, made = got(self.live.write(waiting_machines.new, new))
        return made

    def still_waits(self, machine: WaitingMachine) -> bool:
        """Has nobody decided yet?"""
        return got(self.live.read(waiting_machines.of_user, machine.user_code, self.wall_clock())) is not None

    def noted(self) -> list[tuple[str, str, dict[str, Any]]]:
        """The newest entry of the audit that tells of a machine."""
        with self.store.reading() as reading:
            rows = audit.list_recent(reading)
        return [(row.action, row.target, dict(row.detail)) for row in rows
                if row.action in ("command_line.allowed", "connector.allowed", "machine.denied")]


@pytest.fixture
def office(store: Store, now: float) -> Iterator[Office]:
    """With nobody waiting."""
    made = Office(store, now)
    yield made
    made.live.stop()


@pytest.mark.parametrize("typed", [lambda code: code, str.lower, lambda code: f" {code[:4]}-{code[4:]} "])
def test_a_machine_is_found_by_what_people_type(office: Office, typed: Any) -> None:
    """However they write the code."""
    machine = office.wait()
    found = got(office.person("rita").find(typed(machine.user_code)))
    assert (found.waiting.id, found.groups, found.joins) == (machine.id, (), False)


def test_no_machine(office: Office) -> None:
    """A code that is nobody's, and one that has waited for too long: the same words."""
    machine = office.wait()
    for code in ("BCDF-GHJK", "", "x" * 5000):
        with pytest.raises(NotFound, match=r"no machine waits with this code; look at it once more"):
            got(office.person("ann").find(code))
    office.clock.advance(LIFETIME - 0.5)
    assert got(office.person("ann").find(machine.user_code))
    office.clock.advance(1.0)
    with pytest.raises(NotFound, match="no machine waits"):
        got(office.person("ann").find(machine.user_code))


def test_who_may_let_no_connector_in_does_not_see_one(office: Office) -> None:
    """They hear who may; whoever may sees the groups that it can join."""
    machine = office.wait(JOIN)
    with pytest.raises(Forbidden, match=r"a connector waits with this code, and rita may let none in; a connector admin"):
        got(office.person("rita").find(machine.user_code))
    with pytest.raises(Forbidden):
        got(office.person("rita").decide(machine.user_code, True, "default"))
    assert office.still_waits(machine) and office.noted() == []
    for name in ("ann", "connie"):
        found = got(office.person(name).find(machine.user_code))
        assert found.joins and sorted(found.groups) == ["berlin", "default"]


@pytest.mark.parametrize(("purpose", "allowed", "action", "more"), [
    (ADMINISTER, True, "command_line.allowed", {}), (JOIN, True, "connector.allowed", {"group": "berlin"}),
    (ADMINISTER, False, "machine.denied", {}), (JOIN, False, "machine.denied", {}),
])  # fmt: skip
def test_a_decision_is_made_once(
    office: Office, purpose: MachinePurpose, allowed: bool, action: str, more: dict[str, str]
) -> None:
    """Whoever comes second hears that nobody waits any more; the audit has the first one, with where it came from."""
    machine = office.wait(purpose)
    decided = got(office.person("connie").decide(machine.user_code, allowed, "berlin"))
    assert decided.waiting.id == machine.id and not office.still_waits(machine)
    for again in (True, False):
        with pytest.raises(NotFound, match="no machine waits"):
            got(office.person("ann").decide(machine.user_code, again, "berlin"))
    expected = {"name": "rack", "address": "192.0.2.9", "from": "198.51.100.1", "caller": "connie",
                "caller_provider": "builtin", **more}
    assert office.noted() == [(action, office.people["connie"], expected)]


def test_two_who_decide_in_the_same_moment(office: Office) -> None:
    """Both have seen it wait; one of them is told that it waits no longer."""
    machine = office.wait()
    ann = office.person("ann")
    pool = HeldPool()
    office.live.stop()
    office.live = LiveStore(office.clock, office.store, office.wall_clock, pool)
    office.live.start()
    pool.work_on()
    office.allowing = Allowing(office.live, office.facts, office.clock.seconds)
    outcomes: list[object] = []
    for name, allowed in (("ann", False), ("rita", True)):
        asked = office.person(name).decide(machine.user_code, allowed, "")
        Deferred.fromCoroutine(asked).addBoth(outcomes.append)
    pool.work_on()
    assert ann.session.subject == office.noted()[0][1] and len(office.noted()) == 1
    first, second = outcomes
    assert second.check(NotFound) and first.waiting.id == machine.id  # type: ignore[attr-defined]


class HeldPool(InlinePool):
    """Works when the test says so."""

    def __init__(self) -> None:
        self._work: list[Any] = []

    def callInThreadWithCallback(self, *asked: Any, **more: Any) -> None:
        """Kept until then."""
        self._work.append((asked, more))

    def work_on(self) -> None:
        """All that is there, and what comes of it."""
        while self._work:
            asked, more = self._work.pop(0)
            super().callInThreadWithCallback(*asked, **more)


def test_codes_cannot_be_tried_out(office: Office) -> None:
    """So many at once, also where they are right; then one whenever a try has come back. Others have their own."""
    machine = office.wait()
    for _ in range(int(AT_ONCE)):
        got(office.person("ann").find(machine.user_code))
    with pytest.raises(TooOften, match=r"too many codes were typed; wait 20 seconds"):
        got(office.person("ann").find(machine.user_code))
    assert got(office.person("rita").find(machine.user_code))
    office.clock.advance(1.0 / A_SECOND - 0.25)
    with pytest.raises(TooOften, match="wait 1 seconds"):
        got(office.person("ann").decide(machine.user_code, True, ""))
    assert office.still_waits(machine)
    office.clock.advance(0.25)
    assert got(office.person("ann").find(machine.user_code))


def test_tries_belong_to_a_person_and_not_to_a_session(office: Office) -> None:
    """To sign in again, or to come from elsewhere, brings none back; another provider's user of the same id is another."""
    for _ in range(int(AT_ONCE)):
        with pytest.raises(NotFound):
            got(office.person("ann").find("BCDF-GHJK"))
    session = office.session("ann")
    with pytest.raises(TooOften):
        got(office.allowing.of(replace(session, id="other"), "203.0.113.5").find("BCDF-GHJK"))
    other = replace(session, provider="corp", issuer="https://id.example.net")
    with pytest.raises(NotFound):
        got(office.allowing.of(other, "203.0.113.5").find("BCDF-GHJK"))
