"""Where the HTTP/1.1 connections of an application are kept, as one of them sees it: `origins.Origin`."""

from __future__ import annotations

from typing import Protocol, TypeVar

from twisted.internet.interfaces import IReactorTime

from appproxy.connector.config.configuration import OriginAddress
from appproxy.connector.origin.h1.handshakes import Handshakes

C_contra = TypeVar("C_contra", contravariant=True)


class H1ConnectionPool(Protocol[C_contra]):
    """Where the connections of an application are kept: `origins.Origin`."""

    address: OriginAddress
    clock: IReactorTime
    handshakes: Handshakes

    @property
    def heeds_challenges(self) -> bool:
        """Does a challenge in an answer bind the connection?"""

    def binds(self, block: bytes) -> bool:
        """Is a connection that a request with this block is sent on its owner's alone from then on?"""

    def bind(self, connection: C_contra, owner: bytes) -> None:
        """Nobody else may ever use it."""

    def upgraded(self, connection: C_contra) -> None:
        """This one is a stream from now on, and will never be free."""

    def keep(self, connection: C_contra) -> None:
        """This one is free: for who waits, or for later."""

    def next_turn(self, owner: bytes) -> None:
        """A handshake of this owner is over, or will not begin."""

    def is_late(self, connection: C_contra) -> bool:
        """Does what comes on this idle connection, bytes or its end, belong to the answer before?"""

    def disturbed(self) -> None:
        """Bytes came where no answer was due."""

    def closed_behind_answer(self) -> None:
        """An idle connection ended soon after an answer that had not said so."""

    def forget(self, connection: C_contra) -> None:
        """This one is gone, or has been idle for too long."""
