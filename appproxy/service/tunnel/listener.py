"""Where connectors arrive: who may come in, which connection is which, and what their loss means.

The listener's TLS context has checked the certificate by the time `handshakeCompleted` is called (never earlier); ALPN
tells which protocol the connection speaks.
"""

from __future__ import annotations

import math
from collections.abc import Callable

from twisted.internet.address import IPv4Address, IPv6Address
from twisted.internet.interfaces import IAddress, IDelayedCall, IHandshakeListener, IProtocol, IReactorTime
from twisted.internet.protocol import Factory, Protocol, connectionDone
from twisted.logger import Logger
from twisted.python.failure import Failure
from zope.interface import implementer

from appproxy.errors import Code, IdentityError, ProtocolError
from appproxy.net.crowd import subscriber
from appproxy.net.deadlines import NEVER, Deadlines
from appproxy.net.tls import negotiated, peer_certificate
from appproxy.pki.names import connector_id, not_after, serial
from appproxy.service.relay import failover
from appproxy.service.relay.relay import Relay
from appproxy.service.relay.roster import Peer
from appproxy.service.tunnel.arrivals import Arrivals
from appproxy.service.tunnel.links import DataLink, SignalLink
from appproxy.store.snapshot import ConnectorState, Snapshot
from appproxy.tunnel.frames import Kind, encode
from appproxy.tunnel.messages import INLINE_BODY, Goodbye, Hello, Welcome, encode_configuration

SIGNAL = b"appproxy-signal/1"
DATA = b"appproxy-data/1"
CONTROL = b"http/1.1"

