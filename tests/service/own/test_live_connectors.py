"""What a node sees of its connectors."""

from __future__ import annotations

from appproxy.service.own.live_connectors import live_connectors
from appproxy.service.relay.connectors.peer import Peer
from appproxy.service.relay.connectors.roster import Roster
from tests.service.relay.connectors.test_roster import FakeLink


def test_a_connector_is_one_whatever_workers_it_has() -> None:
    """Online as long as one of them is; numbers are of all."""
    roster = Roster(0.0)
    for id, draining in (("c1", True), ("c1", False), ("c2", True)):
        peer = Peer(id, "g1", b"", 0.0)
        peer.links[0] = link = FakeLink()
        link.draining = draining
        peer.version, peer.address = "1.0", "192.0.2.1"
        roster.add(peer)
    shown = live_connectors(roster)
    of_all = {"address": "192.0.2.1", "version": "1.0", "in_flight": 0}
    assert shown == {
        "c1": {**of_all, "online": True, "signal_connections": 2, "workers": 2},
        "c2": {**of_all, "online": False, "signal_connections": 1, "workers": 1},
    }
