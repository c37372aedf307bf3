"""Which worker gets the next connection, and when one that has ended is started again. Knows no process and no clock."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

#: Connections that a worker has been given and has not taken: with so many it is busy, or frozen, and gets no more of users
#: for now. Connectors' come beside them, and commands beside both: whoever floods the users' port keeps neither out.
MOST_UNTAKEN, MOST_WITH_CONNECTORS, MOST_WITH_COMMANDS = 32, 64, 96
#: Seconds after which a worker that has not taken what it was given gets no command any more while another does take.
UNANSWERED = 5.0
#: Seconds from being ready until users come, while others serve: connectors dial a new node within one or two.
SETTLE_SECONDS = 2.0
#: Seconds until a worker that has ended is started again: at first, at most, and how long one must live for the first again.
FIRST_DELAY, LONGEST_DELAY, LIVED = 0.25, 30.0, 60.0


@dataclass(eq=False, slots=True)
class Member:
    """One worker. `number` is what it is called by, `generation` counts the reloads before it."""

    number: int
    generation: int
    #: Of the node that it is; "" until it has said so.
    node: str = ""
    #: Since when it serves.
    ready: float | None = None
    #: What it was given and has not taken.
    untaken: int = 0
    #: When it was given the oldest of that.
    oldest: float | None = None
    #: When it was given something last, as a count.
    turn: int = 0
    #: Another one goes on in its place, or it is to end: it gets only what is meant for it alone.
    leaves: bool = False

    def answers(self, now: float) -> bool:
        """Has it room for a command, and taken all that it was given some seconds ago?"""
        return self.untaken < MOST_WITH_COMMANDS and (self.oldest is None or now - self.oldest < UNANSWERED)


class Crew:
    """All workers of one parent."""

    def __init__(self) -> None:
        self.members: list[Member] = []
        self.generation = 0
        self._turn = 0

    def join(self, generation: int) -> Member:
        """A new one, with the smallest number that nobody has."""
        taken = {one.number for one in self.members}
        member = Member(next(number for number in range(1, len(taken) + 2) if number not in taken), generation)
        self.members.append(member)
        return member

    def of(self, generation: int) -> list[Member]:
        """Those of one generation."""
        return [one for one in self.members if one.generation == generation]

    def are_ready(self, generation: int, wanted: int) -> bool:
        """Do so many of this generation serve?"""
        return sum(one.ready is not None for one in self.of(generation)) >= wanted

    def is_ready(self) -> bool:
        """Does anybody take users?"""
        return bool(self._serving())

    def next_for_user(self, now: float) -> Member | None:
        """Who gets a user's connection; None: nobody can take one now.

        Of those that have been there for a moment, who has the least untaken, in turn.
        """
        serving = self._serving()
        settled = [one for one in serving if one.ready is not None and now - one.ready >= SETTLE_SECONDS]
        return self._turn_of(settled or serving, MOST_UNTAKEN)

    def next_for_connector(self, node: str) -> Member | None:
        """Who gets a connector's: the node that it means, also one that leaves; else anybody."""
        meant = next((one for one in self.members if one.node == node), None) if node else None
        if meant is not None:
            return self._turn_of([meant], MOST_WITH_CONNECTORS)
        return self._turn_of(self._serving(), MOST_WITH_CONNECTORS)

    def for_commands(self, now: float) -> Member | None:
        """Who gets an admin's: always the same one, as long as it is there and answers."""
        return min((one for one in self._serving() if one.answers(now)), key=lambda one: one.number, default=None)

    def _serving(self) -> list[Member]:
        return [one for one in self.members if one.ready is not None and not one.leaves and one.generation == self.generation]

    def _turn_of(self, among: Iterable[Member], most: int) -> Member | None:
        free = [one for one in among if one.untaken < most]
        found = min(free, key=lambda one: (one.untaken, one.turn), default=None)
        if found is not None:
            self._turn += 1
            found.turn = self._turn
        return found


class Delays:
    """How long it takes until the next worker is started, when they end by themselves."""

    def __init__(self) -> None:
        self._quick = 0

    def next(self, lived: float) -> float:
        """Seconds, after one that has lived for so many."""
        self._quick = 0 if lived >= LIVED else self._quick + 1
        return min(LONGEST_DELAY, FIRST_DELAY * float(1 << max(0, min(self._quick, 10) - 1)))
