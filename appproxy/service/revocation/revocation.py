"""All that asks elsewhere which certificates are revoked, of one node."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from appproxy.service.revocation.fetching import Fetching
from appproxy.service.revocation.lists import ListFetcher
from appproxy.service.revocation.numbers import RevocationNumbers
from appproxy.service.revocation.statuses import StatusAsker
from appproxy.store.database.live import LiveStore


class Revocation:
    """`wall_clock` gives seconds since 1970. `start` it, and `stop` it at the end."""

    def __init__(
        self, live: LiveStore, fetching: Fetching, reactor: Any, wall_clock: Callable[[], float],
        random_bytes: Callable[[int], bytes],
    ) -> None:
        self.lists = ListFetcher(live, fetching, reactor, wall_clock, random_bytes)
        self.statuses = StatusAsker(live, fetching, reactor, wall_clock, random_bytes)
        self.numbers = RevocationNumbers(self.lists, self.statuses)

    def start(self) -> None:
        """Begin to look for what is due."""
        self.lists.start()
        self.statuses.start()

    def stop(self) -> None:
        """Ask nothing more."""
        self.lists.stop()
        self.statuses.stop()
