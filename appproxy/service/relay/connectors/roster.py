"""Which connector gets a request: the connectors that are online here, by group, and who waits for one.

Decisions only; the bytes are moved by `service.tunnel`, and what a request does in each state is in `relay`.
"""

from __future__ import annotations

from collections.abc import Container, Sequence
from dataclasses import dataclass

from appproxy.errors import Code
from appproxy.service.relay.connectors.peer import Dispatchable, Peer
from appproxy.tunnel.limits import DEFAULT_LIMITS
from appproxy.tunnel.shares import ADDRESS, FairQueue, few_of, reserve_of

#: Whom a request counts for: the user's share, with `ADDRESS` before it where nobody signed in, and the application's id.
Whose = tuple[bytes, str]
UNKNOWN: Whose = (b"", "")
#: Milliseconds that a connector's event loop may be late before others of its group get its requests.
LAG_MS = 500


@dataclass(frozen=True, slots=True)
class RosterLimits:
    """Numbers of the specification; seconds where nothing else is said."""

    #: Requests under way a connector.
    in_flight: int = DEFAULT_LIMITS.in_flight
    #: Requests that wait for a connector, a group.
    queue: int = DEFAULT_LIMITS.queue
    queue_seconds: float = DEFAULT_LIMITS.queue_seconds
    #: The same for one of a user who has more than an equal part under way: they hear early that it is their own doing.
    queue_seconds_over: float = 3.0
    #: A group whose last connector left longer ago than this has no hope for the next 10 s.
    absent_seconds: float = 60.0
    #: So many time-outs in a row take a connector out of rotation until an answer comes; a try is made this often.
    timeouts: int = DEFAULT_LIMITS.timeouts_in_a_row
    try_seconds: float = 10.0


