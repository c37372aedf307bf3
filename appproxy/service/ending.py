"""The end of a node at which nobody is lost: in which order it leaves its users, its connectors and the other nodes."""

from __future__ import annotations

from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.task import deferLater
from twisted.logger import Logger

from appproxy.config.service import ServiceSettings
from appproxy.service.front.front import NEWCOMER_SECONDS, NOTICE_SECONDS, Front
from appproxy.service.listen.fronts import OtherFronts
from appproxy.service.listen.listeners import Listeners
from appproxy.service.tunnel.listener import TunnelListener
from appproxy.service.tunnel.nodes.membership import Membership
from appproxy.service.tunnel.succession import Succession

#: Seconds that an idle connection may still use once a successor serves: most ask again before, and hear that it was the last.
_UNHURRIED = 5.0
#: Seconds between two looks whether anybody is still there.
_LOOK_EVERY = 0.1
#: Seconds in which applications hear of what has just ended for the last users.
_LAST_WORDS = 1.0


class NodeEnd:
    """Of one node: what of it has to be left, and in which order."""

    log = Logger()

    def __init__(
        self, settings: ServiceSettings, reactor: Any, listeners: Listeners, front: Front, others: OtherFronts, *,
        end_point: TunnelListener, membership: Membership, succession: Succession,
    ) -> None:
        self._settings = settings
        self._reactor = reactor
        self._listeners = listeners
        self._front = front
        self._others = others
        self._end_point = end_point
        self._relay = end_point.relay
        self._membership = membership
        self._succession = succession
        #: The node has been told to end, which `/ready` says.
        self.has_begun = False

    async def say(self) -> None:
        """`/ready` says so from now on; everybody is served as ever, until balancers have asked it."""
        self.has_begun = True
        seconds = self._settings.unready_seconds
        if seconds and not self._succession.goes_on:
            await self._pause(seconds)

    async def drain(self) -> None:
        """Take nobody new, let what is under way end, and cut what is left after `drain_seconds`."""
        front, end_point, succession = self._front, self._end_point, self._succession
        self._membership.leave()
        await self._listeners.close_entrances()
        deadline = self._reactor.seconds() + self._settings.drain_seconds
        notice = _UNHURRIED if succession.goes_on else NOTICE_SECONDS
        front.drain(min(notice, self._settings.drain_seconds))
        self._relay.moves.begin()
        if not succession.is_succeeded:
            # Requests that were on their way when their users heard of it still need connectors.
            await self._served(min(deadline, self._reactor.seconds() + NEWCOMER_SECONDS + front.notice))
            end_point.drain()
        for other in self._others.drained:
            other.drain()
        await self._served(deadline)
        await self._streams_over(min(deadline, self._reactor.seconds() + _LAST_WORDS))
        self._count_streams()
        front.abort()
        end_point.abort()
        for other in self._others:
            other.abort()
        await self._listeners.close()
        await succession.close()
        await self._pause(0)

    async def _served(self, deadline: float) -> None:
        """Until no user is there any more, but no longer than until then."""
        while (self._front.connections or self._listeners.waiting) and self._reactor.seconds() < deadline:
            await self._pause(_LOOK_EVERY)

    async def _streams_over(self, deadline: float) -> None:
        """Until applications have taken leave, too, of streams that are over for their users."""
        while self._relay.under_way.endless and self._reactor.seconds() < deadline:
            await self._pause(_LOOK_EVERY)

    def _count_streams(self) -> None:
        moves = self._relay.moves
        moves.stop()
        for kind in sorted({kind for kind, how in moves.ends if how != "refused"}):
            self.log.info("{closed} streams ({kind}) were closed so that their users come back, {cut} were cut",
                          kind=kind, closed=moves.ends[kind, "closed"], cut=moves.ends[kind, "cut"])

    def _pause(self, seconds: float) -> Deferred[None]:
        return deferLater(self._reactor, seconds)
