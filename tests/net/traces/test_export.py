"""Spans wait, leave together, come back where a collector is away, and never pile up."""

from __future__ import annotations

from twisted.internet.defer import Deferred
from twisted.internet.task import Clock

from appproxy.net.traces.export import BATCH, EVERY, FLUSH_SECONDS, MOST, SpanExporter, Taken
from appproxy.trace.context import TraceContext
from appproxy.trace.otlp import encode_span
from appproxy.trace.span import Span, SpanKind
from tests.trace.collected import collected

YES, LATER, NEVER = (Taken.YES, "", 0.0), (Taken.LATER, "it answers 503", 0.0), (Taken.NEVER, "it answers 400", 0.0)


class Rig:
    """An exporter whose calls the test answers."""

    def __init__(self) -> None:
        self.clock = Clock()
        self.calls: list[tuple[list[str], Deferred[tuple[Taken, str, float]]]] = []
        self.exporter = SpanExporter(self.clock, self._post, {"service.name": "x"}, "1")
        self.count = 0

    def _post(self, body: bytes) -> Deferred[tuple[Taken, str, float]]:
        answer: Deferred[tuple[Taken, str, float]] = Deferred()
        self.calls.append(([one.name for one in collected(body)], answer))
        return answer

    def add(self, count: int = 1) -> None:
        """So many, called by their number."""
        for _ in range(count):
            span = Span(TraceContext(b"t" * 16, b"s" * 8, True), b"", SpanKind.SERVER, 1.0, str(self.count))
            self.exporter.add(encode_span(span))
            self.count += 1

    def answer(self, outcome: tuple[Taken, str, float] | Exception) -> list[str]:
        """To the oldest call; gives whose names it had."""
        names, answer = self.calls.pop(0)
        if isinstance(outcome, Exception):
            answer.errback(outcome)
        else:
            answer.callback(outcome)
        return names

    @property
    def counts(self) -> tuple[int, int, int]:
        counts = self.exporter.counts
        return counts.sent, counts.dropped, counts.refused


def test_they_leave_together_after_a_while() -> None:
    """One call for all of some seconds, and none where there is nothing."""
    rig = Rig()
    rig.add(3)
    rig.clock.advance(EVERY - 0.1)
    assert rig.calls == []
    rig.clock.advance(0.1)
    assert rig.answer(YES) == ["0", "1", "2"]
    assert rig.counts == (3, 0, 0) and rig.clock.getDelayedCalls() == []


def test_many_do_not_wait() -> None:
    """A full call leaves at once, and what came meanwhile right behind it."""
    rig = Rig()
    rig.add(BATCH)
    rig.clock.advance(0)
    rig.add(BATCH + 1)
    assert len(rig.answer(YES)) == BATCH
    rig.clock.advance(0)
    assert len(rig.answer(YES)) == BATCH
    rig.clock.advance(EVERY)
    assert rig.answer(YES) == [str(2 * BATCH)]
    assert rig.counts == (2 * BATCH + 1, 0, 0)


def test_a_collector_that_is_away() -> None:
    """Tried again, with longer pauses; then all comes in its order."""
    rig = Rig()
    rig.add(2)
    rig.clock.advance(EVERY)
    for wait in (1.0, 2.0, 4.0):
        rig.answer(LATER if wait < 4 else OSError("refused"))
        rig.clock.advance(wait * 0.49)
        assert rig.calls == []
        rig.clock.advance(wait)
        assert len(rig.calls) == 1
    rig.add()
    assert rig.answer(YES) == ["0", "1"]
    rig.clock.advance(EVERY)
    assert rig.answer(YES) == ["2"]
    assert rig.counts == (3, 0, 0)


def test_it_may_say_when() -> None:
    """`retry-after` of its answer."""
    rig = Rig()
    rig.add()
    rig.clock.advance(EVERY)
    rig.answer((Taken.LATER, "it answers 429", 40.0))
    rig.clock.advance(19.9)
    assert rig.calls == []
    rig.clock.advance(20.2)
    assert len(rig.calls) == 1


def test_what_it_does_not_want_is_not_sent_again() -> None:
    """Refused, and counted so."""
    rig = Rig()
    rig.add(2)
    rig.clock.advance(EVERY)
    rig.answer(NEVER)
    assert rig.counts == (0, 0, 2) and rig.clock.getDelayedCalls() == []


def test_the_oldest_give_way() -> None:
    """Not more wait than there is room for, with those under way; each that is gone is counted."""
    rig = Rig()
    rig.add(BATCH)
    rig.clock.advance(0)
    rig.add(MOST)
    assert rig.counts == (0, BATCH, 0)
    rig.answer(LATER)
    rig.clock.advance(2.0)
    names = rig.answer(YES)
    assert (names[0], len(names)) == ("0", BATCH)
    rig.exporter.stop()
    found = []
    while rig.calls or rig.clock.getDelayedCalls():
        rig.clock.advance(0)
        found += rig.answer(YES)
    assert found == [str(number) for number in range(2 * BATCH, MOST + BATCH)]
    assert rig.counts == (MOST, BATCH, 0)


def test_a_stop_sends_what_is_here() -> None:
    """And is over when it has arrived."""
    rig = Rig()
    rig.add(BATCH + 1)
    rig.clock.advance(0)
    over = rig.exporter.stop()
    assert not over.called
    rig.answer(YES)
    rig.clock.advance(0)
    assert rig.answer(YES) == [str(BATCH)]
    assert over.called and rig.counts == (BATCH + 1, 0, 0)
    assert rig.exporter.stop().called


def test_a_stop_does_not_wait_for_ever() -> None:
    """A collector that says nothing holds nobody up; what it has of this then counts as dropped."""
    rig = Rig()
    rig.add(2)
    over = rig.exporter.stop()
    rig.clock.advance(0)
    rig.add()
    rig.clock.advance(FLUSH_SECONDS)
    assert over.called and rig.counts == (0, 3, 0)
    rig.answer(LATER)
    assert rig.counts == (0, 3, 0) and rig.clock.getDelayedCalls() == []


def test_a_call_that_cannot_even_begin() -> None:
    """It counts as any that fails: no name can be checked against `https://collector*`, for example."""
    clock = Clock()

    def post(body: bytes) -> Deferred[tuple[Taken, str, float]]:
        raise ValueError("Invalid DNS-ID.")

    exporter = SpanExporter(clock, post, {}, "1")
    for _ in range(3):
        exporter.add(b"")
        clock.advance(EVERY)
    assert len(clock.getDelayedCalls()) == 1, "it is tried again"
    assert exporter.stop().called is False
    clock.advance(FLUSH_SECONDS)
    assert exporter.counts.dropped == 3 and clock.getDelayedCalls() == []
