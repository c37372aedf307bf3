"""When connectors were last at this node, as the store is told of it for everybody who asks."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import islice

from twisted.internet.defer import Deferred
from twisted.logger import Logger
from twisted.python.failure import Failure

from appproxy.policy.paced import Paced, Timers
from appproxy.service.relay.connectors.roster import Roster
from appproxy.store.connectors import sightings
from appproxy.store.connectors.sightings import INACTIVE, Sighting, SightingChange
from appproxy.store.database.live import LiveStore

#: For so long a node must have given and heard signs of life before it says who is inactive: connectors that come to a
#: service which was off, or to a database that was away, wait up to 20 s before they dial.
_WATCHED = INACTIVE + 30.0
#: Who comes or goes within so many seconds is told of in one transaction, of which all nodes together have one at a time: to a
#: node that was away all connectors come at once, and each with two connections.
_GATHERED = 0.25
#: Of so many at most, so that others get their turn at the database.
_MOST_TOLD = 200


class Sightings:
    """Those of one node, by its id: connectors that come or go in a moment, all that are here once a minute."""

    log = Logger()

    def __init__(self, store: LiveStore, roster: Roster, node: str, clock: Timers) -> None:
        self.node = node
        #: How many connectors there were of each status at the last look, wherever they are.
        self.counts: Mapping[str, int] = {}
        self._store = store
        self._roster = roster
        self._seconds = clock.seconds
        #: Since when no look has failed.
        self._since: float | None = None
        #: What is to be told, in the order in which it was so last.
        self._changes: dict[SightingChange, None] = {}
        self._pace = Paced(clock, _GATHERED, self._tell)
        store.before_stop(self._last_words)

    def seen(self, id: str, here: bool, version: str, address: str, serial: str) -> None:
        """This one has come; or it has gone, or come and not been taken (`TunnelListener`)."""
        change = SightingChange(Sighting(id, version, address), here, serial)
        self._changes.pop(change, None)
        self._changes[change] = None
        self._pace.ask()

    def _tell(self) -> None:
        changes = list(islice(self._changes, _MOST_TOLD))
        for one in changes:
            del self._changes[one]
        if changes:
            self._store.write(sightings.changed, self.node, changes).addErrback(self._lost)
        if self._changes:
            self._pace.ask()

    def _last_words(self) -> None:
        self._pace.stop()
        while self._changes:
            self._tell()
        self._pace.stop()

    def note_all(self) -> Deferred[None]:
        """All that are here now."""
        peers = {peer.id: peer for peer in self._roster.peers.values() if peer.links}  # a connector may have several workers
        here = [Sighting(peer.id, peer.version, peer.address) for peer in peers.values()]
        now = self._seconds()
        watched = self._since is not None and now - self._since >= _WATCHED
        looking: Deferred[Mapping[str, int]] = self._store.write(sightings.look, self.node, here, watched)
        return looking.addCallback(self._looked, now).addErrback(self._lost)

    def _looked(self, counts: Mapping[str, int], began: float) -> None:
        self.counts = counts
        if self._since is None:
            self._since = began

    def _lost(self, failure: Failure) -> None:
        self._since = None
        self.log.warn("connectors' sightings could not be kept: {reason}", reason=failure.getErrorMessage())
