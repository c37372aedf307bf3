"""Where connectors arrive: who may come in, which connection is which, and what their loss means.

The listener's TLS context has checked the certificate by the time `handshakeCompleted` is called (never earlier); ALPN
tells which protocol the connection speaks.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from twisted.internet.address import IPv4Address, IPv6Address
from twisted.internet.interfaces import IAddress, IProtocol, IReactorTime
from twisted.internet.protocol import Factory, Protocol
from twisted.logger import Logger

from appproxy.errors import Code, IdentityError, ProtocolError
from appproxy.net.loop.deadlines import Deadlines
from appproxy.pki.names import connector_id, not_after, serial
from appproxy.service.relay.connectors.peer import Peer
from appproxy.service.relay.relay import Relay
from appproxy.service.tunnel.admission import (
    DUPLICATE,
    OTHER_NODE,
    REVOKED,
    TOO_MANY_WORKERS,
    UNKNOWN,
    ListenerStore,
    refusal_of,
)
from appproxy.service.tunnel.former import FormerProcesses
from appproxy.service.tunnel.hints import Concerned, ConfigurationHints
from appproxy.service.tunnel.links.arrivals import Arrivals
from appproxy.service.tunnel.links.data_link import DataLink
from appproxy.service.tunnel.links.examinations import Examinations
from appproxy.service.tunnel.links.incoming import CONTROL, IncomingConnection
from appproxy.service.tunnel.links.signal_link import SignalLink
from appproxy.service.tunnel.nodes.node_lists import NodeLists
from appproxy.service.tunnel.rivals import Rivals, UsedByWorkers, is_beside, rivals_of
from appproxy.service.tunnel.suspicion import look
from appproxy.service.tunnel.welcome import NodeIdentity
from appproxy.store.snapshot import ConnectorState, Snapshot
from appproxy.tunnel.connections.signal import SignalSession
from appproxy.tunnel.ids import ID_SIZE
from appproxy.tunnel.json_heads.findings import EXAMINES
from appproxy.tunnel.json_heads.node_list import NodePlace
from appproxy.tunnel.messages import INLINE_BODY, Goodbye, Hello, Welcome

SIGNAL = b"appproxy-signal/1"
DATA = b"appproxy-data/1"

#: Told of a connector that came (True), or went or has to wait (False): id, version, address, certificate's serial or "".
Seen = Callable[[str, bool, str, str, str], None]


class TunnelListener(Factory):
    """The connectors' listener of one node."""

    noisy = False
    log = Logger()

    def __init__(
        self,
        relay: Relay,
        clock: IReactorTime,
        wall_clock: Callable[[], float],
        store: ListenerStore,
        identity: NodeIdentity,
        *,
        control: Factory,
        seen: Seen = lambda id, here, version, address, serial: None,
        nodes: Callable[[], Sequence[NodePlace]] = lambda: (),
    ) -> None:
        """`control` answers connectors that ask over HTTP; `nodes` gives those that live."""
        self.relay = relay
        self.roster = relay.roster
        self.limits = relay.limits
        self.clock = clock
        self.wall_clock = wall_clock
        self.node = identity.id
        self.epoch = identity.epoch
        self.deadlines = Deadlines(clock)
        self.links: set[SignalLink] = set()
        self.draining = False
        self._store = store
        self._control = control
        self._identity = identity
        self._seen = seen
        self._entries: set[IncomingConnection] = set()
        self.arrivals = Arrivals()
        self._rivals = Rivals(clock, self._found_out)
        self.examinations = Examinations(clock, relay.roster)
        #: Processes that this one succeeds, as long as one of them drains.
        self.former: FormerProcesses | None = None
        self.hints = ConfigurationHints(
            clock, lambda: self.links, lambda: relay.configuration, self.limits.control_every)
        self.node_lists = NodeLists(clock, self.links, nodes)
        #: What WELCOME says of this service besides its limits.
        self.offers: dict[str, int] = {}
        # For metrics.
        self.protocol_errors = 0

    def buildProtocol(self, addr: IAddress | None) -> Protocol:
        return IncomingConnection(self, addr)

    def protocol_for(self, alpn: bytes | None, certificate: bytes | None, addr: IAddress | None) -> IProtocol | None:
        """What a connection speaks from now on; None: it is to be closed."""
        if alpn == CONTROL:
            return self._control.buildProtocol(addr)
        if alpn not in (SIGNAL, DATA) or certificate is None:
            return None
        try:
            id = connector_id(certificate)
        except IdentityError as error:
            self.log.warn("a connector was turned away: {reason}", reason=str(error))
            return None
        record = self._store.snapshot.connectors.get(id)
        address = addr.host if isinstance(addr, IPv4Address | IPv6Address) else ""
        if alpn == SIGNAL:
            link = SignalLink(self, id, address)
            link.not_after = not_after(certificate)
            link.serial = serial(certificate)
            return link
        if record is None or record.state is not ConnectorState.APPROVED:
            return None
        if self.former is not None and not self.former.any:
            self.former = None
        return DataLink(self, id) if self.former is None else self.former.undecided(self, id)

    # Signal connections.

    def admit(self, link: SignalLink, hello: Hello) -> None:
        """A connector has said HELLO: welcome it, say why not, or find out whether its other process lives.

        One that is not known here may have joined at another node a moment ago. It would not come again if it were sent away.
        """
        if link.connector_id in self._store.snapshot.connectors:
            self._arrived(link, hello)
        else:
            self._store.look().addCallback(self._looked_up, link, hello)

    def _looked_up(self, answered: bool, link: SignalLink, hello: Hello) -> None:
        if link not in self.links:
            return  # it is gone meanwhile
        if answered or link.connector_id in self._store.snapshot.connectors:
            self._arrived(link, hello)
        else:
            self._turn_away(link, UNKNOWN)

    def _arrived(self, link: SignalLink, hello: Hello) -> None:
        others = rivals_of(self.roster, link.connector_id, hello)
        if others and self._refusal(link) is None:
            self._rivals.wait(link, hello, lambda: [one for other in others for one in _links_of(other)])
        else:
            self._admit(link, hello)

    def _found_out(self, link: SignalLink, hello: Hello, lives: bool) -> None:
        """What came of the question whether another process of this connector lives."""
        others = rivals_of(self.roster, link.connector_id, hello)
        if others and lives:
            self._turn_away(link, DUPLICATE)
            return
        for peer in others:
            self.log.info("connector {id}: its process of before does not answer, and is given up", id=peer.id)
            self._lose(peer)
        self._admit(link, hello)

    def _turn_away(self, link: SignalLink, refusal: Goodbye) -> None:
        self.log.info("connector {id} was turned away: {reason}", id=link.connector_id, reason=refusal.text)
        link.goodbye(refusal)

    def _admit(self, link: SignalLink, hello: Hello) -> None:
        refusal = self._refusal(link)
        if refusal is not None:
            if refusal.code is Code.NOT_APPROVED:
                self._seen(link.connector_id, False, hello.version, link.address, "")  # for whoever is to approve it
            self._turn_away(link, refusal)
            return
        peer = next((one for one in self.roster.of(link.connector_id) if one.instance == hello.instance), None)
        if peer is None:
            if len(self.roster.workers(link.connector_id)) >= self.limits.workers:
                self._turn_away(link, TOO_MANY_WORKERS)
                return
            peer = self._new_peer(link.connector_id, hello)
        self.arrivals.greeted(link)
        old = peer.links.get(hello.slot)
        if isinstance(old, SignalLink) and not old.draining and hello.node not in ("", self.node):
            self._turn_away(link, OTHER_NODE)
            return
        link.peer = peer
        link.slot = hello.slot
        peer.links[hello.slot] = link
        peer.version = hello.version
        peer.takes_bodies = INLINE_BODY in hello.capabilities
        peer.examines = EXAMINES in hello.capabilities
        peer.address = link.address
        peer.drain = hello.drain
        if isinstance(old, SignalLink):
            self._replace(old, link)
        link.write(link.session.welcome(self._welcome()) + self.node_lists.frame())
        link.deadline = min(link.session.next_tick(), self.clock.seconds() + 1.0)
        self._settle(peer, hello, link)
        self.log.info("connector {id} is here on signal connection {slot}", id=peer.id, slot=hello.slot)
        self._seen(peer.id, True, peer.version, peer.address, link.serial)
        self.relay.serve(peer.group)

    def _new_peer(self, id: str, hello: Hello) -> Peer:
        """A process that was not here before, beside or in place of others of its connector."""
        now = self.clock.seconds()
        group = self._store.snapshot.connectors[id].group
        peer = Peer(id, group, hello.instance, now, hello.most_in_flight, int.from_bytes(self.epoch[:ID_SIZE], "big"))
        peer.parent = hello.parent
        peer.worker = hello.worker
        peer.used = UsedByWorkers(self.roster, id) if hello.parent else peer.in_flight
        for before in self.roster.of(id):
            peer.ids = before.ids  # a data connection names a request, and not the process that has it
        for before in self.roster.workers(id):
            if not is_beside(before, hello):
                if before.links:
                    self.roster.step_aside(before, now)
                else:
                    self._lose(before)  # the process was restarted; what the old one had is gone
        self.roster.add(peer)
        return peer

    def _refusal(self, link: SignalLink) -> Goodbye | None:
        record = self._store.snapshot.connectors.get(link.connector_id)
        return refusal_of(link.connector_id, record, self.draining)

    def _welcome(self) -> Welcome:
        place = self.node_lists.place_of(self.node)
        return self._identity.welcome(place, self.limits, self.relay.configuration, self.offers)

    def _replace(self, old: SignalLink, link: SignalLink) -> None:
        """This one is here in place of another of its slot.

        One that was drained is still read, until the connector closes it: answers that it has sent there before this HELLO may
        come after it, for nothing orders two connections. There is one such link a slot at most.
        """
        if old.replaces is not None:
            old.replaces.close()
            old.replaces = None
        if old.draining:
            link.replaces = old
        else:
            old.close()

    def _settle(self, peer: Peer, hello: Hello, link: SignalLink) -> None:
        """What became of the requests whose connection was lost, or is read to its end: the connector's HELLO tells."""
        is_open = set(hello.open)
        is_ended = set(hello.ended)
        old = link.replaces
        for id, request in list(peer.in_flight.items()):
            if old is not None and request.link is old:
                if id in is_ended:
                    continue  # its answer is on the way, on the connection that it came from
                request.link_lost()
            request.listed(id in is_open, id in is_ended, link)

    def link_lost(self, link: SignalLink) -> None:
        """A signal connection has gone."""
        self._rivals.gone(link)
        peer = link.peer
        if peer is None:
            return
        if link.replaces is not None:
            link.replaces.close()
        if peer.links.get(link.slot) is link:
            del peer.links[link.slot]
        for request in list(peer.in_flight.values()):
            if request.link is link:
                request.link_lost()
        self.examinations.gone(peer.id, link)
        if not peer.links and self.roster.here(peer):
            self.log.info("connector {id} has no signal connection left", id=peer.id)
            if not any(one.links for one in self.roster.of(peer.id)):
                self._seen(peer.id, False, peer.version, peer.address, "")
            self.clock.callLater(self.limits.limbo_seconds, self._give_up, peer)

    def look(self, peer: Peer, now: float) -> None:
        """Does this connector answer, as far as requests wait for it? Each of its signal connections asks once a second."""
        if len(peer.in_flight) <= peer.streams and not peer.suspected:
            return
        links = _links_of(peer)
        times = [link.session.heard for link in links] + [data.heard for data in peer.data if isinstance(data, DataLink)]
        words: dict[SignalSession, bytes] = {link.session: b"" for link in links}
        look(self.roster, peer, words, max(times, default=now), now)
        for link in links:
            link.write(words[link.session])

    def _give_up(self, peer: Peer) -> None:
        """It did not come back in time."""
        if not peer.links and self.roster.here(peer):
            self._lose(peer)

    def _lose(self, peer: Peer) -> None:
        """Nothing more is to be expected of this connector's process."""
        self.roster.remove(peer, self.clock.seconds())
        for link in _links_of(peer):
            link.close()
        for request in list(peer.in_flight.values()):
            request.peer_lost()
        for data in list(peer.data):
            if isinstance(data, DataLink):
                data.close()

    def drained(self, link: SignalLink) -> None:
        """The connector takes no more requests on this connection."""
        peer = link.peer
        if peer is not None and not peer.online:
            self.log.info("connector {id} is shutting down", id=peer.id)
            self.relay.moves.begin(peer)
            if not any(one.online for one in self.roster.workers(peer.id)):
                self._rivals.drained(peer.id)

    def blame(self, link: SignalLink | DataLink, error: ProtocolError) -> None:
        """A connector broke the protocol."""
        self.protocol_errors += 1
        self.log.warn("connector {id} broke the tunnel protocol: {reason}", id=link.connector_id, reason=str(error),
                      code=error.code.name)

    # Changes and the end.

    def snapshot_changed(self, snapshot: Snapshot, whom: Concerned) -> None:
        """Cut who is revoked, move who was moved, tell those of a new configuration whom it concerns."""
        now = self.clock.seconds()
        for peer in self.roster.all():
            record = snapshot.connectors.get(peer.id)
            if record is None or record.state is not ConnectorState.APPROVED:
                for link in _links_of(peer):
                    link.goodbye(self._refusal(link) or UNKNOWN)
                self._lose(peer)
            elif record.group != peer.group and self.roster.peers.get(peer.key) is peer:
                self.roster.move(peer, record.group, now)
                self.relay.serve(record.group)
        for id, entries in list(self.arrivals.of.items()):
            record = snapshot.connectors.get(id)
            if record is None or record.state is ConnectorState.REVOKED:
                for entry in list(entries):
                    entry.dismiss(REVOKED)
        self.hints.changed(whom)

    def drain(self) -> None:
        """Ask every connector to send its next requests elsewhere; nothing under way is cut."""
        self.draining = True
        for link in list(self.links):
            if link.peer is not None and not link.draining:
                link.write(link.session.drain())

    def make_way(self) -> None:
        """A successor listens in our place: every connector looks for it with one of its two signal connections.

        What came here already needs the other one, to the end. Nothing is asked of a connector that has only one at the
        moment: it is about to dial.
        """
        self.draining = True
        for peer in self.roster.peers.values():
            links = [link for link in _links_of(peer) if not link.draining]
            if len(links) > 1:
                links[0].write(links[0].session.drain())
                links[0].draining = True

    def abort(self) -> None:
        """Close all that is left."""
        self.hints.stop()
        self.node_lists.stop()
        self._rivals.stop()
        for peer in self.roster.all():
            self._lose(peer)
        for link in list(self.links):
            link.close()
        for entry in list(self._entries):
            entry.abort()
        self.deadlines.stop()

    def entered(self, entry: IncomingConnection) -> None:
        """A connection has begun."""
        self._entries.add(entry)
        self.deadlines.add(entry)

    def left(self, entry: IncomingConnection) -> None:
        """It has ended, or its handshake has."""
        self._entries.discard(entry)
        self.deadlines.discard(entry)


def _links_of(peer: Peer) -> list[SignalLink]:
    return [link for link in peer.links.values() if isinstance(link, SignalLink)]
