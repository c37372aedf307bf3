"""What a machine gets that somebody has allowed: all of what was so then is looked at again when the machine comes for it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from appproxy.admin.logins import rules
from appproxy.admin.logins.rules import AllowingUser, MachineFacts, PollOutcome
from appproxy.config.service import ServiceSettings
from appproxy.errors import NotFound
from appproxy.identity.command_line import LIFETIME
from appproxy.identity.session import Session
from appproxy.store.connectors import join_tokens
from appproxy.store.database.store import Store
from appproxy.store.machines import waiting_machines
from appproxy.store.machines.waiting_machines import INTERVAL, MachinePurpose, NewWaitingMachine
from appproxy.store.people import users
from appproxy.store.people.session import sessions
from appproxy.store.roles import assignments
from appproxy.store.service import audit
from appproxy.store.snapshot import BUILTIN
from tests.store.conftest import database_url, now, sealer, server, store, templates

__all__ = ["database_url", "now", "sealer", "server", "store", "templates"]
ADDRESS = "192.0.2.9"


@dataclass
class Office:
    """A service with Ann, who administers it, and machines that wait."""

    store: Store
    now: float
    user: str = ""
    secrets: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        with self.store.transaction(self.now) as tx:
            self.user = users.add(tx, "ann", "hash").id
        self.give("administrator")
        self.session = Session(
            "s1", self.user, "https://signin.example.com", BUILTIN, "ann", self.now + 1, self.now + 3600, self.now + 1,
            claims={"x": "y"}, refresh_at=5.0)

    def give(self, role: str, *, take: bool = False) -> None:
        """Ann has this role from now on, or no longer."""
        with self.store.transaction(self.now) as tx:
            holder = assignments.resolve(tx, assignments.NamedHolder(user="ann"))
            if take:
                assignments.unassign(tx, role, holder, "")
            else:
                assignments.assign(tx, role, holder, "", 0.0)

    def facts(self, later: float = 0.0) -> MachineFacts:
        """What is so."""
        return MachineFacts(self.store.build_snapshot(), ServiceSettings(domain="example.com"), self.now + later)

    def wait(self, purpose: MachinePurpose) -> waiting_machines.WaitingMachine:
        """A machine begins to wait."""
        with self.store.transaction(self.now) as tx:
            secret, made = waiting_machines.new(tx, NewWaitingMachine(purpose, "rack", "", ADDRESS))
        self.secrets.append(secret)
        return made

    def allowed(self, purpose: MachinePurpose, group: str = "default", **session: Any) -> None:
        """Ann lets the next one in."""
        machine = self.wait(purpose)
        person = AllowingUser(replace(self.session, **session), "198.51.100.1", "builtin")
        with self.store.transaction(self.now) as tx:
            assert rules.allow(tx, machine, person, group)

    def poll(self, later: float = 2 * INTERVAL, at: int = -1) -> PollOutcome:
        """The machine asks."""
        facts = self.facts(later)
        with self.store.transaction(self.now + later) as tx:
            return rules.poll(tx, self.secrets[at], ADDRESS, facts)

    def actions(self) -> list[str]:
        """What the audit has, the newest first."""
        with self.store.reading() as reading:
            return [row.action for row in audit.list_recent(reading)]


@pytest.fixture
def office(store: Store, now: float) -> Office:
    """With nobody waiting."""
    return Office(store, now)


def sign_out(office: Office) -> None:
    """Ann is signed out everywhere."""
    with office.store.transaction(office.now + 5) as tx:
        sessions.revoke_subject(tx, BUILTIN, office.user)


def take_role(office: Office) -> None:
    """Ann administers nothing any more."""
    office.give("administrator", take=True)


def end_session(office: Office) -> None:
    """The session ends in which she has let the machine in."""
    with office.store.transaction(office.now + 5) as tx:
        sessions.revoke_session(tx, "s1")


def test_a_command_line_gets_a_session_of_its_own(office: Office) -> None:
    """Once, as long as the one that let it in, without what a browser has proved of its machine."""
    office.allowed(MachinePurpose.ADMINISTER)
    outcome = office.poll()
    assert outcome.error == "" and outcome.line is not None and outcome.join_token == ""
    assert outcome.line.expires == office.session.expires
    current = rules.current(outcome.line, office.now + 20)
    assert current.id != "s1" and (current.subject, current.claims, current.device, current.refresh_at) == (
        office.user, {}, None, 0.0)
    assert current.expires <= office.now + 20 + LIFETIME
    assert office.poll(4 * INTERVAL).error == "expired_token"
    assert {"command_line.allowed", "sign-in"} <= set(office.actions())


def test_a_connector_gets_a_join_token_for_one(office: Office) -> None:
    """For the group that was chosen, for some minutes, and not in any printed outcome."""
    office.allowed(MachinePurpose.JOIN)
    outcome = office.poll()
    assert outcome.join_token and outcome.line is None and outcome.join_token not in repr(outcome)
    with office.store.reading() as reading:
        [token] = join_tokens.list_all(reading)
    assert token.expires == office.now + 2 * INTERVAL + 600.0
    assert office.poll(4 * INTERVAL) == PollOutcome("expired_token")


def test_before_anybody_has_decided(office: Office) -> None:
    """It is asked to wait, and to ask less often where it does not."""
    office.wait(MachinePurpose.ADMINISTER)
    assert office.poll() == PollOutcome("authorization_pending")
    assert office.poll(2 * INTERVAL + 1) == PollOutcome("slow_down")


def test_one_that_is_not_wanted(office: Office) -> None:
    """Hears so, and a later word changes nothing of it."""
    machine = office.wait(MachinePurpose.ADMINISTER)
    person = AllowingUser(office.session, ADDRESS, "builtin")
    with office.store.transaction(office.now) as tx:
        assert rules.deny(tx, machine, person)
        assert not rules.allow(tx, machine, person, "") and not rules.deny(tx, machine, person)
    assert office.poll() == PollOutcome("access_denied")


def test_a_group_that_is_not_there(office: Office) -> None:
    """The machine goes on waiting: nobody has decided."""
    machine = office.wait(MachinePurpose.JOIN)
    with office.store.transaction(office.now) as tx, pytest.raises(NotFound):
        rules.allow(tx, machine, AllowingUser(office.session, ADDRESS, "builtin"), "nowhere")
    assert office.poll() == PollOutcome("authorization_pending")


@pytest.mark.parametrize("purpose", list(MachinePurpose))
@pytest.mark.parametrize("happened", [sign_out, take_role, end_session])
def test_what_was_so_then_and_is_not_now(
    office: Office, happened: Callable[[Office], object], purpose: MachinePurpose
) -> None:
    """Who let it in has gone, or has lost the right, between the button and the machine: it gets nothing, and never will."""
    office.allowed(purpose)
    happened(office)
    assert office.poll() == PollOutcome("access_denied")
    assert office.poll(4 * INTERVAL) == PollOutcome("expired_token")


def test_who_may_administer_may_not_always_let_connectors_in(office: Office) -> None:
    """A reader gets a command line that reads, and no connector."""
    office.give("reader")
    office.give("administrator", take=True)
    office.allowed(MachinePurpose.JOIN)
    assert office.poll() == PollOutcome("access_denied")
    office.allowed(MachinePurpose.ADMINISTER)
    assert office.poll().line is not None


@pytest.mark.parametrize(("later", "counts"), [(3599.0, True), (3600.0, False)])
def test_a_session_that_is_over_lets_nobody_in(office: Office, later: float, counts: bool) -> None:
    """At its very end."""
    assert (office.facts(later).why_not(office.session) == "") is counts


def test_a_refresh_token_that_comes_a_second_time_ends_the_session(office: Office) -> None:
    """Somebody has copied it: neither of the two goes on (RFC 9700 section 4.14.2)."""
    office.allowed(MachinePurpose.ADMINISTER)
    first = office.poll().line
    assert first is not None

    with office.store.transaction(office.now + 30) as tx:
        second = rules.refresh(tx, first.refresh_token, office.facts(30))
    assert second is not None and second.refresh_token != first.refresh_token
    with office.store.transaction(office.now + 3000) as tx:
        assert rules.refresh(tx, first.refresh_token, office.facts(3000)) is None
    with office.store.transaction(office.now + 3001) as tx:
        assert rules.refresh(tx, second.refresh_token, office.facts(3001)) is None
