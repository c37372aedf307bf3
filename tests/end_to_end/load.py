"""Users who ask without a pause while a test changes something: not one of their requests may fail."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from tests.end_to_end.behaviours import LARGE, large, slow
from tests.end_to_end.system import System
from tests.end_to_end.wire import Cut, Wire


class Load:
    """A context: within it `users` ask, each on a kept-alive connection. `faults` says what went wrong."""

    def __init__(self, system: System, users: int = 6) -> None:
        system.origin.on("/large", large)
        system.origin.on("/slow", slow)
        self._system = system
        self._over = threading.Event()
        self.faults: list[str] = []
        self.done = 0
        self._users = [threading.Thread(target=self._use, args=(number,)) for number in range(users)]

    def __enter__(self) -> Load:
        for user in self._users:
            user.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        for user in self._users:
            user.join(60)

    def more(self, number: int, seconds: float = 60.0) -> None:
        """Wait until so many more requests have been answered."""
        until, deadline = self.done + number, time.monotonic() + seconds
        while self.done < until and time.monotonic() < deadline:
            time.sleep(0.02)
        assert self.done >= until, f"{self.done} of {until} requests were answered in time; {self.faults[:3]}"

    def _use(self, number: int) -> None:
        wire: Wire | None = None
        turn = 0
        while not self._over.is_set():
            turn += 1
            case = f"load-{id(self)}-{number}-{turn}"
            try:
                wire = wire or Wire(self._system, "raw")
                HABITS[turn % len(HABITS)](wire, case)
                self.done += 1
            except (OSError, Cut, AssertionError) as error:
                self.faults.append(f"{time.monotonic():.2f} {case} {HABITS[turn % len(HABITS)].__name__}: {error!r}")
                if wire is not None:
                    wire.close()
                wire = None
                time.sleep(0.1)
        if wire is not None:
            wire.close()


def _expect(wire: Wire, case: str, body: bytes) -> None:
    reply = wire.reply()
    right = (reply.status, reply.answers, reply.body == body) == (200, case, True)
    assert right, f"{reply.status} {reply.fields} {reply.body[:300]!r}"


def _get(wire: Wire, case: str) -> None:
    wire.request("GET", "/", case)
    _expect(wire, case, b"")


def _post(wire: Wire, case: str) -> None:
    wire.request("POST", "/", case, case.encode() * 50)
    _expect(wire, case, case.encode() * 50)


def _download(wire: Wire, case: str) -> None:
    wire.request("GET", "/large", case)
    _expect(wire, case, LARGE)


def _upload(wire: Wire, case: str) -> None:
    wire.request("PUT", "/", case, LARGE)
    _expect(wire, case, LARGE)


def _wait(wire: Wire, case: str) -> None:
    wire.request("POST", "/slow", case, b"x")
    _expect(wire, case, b"slow")


HABITS: tuple[Callable[[Wire, str], None], ...] = (_get, _post, _get, _download, _post, _upload, _get, _wait)
