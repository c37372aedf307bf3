"""Who gives way when an application may have few connections (`max_connections`), and a user who has none waits for one."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from appproxy.connector.origin.origin_stream import GivesWay, OriginUser
from appproxy.connector.origin.waiting import WaitingRequests
from appproxy.net.loop.deadlines import NEVER, Deadlines
from appproxy.tunnel.shares import Held, Places, give_way, is_slow

#: Seconds between two looks while anybody waits.
LOOK_SECONDS = 1.0
#: Whoever has waited so long, although they are next, waits for requests that do not end by themselves.
PATIENCE = 3.0


class Pressure:
    """Looks at all who hold a connection every second, as long as anybody waits. `holders` gives their users."""

    __slots__ = ("_deadlines", "_holders", "_places", "_queue", "_seconds", "deadline")

    def __init__(self, places: Places, queue: WaitingRequests, deadlines: Deadlines, seconds: Callable[[], float],
                 holders: Callable[[], Iterable[OriginUser]]) -> None:
        self._places = places
        self._queue = queue
        self._deadlines = deadlines
        self._seconds = seconds
        self._holders = holders
        self.deadline = NEVER

    def watch(self) -> None:
        """Somebody waits."""
        if self.deadline == NEVER and self._queue:
            self.deadline = self._seconds() + LOOK_SECONDS
            self._deadlines.add(self)

    def deadline_passed(self, now: float) -> None:
        """Time to look."""
        self.deadline = NEVER
        self._deadlines.discard(self)
        # Also while nobody has to go: a rate is known only after a second look.
        looked = [held for user in self._holders() if (held := user.look(now)) is not None]
        waited = [now - waiting.since for waiting in self._queue if not self._places.held(waiting.share)]
        if waited:
            for place in self._to_go(looked, waited):
                place.what.give_way()
        self.watch()

    def _to_go(self, looked: list[Held[GivesWay]], waited: list[float]) -> list[Held[GivesWay]]:
        """Slow readers and senders go at once; others only for those who have waited for long."""
        patient = sum(seconds >= PATIENCE for seconds in waited)
        if patient:
            return give_way(self._places, looked, patient)
        slow = [place for place in looked if is_slow(place, self._places.is_over(place.key))]
        return give_way(self._places, slow, len(waited))
