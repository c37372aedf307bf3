"""When connectors were last at this node, as the store is told of it for everybody who asks."""

from __future__ import annotations

from twisted.internet.defer import Deferred, succeed
from twisted.logger import Logger
from twisted.python.failure import Failure

from appproxy.service.relay.roster import Roster
from appproxy.store.connectors import connectors
from appproxy.store.database.live import LiveStore


class Sightings:
    """Those of one node: each connector that comes or goes at once, all that are here now and then."""

    log = Logger()

    def __init__(self, store: LiveStore, roster: Roster) -> None:
        self._store = store
        self._roster = roster

    def seen(self, id: str, here: bool, version: str, address: str, serial: str) -> None:
        """This one has come, or gone (`TunnelListener`)."""
        self._store.write(connectors.seen, id, version, address, serial).addErrback(self._lost)

    def note_all(self) -> Deferred[None]:
        """All that are here now."""
        here = [(peer.id, peer.version, peer.address) for peer in self._roster.peers.values() if peer.links]
        return self._store.write(connectors.seen_all, here).addErrback(self._lost) if here else succeed(None)

    def _lost(self, failure: Failure) -> None:
        self.log.warn("connectors' sightings could not be kept: {reason}", reason=failure.getErrorMessage())