#: Told of a connector that came (True) or went (False): id, version, address, serial number of the certificate or "".
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
        snapshot: Callable[[], Snapshot],
        *,
        node: str,
        epoch: bytes,
        control: Factory,
        renew_after: int,
        seen: Seen = lambda id, here, version, address, serial: None,
    ) -> None:
        self.relay = relay
        self.roster = relay.roster
        self.limits = relay.limits
        self.clock = clock
        self.wall_clock = wall_clock
        self.node = node
        self.epoch = epoch
        self.deadlines = Deadlines(clock)
        self.links: set[SignalLink] = set()
        self.draining = False
        self._snapshot = snapshot
        self._control = control
        self._renew_after = renew_after
        self._seen = seen
        self._entries: set[IncomingConnection] = set()
        self.arrivals = Arrivals()
        #: When connectors were last told that the configuration has changed, and the call that tells them of more.
        self._hinted = -math.inf
        self._hinting: IDelayedCall | None = None
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
        record = self._snapshot().connectors.get(id)
        address = addr.host if isinstance(addr, IPv4Address | IPv6Address) else ""
        if alpn == SIGNAL:
            link = SignalLink(self, id, address)
            link.not_after = not_after(certificate)
            link.serial = serial(certificate)
            return link
        if record is None or record.state is not ConnectorState.APPROVED:
            return None
        return DataLink(self, id)

    # Signal connections.

    def admit(self, link: SignalLink, hello: Hello) -> None:
        """A connector has said HELLO: welcome it, or say why not."""
        refusal = self._refusal(link, hello)
        if refusal is not None:
            self.log.info("connector {id} was turned away: {reason}", id=link.connector_id, reason=refusal.text)
            link.goodbye(refusal)
            return
        now = self.clock.seconds()
        group = self._snapshot().connectors[link.connector_id].group
        peer = self.roster.peers.get(link.connector_id)
        if peer is not None and peer.instance != hello.instance:
            self._lose(peer)  # the process was restarted; what the old one had is gone
            peer = None
        if peer is None:
            peer = Peer(link.connector_id, group, hello.instance, now, hello.most_in_flight)
            self.roster.add(peer)
        self.arrivals.greeted(link)
        old = peer.links.pop(hello.slot, None)
        link.peer = peer
        link.slot = hello.slot
        peer.links[hello.slot] = link
        peer.version = hello.version
        peer.takes_bodies = INLINE_BODY in hello.capabilities
        peer.address = link.address
        if isinstance(old, SignalLink):
            old.close()
        link.write(link.session.welcome(self._welcome()))
        link.deadline = min(link.session.next_tick(), now + 1.0)
        self._settle(peer, hello, link, now)
        self.log.info("connector {id} is here on signal connection {slot}", id=peer.id, slot=hello.slot)
        self._seen(peer.id, True, peer.version, peer.address, link.serial)
        self.relay.serve(peer.group)

    def _refusal(self, link: SignalLink, hello: Hello) -> Goodbye | None:
        record = self._snapshot().connectors.get(link.connector_id)
        if record is None or record.state is ConnectorState.REVOKED:
            return Goodbye(Code.REVOKED, None, True, "this connector is revoked or removed: enrol it again")
        if record.state is ConnectorState.PENDING:
            return Goodbye(Code.NOT_APPROVED, 30.0, False, "an administrator has to approve this connector")
        if self.draining:
            return Goodbye(Code.SHUTTING_DOWN, 2.0, False, "this node is shutting down")
        peer = self.roster.peers.get(link.connector_id)
        if peer is not None and peer.instance != hello.instance and peer.links:
            return Goodbye(Code.DUPLICATE, 20.0, False, "another process uses this connector's certificate")
        return None

    def _welcome(self) -> Welcome:
        return Welcome(
            node=self.node, epoch=self.epoch, host="", port=0, heartbeat=self.limits.ping_after,
            configuration=self.relay.configuration, renew_after=self._renew_after,
            limits={"data_pings": self.limits.data_pings, "inline": self.limits.inline},
        )

    def _settle(self, peer: Peer, hello: Hello, link: SignalLink, now: float) -> None:
        """What became of the requests whose connection was lost: the connector's HELLO tells."""
        is_open, is_ended = set(hello.open), set(hello.ended)
        for id, request in list(peer.in_flight.items()):
            failover.told(request, id in is_open, id in is_ended, link, now)

    def link_lost(self, link: SignalLink) -> None:
        """A signal connection has gone."""
        peer = link.peer
        if peer is None:
            return
        if peer.links.get(link.slot) is link:
            del peer.links[link.slot]
        now = self.clock.seconds()
        for request in list(peer.in_flight.values()):
            if request.link is link:
                failover.link_lost(request, now)
        if not peer.links and self.roster.peers.get(peer.id) is peer:
            self.log.info("connector {id} has no signal connection left", id=peer.id)
            self._seen(peer.id, False, peer.version, peer.address, "")
            self.clock.callLater(self.limits.limbo_seconds, self._give_up, peer)

    def _give_up(self, peer: Peer) -> None:
        """It did not come back in time."""
        if not peer.links and self.roster.peers.get(peer.id) is peer:
            self._lose(peer)

    def _lose(self, peer: Peer) -> None:
        """Nothing more is to be expected of this connector's process."""
        self.roster.remove(peer, self.clock.seconds())
        for link in list(peer.links.values()):
            if isinstance(link, SignalLink):
                link.close()
        for request in list(peer.in_flight.values()):
            failover.peer_lost(request)
        for data in list(peer.data):
            if isinstance(data, DataLink):
                data.close()

    def drained(self, link: SignalLink) -> None:
        """The connector takes no more requests on this connection."""
        if link.peer is not None and not link.peer.online:
            self.log.info("connector {id} is shutting down", id=link.peer.id)

    def blame(self, link: SignalLink | DataLink, error: ProtocolError) -> None:
        """A connector broke the protocol."""
        self.protocol_errors += 1
        self.log.warn("connector {id} broke the tunnel protocol: {reason}", id=link.connector_id, reason=str(error),
                      code=error.code.name)

    # Changes and the end.

    def snapshot_changed(self, snapshot: Snapshot, configuration_changed: bool) -> None:
        """Cut who is revoked, move who was moved, tell all of a new configuration."""
        now = self.clock.seconds()
        for peer in list(self.roster.peers.values()):
            record = snapshot.connectors.get(peer.id)
            if record is None or record.state is not ConnectorState.APPROVED:
                for link in list(peer.links.values()):
                    if isinstance(link, SignalLink):
                        link.goodbye(Goodbye(Code.REVOKED, None, True, "an administrator has revoked this connector"))
                self._lose(peer)
            elif record.group != peer.group:
                self.roster.move(peer, record.group, now)
                self.relay.serve(record.group)
        for id, entries in list(self.arrivals.of.items()):
            record = snapshot.connectors.get(id)
            if record is None or record.state is ConnectorState.REVOKED:
                for entry in list(entries):
                    entry.dismiss(Goodbye(Code.REVOKED, None, True, "an administrator has revoked this connector"))
        if configuration_changed:
            self._hint_soon()

    def _hint_soon(self) -> None:
        """Tell all connectors of the configuration: at once, or, right after another change, together with what follows."""
        if self._hinting is None:
            wait = self._hinted + self.limits.control_every - self.clock.seconds()
            if wait <= 0:
                self._hint()
            else:
                self._hinting = self.clock.callLater(wait, self._hint)

    def _hint(self) -> None:
        self._hinting = None
        self._hinted = self.clock.seconds()
        hint = encode(Kind.CONFIG, 0, encode_configuration(self.relay.configuration))
        for link in self.links:
            if link.peer is not None:
                link.write(hint)

    def drain(self) -> None:
        """Ask every connector to send its next requests elsewhere; nothing under way is cut."""
        self.draining = True
        for link in list(self.links):
            if link.peer is not None and not link.draining:
                link.write(link.session.drain())

    def abort(self) -> None:
        """Close all that is left."""
        if self._hinting is not None:
            self._hinting.cancel()
            self._hinting = None
        for peer in list(self.roster.peers.values()):
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


