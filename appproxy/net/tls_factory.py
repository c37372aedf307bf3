"""What the TLS connections of one listener, or of one client, have in common; see `half_close` for one of them."""

from __future__ import annotations

from twisted.internet.interfaces import IAddress, IProtocolFactory, IReactorTime
from twisted.protocols.tls import TLSMemoryBIOFactory

from appproxy.net.contexts import ClientContext, TunnelContext, UserContext
from appproxy.net.crowd import Crowd, subscriber
from appproxy.net.half_close import HalfCloseTLS
from appproxy.net.turn import turn_end

#: Seconds for a handshake, from the connection to its end.
HANDSHAKE_SECONDS = 30.0


class HalfCloseTLSFactory(TLSMemoryBIOFactory):
    """Puts `HalfCloseTLS` under each protocol of `wrapped`.

    `handshake_seconds` is the longest that a handshake may take, None for ever. `most_handshakes` may be under way at
    the same time, None for any number, and a quarter of them from one address; one more, and the oldest is cut off: who only
    connects and says nothing, however often, keeps nobody out who is quicker. `plain` makes the protocol of a connection that
    begins with HTTP instead of TLS.
    """

    protocol = HalfCloseTLS

    def __init__(
        self, context: UserContext | TunnelContext | ClientContext, is_client: bool, wrapped: IProtocolFactory,
        clock: IReactorTime, handshake_seconds: float | None = HANDSHAKE_SECONDS, most_handshakes: int | None = None,
        plain: IProtocolFactory | None = None,
    ) -> None:
        super().__init__(context, is_client, wrapped, clock)
        self.clock = clock
        self.requires_protocol = context.requires_protocol
        self.handshake_seconds = handshake_seconds
        self.plain = plain
        self._most_handshakes = most_handshakes
        #: In the order of their beginning.
        self._handshakes: dict[HalfCloseTLS, None] = {}
        # A quarter for one address: with all of it, it would cut off everybody else's.
        self._of_address: Crowd[HalfCloseTLS] = Crowd(max(1, (most_handshakes or 0) // 4))
        #: TCP's end of file says that the peer is gone, whatever it said before.
        self.leaves_at_eof = isinstance(context, UserContext)
        self.flush_later = turn_end(clock).add

    def buildProtocol(self, addr: IAddress | None) -> HalfCloseTLS | None:  # type: ignore[override]
        """None, which refuses the connection, when the wrapped factory says None."""
        inner = self.wrappedFactory.buildProtocol(addr)
        if inner is None:
            return None
        connection = HalfCloseTLS(self, inner)
        if self._most_handshakes is not None:
            connection.owner = subscriber(addr)
        return connection

    def handshake_begun(self, connection: HalfCloseTLS) -> None:
        """Called by a connection that begins."""
        handshakes = self._handshakes
        handshakes[connection] = None
        if connection.owner and (eldest := self._of_address.enter(connection.owner, connection)) is not None:
            del handshakes[eldest]
            eldest.give_way()
        if self._most_handshakes is not None and len(handshakes) > self._most_handshakes:
            oldest = next(iter(handshakes))
            del handshakes[oldest]
            self._of_address.leave(oldest.owner, oldest)
            oldest.give_way()

    def handshake_over(self, connection: HalfCloseTLS) -> None:
        """Called by a connection whose handshake succeeded, or that has ended; twice is as once."""
        self._handshakes.pop(connection, None)
        self._of_address.leave(connection.owner, connection)
