"""When service tokens were last used."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from twisted.internet.defer import Deferred, fail, succeed
from twisted.internet.task import Clock

from appproxy.errors import StoreError
from appproxy.service.own.token_uses import TokenUses


class Live:
    """A store that only notes what it is to write."""

    def __init__(self) -> None:
        self.written: list[Mapping[str, tuple[float, str]]] = []
        self.last: Callable[[], object] = lambda: None
        self.away = False

    def write(self, do: Callable[..., None], moments: Mapping[str, tuple[float, str]], /) -> Deferred[Any]:
        self.written.append(moments)
        return fail(StoreError("away")) if self.away else succeed(None)

    def before_stop(self, callback: Callable[[], object], /) -> None:
        self.last = callback


def test_many_uses_are_one_write() -> None:
    """Each token's last one."""
    live, clock = Live(), Clock()
    uses = TokenUses(live, clock)
    for now in range(100):
        uses.note("t1", f"192.0.2.{now}", float(now))
    uses.note("t2", "192.0.2.7", 5.0)
    assert live.written == []
    clock.advance(5)
    assert live.written == [{"t1": (99.0, "192.0.2.99"), "t2": (5.0, "192.0.2.7")}]
    assert clock.getDelayedCalls() == []


def test_a_stop_loses_nothing() -> None:
    """And without any use nothing is written."""
    live, clock = Live(), Clock()
    uses = TokenUses(live, clock)
    live.last()
    uses.note("t1", "192.0.2.7", 1.0)
    live.last()
    assert live.written == [{"t1": (1.0, "192.0.2.7")}] and clock.getDelayedCalls() == []


def test_a_database_that_is_away_ends_nothing() -> None:
    """The next use is written."""
    live, clock = Live(), Clock()
    uses = TokenUses(live, clock)
    live.away = True
    uses.note("t1", "192.0.2.7", 1.0)
    clock.advance(5)
    live.away = False
    uses.note("t1", "192.0.2.7", 9.0)
    clock.advance(5)
    assert live.written[-1] == {"t1": (9.0, "192.0.2.7")}
