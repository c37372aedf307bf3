"""A queue with fair shares: whoever sends much waits for themselves, and nobody else waits for them.

Waiting work is in lanes by how well its sender is known, and in each lane by sender. Lanes get turns by their weight, so
that no lane starves; in a lane the senders take turns, one piece of work each. Pure: nothing runs here.
"""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Iterable
from enum import IntEnum
from typing import Generic, TypeVar

T = TypeVar("T")


class Lane(IntEnum):
    """Whose work it is; the value is the number of turns while all lanes have work."""

    DOUBTFUL = 1
    STRANGER = 2
    STANDING = 4
    DEVICE = 8


class LaneQueue(Generic[T]):
    """At most `most` pieces of work wait in each lane, and `each` of one sender. A lane is the number of its turns."""

    def __init__(self, most: int, each: int, lanes: Iterable[int] = Lane) -> None:
        self._most = most
        self._each = each
        self._lanes: dict[int, OrderedDict[str, deque[T]]] = {lane: OrderedDict() for lane in lanes}
        self._counts = dict.fromkeys(self._lanes, 0)
        #: Smooth weighted round-robin: each turn raises all by their weight, and the chosen one pays for all.
        self._credit = dict.fromkeys(self._lanes, 0)

    def __len__(self) -> int:
        return sum(self._counts.values())

    def put(self, lane: int, sender: str, work: T) -> list[T]:
        """Take work in; gives what has no place: nothing, this work, or in a full lane the newest of who has most there."""
        senders = self._lanes[lane]
        waiting = senders.get(sender)
        if waiting is not None and len(waiting) >= self._each:
            return [work]
        dropped: list[T] = []
        if self._counts[lane] >= self._most:
            # `most` is small, and this happens only in a flood.
            greedy = max(senders, key=lambda each: len(senders[each]), default=sender)
            if len(senders.get(greedy, ())) <= (0 if waiting is None else len(waiting)) + 1:
                return [work]
            dropped.append(senders[greedy].pop())
            self._counts[lane] -= 1
        if waiting is None:
            waiting = senders[sender] = deque()
        waiting.append(work)
        self._counts[lane] += 1
        return dropped

    def take(self) -> T | None:
        """What is to be done next."""
        filled = [lane for lane in self._lanes if self._counts[lane]]
        if not filled:
            return None
        for each in filled:
            self._credit[each] += each
        lane = max(filled, key=lambda each: self._credit[each])
        self._credit[lane] -= sum(filled)
        self._counts[lane] -= 1
        sender, waiting = next(iter(self._lanes[lane].items()))
        work = waiting.popleft()
        if waiting:
            self._lanes[lane].move_to_end(sender)
        else:
            del self._lanes[lane][sender]
        return work