class Roster:
    """The connectors of this node, and the requests that wait for one."""

    def __init__(self, started: float, limits: RosterLimits | None = None) -> None:
        self.limits = limits or RosterLimits()
        #: By key: a connector's id, and where it has several workers that with a number behind it.
        self.peers: dict[str, Peer] = {}
        #: The same by the connector's id.
        self._workers: dict[str, list[Peer]] = {}
        #: Processes of connectors that drain while another process of theirs is in `peers`.
        self.leaving: dict[str, list[Peer]] = {}
        self._groups: dict[str, list[Peer]] = {}
        self._waiting: dict[str, FairQueue[Whose, Dispatchable]] = {}
        #: Requests under way, by the user's share and by application; without streams.
        self.shares: dict[bytes, int] = {}
        self.applications: dict[str, int] = {}
        #: When a group's last connector left; a group that was never seen counts from the node's start.
        self._left: dict[str, float] = {}
        self._started = started

    # Who is here.

    def add(self, peer: Peer) -> None:
        """A connector has been welcomed, or a further worker of one that is here."""
        workers = self._workers.setdefault(peer.id, [])
        keys = (peer.id, *(f"{peer.id}.{number}" for number in range(2, len(workers) + 2)))
        peer.key = next(key for key in keys if key not in self.peers)
        workers.append(peer)
        limit = peer.limit = min(self.limits.in_flight, peer.most)
        peer.reserve, peer.few = reserve_of(limit), few_of(limit)
        peer.usual = limit - peer.reserve
        self.peers[peer.key] = peer
        self._groups.setdefault(peer.group, []).append(peer)

    def step_aside(self, peer: Peer, now: float) -> None:
        """A connector's process drains, and the next one is here: that gets the requests, and this one ends what it has."""
        self.remove(peer, now)
        self.leaving.setdefault(peer.id, []).append(peer)

    def of(self, id: str) -> list[Peer]:
        """All processes of a connector."""
        return [*self._workers.get(id, ()), *self.leaving.get(id, ())]

    def workers(self, id: str) -> list[Peer]:
        """Those that have not stepped aside: more than one where the connector has workers."""
        return list(self._workers.get(id, ()))

    def all(self) -> list[Peer]:
        """All processes of all connectors."""
        return [peer for id in {**self._workers, **self.leaving} for peer in self.of(id)]

    def here(self, peer: Peer) -> bool:
        """Is it still expected to say something?"""
        return peer in self.of(peer.id)

    def remove(self, peer: Peer, now: float) -> None:
        """A connector has gone."""
        if self.peers.get(peer.key) is peer:
            del self.peers[peer.key]
            workers = self._workers[peer.id]
            workers.remove(peer)
            if not workers:
                del self._workers[peer.id]
        leaving = self.leaving.get(peer.id, [])
        if peer in leaving:
            leaving.remove(peer)
            if not leaving:
                del self.leaving[peer.id]
            return
        members = self._groups.get(peer.group, [])
        if peer in members:
            members.remove(peer)
        self._left[peer.group] = now

    def move(self, peer: Peer, group: str, now: float) -> None:
        """An admin has put a connector into another group."""
        self.remove(peer, now)
        peer.group = group
        self.add(peer)

    def members(self, group: str) -> Sequence[Peer]:
        """The processes of a group's connectors, without those that leave."""
        return self._groups.get(group, ())

    def online(self, group: str) -> int:
        """How many connectors of a group take requests, with any of their workers."""
        return len({peer.id for peer in self._groups.get(group, ()) if peer.online})

    def has_another(self, peer: Peer) -> bool:
        """Does another connector of its group, or another worker of its own, take requests, and answer?"""
        return any(one is not peer and one.online and not one.suspected for one in self._groups.get(peer.group, ()))

    def has_untried(self, group: str, tried: Container[str]) -> bool:
        """Is a connector of the group here, or about to be back, that has not been tried?"""
        return any(one.key not in tried for one in self._groups.get(group, ()))

    # Who gets a request.

    def pick(self, group: str, tried: Container[str], now: float, whose: Whose | None = UNKNOWN) -> Peer | None:
        """The connector of the group that has least to do and has not been tried, where this user may have a place.

        `whose` is None: where somebody may have one, whoever it is.
        One that lags gets requests only where no other takes them, and a suspended one so, too, but for a try now and then.
        """
        best: Peer | None = None
        best_cost = (True, True, 0, 0)
        for peer in self._groups.get(group, ()):
            load = len(peer.in_flight) - peer.streams
            if load >= peer.limit or peer.key in tried or peer.link() is None:
                continue
            if load >= peer.usual and whose is not None and not self._is_of_reserve(peer, load, whose):
                continue
            lags = peer.load is not None and peer.load.lag_ms > LAG_MS
            cost = (peer.suspected or peer.try_at > now, lags, load, peer.streams)
            if best is None or cost < best_cost:
                best, best_cost = peer, cost
        if best is not None and best.timeouts >= self.limits.timeouts:
            best.try_at = now + self.limits.try_seconds
        return best

    def usable(self, key: str, group: str, tried: Container[str], whose: Whose = UNKNOWN) -> Peer | None:
        """The process of this key, if it can take one more request of the group and has not been tried."""
        peer = self.peers.get(key)
        if peer is None or peer.group != group or key in tried or peer.link() is None:
            return None
        load = len(peer.in_flight) - peer.streams
        return peer if load < peer.usual or (load < peer.limit and self._is_of_reserve(peer, load, whose)) else None

    def _is_of_reserve(self, peer: Peer, load: int, whose: Whose) -> bool:
        """May one more have a place of the reserve? Half of that is also kept from applications that have many, and a quarter
        from addresses, which cost an attacker less than users: of an application that has many they get one quarter.
        """
        share, application = whose
        if self.shares.get(share, 0) >= peer.few:
            return False
        quarters = 1 if share.startswith(ADDRESS) else 2
        if self.applications.get(application, 0) <= peer.limit // (len(self.applications) + 1):
            quarters += 2
        return load < peer.usual + (peer.reserve * quarters + 3) // 4

    def is_over(self, group: str, whose: Whose) -> bool:
        """Has this user more requests under way than an equal part of what the group's connectors take?"""
        places = sum(peer.limit for peer in self._groups.get(group, ()))
        return self.shares.get(whose[0], 0) > max(few_of(places), places // (len(self.shares) + 1))

    def taken(self, whose: Whose) -> None:
        """A request of this user takes a place."""
        share, application = whose
        shares, applications = self.shares, self.applications
        shares[share] = shares.get(share, 0) + 1
        applications[application] = applications.get(application, 0) + 1

    def given(self, whose: Whose) -> None:
        """It takes none any more."""
        share, application = whose
        shares, applications = self.shares, self.applications
        # What nobody has goes: users are endless.
        if left := shares[share] - 1:
            shares[share] = left
        else:
            del shares[share]
        if left := applications[application] - 1:
            applications[application] = left
        else:
            del applications[application]

    def timed_out(self, peer: Peer, now: float) -> None:
        """A request that the connector had accepted got no answer; after several in a row it gets no more until one comes."""
        peer.timeouts += 1
        if peer.timeouts >= self.limits.timeouts:
            peer.try_at = now + self.limits.try_seconds

    # Who waits.

    def park(self, request: Dispatchable, group: str, now: float, whose: Whose = UNKNOWN) -> Code | None:
        """Let a request wait for a connector; or say why there is no point in it.

        Where too many wait, the latest of the user who has most of them is refused: perhaps this one.
        """
        if not self._groups.get(group) and now - self._left.get(group, self._started) > self.limits.absent_seconds:
            return Code.NO_CONNECTOR
        waiting = self._waiting.setdefault(group, FairQueue())
        if len(waiting) >= self.limits.queue:
            gone = waiting.crowd_out(whose)
            if gone is None:
                return Code.QUEUE_FULL if waiting.shares <= 1 else Code.SHARE_EXCEEDED
            gone.crowded_out()
        waiting.push(whose, request)
        return None

    def unpark(self, request: Dispatchable, group: str, whose: Whose = UNKNOWN) -> None:
        """A request waits no more."""
        waiting = self._waiting.get(group)
        if waiting is not None:
            waiting.discard(whose, request)

    def next_waiting(self, group: str, now: float) -> tuple[Dispatchable, Peer] | None:
        """Whose turn it is, user by user, and the connector that takes it; None: nobody waits, or may have a place."""
        waiting = self._waiting.get(group)
        peer = self.pick(group, (), now, None) if waiting else None
        if not waiting or peer is None:
            return None
        load = len(peer.in_flight) - peer.streams
        usual = load < peer.usual
        request = waiting.pop(lambda whose: usual or self._is_of_reserve(peer, load, whose))
        return None if request is None else (request, peer)

    def has_waiting(self, group: str) -> bool:
        """Does anyone wait for a connector of this group?"""
        return bool(self._waiting.get(group))

    @property
    def waiting(self) -> int:
        """Requests that wait, in all groups."""
        return sum(map(len, self._waiting.values()))
