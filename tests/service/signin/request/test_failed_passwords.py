"""Wrong passwords on their way to the store."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from twisted.internet.defer import Deferred, fail, succeed
from twisted.internet.task import Clock

from appproxy.errors import StoreError
from appproxy.service.signin.request.failed_passwords import FailedPasswords


class Store:
    """Takes what is written, or is away."""

    def __init__(self) -> None:
        self.written: list[dict[tuple[str, str], int]] = []
        self.away = False
        self.last: list[Callable[[], object]] = []

    def write(self, do: object, failed: Mapping[tuple[str, str], int]) -> Deferred[None]:
        """One transaction."""
        if self.away:
            return fail(StoreError("away"))
        self.written.append(dict(failed))
        return succeed(None)

    def before_stop(self, callback: Callable[[], object]) -> None:
        """What is to be done last."""
        self.last.append(callback)


def test_they_are_written_together() -> None:
    """A second after the first one, or when somebody asks; what a name was, nobody can read."""
    store: Any = Store()
    clock = Clock()
    failed = FailedPasswords(store, clock)
    failed.note("192.0.2.1", "u1", "ann", True)
    failed.note("192.0.2.1", "u1", "ann", True)
    failed.note("192.0.2.1", "", "no such name", False)
    clock.advance(0.9)
    assert store.written == []
    clock.advance(0.2)
    [written] = store.written
    assert written.pop(("192.0.2.1", "u1")) == 2
    [(network, kind)] = written
    assert network == "192.0.2.1" and kind.startswith("?") and int(kind[1:]) < 32
    failed.note("192.0.2.1", "u1", "ann", False)
    failed.write()
    assert store.written[1:] == [{("192.0.2.1", "!u1"): 1}] and not clock.getDelayedCalls()
    failed.write()
    assert len(store.written) == 2


def test_what_waits_is_bounded() -> None:
    """However many networks fail within a second; and a stop writes what there is."""
    store: Any = Store()
    failed = FailedPasswords(store, Clock())
    for number in range(6000):
        failed.note(f"2001:db8::{number:x}", "", "x", True)
    [last] = store.last
    last()
    assert len(store.written[0]) == 5000


def test_without_the_database() -> None:
    """Nothing fails but the counting."""
    store: Any = Store()
    store.away = True
    failed = FailedPasswords(store, Clock())
    failed.note("192.0.2.1", "u1", "ann", True)
    assert failed.write().result is None
