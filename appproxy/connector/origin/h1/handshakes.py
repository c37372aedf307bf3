"""Whose turn it is to authenticate a connection: of one owner's handshakes one after the other, in one pool.

The next leg of a handshake does not say which connection gave its challenge, so two under way at once could be torn. From
the request that begins one until its connection is bound the owner is announced here; from then on the connection itself
says how far it is (`bindings.in_handshake`). Whatever ends an announcement lets the next one begin.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from appproxy.connector.origin.bindings import HANDSHAKE_SECONDS, NOBODY, BoundConnection, in_handshake
from appproxy.connector.origin.origin_stream import OriginUser
from appproxy.connector.origin.waiting import WaitingRequest, WaitingRequests
from appproxy.http.connection_authentication import Leg
from appproxy.net.loop.deadlines import Deadlines


class BindingsOf(Protocol):
    """The bound connections of one pool."""

    def of(self, owner: bytes) -> Sequence[BoundConnection]:
        """All of this owner's, in use or not."""


class Handshakes:
    """Those of one pool. `binds`: do credentials bind connections there at all?"""

    __slots__ = ("_bindings", "_binds", "_tickets_suffice", "announced", "waiting")

    def __init__(self, bindings: BindingsOf, deadlines: Deadlines, binds: bool) -> None:
        self._bindings = bindings
        self._binds = binds
        #: By owner: which request is about to begin one, and since when.
        self.announced: dict[bytes, tuple[OriginUser, float]] = {}
        #: Requests that wait until another handshake of their owner is over.
        self.waiting = WaitingRequests(deadlines)
        #: Does the application answer a ticket of Kerberos without asking for another leg? None: it has not been seen.
        self._tickets_suffice: bool | None = None

    def takes_turns(self, owner: bytes, leg: Leg) -> bool:
        """Does a request with this `leg` begin a handshake that must not meet another one of its owner?

        What is nobody's serves one request, so no handshake could go on there. A ticket is the whole handshake: many of them
        pass side by side once the application has shown that it asks for nothing more.
        """
        if leg is Leg.NONE or owner == NOBODY or not self._binds:
            return False
        return leg is Leg.FIRST or (leg is Leg.TICKET and not self._tickets_suffice)

    def under_way(self, owner: bytes, now: float) -> bool:
        """Is a handshake of this owner under way, or a request that begins one on its way to a connection?"""
        announced = self.announced.get(owner)
        if announced is not None and now - announced[1] < HANDSHAKE_SECONDS:
            return True
        return in_handshake(self._bindings.of(owner), now)

    def announce(self, owner: bytes, user: OriginUser, now: float) -> None:
        """This request begins one as soon as it has a connection."""
        self.announced[owner] = user, now

    def withdraw(self, owner: bytes, user: OriginUser) -> bool:
        """This request is not about to begin one any more. Was it? `owner` is its own, which it may have forgotten by now."""
        announced = self.announced.get(owner)
        if announced is None or announced[0] is not user:
            return False
        del self.announced[owner]
        return True

    def ticket_answered(self, suffices: bool) -> None:
        """What the application said to a ticket: done, or go on. It need say that once only."""
        if self._tickets_suffice is not False:
            self._tickets_suffice = suffices

    def next(self, owner: bytes) -> WaitingRequest | None:
        """Who of this owner's waits longest."""
        return next((each for each in self.waiting if each.user is not None and each.user.owner == owner), None)
