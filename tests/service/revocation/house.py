"""A database with a device authority, and what asks elsewhere on its behalf."""

from __future__ import annotations

from collections.abc import Callable
from itertools import count
from pathlib import Path
from typing import Any

from twisted.internet.defer import Deferred

from appproxy.service.revocation.fetching import FetchFailed
from appproxy.store.database.initial import initialise
from appproxy.store.database.live import LiveStore
from appproxy.store.database.store import Store
from appproxy.store.devices import authorities
from appproxy.store.sealing import Sealer
from appproxy.store.snapshot import RevocationSources
from appproxy.testing.network import InlinePool
from tests.fakes.threads import NoThreads
from tests.pki.chains import CLIENT, NOW, make

ROOT = make("Company Devices", authority=True)
LAPTOP = make("laptop-7", ROOT, extensions=(CLIENT,))


class Net:
    """As `Fetching`. `answer`: what comes for a URL and a body; None: nothing does. `waiting`: who is not answered yet."""

    def __init__(self) -> None:
        self.answer: Callable[[str, bytes], bytes | None] = lambda url, body: None
        self.asked: list[str] = []
        self.is_slow = False
        self.waiting: list[Callable[[], None]] = []

    def get(self, url: str, largest: int, seconds: float = 0.0) -> Deferred[bytes]:
        """As `Fetching.get`."""
        return self._ask(url, b"")

    def post(self, url: str, kind: str, body: bytes, largest: int, seconds: float = 0.0) -> Deferred[bytes]:
        """As `Fetching.post`."""
        return self._ask(url, body)

    def _ask(self, url: str, body: bytes) -> Deferred[bytes]:
        self.asked.append(url)
        result: Deferred[bytes] = Deferred()

        def tell() -> None:
            found = self.answer(url, body)
            if found is None:
                result.errback(FetchFailed(f"{url}: nothing answers there"))
            else:
                result.callback(found)

        if self.is_slow:
            self.waiting.append(tell)
        else:
            tell()
        return result


class House:
    """`clock` is moved by hand."""

    def __init__(self, directory: Path, sources: RevocationSources) -> None:
        self.clock = NoThreads()
        #: By how many seconds the wall clock was set back.
        self.behind = 0.0
        self.store = Store.create(f"sqlite:///{directory}/a.db", Sealer(b"m" * 32, "the test"))
        with self.store.transaction(NOW) as tx:
            initialise(tx, "example.com", "https://signin.example.com")
            self.id = authorities.add(tx, "Company", ROOT.pem, sources=sources).id
        self.live = LiveStore(self.clock, self.store, self.wall_clock, InlinePool())
        self.live.start()
        self.net: Any = Net()
        self._numbers = count(1)

    def wall_clock(self) -> float:
        """Seconds since 1970."""
        return NOW + self.clock.seconds() - self.behind

    def random_bytes(self, size: int) -> bytes:
        """Others each time."""
        return next(self._numbers).to_bytes(size, "little")

    def pass_by(self, seconds: float, step: float = 1.0) -> None:
        """Time goes on."""
        for _ in range(round(seconds / step)):
            self.clock.advance(step)

    def end(self) -> None:
        """Everything stops."""
        self.live.stop()
