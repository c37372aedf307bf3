"""One limit at several nodes: each second they tell each other of addresses and users that use up much of theirs.

What all together may send is divided by the number of nodes instead (`RateLimits.nodes`): balancers spread many users evenly,
but one user is often at one node, and would there have a part of what is theirs.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Sized

from twisted.internet.defer import Deferred, succeed
from twisted.logger import Logger
from twisted.python.failure import Failure

from appproxy.service.dispatch.stages.rates import RateLimits
from appproxy.store.database.live import LiveStore
from appproxy.store.service import rate_uses
from appproxy.store.service.rate_uses import Beats
from appproxy.store.snapshot import Snapshot

#: Seconds between two exchanges.
EVERY = 1.0


class SharedRates:
    """Of one node. `living`: the nodes that are taken for alive, this one among them. `snapshot` says who has limits."""

    log = Logger()

    def __init__(
        self, limits: RateLimits, store: LiveStore, node: str, living: Callable[[], Sized], snapshot: Callable[[], Snapshot],
    ) -> None:
        self._limits = limits
        self._store = store
        self._node = node
        self._living = living
        self._snapshot = snapshot
        self._looked_at: Snapshot | None = None
        self._limited = False
        self._beat = 0
        self._beats: Beats = {}
        #: Beats until the last of our rows is gone.
        self._rows_for = 0
        self._said = False
        self._running = False

    def exchange(self) -> Deferred[None]:
        """Tell the others, and hear of them; nothing while this node is alone. Never fails."""
        limits, nodes = self._limits, max(1, len(self._living()))
        limits.nodes = nodes
        if nodes == 1:
            limits.uses = None
            return succeed(None)
        if limits.uses is None:
            limits.uses = OrderedDict()
        if self._running or not (self._has_limits() or self._rows_for):
            return succeed(None)
        self._running = True
        return Deferred.fromCoroutine(self._exchange()).addErrback(self._lost).addBoth(self._over)

    def _has_limits(self) -> bool:
        """Is any limit set of those that nodes tell each other of? Looked for once in each snapshot."""
        snapshot = self._snapshot()
        if snapshot is not self._looked_at:
            self._looked_at = snapshot
            self._limited = self._limits.address is not None or any(
                one.address_rate is not None or one.user_rate is not None for one in snapshot.applications.values())
        return self._limited

    async def _exchange(self) -> None:
        uses = self._limits.take_uses()
        if uses or self._rows_for:
            self._beat += 1
            await self._store.write(rate_uses.tell, self._node, self._beat, uses)
            self._rows_for = rate_uses.KEPT if uses else self._rows_for - 1
        sums, self._beats = await self._store.read(rate_uses.of_others, self._node, self._beats)
        self._limits.charge(sums)
        self._said = False

    def _over(self, result: None) -> None:
        self._running = False

    def _lost(self, failure: Failure) -> None:
        if not self._said:
            self._said = True
            self.log.warn("limits count at this node alone for now: {reason}", reason=failure.getErrorMessage())
