"""Connections at the connectors' listener that are of no use yet: bounded for each certificate and address.

What carries requests is bounded by the requests. These are not, and each is a descriptor: signal connections before WELCOME,
data connections without a request, and the calls of control end points. Where there are too many, the oldest goes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from appproxy.net.crowd import BoundedConnections

if TYPE_CHECKING:
    from appproxy.service.tunnel.links import DataLink, SignalLink
    from appproxy.service.tunnel.listener import IncomingConnection

#: Of one certificate before WELCOME: a connector dials two slots, and each once more when its certificate was renewed.
_GREETING = 4
#: Of one certificate without a request: the most that `pool.most_idle` can be, and some handshakes of a burst.
_UNUSED = 1_100
#: Calls of control end points at once, of one certificate, and of one address, behind which there may be many connectors.
_CALLS_OF_CERTIFICATE = 16
_CALLS_OF_ADDRESS = 256


class Arrivals:
    """All of one listener."""

    def __init__(self) -> None:
        #: All connections that have shown a certificate, by the connector's id: a revoked one loses all of them.
        self.of: dict[str, set[IncomingConnection]] = {}
        self._greeting: BoundedConnections[SignalLink] = BoundedConnections(_GREETING)
        self._unused: BoundedConnections[DataLink] = BoundedConnections(_UNUSED)
        self._of_certificate: BoundedConnections[IncomingConnection] = BoundedConnections(_CALLS_OF_CERTIFICATE)
        self._of_address: BoundedConnections[IncomingConnection] = BoundedConnections(_CALLS_OF_ADDRESS)

    def proved(self, entry: IncomingConnection) -> None:
        """A connection whose handshake is complete, with or without a certificate (`entry.id`)."""
        if entry.id:
            self.of.setdefault(entry.id, set()).add(entry)

    def left(self, entry: IncomingConnection) -> None:
        """It is gone."""
        his = self.of.get(entry.id)
        if his is not None:
            his.discard(entry)
            if not his:
                del self.of[entry.id]
        self._of_certificate.leave(entry.id, entry)
        self._of_address.leave(entry.address, entry)

    def calls(self, entry: IncomingConnection) -> None:
        """It speaks HTTP."""
        oldest = [self._of_address.enter(entry.address, entry)]
        if entry.id:
            oldest.append(self._of_certificate.enter(entry.id, entry))
        for one in oldest:
            if one is not None:
                one.abort()

    def greets(self, link: SignalLink) -> None:
        """A signal connection that has not been welcomed."""
        oldest = self._greeting.enter(link.connector_id, link)
        if oldest is not None:
            oldest.close()

    def greeted(self, link: SignalLink) -> None:
        """It is welcome, or gone."""
        self._greeting.leave(link.connector_id, link)

    def unused(self, link: DataLink) -> None:
        """A data connection without a request."""
        oldest = self._unused.enter(link.connector_id, link)
        if oldest is not None:
            oldest.close()

    def used(self, link: DataLink) -> None:
        """It has one, or is gone."""
        self._unused.leave(link.connector_id, link)
