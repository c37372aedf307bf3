"""The service's name may lead elsewhere while we are connected: it is looked up again, and connections follow."""

from __future__ import annotations

from collections.abc import Callable

from twisted.internet.interfaces import IReactorTime

from appproxy.connector.origin.dial.address_watch import AddressWatch, Resolve
from appproxy.net.loop.deadlines import Deadlines


class ServiceWatch:
    """`moved` hears which addresses are good, after each look-up: those of the last two.

    A name server that gives some of many addresses in turn moves nobody, and neither does a single wrong answer.
    `seconds`: between two look-ups; `resolve`: None where nobody is to look, for it is a proxy's business.
    """

    def __init__(self, host: str, seconds: float, clock: IReactorTime, deadlines: Deadlines, resolve: Resolve | None,
                 moved: Callable[[frozenset[str]], None]) -> None:
        self._moved = moved
        self._last: frozenset[str] | None = None
        self._watch = AddressWatch(host, clock, deadlines, resolve if seconds else None, self._found, seconds)

    def start(self) -> None:
        """Look, from now on."""
        self._watch.start()

    def stop(self) -> None:
        """Look no more."""
        self._watch.stop()

    def _found(self, addresses: frozenset[str]) -> None:
        last, self._last = self._last, addresses
        if last is not None:
            self._moved(addresses | last)
