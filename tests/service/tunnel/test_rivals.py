"""Two processes with one connector's certificate: which of them is there."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any, cast

import pytest
from twisted.internet.task import Clock

from appproxy.service.relay.connectors.peer import Peer
from appproxy.service.tunnel.rivals import ANSWER_SECONDS, Rivals, UsedByWorkers, is_beside, rivals_of
from appproxy.tunnel.messages import Hello

HELLO = Hello((1,), b"i" * 16, 0, 1, (), 100, (), (), "1.0")
PARENT, OTHER = b"p" * 16, b"q" * 16


@dataclass(eq=False)
class Link:
    """A signal connection that writes down its PINGs."""

    connector_id: str = "c1"
    is_answered: bool = False
    draining: bool = False
    pings: int = 0
    written: list[bytes] = field(default_factory=list)

    @property
    def session(self) -> Link:
        return self

    def ping(self) -> bytes:
        self.pings += 1
        return b"ping"

    def write(self, data: bytes) -> None:
        self.written.append(data)


def peer(instance: bytes, parent: bytes = b"", worker: int = 0, links: int = 1) -> Peer:
    """A process of the connector c1."""
    made = Peer("c1", "default", instance, 0.0)
    made.parent, made.worker = parent, worker
    made.links = {slot: cast("Any", Link()) for slot in range(links)}
    return made


@dataclass
class Row:
    """In place of a roster."""

    peers: list[Peer]

    def workers(self, id: str) -> list[Peer]:
        return self.peers if id == "c1" else []

    of = workers


class Waiting:
    """Connections that wait, on a clock; `found` is what becomes of them."""

    def __init__(self) -> None:
        self.clock = Clock()
        self.found: list[tuple[Link, Hello, bool]] = []
        self.rivals = Rivals(self.clock, lambda link, hello, alive: self.found.append((cast("Any", link), hello, alive)))

    def wait(self, link: Link, *others: Link) -> None:
        self.rivals.wait(cast("Any", link), HELLO, lambda: cast("Any", list(others)))


@pytest.mark.parametrize(("other", "hello", "is_rival"), [
    (peer(b"j" * 16), HELLO, True), (peer(HELLO.instance), HELLO, False), (peer(b"j" * 16, links=0), HELLO, False),
    (peer(b"j" * 16, PARENT), HELLO, True),
    (peer(b"j" * 16, PARENT, 1), replace(HELLO, parent=PARENT, worker=2), False),
    (peer(b"j" * 16, PARENT, 1), replace(HELLO, parent=OTHER, worker=2), True),
])
def test_who_is_a_rival(other: Peer, hello: Hello, is_rival: bool) -> None:
    """Another process that takes requests, and was not started by the same parent."""
    assert rivals_of(cast("Any", Row([other])), "c1", hello) == ([other] if is_rival else [])


@pytest.mark.parametrize(("before", "hello", "stays"), [
    (peer(b"j" * 16, PARENT, 1), replace(HELLO, parent=PARENT, worker=2), True),
    (peer(b"j" * 16, PARENT, 1), replace(HELLO, parent=PARENT, worker=1), True),
    (peer(b"j" * 16, PARENT, 1, links=0), replace(HELLO, parent=PARENT, worker=2), True),
    (peer(b"j" * 16, PARENT, 1, links=0), replace(HELLO, parent=PARENT, worker=1), False),
    (peer(b"j" * 16, PARENT, 1), replace(HELLO, parent=OTHER, worker=2), False), (peer(b"j" * 16), HELLO, False),
])
def test_who_stays_beside(before: Peer, hello: Hello, stays: bool) -> None:
    """Workers of one parent, but for one that has ended and was started again."""
    assert is_beside(before, hello) is stays


def test_workers_share_their_request_ids() -> None:
    """What any of them has none of them gets."""
    one, two = peer(b"i" * 16), peer(b"j" * 16)
    two.in_flight[7] = cast("Any", object())
    used = UsedByWorkers(cast("Any", Row([one, two])), "c1")
    assert 7 in used and 8 not in used and 7 not in UsedByWorkers(cast("Any", Row([two])), "c2")


@pytest.mark.parametrize("answers", [(False, False), (True, False), (False, True)])
def test_one_answer_is_enough(answers: tuple[bool, bool]) -> None:
    """All connections of the other process are asked, and nothing is decided before the time is over."""
    waiting, link, others = Waiting(), Link(), [Link(), Link()]
    waiting.wait(link, *others)
    assert [one.written for one in others] == [[b"ping"], [b"ping"]]
    for one, answered in zip(others, answers, strict=True):
        one.is_answered = answered
    waiting.clock.advance(ANSWER_SECONDS - 0.1)
    assert waiting.found == []
    waiting.clock.advance(0.1)
    assert waiting.found == [(link, HELLO, any(answers))]


def test_others_are_asked_once_however_many_wait() -> None:
    """For another connector they are asked all the same; and again once nobody waits."""
    waiting, first, other = Waiting(), Link(), Link("c2")
    for _ in range(3):
        waiting.wait(Link(), first)
    waiting.wait(Link("c2"), other)
    assert (first.pings, other.pings) == (1, 1)
    waiting.clock.advance(ANSWER_SECONDS)
    assert len(waiting.found) == 4
    waiting.wait(Link(), first)
    assert first.pings == 2


def test_who_drains_need_not_be_waited_for() -> None:
    """Those of its connector are let in at once, and once; others wait on."""
    waiting, link, other = Waiting(), Link(), Link("c2")
    waiting.wait(link)
    waiting.wait(other)
    waiting.rivals.drained("c1")
    assert waiting.found == [(link, HELLO, False)]
    waiting.clock.advance(ANSWER_SECONDS)
    assert waiting.found == [(link, HELLO, False), (other, HELLO, False)]
    assert waiting.clock.getDelayedCalls() == []


def test_who_leaves_is_forgotten() -> None:
    """Nothing is decided for it; who never waited may leave too."""
    waiting, link = Waiting(), Link()
    waiting.wait(link)
    waiting.rivals.gone(cast("Any", link))
    waiting.rivals.gone(cast("Any", Link()))
    assert waiting.clock.getDelayedCalls() == [] and waiting.found == []
    waiting.wait(Link())
    waiting.wait(Link("c2"))
    waiting.rivals.stop()
    assert waiting.clock.getDelayedCalls() == []
    waiting.clock.advance(ANSWER_SECONDS)
    assert waiting.found == []
