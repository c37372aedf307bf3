"""What the TLS connections of one listener, or of one client, have in common; see `half_close` for one of them."""

from __future__ import annotations

from twisted.internet.interfaces import IAddress, IProtocolFactory, IReactorTime

from appproxy.net.loop.flush_scheduler import at_turn_end
from appproxy.net.secure.contexts import ClientContext, TunnelContext, UserContext
from appproxy.net.secure.crowd import BoundedConnections, subscriber
from appproxy.net.secure.half_close import ConnectionFactory, HalfCloseTLS

#: Seconds for a handshake, from the connection to its end.
HANDSHAKE_SECONDS = 30.0


class HalfCloseTLSFactory(ConnectionFactory):
    """Puts `HalfCloseTLS` under each protocol of `wrapped`.

    `handshake_seconds` is the longest that a handshake may take, None for ever. `most_handshakes` may be under way at
    the same time, None for any number; one more, and the oldest is cut off, of the newcomer's own address if that has more
    than a quarter of them: who only connects and says nothing, however often, keeps nobody out who is quicker. `plain` makes
    the protocol of a connection that begins with HTTP instead of TLS.
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
        # Where all are taken, an address with a quarter of them cuts off its own: else its next ones cut off everybody's. As
        # long as there is room, an office behind one address may connect a thousand times at once.
        self._of_address: BoundedConnections[HalfCloseTLS] = BoundedConnections(max(1, (most_handshakes or 0) // 4))
        self.leaves_at_eof = isinstance(context, UserContext)
        self.at_turn_end = at_turn_end(clock)

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
        if self._most_handshakes is None:
            return
        self._of_address.join(connection.owner, connection)
        if len(handshakes) > self._most_handshakes:
            oldest = self._of_address.one_too_many(connection.owner) or next(iter(handshakes))
            del handshakes[oldest]
            self._of_address.leave(oldest.owner, oldest)
            oldest.give_way()

    def handshake_over(self, connection: HalfCloseTLS) -> None:
        """Called by a connection whose handshake succeeded, or that has ended; twice is as once."""
        self._handshakes.pop(connection, None)
        self._of_address.leave(connection.owner, connection)
