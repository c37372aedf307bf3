"""Which connector of its group a request goes to whose application wants a user's requests together (setting `affinity`).

Of those that are well rendezvous hashing chooses one by the user's share, as each connector then does among the application's
addresses. So a user meets one connector's connections and its judgement of these addresses; nothing is remembered, and all
nodes say the same. A connector that has much more under way than the others gets no more than they do: to the application
it makes no difference which one comes.
"""

from __future__ import annotations

from appproxy.service.relay.connectors.peer import Peer
from appproxy.service.relay.connectors.roster import LAG_MS, Roster, Whose
from appproxy.tunnel.rendezvous import BOUND, choose


def preferred(roster: Roster, group: str, tried: tuple[str, ...], now: float, whose: Whose) -> Peer | None:
    """The user's connector; None: none that is well has a place for them, and `Roster.pick` may know what is left."""
    able = [
        peer for peer in roster.members(group)
        if not peer.suspected and peer.try_at <= now and (peer.load is None or peer.load.lag_ms <= LAG_MS)
        and roster.usable(peer.key, group, tried, whose) is not None
    ]
    if not able:
        return None
    # A worker's number is the same at all nodes, which its key is not.
    names = [b"%b.%d" % (peer.id.encode(), peer.worker) for peer in able]
    loads = [len(peer.in_flight) - peer.streams for peer in able]
    peer = able[choose(whose[0], names, loads, BOUND)]
    if peer.timeouts >= roster.limits.timeouts:  # suspended: this is the try
        peer.try_at = now + roster.limits.try_seconds
    return peer
