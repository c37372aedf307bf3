"""Whoever has signed in with a browser lets a machine in: what the page of a user code asks, and does."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import ceil

from appproxy.admin.base.principal import Forbidden, Permission
from appproxy.admin.base.problem import TooOften
from appproxy.admin.logins import rules
from appproxy.admin.logins.rules import AllowingUser, MachineFacts
from appproxy.errors import NotFound
from appproxy.identity.session import Session
from appproxy.policy.levels import RateLimit
from appproxy.store.connectors import groups
from appproxy.store.database.live import LiveStore
from appproxy.store.machines import waiting_machines
from appproxy.store.machines.waiting_machines import MachinePurpose, WaitingMachine

#: Codes that one person may send by the form of the page, at once and a second: to look at one and to let it in are two. With
#: 34 bits of a code and 10,000 machines that wait, one in some million is right.
TRIES = (20.0, 0.05)
_UNKNOWN = "no machine waits with this code"
_AGAIN = "look at it once more: it counts for ten minutes, and once"


@dataclass(frozen=True, slots=True)
class ShownMachine:
    """A machine as the page shows it; `groups`: names of those that a connector can join."""

    waiting: WaitingMachine
    groups: tuple[str, ...] = ()

    @property
    def joins(self) -> bool:
        """Is it a connector?"""
        return self.waiting.purpose is MachinePurpose.JOIN


class Allowing:
    """Made once a node. `facts` gives those of now; `seconds`: the monotonic clock."""

    def __init__(self, live: LiveStore, facts: Callable[[], MachineFacts], seconds: Callable[[], float]) -> None:
        self._live = live
        self._facts = facts
        self._seconds = seconds
        self._tries = RateLimit(*TRIES)

    def of(self, session: Session, address: str) -> AllowingPerson:
        """What somebody may do who has signed in so, from this address."""
        return AllowingPerson(self, session, address)

    async def find(self, session: Session, text: str) -> ShownMachine:
        """The machine of a user code. Raises NotFound, Forbidden or TooOften."""
        wait = self._tries.take((session.provider, session.subject), self._seconds())
        if wait > 0.0:
            raise TooOften("too many codes were typed", hint=f"wait {ceil(wait)} seconds")
        facts = self._facts()
        found = await self._live.read(waiting_machines.of_user, text, facts.now)
        if found is None:
            raise NotFound(_UNKNOWN, hint=_AGAIN)
        if found.purpose is not MachinePurpose.JOIN:
            return ShownMachine(found)
        if not facts.principal(session).covers({Permission.CHANGE_CONNECTORS}):
            raise Forbidden(f"a connector waits with this code, and {session.name} may let none in",
                            hint="a connector administrator may")
        return ShownMachine(found, tuple(one.name for one in await self._live.read(groups.list_all)))

    async def decide(self, session: Session, address: str, text: str, allowed: bool, group: str) -> ShownMachine:
        """Let a machine in, or not. Raises as `find` does, and NotFound where it waits no longer."""
        machine, facts = await self.find(session, text), self._facts()
        person = AllowingUser(session, address, facts.provider_name(session))
        if allowed:
            done = await self._live.write(rules.allow, machine.waiting, person, group)
        else:
            done = await self._live.write(rules.deny, machine.waiting, person)
        if not done:
            raise NotFound(_UNKNOWN, hint=_AGAIN)
        return machine


@dataclass(frozen=True, slots=True)
class AllowingPerson:
    """The same for one person, at one address."""

    allowing: Allowing
    session: Session
    address: str

    async def find(self, text: str) -> ShownMachine:
        """As `Allowing.find`."""
        return await self.allowing.find(self.session, text)

    async def decide(self, text: str, allowed: bool, group: str) -> ShownMachine:
        """As `Allowing.decide`."""
        return await self.allowing.decide(self.session, self.address, text, allowed, group)
