"""Which addresses of the service are good: those of the last two look-ups."""

from __future__ import annotations

from twisted.internet.defer import Deferred, succeed
from twisted.internet.task import Clock

from appproxy.connector.tunnel.service_watch import ServiceWatch
from appproxy.net.loop.deadlines import Deadlines

A, B, C = "192.0.2.1", "192.0.2.2", "192.0.2.3"


class Names:
    """A name that has these addresses, one answer after the other; none when nobody can say."""

    def __init__(self, *answers: set[str], seconds: float = 10.0, host: str = "connect.example.com") -> None:
        self.answers = list(answers)
        self.heard: list[set[str]] = []
        self.clock = Clock()
        self.watch = ServiceWatch(host, seconds, self.clock, Deadlines(self.clock), self._resolve,
                                  lambda addresses: self.heard.append(set(addresses)))
        self.watch.start()
        self.clock.pump([1.0] * 100)

    def _resolve(self, host: str) -> Deferred[frozenset[str]]:
        return succeed(frozenset(self.answers.pop(0) if self.answers else ()))


def test_a_move() -> None:
    """The second answer without the old address is the one that counts."""
    assert Names({A}, {A}, {B}, {B}).heard == [{A}, {A, B}, {B}]


def test_what_moves_nobody() -> None:
    """One wrong answer, answers that change in turn, and none at all."""
    assert Names({A}, {C}, {A}).heard == [{A, C}, {A, C}]
    assert Names({A, B}, {B, C}, {A, B}).heard == [{A, B, C}, {A, B, C}]
    assert Names({A}, set(), {A}).heard == [{A}]


def test_nobody_looks() -> None:
    """Where it is not wanted, and where there is no name."""
    assert Names({A}, {B}, {B}, seconds=0.0).heard == [] == Names({A}, {B}, {B}, host=A).heard
