"""The uplinks to all nodes of the service, by the nodes' ids.

All begin at the one address that the settings name. Each node tells in WELCOME who it is, and in NODES which others there
are and where: they are dialled there, each through an uplink of its own. Where the one address leads to several nodes, a
connection goes to the uplink of its node, which is made when it is the node's first one. The requests of one node are no
other node's business: a node that comes or goes ends nothing of the others.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import chain, islice
from typing import Protocol

from twisted.internet.defer import Deferred, gatherResults
from twisted.logger import Logger

from appproxy.connector.enrol.service_dialer import ServiceAddress
from appproxy.connector.tunnel.signal import SignalConnection
from appproxy.connector.uplink import Uplink, UplinkOwner
from appproxy.tunnel.json_heads.node_list import MOST_NODES, NodePlace
from appproxy.tunnel.messages import Goodbye, Welcome

#: Ids in either list of a HELLO, each of up to ten digits and a comma: both lists fit into its 64 KiB. All of one uplink do.
MOST_LISTED = 2700


class WelcomeHearer(Protocol):
    """Hears whether the service wants this connector."""

    def welcomed(self, welcome: Welcome) -> None:
        """It does: every WELCOME of any node."""

    def turned_away(self, goodbye: Goodbye) -> None:
        """It does not, and dialling again does not help."""


class Uplinks:
    """Made once for a connector. `make` makes an uplink to one more node, which is dialled at `place` to begin with."""

    log = Logger()

    def __init__(self, place: ServiceAddress, make: Callable[[UplinkOwner], Uplink], hearer: WelcomeHearer) -> None:
        self._place = place
        self._make = make
        self._hearer = hearer
        #: The first has no node before its WELCOME.
        self._all = [make(self)]

    @property
    def nodes(self) -> dict[str, Uplink]:
        """By the ids of nodes that have taken us."""
        return {uplink.node: uplink for uplink in self._all if uplink.node}

    @property
    def in_flight(self) -> int:
        """Requests under way, of all nodes; upgraded streams are counted too."""
        return sum(len(uplink.requests) for uplink in self._all)

    def start(self) -> None:
        """Dial."""
        for uplink in self._all:
            uplink.start()

    def renew(self) -> None:
        """A new certificate is there."""
        for uplink in self._all:
            uplink.renew()

    def moved(self, host: str, addresses: frozenset[str]) -> None:
        """A name of the service leads to these addresses now."""
        for uplink in self._all:
            uplink.moved(host, addresses)

    def drain(self) -> Deferred[None]:
        """Ask for no more requests; fires when those in flight have ended."""
        return _all_of([uplink.drain() for uplink in self._all])

    def close(self) -> Deferred[None]:
        """Close politely; fires when all connections are gone."""
        return _all_of([uplink.close() for uplink in self._all])

    def stop(self) -> None:
        """Close all at once."""
        for uplink in self._all:
            uplink.stop()

    # What an uplink says and asks (`uplink.UplinkOwner`).

    def node_welcomed(self, welcome: Welcome) -> None:
        """See `uplink.UplinkOwner`."""
        self._hearer.welcomed(welcome)

    def node_refused(self, goodbye: Goodbye) -> None:
        """See `uplink.UplinkOwner`."""
        self._hearer.turned_away(goodbye)

    def is_of_another(self, uplink: Uplink, connection: SignalConnection, welcome: Welcome) -> bool:
        """See `uplink.UplinkOwner`. An uplink that has lost its node takes a new one that answers in its place."""
        other = self.nodes.get(welcome.node)
        if other is None and not uplink.is_up:
            return False
        if uplink.is_leaving or (other is None and len(self._all) >= MOST_NODES):
            connection.close()
            return True
        if other is None:
            other = self._make(self)
            self._all.append(other)
            self.log.info("a further service node: {node}", node=welcome.node)
            if uplink.node_leaves:
                uplink.succeeded()
        if uplink.hand_over(connection, other):
            other.welcomed(connection, welcome)
            other.start()
        else:
            connection.close()
        self._forget_lost(uplink)
        return True

    def is_over(self, uplink: Uplink) -> None:
        """See `uplink.UplinkOwner`."""
        if uplink in self._all and len(self._all) > 1 and not uplink.is_leaving:
            self._forget(uplink)

    def place_for(self, uplink: Uplink, slot: int) -> ServiceAddress:
        """See `uplink.UplinkOwner`. While no node is there at all one connection looks where any node may have come back."""
        if uplink.node_place is None:
            return self._place
        lost = uplink is self._all[0] and slot == 1 and not any(one.is_up for one in self._all)
        return self._place if lost else uplink.node_place

    def nodes_listed(self, uplink: Uplink, places: Sequence[NodePlace]) -> None:
        """See `uplink.UplinkOwner`."""
        uplink.view = {
            one.node: ServiceAddress(one.host, one.port, one.node) if one.host and one.port else None for one in places}
        self._follow()

    def is_down(self, uplink: Uplink) -> None:
        """See `uplink.UplinkOwner`. What it has said is old by the time when it is back."""
        uplink.view = {}
        self._follow()

    def _follow(self) -> None:
        """Dial nodes that are new in the lists, and no more those that are in none. Of itself each node knows best.

        A list without its own node is the last of one that leaves: it hears no more of others, which may have left with it.
        """
        up = [one for one in self._all if one.is_up and one.node in one.view]
        known = {id: place for one in up for id, place in one.view.items()}
        known |= {one.node: one.view[one.node] for one in up}
        if not known or any(one.is_leaving for one in self._all):
            return
        for uplink in list(self._all):
            if uplink.node in known:
                uplink.listed(known[uplink.node])
            elif uplink.is_listed:
                self._retire(uplink)
        for id, place in known.items():
            if place is not None and id not in self.nodes and len(self._all) < MOST_NODES:
                self._dial(id, place)

    def _dial(self, id: str, place: ServiceAddress) -> None:
        uplink = self._make(self)
        uplink.node = id
        uplink.listed(place)
        self._all.append(uplink)
        uplink.start()

    def _retire(self, uplink: Uplink) -> None:
        if uplink.is_up:
            uplink.retire()  # the rest of what is under way comes to its end
        elif len(self._all) > 1:
            self._forget(uplink)

    def ids(self, uplink: Uplink) -> tuple[tuple[int, ...], tuple[int, ...]]:
        """What a HELLO lists as open and as ended: the uplink's own first, then those of others, as far as the message allows.

        The node that reads it may be another one than was meant. What it is told of others' requests it passes over; not to
        hear of its own would make it give them to another connector, too.
        """
        order = [uplink, *(one for one in self._all if one is not uplink)]
        most = min(2 * uplink.limits.in_flight, MOST_LISTED)
        is_open = chain.from_iterable(one.requests.open_ids() for one in order)
        ended = chain.from_iterable(one.requests.ended_ids() for one in order)
        return tuple(islice(dict.fromkeys(is_open), most)), tuple(islice(dict.fromkeys(ended), most))

    def _forget_lost(self, uplink: Uplink) -> None:
        """A node that was away for longer than it waits for us has given up all that we have of it."""
        if uplink.is_given_up:
            self._forget(uplink)

    def _forget(self, uplink: Uplink) -> None:
        self.log.info("service node {node} is gone", node=uplink.node)
        self._all.remove(uplink)
        uplink.stop()


def _all_of(waiting: list[Deferred[None]]) -> Deferred[None]:
    return gatherResults(waiting).addCallback(lambda results: None)
