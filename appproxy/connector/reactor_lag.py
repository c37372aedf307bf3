"""How late the turns of the reactor are: measured every second, told to the service, which prefers connectors that are not."""

from __future__ import annotations

from twisted.internet.interfaces import IDelayedCall, IReactorTime

#: Seconds between two looks.
LOOK_SECONDS = 1.0


class ReactorLag:
    """Measures from `start` to `stop`."""

    def __init__(self, clock: IReactorTime) -> None:
        #: Of the last look, in milliseconds.
        self.milliseconds = 0
        self._clock = clock
        self._later: IDelayedCall | None = None

    def start(self) -> None:
        """Look every second from now on."""
        self._wait()

    def stop(self) -> None:
        """Look no more."""
        if self._later is not None:
            self._later.cancel()
            self._later = None

    def _wait(self) -> None:
        due = self._clock.seconds() + LOOK_SECONDS
        self._later = self._clock.callLater(LOOK_SECONDS, self._look, due)

    def _look(self, due: float) -> None:
        self.milliseconds = int((self._clock.seconds() - due) * 1000)
        self._wait()
