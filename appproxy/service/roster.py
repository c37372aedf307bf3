"""Which connector gets a request: the connectors that are online here, by group, and who waits for one.

Decisions only; the bytes are moved by `links`, and what a request does in each state is in `relay`.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Container
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from appproxy.errors import Code
from appproxy.tunnel.ids import RequestIds
from appproxy.tunnel.messages import Load

if TYPE_CHECKING:
    from appproxy.service.relayed import Relayed


class Link(Protocol):
    """A signal connection, as far as dispatch needs it."""

    #: The transport's buffer is full, or the connector drains: give it no new request.
    congested: bool
    draining: bool

    def write(self, data: bytes) -> None: ...


@dataclass(frozen=True, slots=True)
class RosterLimits:
    """Numbers of the specification; seconds where nothing else is said."""

    #: Requests under way a connector.
    in_flight: int = 1000
    #: Requests that wait for a connector, a group.
    queue: int = 1000
    queue_seconds: float = 10.0
    #: A group whose last connector left longer ago than this has no hope for the next 10 s.
    absent_seconds: float = 60.0
    #: So many timeouts in a row take a connector out of rotation, for so long.
    timeouts: int = 5
    suspended_seconds: float = 10.0


class Peer:
    """One connector that is, or just was, connected to this node."""

    __slots__ = ("address", "data", "group", "id", "ids", "in_flight", "instance", "links", "load", "since",
                 "streams", "suspended_until", "timeouts", "version")

    def __init__(self, id: str, group: str, instance: bytes, since: float) -> None:
        self.id = id
        self.group = group
        self.instance = instance
        self.since = since
        #: Signal connections by slot.
        self.links: dict[int, Link] = {}
        #: Requests that the connector has, and has not spoken its last frame of.
        self.in_flight: dict[int, Relayed] = {}
        #: How many of these are upgraded streams: they may be many and idle, and take no place from requests.
        self.streams = 0
        self.ids = RequestIds()
        #: Data connections, so that all can be closed at once.
        self.data: set[object] = set()
        self.suspended_until = 0.0
        self.timeouts = 0
        self.version = ""
        self.address = ""
        self.load: Load | None = None

    def link(self) -> Link | None:
        """A signal connection that takes requests: the first that is not congested, so that frames share its records."""
        for link in self.links.values():
            if not link.congested and not link.draining:
                return link
        return None

    @property
    def online(self) -> bool:
        """Does any signal connection take requests?"""
        return any(not link.draining for link in self.links.values())


class Roster:
    """The connectors of this node, and the requests that wait for one."""

    def __init__(self, started: float, limits: RosterLimits | None = None) -> None:
        self.limits = limits or RosterLimits()
        self.peers: dict[str, Peer] = {}
        self._groups: dict[str, list[Peer]] = {}
        self._waiting: dict[str, deque[Relayed]] = {}
        #: When a group's last connector left; a group that was never seen counts from the node's start.
        self._left: dict[str, float] = {}
        self._started = started

    # Who is here.

    def add(self, peer: Peer) -> None:
        """A connector has been welcomed."""
        self.peers[peer.id] = peer
        self._groups.setdefault(peer.group, []).append(peer)

    def remove(self, peer: Peer, now: float) -> None:
        """A connector has gone."""
        if self.peers.get(peer.id) is peer:
            del self.peers[peer.id]
        members = self._groups.get(peer.group, [])
        if peer in members:
            members.remove(peer)
        self._left[peer.group] = now

    def move(self, peer: Peer, group: str, now: float) -> None:
        """An admin has put a connector into another group."""
        self.remove(peer, now)
        peer.group = group
        self.add(peer)

    def online(self, group: str) -> int:
        """How many connectors of a group take requests."""
        return sum(peer.online for peer in self._groups.get(group, ()))

    # Who gets a request.

    def pick(self, group: str, tried: Container[str], now: float) -> Peer | None:
        """The least loaded healthy connector of the group that has not been tried; a suspended one only if it is the last."""
        best: Peer | None = None
        best_cost = (True, 0, 0)
        limit = self.limits.in_flight
        for peer in self._groups.get(group, ()):
            load = len(peer.in_flight) - peer.streams
            if load >= limit or peer.id in tried or peer.link() is None:
                continue
            cost = (peer.suspended_until > now, load, peer.streams)
            if best is None or cost < best_cost:
                best, best_cost = peer, cost
        return best

    def usable(self, id_: str, group: str, tried: Container[str]) -> Peer | None:
        """This connector, if it can take one more request of the group and has not been tried."""
        peer = self.peers.get(id_)
        if peer is None or peer.group != group or id_ in tried or peer.link() is None:
            return None
        return peer if len(peer.in_flight) - peer.streams < self.limits.in_flight else None

    def timed_out(self, peer: Peer, now: float) -> None:
        """A request that the connector had accepted got no answer; several in a row take it out of rotation for a while."""
        peer.timeouts += 1
        if peer.timeouts >= self.limits.timeouts:
            peer.timeouts = 0
            peer.suspended_until = now + self.limits.suspended_seconds

    # Who waits.

    def park(self, request: Relayed, group: str, now: float) -> Code | None:
        """Let a request wait for a connector; or say why there is no point in it."""
        if not self._groups.get(group) and now - self._left.get(group, self._started) > self.limits.absent_seconds:
            return Code.NO_CONNECTOR
        waiting = self._waiting.setdefault(group, deque())
        if len(waiting) >= self.limits.queue:
            return Code.QUEUE_FULL
        waiting.append(request)
        return None

    def unpark(self, request: Relayed, group: str) -> None:
        """A request waits no more."""
        waiting = self._waiting.get(group)
        if waiting is not None and request in waiting:
            waiting.remove(request)

    def next_waiting(self, group: str) -> Relayed | None:
        """Take the request that has waited longest."""
        waiting = self._waiting.get(group)
        return waiting.popleft() if waiting else None

    def all_waiting(self) -> list[Relayed]:
        """Everybody who waits, of all groups."""
        return [request for waiting in self._waiting.values() for request in waiting]

    def has_waiting(self, group: str) -> bool:
        """Does anyone wait for a connector of this group?"""
        return bool(self._waiting.get(group))

    @property
    def waiting(self) -> int:
        """Requests that wait, in all groups."""
        return sum(map(len, self._waiting.values()))
