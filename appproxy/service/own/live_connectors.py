"""What a node sees of the connectors that are at it: one each, however many workers that has."""

from __future__ import annotations

from collections.abc import Mapping

from appproxy.service.relay.connectors.roster import Roster


def live_connectors(roster: Roster) -> Mapping[str, object]:
    """By id: `online` says whether any worker takes requests, `workers` how many are here; the numbers are of all of them."""
    found: dict[str, object] = {}
    for id in dict.fromkeys(peer.id for peer in roster.peers.values()):
        workers = roster.workers(id)
        newest = workers[-1]
        found[id] = {
            "online": any(one.online for one in workers), "address": newest.address, "version": newest.version,
            "in_flight": sum(len(one.in_flight) for one in workers),
            "signal_connections": sum(len(one.links) for one in workers), "workers": len(workers),
        }  # fmt: skip
    return found
