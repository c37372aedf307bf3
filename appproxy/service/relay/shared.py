"""What all requests of a node share on their way to a connector."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from twisted.internet.interfaces import IReactorTime

from appproxy.errors import Code
from appproxy.net.loop.deadlines import Deadlines
from appproxy.publish.application import Application
from appproxy.publish.urls import Translation
from appproxy.service.exchange.exchange import Exchange
from appproxy.service.exchange.hooks import Hooks
from appproxy.service.relay.answers.symptoms import Symptoms
from appproxy.service.relay.connectors.affinity import Affinity
from appproxy.service.relay.connectors.peer import Peer
from appproxy.service.relay.connectors.roster import Roster
from appproxy.service.relay.connectors.shortages import SHORTAGES, Shortages
from appproxy.service.relay.moves.stream_moves import MoveTimes, StreamMoves
from appproxy.service.relay.under_way import UnderWay
from appproxy.tunnel.limits import DEFAULT_LIMITS, TunnelLimits


class FailurePage(Protocol):
    """`notice`: what the user reads in place of the usual advice."""

    def __call__(self, code: Code, exchange: Exchange, *, notice: str = "") -> tuple[int, bytes, bytes]:
        """The error page of a failure: status, block and body."""
        ...


class Published(Protocol):
    """What the relay needs of a snapshot."""

    @property
    def applications(self) -> Mapping[str, Application]:
        """All that are published, by their ids."""
        ...

    @property
    def urls(self) -> Translation:
        """The table of their public and internal URLs."""
        ...

    def has_connectors(self, group: str) -> bool:
        """Is any connector enrolled in a group?"""
        ...


@dataclass(frozen=True, slots=True)
class RelaySettings:
    """`strict`: all applications are, whatever their own setting; `times`: when streams end that have to go elsewhere."""

    limits: TunnelLimits = DEFAULT_LIMITS
    strict: bool = False
    times: MoveTimes = field(default_factory=MoveTimes)


class Shared:
    """`published` gives what is published now."""

    def __init__(
        self,
        roster: Roster,
        clock: IReactorTime,
        page: FailurePage,
        published: Callable[[], Published],
        settings: RelaySettings,
        hooks: Hooks,
    ) -> None:
        self.roster = roster
        self.clock = clock
        self.page = page
        self.limits = settings.limits
        self.hooks = hooks
        self.deadlines = Deadlines(clock)
        self.affinity = Affinity()
        self.symptoms = Symptoms()
        self.under_way = UnderWay()
        self.moves = StreamMoves(clock, self.under_way, settings.times)
        self.shortages = Shortages(clock)
        self._published = published

    def no_hope(self, group: str) -> Code | None:
        """Is there any point in waiting for a connector of this group?"""
        return None if self._published().has_connectors(group) else Code.NO_CONNECTOR

    def refuse(self, exchange: Exchange, code: Code, text: str, notice: str = "") -> None:
        """Tell a user: with a page, or by breaking off where they have part of an answer, which must not look complete."""
        exchange.failure = code
        exchange.detail = text
        if code in SHORTAGES:
            self.shortages.note(exchange, code)
        if exchange.begun:
            exchange.abort()
        else:
            exchange.answer(*self.page(code, exchange, notice=notice))

    def slot_free(self, peer: Peer) -> None:
        """A connector can take another request: whose turn it is gets it."""
        if self.roster.has_waiting(peer.group):
            self.serve(peer.group)

    def serve(self, group: str) -> None:
        """Give waiting requests to connectors, as long as there are both."""
        now = self.clock.seconds()
        while (found := self.roster.next_waiting(group, now)) is not None:
            request, peer = found
            request.send(peer, now)
