"""The stream of events: each entry once, in order, as far as its reader may and does read."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

import pytest
from twisted.internet.defer import Deferred, fail, succeed
from twisted.internet.task import Clock

from appproxy.errors import Code, RequestError, StoreError
from appproxy.service.own import event_stream
from appproxy.service.own.event_stream import BATCH, HEARTBEAT, MOST_OF_ONE, EventStreams
from appproxy.store.service import audit
from appproxy.store.service.audit import AuditRow
from tests.service.exchanges import FakeExchange, head_for


class FakeLive:
    """An audit whose entries are numbers."""

    def __init__(self) -> None:
        self.numbers: list[int] = []
        self.away = False
        self.reads = 0
        self.notice: Callable[[], object] = lambda: None
        self.changed: Callable[[object, object], object] = lambda old, new: None

    def on_notice(self, what: str, callback: Callable[[], object]) -> None:
        assert what == "audit"
        self.notice = callback

    def subscribe(self, callback: Callable[[object, object], object]) -> None:
        self.changed = callback

    def read(self, do: object, *args: int) -> Deferred[Any]:
        self.reads += 1
        if self.away:
            return fail(StoreError("away"))
        if do is audit.newest:
            return succeed(max(self.numbers, default=0))
        after, limit = args
        return succeed([AuditRow(number, 0.0, "", "a", "", {}) for number in self.numbers if number > after][:limit])


class Rig:
    """Streams over it, at a time that is set."""

    def __init__(self) -> None:
        self.clock, self.live = Clock(), FakeLive()
        self.why = ""
        self.streams = EventStreams(cast("Any", self.live), self.clock)

    def open(self, after: int | None = None, key: str = "ann", odd: bool = False) -> FakeExchange:
        """Somebody listens; `odd`: and hears of odd numbers alone."""
        exchange = FakeExchange(head_for("https://admin.example.com/api/v1/events"))
        self.streams.open(exchange, key, after, lambda: self.why, lambda row: (
            None if odd and row.number % 2 == 0 else str(row.number).encode()))
        return exchange

    def write(self, *numbers: int) -> None:
        """Entries, of which other nodes tell."""
        self.live.numbers += numbers
        self.live.notice()


@pytest.fixture
def rig() -> Rig:
    return Rig()


def told(exchange: FakeExchange) -> list[int]:
    """The entries that have come, each with its id."""
    found = []
    for event in b"".join(exchange.pieces).split(b"\n\n"):
        lines = dict(line.split(b": ", 1) for line in event.split(b"\n") if b": " in line)
        if lines.get(b"data"):
            assert lines[b"id"] == lines[b"data"]
            found.append(int(lines[b"data"]))
    return found


def test_what_is_written_comes_at_once(rig: Rig) -> None:
    """At a notice without a wait; where there is none, within a second. From now on means that."""
    rig.live.numbers = [1, 2]
    exchange = rig.open()
    assert exchange.status == 200 and b"text/event-stream" in exchange.block and b"no-store" in exchange.block
    rig.write(3, 5)
    assert told(exchange) == [3, 5]
    rig.live.numbers.append(6)
    rig.clock.advance(1.0)
    assert told(exchange) == [3, 5, 6]


def test_who_comes_back_goes_on_where_they_were(rig: Rig) -> None:
    """However much was written meanwhile, in order and each once; whoever has it all waits for nobody."""
    rig.live.numbers = list(range(1, 2 * BATCH + 10))
    late, early = rig.open(0), rig.open(2 * BATCH, key="bob")
    for _ in range(20):
        rig.clock.advance(0.05)
    rig.write(2 * BATCH + 10)
    assert told(late) == list(range(1, 2 * BATCH + 11))
    assert told(early) == list(range(2 * BATCH + 1, 2 * BATCH + 11))


def test_what_somebody_may_not_read_is_not_sent(rig: Rig) -> None:
    """The id of the next beat has gone on all the same, so that it is not looked at again."""
    exchange = rig.open(0, odd=True)
    rig.write(1, 2, 3, 4)
    assert told(exchange) == [1, 3] and b"4" not in b"".join(exchange.pieces)
    rig.clock.advance(HEARTBEAT)
    assert exchange.pieces[-1] == b"id: 4\n\n"


def test_who_reads_slowly_holds_up_nobody(rig: Rig) -> None:
    """What is for them stays in the database until they read again."""
    slow, quick = rig.open(0), rig.open(0, key="bob")
    assert slow.producer is not None
    slow.producer.pauseProducing()
    rig.write(1, 2)
    assert (told(slow), told(quick)) == ([], [1, 2])
    rig.clock.advance(HEARTBEAT + 1)
    assert told(slow) == [] and len(slow.pieces) == 1
    slow.producer.resumeProducing()
    assert told(slow) == [1, 2]


@pytest.mark.parametrize("how", ["in a second", "at a change", "before the next entry"])
def test_it_ends_with_the_right_to_it(rig: Rig, how: str) -> None:
    """And what is written then is not sent any more."""
    exchange = rig.open(0)
    rig.why = "the session was revoked"
    if how == "in a second":
        rig.clock.advance(1.0)
    elif how == "at a change":
        rig.live.changed(None, None)
    rig.write(1)
    assert told(exchange) == [] and exchange.pieces[-1] == b"event: end\ndata: \n\n" and exchange.over
    assert (len(rig.streams), exchange.detail) == (0, "the session was revoked")


def test_bounds(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of one caller, and of all; who leaves makes room."""
    mine = [rig.open() for _ in range(MOST_OF_ONE)]
    with pytest.raises(RequestError) as refused:
        rig.open()
    assert refused.value.code is Code.TOO_MANY_REQUESTS
    monkeypatch.setattr(event_stream, "MOST", MOST_OF_ONE + 1)
    rig.open(key="bob")
    with pytest.raises(RequestError) as refused:
        rig.open(key="eve")
    assert refused.value.code is Code.OVERLOADED
    assert mine[0].responder is not None
    mine[0].responder.user_left(Code.CANCELLED)
    rig.open()
    assert len(rig.streams) == MOST_OF_ONE + 1


def test_a_node_that_ends_is_not_held_up(rig: Rig) -> None:
    """Within a second; nobody begins any more."""
    exchange = rig.open()
    rig.streams.leaving = lambda: True
    rig.clock.advance(1.0)
    assert exchange.over
    with pytest.raises(RequestError):
        rig.open()
    assert not rig.clock.getDelayedCalls(), "nobody listens, so nobody looks"


def test_without_the_database_it_waits(rig: Rig) -> None:
    """And goes on when that is back, also where it had not begun; nothing is lost."""
    rig.live.numbers, rig.live.away = [1], True
    begun, new = rig.open(0), rig.open(key="bob")
    rig.clock.advance(3.0)
    assert (told(begun), told(new)) == ([], [])
    rig.live.away = False
    rig.clock.advance(1.0)
    rig.write(2)
    assert (told(begun), told(new)) == ([1, 2], [2])
