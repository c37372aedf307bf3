"""WebSockets and event streams that have to go somewhere else, because this node or their connector ends: one after the other.

All at once they would come back in one second to the processes that are left, each with a TLS handshake, a request and all
that its program loads again.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Container, Sequence
from dataclasses import dataclass, replace
from heapq import nsmallest
from random import random

from twisted.internet.interfaces import IDelayedCall, IReactorTime

from appproxy.service.relay.answers.movable import MESSAGE_SECONDS
from appproxy.service.relay.connectors.peer import Peer
from appproxy.service.relay.moves.spread import Spread
from appproxy.service.relay.revocation import Revocable
from appproxy.service.relay.under_way import UnderWay

#: Seconds between two looks: of a thousand streams in the usual window of 12 s, 21 at a time.
LOOK_SECONDS = 0.25
#: Before what is left is cut, for whom a message does not end: there may be a place within it.
_LAST_LOOKS = 2 * LOOK_SECONDS
#: What is left of the time behind the window's end, for those who are told last to answer.
_FOR_ANSWERS = 0.2


@dataclass(frozen=True, slots=True)
class MoveTimes:
    """`seconds`: how long what is under way may go on at a stop; from the share `after` of it on streams are ended."""

    seconds: float = 30.0
    after: float = 0.5

    def spread(self, now: float, chance: float) -> Spread:
        """The window of what begins to stop now; `chance` as in `Spread`."""
        rest = self.seconds * (1 - self.after)
        return Spread(now + self.seconds * self.after, now + self.seconds - rest * _FOR_ANSWERS, chance)


@dataclass(slots=True)
class Move:
    """Of the streams of one connector, or of the node: when they are to go."""

    spread: Spread
    until: float


class StreamMoves:
    """Of one node. `chance`: gives numbers from 0 to 1."""

    def __init__(
        self, clock: IReactorTime, under_way: UnderWay, times: MoveTimes, chance: Callable[[], float] = random,
    ) -> None:
        self._clock = clock
        self._under_way = under_way
        self._times = times
        self._chance = chance
        #: By connector; of None: of the whole node.
        self._moves: dict[Peer | None, Move] = {}
        self._closing: set[Revocable] = set()
        self._next: IDelayedCall | None = None
        #: By kind, and how they ended: `closed`, `refused` or `cut`.
        self.ends: Counter[tuple[str, str]] = Counter()

    @property
    def windows(self) -> Sequence[Spread]:
        """When the streams go of each that ends."""
        return [move.spread for move in self._moves.values()]

    @property
    def looks_on(self) -> bool:
        """Is there anything that it will look at again?"""
        return self._next is not None

    def begin(self, peer: Peer | None = None) -> None:
        """From now on the time runs for all streams of this connector, or of the node, also for such as begin later.

        It is the connector's own, where that tells how long it goes on. As long as it takes no requests: one that stays after
        all keeps its streams. Who has a move keeps its time.
        """
        if self._times.after >= 1 or peer in self._moves or _has_none(peer):
            return
        now = self._clock.seconds()
        times = self._times if peer is None or peer.drain is None else replace(self._times, seconds=peer.drain)
        self._moves[peer] = Move(times.spread(now, self._chance()), now + times.seconds)
        if self._next is None:
            self._next = self._clock.callLater(LOOK_SECONDS, self._look)

    def stop(self) -> None:
        """What is left is about to be cut: count it."""
        self._moves.clear()
        if self._next is not None:
            self._next.cancel()
            self._next = None
        for request in self._under_way.endless:
            if request.exchange is not None:
                self.ends["other" if request.movable is None else request.movable.kind, "cut"] += 1

    def _look(self) -> None:
        now = self._clock.seconds()
        for request in list(self._closing):
            if request.movable is not None and request.exchange is not None:
                request.movable.look(now)
            if request.exchange is None:
                self._closing.discard(request)
        self._moves = {peer: move for peer, move in self._moves.items() if now < move.until and not _has_none(peer)}
        begun = {peer: move for peer, move in self._moves.items() if move.spread.has_begun(now)}
        if begun:
            left = self._open_of(begun)
            for peer, move in begun.items():
                self._take(move, left[peer], now)
        again = self._moves or self._closing
        self._next = self._clock.callLater(LOOK_SECONDS, self._look) if again else None

    def _open_of(self, peers: Container[Peer | None]) -> dict[Peer | None, list[Revocable]]:
        """The open streams of these connectors, and of the node, found in one pass however many connectors that are."""
        found: defaultdict[Peer | None, list[Revocable]] = defaultdict(list)
        of_node = None in peers
        for request in self._under_way.endless:
            of_peer = request.peer in peers
            if (of_peer or of_node) and _is_open(request):
                if of_peer:
                    found[request.peer].append(request)
                if of_node:
                    found[None].append(request)
        return found

    def _take(self, move: Move, left: list[Revocable], now: float) -> None:
        count = move.spread.take(now, len(left))
        # Those first that have been silent for longest: least likely in the middle of something.
        for request in nsmallest(count, left, key=_heard):
            assert request.movable is not None  # it is open, or a move of this look has just closed it
            self._closing.add(request)
            request.movable.close(min(now + MESSAGE_SECONDS, move.until - _LAST_LOOKS))


def _has_none(peer: Peer | None) -> bool:
    """Has this connector no streams that are to go? It stays, or nothing is under way there, and nothing more comes."""
    return peer is not None and (peer.online or not peer.in_flight)


def _is_open(request: Revocable) -> bool:
    return request.movable is not None and request.exchange is not None and request.movable.is_open


def _heard(request: Revocable) -> float:
    """When something went through it last, in an order of its own."""
    answer = request.answer
    return request.deadline - (0.0 if answer is None else answer.silence)
