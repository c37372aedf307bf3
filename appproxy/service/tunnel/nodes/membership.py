"""This node among the others: its signs of life in the store, and the list of nodes that connectors are told."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from socket import gethostname
from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IDelayedCall
from twisted.internet.task import LoopingCall
from twisted.logger import Logger
from twisted.python.failure import Failure

import appproxy
from appproxy.config.service import ServiceSettings
from appproxy.errors import ConfigError
from appproxy.service.tunnel.nodes.liveness import OLD, Liveness
from appproxy.store.database.live import LiveStore
from appproxy.store.service import nodes
from appproxy.store.service.nodes import NodeRecord
from appproxy.store.transaction import NODES
from appproxy.tunnel.json_heads.node_list import NodePlace

#: Seconds after which the process before accepts nothing more: it leaves as soon as this one is ready.
SUCCESSION = 2.0
HINT = "set tunnel_advertise = \"HOST:PORT\" in service.toml to where connectors reach this very node"


class Membership:
    """One for each process.

    The database may be away: then the others are taken to be there as they were.
    """

    log = Logger()

    def __init__(self, own: NodeRecord, store: LiveStore, reactor: Any, wall_clock: Callable[[], float]) -> None:
        self.own = own
        self._store = store
        self._reactor = reactor
        self._wall_clock = wall_clock
        #: Called after each change of `places`.
        self.changed: Callable[[], object] = lambda: None
        self._liveness = Liveness()
        self._others: tuple[NodeRecord, ...] = ()
        self._beating = LoopingCall(self._beat)
        self._beating.clock = reactor
        self._looking: Deferred[None] | None = None
        self._left = self._left_to_another = False
        self._later: IDelayedCall | None = None
        self._warned = False
        self._unsubscribe: Callable[[], None] = lambda: None

    @property
    def living(self) -> tuple[NodeRecord, ...]:
        """All that are taken for alive, this one first unless it has left."""
        return self._others if self._left else (self.own, *self._others)

    @property
    def places(self) -> tuple[NodePlace, ...]:
        """What connectors are told."""
        return tuple(place_of(one) for one in self.living)

    async def check(self) -> None:
        """Raises ConfigError when other nodes are there, and connectors could not tell this one from them."""
        if self.own.address:
            return
        now = self._wall_clock()
        for one in await self._store.read(nodes.list_all):
            if now - one.seen < OLD and not one.is_beside(self.own):
                raise ConfigError(f"tunnel_advertise: is needed, for node {one.name} serves from this database too", hint=HINT)

    async def join(self, succeeds: bool = False) -> None:
        """The first sign of life; others follow by themselves, also where the database is away for now.

        `succeeds`: the process before accepts beside this one for a moment. Whoever heard of this one then and dialled it
        could come out there, and would take the place of a connection that the other process needs.
        """
        self._unsubscribe = self._store.on_notice(NODES, self._look)
        if not succeeds:
            await self._beat()
            self._beating.start(nodes.BEAT, now=False).addErrback(self._stuck)
        else:
            self._later = self._reactor.callLater(SUCCESSION, self._begin)

    def _begin(self) -> None:
        self._later = None
        self._beating.start(nodes.BEAT).addErrback(self._stuck)

    def hand_over(self) -> None:
        """A successor goes on at the same address: it takes the row, and connectors find it there by themselves."""
        self._left_to_another = True
        self._stop()

    def _stop(self) -> None:
        if self._later is not None:
            self._later.cancel()
            self._later = None
        if self._beating.running:
            self._beating.stop()
        self._unsubscribe()

    def leave(self) -> None:
        """Nothing new is to come here. Does not wait for the database, which may be away."""
        if self._left or self._left_to_another or not (self._beating.running or self._later is not None):
            return
        self._left = True
        self._stop()
        self.changed()
        self._store.write(nodes.leave, self.own.id).addErrback(lambda failure: None)  # it will be silent, then

    def _beat(self) -> Deferred[None]:
        # The store's log says when the database is away.
        return Deferred.fromCoroutine(self._give()).addErrback(lambda failure: None)

    async def _give(self) -> None:
        self._found(await self._store.write(nodes.beat, self.own))

    def _look(self) -> None:
        """Somebody came or went."""
        if self._looking is None:
            self._looking = Deferred.fromCoroutine(self._read())
            self._looking.addErrback(lambda failure: None).addCallback(self._looked)

    async def _read(self) -> None:
        self._found(await self._store.read(nodes.list_all))

    def _looked(self, result: None) -> None:
        self._looking = None

    def _found(self, rows: list[NodeRecord]) -> None:
        others = [row for row in rows if row.id != self.own.id]
        living = self._liveness.observe(others, self._reactor.seconds(), self._wall_clock())
        before = {one.id: one for one in self._others}
        self._others = living
        if {one.id: one.address for one in living} == {id: one.address for id, one in before.items()}:
            return
        for one in living:
            if one.id not in before:
                self.log.info("node {name} is here {address}", name=one.name, address=one.address and f"at {one.address}")
        for id, one in before.items():
            if id not in {each.id for each in living}:
                self.log.info("node {name} is gone", name=one.name)
        self._warn(living)
        self.changed()

    def _warn(self, living: tuple[NodeRecord, ...]) -> None:
        if not self.own.address and not self._warned and not all(one.is_beside(self.own) for one in living):
            self._warned = True
            self.log.error("tunnel_advertise: is needed, for other nodes serve from this database now; {hint}, and reload",
                           hint=HINT)

    def _stuck(self, failure: Failure) -> None:
        self.log.failure("signs of life have ended", failure)


def own_record(settings: ServiceSettings, id: str, directory: Path) -> NodeRecord:
    """What the process of this id on this state directory says of itself."""
    name = settings.node_name or gethostname() or "node"
    return NodeRecord(id, name[:64], str(directory), settings.tunnel_advertise or "", appproxy.__version__)


def place_of(one: NodeRecord) -> NodePlace:
    """Where connectors dial a node."""
    host, _, port = one.address.rpartition(":")
    return NodePlace(one.id, host.strip("[]"), int(port)) if host else NodePlace(one.id, "", 0)
