"""Users who ask without a pause while a test changes something: not one of their requests may fail."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from tests.end_to_end.behaviours import LARGE, large, slow
from tests.end_to_end.clock import usual_seconds
from tests.end_to_end.h2_user import H2User
from tests.end_to_end.system import System
from tests.end_to_end.visitor import Visitor
from tests.end_to_end.wire import Cut, Wire
from tests.end_to_end.world import DOMAIN


class Load:
    """A context: within it `users` ask the application `name`, each on a kept-alive connection, and `streams` more on one of
    HTTP/2, `visitor` lending their cookies. `faults` says what went wrong.
    """

    def __init__(
        self, system: System, users: int = 6, name: str = "raw", *, streams: int = 0, visitor: Visitor | None = None
    ) -> None:
        system.origin.on("/large", large)
        system.origin.on("/slow", slow)
        self._system = system
        self._name = name
        self._visitor = visitor
        self._over = threading.Event()
        self.faults: list[str] = []
        self.done = 0
        self._users = [threading.Thread(target=self._use, args=(number,)) for number in range(users)]
        if streams:
            self._users.append(threading.Thread(target=self._use_h2, args=(streams,)))

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
        until, deadline = self.done + number, usual_seconds() + seconds
        while self.done < until and usual_seconds() < deadline:
            time.sleep(0.02)
        assert self.done >= until, f"{self.done} of {until} requests were answered in time; {self.faults[:3]}"

    def _use(self, number: int) -> None:
        wire: Wire | None = None
        turn = 0
        while not self._over.is_set():
            turn += 1
            case = f"load-{id(self)}-{number}-{turn}"
            try:
                wire = wire or Wire(self._system, self._name, visitor=self._visitor)
                HABITS[turn % len(HABITS)](wire, case)
                self.done += 1
                if wire.is_last:
                    wire.close()
                    wire = None
            except (OSError, Cut, AssertionError) as error:
                self.faults.append(f"{time.monotonic():.2f} {case} {HABITS[turn % len(HABITS)].__name__}: {error!r}")
                if wire is not None:
                    wire.close()
                wire = None
                time.sleep(0.1)
        if wire is not None:
            wire.close()

    def _use_h2(self, streams: int) -> None:
        """So many requests at the same time, small and large ones in turn."""
        system, host = self._system, f"{self._name}.{DOMAIN}"
        fields = [] if self._visitor is None else [
            (b"cookie", value.encode()) for value in self._visitor.cookie_field(host).values()]
        user: H2User | None = None
        turn = 0
        while not self._over.is_set():
            turn += 1
            try:
                user = user or H2User(system.port, system.anchor, host)
                asked = {}
                for number in range(streams):
                    path, body = (("/large", b""), ("/", b""), ("/", b"h2 %d" % turn * 50))[number % 3]
                    case = f"h2-load-{id(self)}-{turn}-{number}"
                    stream = user.ask(path, "POST" if body else "GET", (b"x-case", case.encode()), *fields, body=body)
                    asked[stream] = case, LARGE if path == "/large" else body
                for stream, (case, body) in asked.items():
                    status, found = user.answer(stream)
                    answers = user.heads[stream].get(b"x-answers", b"").decode()
                    assert (status, answers, found == body) == (200, case, True), f"{user.heads[stream]} {found[:300]!r}"
                    self.done += 1
                if user.goaways:
                    user.close()
                    user = None
            except (OSError, AssertionError, KeyError) as error:
                self.faults.append(f"{time.monotonic():.2f} HTTP/2, turn {turn}: {error!r}")
                if user is not None:
                    user.close()
                user = None
                time.sleep(0.1)
        if user is not None:
            user.close()


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
