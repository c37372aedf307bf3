"""The stream of events: each entry once, in order, as far as its reader may and does read."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable
from itertools import pairwise
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
        #: Answers that a slow database has not given yet; None: it gives each at once.
        self.held: list[tuple[Deferred[Any], Any]] | None = None
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
            found: object = max(self.numbers, default=0)
        else:
            after, limit = args
            first = bisect_right(self.numbers, after)
            found = [AuditRow(number, 0.0, "", "a", "", {}) for number in self.numbers[first:first + limit]]
        if self.held is None:
            return succeed(found)
        answer: Deferred[Any] = Deferred()
        self.held.append((answer, found))
        return answer

    def go_on(self, slow: bool = False) -> None:
        """What was asked is answered as it was when it was asked. `slow`: what is asked from now on waits as before."""
        held, self.held = self.held or [], [] if slow else None
        for answer, found in held:
            answer.callback(found)


class Rig:
    """Streams over it, at a time that is set."""

    def __init__(self) -> None:
        self.clock, self.live = Clock(), FakeLive()
        self.why = ""
        #: How often it was looked up what somebody may hear, and how many entries were shown.
        self.judged = self.shown = 0
        self.streams = EventStreams(cast("Any", self.live), self.clock)

    def open(self, after: int | None = None, key: str = "ann", odd: bool = False) -> FakeExchange:
        """Somebody listens; `odd`: and hears of odd numbers alone."""
        exchange = FakeExchange(head_for("https://admin.example.com/api/v1/events"))

        def show(row: AuditRow) -> bytes | None:
            self.shown += 1
            return None if odd and row.number % 2 == 0 else str(row.number).encode()

        def judge() -> event_stream.Show | str:
            self.judged += 1
            return self.why or show

        self.streams.open(exchange, key, after, judge)
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


def test_who_opens_during_a_read_lacks_nothing(rig: Rig) -> None:
    """The read of those who were further begins behind what they want: it is not for them."""
    rig.live.numbers = list(range(1, 101))
    early = rig.open(100)
    rig.live.numbers.append(101)
    rig.live.held = []
    rig.clock.advance(1.0)
    late = rig.open(50, key="bob")
    rig.live.go_on()
    rig.clock.advance(1.0)
    assert told(late) == list(range(51, 102)) and told(early) == [101]


def test_who_reads_again_during_a_read_lacks_nothing(rig: Rig) -> None:
    """The same of a reader who was slow."""
    rig.live.numbers = list(range(1, 11))
    slow, quick = rig.open(10), rig.open(10, key="bob")
    assert slow.producer is not None
    slow.producer.pauseProducing()
    rig.live.numbers += range(11, 31)
    rig.clock.advance(1.0)
    rig.live.numbers.append(31)
    rig.live.held = []
    rig.clock.advance(1.0)
    slow.producer.resumeProducing()
    rig.live.go_on()
    rig.clock.advance(1.0)
    assert told(slow) == told(quick) == list(range(11, 32))


def test_where_it_begins_is_settled_once(rig: Rig) -> None:
    """However long the database takes to say it: what is written meanwhile is told."""
    rig.live.numbers, rig.live.held = [1], []
    exchange = rig.open()
    rig.live.numbers.append(2)
    rig.clock.advance(1.0)
    rig.live.go_on(slow=True)
    rig.live.go_on()
    rig.clock.advance(1.0)
    assert told(exchange) == [2]


@pytest.mark.parametrize("others", [1, 40])
def test_who_catches_up_holds_up_nobody(rig: Rig, others: int) -> None:
    """Whoever has it all hears of what is new before 0.3 seconds have passed, however much others lack, and whenever they
    come; and those, too, go on.
    """
    most = 200 * BATCH
    rig.live.numbers = list(range(1, most + 1))
    early = rig.open(most)
    late = [rig.open(0, key=f"late{number // MOST_OF_ONE}") for number in range(others)]
    for number in range(1, 6):
        rig.clock.pump([0.05] * 4)
        rig.write(most + number)
        rig.clock.pump([0.01] * 25)
        assert told(early) == list(range(most + 1, most + number + 1))
    assert all(told(one) == list(range(1, len(told(one)) + 1)) and len(told(one)) >= BATCH for one in late)


def test_those_who_catch_up_take_turns(rig: Rig) -> None:
    """Whoever begins further back gets as much as the others, each from where they are."""
    rig.live.numbers = list(range(1, 100 * BATCH + 1))
    late = [rig.open(after, key=str(after)) for after in (0, 30 * BATCH, 60 * BATCH)]
    for _ in range(30):
        rig.clock.advance(0.05)
    counts = [len(told(one)) for one in late]
    assert min(counts) >= 5 * BATCH and max(counts) - min(counts) <= 2 * BATCH, counts


def test_a_steady_flow_is_read_ten_times_a_second(rig: Rig) -> None:
    """Notices come with each entry: the database is not asked for each; the first is told at once, the last in a while."""
    exchange = rig.open(0)
    rig.write(1)
    assert told(exchange) == [1]
    before = rig.live.reads
    for number in range(2, 202):
        rig.write(number)
        rig.clock.advance(0.005)
    assert rig.live.reads - before <= 13
    rig.clock.advance(0.1)
    assert told(exchange) == list(range(1, 202))


def test_what_somebody_may_is_looked_up_once_a_batch(rig: Rig) -> None:
    """Not for each entry."""
    exchange = rig.open(0)
    before = rig.judged
    rig.write(*range(1, BATCH))
    assert len(told(exchange)) == BATCH - 1 and rig.judged - before <= 2


def test_no_turn_is_long(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    """Many who hear much at once: other work of the node has its turn in between."""
    everybody = [rig.open(0, key=str(number)) for number in range(60)]
    shown = [0]
    call_later = rig.clock.callLater

    def noted(*args: Any, **more: Any) -> Any:
        shown.append(rig.shown)
        return call_later(*args, **more)

    monkeypatch.setattr(rig.clock, "callLater", noted)
    rig.write(*range(1, BATCH))
    rig.clock.advance(1.0)
    assert all(len(told(one)) == BATCH - 1 for one in everybody)
    assert max(after - before for before, after in pairwise(shown)) <= 2 * BATCH and shown[-1] == rig.shown