@implementer(IHandshakeListener)
class IncomingConnection(Protocol):
    """A connection until its handshake is complete; then it is what ALPN says, and this only passes on."""

    #: As for users: seconds that a handshake may take.
    _HANDSHAKE = 30.0

    def __init__(self, end_point: TunnelListener, addr: IAddress | None) -> None:
        self._end_point = end_point
        self._addr = addr
        #: Whom it counts for: the network that it comes from, and the connector whose certificate it has shown.
        self.address = subscriber(addr)
        self.id = ""
        self._inner: IProtocol | None = None
        self.deadline = NEVER

    def connectionMade(self) -> None:
        self.deadline = self._end_point.clock.seconds() + self._HANDSHAKE
        self._end_point.entered(self)

    def handshakeCompleted(self) -> None:
        end_point = self._end_point
        end_point.left(self)
        transport = self.transport
        alpn, certificate = negotiated(transport), peer_certificate(transport)
        self.id = _id_of(certificate)
        end_point.arrivals.proved(self)
        inner = end_point.protocol_for(alpn, certificate, self._addr)
        if inner is None:
            self.abort()
            return
        if alpn == CONTROL:
            end_point.arrivals.calls(self)
        self._inner = inner
        self.dataReceived = inner.dataReceived  # type: ignore[method-assign]
        inner.makeConnection(transport)  # type: ignore[arg-type]

    def dataReceived(self, data: bytes) -> None:
        """Before the handshake nothing can come."""

    def deadline_passed(self, now: float) -> None:
        self.abort()

    def abort(self) -> None:
        """Close at once."""
        self.transport.abortConnection()  # type: ignore[union-attr]

    def dismiss(self, goodbye: Goodbye) -> None:
        """Its connector is revoked: nothing is left of it within a second."""
        if isinstance(self._inner, SignalLink):
            self._inner.goodbye(goodbye)
        else:
            self.abort()

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        self._end_point.left(self)
        self._end_point.arrivals.left(self)
        if self._inner is not None:
            self._inner.connectionLost(reason)


def _id_of(certificate: bytes | None) -> str:
    """The connector that a certificate names; "" for none, or one that is not ours to know."""
    try:
        return connector_id(certificate) if certificate is not None else ""
    except IdentityError:
        return ""
