"""Connections at the connectors' listener that are of no use yet: bounded for each certificate and address.

What carries requests is bounded by the requests. These are not, and each is a descriptor: signal connections before WELCOME,
data connections without a request, and the calls of control end points. Where there are too many, the oldest goes.
"""

from __future__ import annotations

from typing import Protocol

from appproxy.net.secure.crowd import BoundedConnections
from appproxy.tunnel.messages import Goodbye

#: Of one certificate before WELCOME: each worker of a connector dials two slots, and each once more when its certificate was
#: renewed. More workers than this come at once only in a storm, and dial again.
_GREETING = 4 * 16
#: Of one certificate without a request: the most that `pool.most_idle` can be, and some handshakes of a burst.
_UNUSED = 1_100
#: Calls of control end points at once, of one certificate, and of one address, behind which there may be many connectors.
_CALLS_OF_CERTIFICATE = 16
_CALLS_OF_ADDRESS = 256


class Link(Protocol):
    """A signal or data connection."""

    #: Whose certificate it has shown.
    connector_id: str

    def __hash__(self) -> int:
        """By identity."""

    def close(self) -> None:
        """Close at once."""


class Entry(Protocol):
    """A connection from its first byte on."""

    #: The connector whose certificate it has shown, or "".
    id: str
    #: The network that it comes from.
    address: str

    def __hash__(self) -> int:
        """By identity."""

    def abort(self) -> None:
        """Close at once."""

    def dismiss(self, goodbye: Goodbye) -> None:
        """Its connector is revoked: nothing is left of it within a second."""


class Arrivals:
    """All of one listener."""

    def __init__(self) -> None:
        #: All connections that have shown a certificate, by the connector's id: a revoked one loses all of them.
        self.of: dict[str, set[Entry]] = {}
        self._greeting: BoundedConnections[Link] = BoundedConnections(_GREETING)
        self._unused: BoundedConnections[Link] = BoundedConnections(_UNUSED)
        self._of_certificate: BoundedConnections[Entry] = BoundedConnections(_CALLS_OF_CERTIFICATE)
        self._of_address: BoundedConnections[Entry] = BoundedConnections(_CALLS_OF_ADDRESS)

    def proved(self, entry: Entry) -> None:
        """A connection whose handshake is complete, with or without a certificate (`entry.id`)."""
        if entry.id:
            self.of.setdefault(entry.id, set()).add(entry)

    def left(self, entry: Entry) -> None:
        """It is gone."""
        theirs = self.of.get(entry.id)
        if theirs is not None:
            theirs.discard(entry)
            if not theirs:
                del self.of[entry.id]
        self._of_certificate.leave(entry.id, entry)
        self._of_address.leave(entry.address, entry)

    def calls(self, entry: Entry) -> None:
        """It speaks HTTP."""
        oldest = [self._of_address.enter(entry.address, entry)]
        if entry.id:
            oldest.append(self._of_certificate.enter(entry.id, entry))
        for one in oldest:
            if one is not None:
                one.abort()

    def greets(self, link: Link) -> None:
        """A signal connection that has not been welcomed."""
        oldest = self._greeting.enter(link.connector_id, link)
        if oldest is not None:
            oldest.close()

    def greeted(self, link: Link) -> None:
        """It is welcome, or gone."""
        self._greeting.leave(link.connector_id, link)

    def unused(self, link: Link) -> None:
        """A data connection without a request."""
        oldest = self._unused.enter(link.connector_id, link)
        if oldest is not None:
            oldest.close()

    def used(self, link: Link) -> None:
        """It has one, or is gone."""
        self._unused.leave(link.connector_id, link)
