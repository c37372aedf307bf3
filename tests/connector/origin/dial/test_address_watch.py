"""Names are looked up again while connections are kept."""

from __future__ import annotations

import pytest
from twisted.internet.defer import Deferred, succeed
from twisted.internet.task import Clock

from appproxy.connector.origin.dial.address_watch import LOOK_SECONDS, AddressWatch
from appproxy.net.loop.deadlines import Deadlines


class Names:
    """Answers look-ups, and counts them."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.found: list[frozenset[str]] = []

    def resolve(self, host: str) -> Deferred[frozenset[str]]:
        self.asked.append(host)
        return succeed(frozenset({"192.0.2.7"}))


def watching(host: str = "wiki.corp") -> tuple[Names, Clock, AddressWatch, Deadlines]:
    names, clock = Names(), Clock()
    deadlines = Deadlines(clock)
    return names, clock, AddressWatch(host, clock, deadlines, names.resolve, names.found.append), deadlines


def test_every_minute() -> None:
    """As long as it is started; starting it twice is as good as once."""
    names, clock, watch, deadlines = watching()
    watch.start()
    watch.start()
    clock.pump([1.0] * int(2 * LOOK_SECONDS + 2))
    assert names.asked == ["wiki.corp"] * 2
    assert names.found == [frozenset({"192.0.2.7"})] * 2
    watch.stop()
    clock.pump([1.0] * int(2 * LOOK_SECONDS))
    assert len(names.asked) == 2
    assert len(deadlines) == 0


@pytest.mark.parametrize("host", ["192.0.2.1", "2001:db8::1"])
def test_addresses_do_not_move(host: str) -> None:
    """They are not looked up."""
    names, clock, watch, deadlines = watching(host)
    watch.start()
    assert len(deadlines) == 0


def test_an_answer_that_comes_too_late() -> None:
    """Is nobody's any more."""
    names, clock, watch, deadlines = watching()
    late: Deferred[frozenset[str]] = Deferred()
    watch._resolve = lambda host: late
    watch.start()
    clock.pump([1.0] * int(LOOK_SECONDS + 1))
    watch.stop()
    late.callback(frozenset({"192.0.2.9"}))
    assert names.found == []
