"""One of the two signal connections to a node, through all its lives: dialled, lost, dialled again, replaced."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IDelayedCall, IProtocol, IProtocolFactory
from twisted.logger import Logger
from twisted.python.failure import Failure

from appproxy.connector.transport import Dialled
from appproxy.connector.tunnel.signal import SignalConnection
from appproxy.connector.tunnel.timing import Timing
from appproxy.errors import Code
from appproxy.tunnel.backoff import signal_delay
from appproxy.tunnel.limits import DEFAULT_LIMITS
from appproxy.tunnel.messages import Goodbye

#: What the admin can do about a goodbye, where it does not say so itself (`_COMMAND`).
HINTS = {
    Code.VERSION: "upgrade the older of connector and service",
    Code.DUPLICATE: "stop one of the two, or join it with a token of its own",
    Code.REVOKED: "join again with a new token: appproxy connector join TOKEN --state DIR --again",
    Code.NOT_APPROVED: "an administrator has to approve it: appproxy connector approve ID",
}
#: The same for one of several workers: nodes that know of workers never say this of them, unless somebody has a copy.
HINTS_OF_WORKERS = {
    **HINTS,
    Code.DUPLICATE: "a service of an earlier release takes one worker of a connector, and this one waits until that is "
                    "upgraded; else stop the other program that has this certificate",
}
_COMMAND = "appproxy connector"

#: Dials the signal end point.
Dial = Callable[[IProtocolFactory], Deferred[IProtocol]]


class SignalReconnector:
    """Keeps one signal connection up. `make` builds the protocol; `gave_up` hears of an error that dialling cannot fix."""

    log = Logger()

    def __init__(
        self,
        number: int,
        timing: Timing,
        dial: Dial,
        make: Callable[[int], SignalConnection],
        gave_up: Callable[[Goodbye], None],
        hints: Mapping[Code, str] = HINTS,
    ) -> None:
        self.number = number
        #: Counts the connections of this slot; HELLO tells it.
        self.generation = 0
        #: The connection that is up.
        self.current: SignalConnection | None = None
        self._clock = timing.clock
        self._dial_out = dial
        self._make = make
        self._random = timing.random
        self._gave_up = gave_up
        self._hints = hints
        self._running = False
        #: Since when no connection was there to be had; None while one is.
        self._away_since: float | None = None
        #: Connections in a row that were welcomed, and lost soon.
        self._short_lives = 0
        self._coming: SignalConnection | None = None
        self._dialling: Deferred[IProtocol] | None = None
        self._later: IDelayedCall | None = None

    def start(self) -> None:
        """Dial, and keep at it."""
        self._running = True
        self._dial()

    def stop(self) -> None:
        """Dial no more; what is up stays up."""
        self.rest()
        if self._dialling is not None:
            self._dialling.cancel()
        if self._coming is not None:
            self._coming.abort("stopped")

    def rest(self) -> None:
        """Dial no more; what is up stays up, and what is under way goes on."""
        self._running = False
        if self._later is not None:
            self._later.cancel()
            self._later = None

    def resume(self) -> None:
        """Dial again what is lost, after a `rest`."""
        if not self._running:
            self._running = True
            if self.idle:
                self._dial()

    def replace(self) -> None:
        """Dial a new connection, with the newest certificate; the present one stays until that is welcomed."""
        if self._running and self._dialling is None and self._coming is None:
            if self._later is not None:
                self._later.cancel()
                self._later = None
            self._dial()

    def abort(self) -> None:
        """Close at once."""
        self.stop()
        if self.current is not None:
            self.current.abort("stopped")

    def welcomed(self, connection: SignalConnection) -> SignalConnection | None:
        """This one is up; returns the one that it replaces."""
        if connection is self._coming:
            self._coming = None
        self._away_since = None
        old, self.current = self.current, connection
        return old

    @property
    def idle(self) -> bool:
        """Is no connection up, or about to be?"""
        return self.current is None and self._coming is None and self._dialling is None

    def release(self, connection: SignalConnection) -> None:
        """This one, which was just dialled, is another node's: dial again, after a while."""
        if connection is self._coming:
            self._coming = None
            if self._running:
                self._dial_later(None)

    def adopt(self, connection: SignalConnection) -> None:
        """This one was dialled by another node's slot, and is ours. Only while `idle`."""
        self._running = True
        self.generation += 1
        self._coming = connection
        if self._later is not None:
            self._later.cancel()
            self._later = None

    def lost(self, connection: SignalConnection, goodbye: Goodbye | None, reason: str) -> None:
        """A connection is gone. Dial again, unless it was an old one, or that cannot help."""
        if connection is self._coming:
            self._coming = None
        elif connection is self.current:
            self.current = None
            held = self._clock.seconds() - connection.welcomed_at >= DEFAULT_LIMITS.reconnect_reset
            self._short_lives = 0 if held else self._short_lives + 1
        else:
            return
        if not self._running:
            return
        if goodbye is not None:
            hint = "" if _COMMAND in goodbye.text else self._hints.get(goodbye.code, "")
            self.log.warn("the service closed the connection: {reason}{hint}", reason=goodbye.text or goodbye.code.name,
                          hint=f"; {hint}" if hint else "", code=goodbye.code.name, slot=self.number)
            if goodbye.permanent:
                self._running = False
                self._gave_up(goodbye)
                return
        else:
            self.log.warn("signal connection lost: {reason}", reason=reason, slot=self.number)
        self._dial_later(None if goodbye is None else goodbye.retry_after)

    def _dial(self) -> None:
        self._later = None
        self.generation += 1
        dialling = self._dialling = self._dial_out(Dialled(self._build))
        dialling.addCallbacks(self._connected, self._not_connected)

    def _build(self) -> SignalConnection:
        self._coming = self._make(self.number)
        return self._coming

    def _connected(self, protocol: IProtocol) -> None:
        self._dialling = None

    def _not_connected(self, reason: Failure) -> None:
        self._dialling = None
        if self._running:
            self.log.warn("the service cannot be reached: {reason}", reason=reason.getErrorMessage(), slot=self.number)
            self._dial_later(None)

    def _dial_later(self, retry_after: float | None) -> None:
        if self._later is not None or self._dialling is not None or self._coming is not None:
            return
        now = self._clock.seconds()
        if self._away_since is None:
            self._away_since = now
        delay = signal_delay(now - self._away_since, self._short_lives, self._random(), retry_after)
        self._later = self._clock.callLater(delay, self._dial)
