"""The connector's log says which application does not answer, once."""

from __future__ import annotations

import pytest
from twisted.logger import capturedLogs, formatEvent

from appproxy.connector.requests.outages import CALM_SECONDS, Outages
from appproxy.errors import Code


class Time:
    """Seconds that a test sets."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_a_line_when_it_begins_and_one_when_it_is_over() -> None:
    """With name and place; whatever comes in between is only counted."""
    time = Time()
    outages = Outages(time)
    assert not outages.known
    with capturedLogs() as events:
        for _ in range(3):
            outages.failed("a1", "wiki", Code.ORIGIN_REFUSED, "http://wiki.corp:80: refused")
        assert outages.known
        time.now = CALM_SECONDS
        outages.answered("b2", "crm")
        outages.answered("a1", "wiki")
        outages.answered("a1", "wiki")
    assert [formatEvent(event) for event in events] == [
        "wiki does not answer: ORIGIN_REFUSED, http://wiki.corp:80: refused",
        "wiki answers again; 3 requests had failed",
    ]
    assert not outages.known


def test_one_that_fails_now_and_then_fills_no_disk() -> None:
    """A line a minute at most, whatever it answers with."""
    time = Time()
    outages = Outages(time)
    with capturedLogs() as events:
        for second in range(600):
            time.now = float(second)
            outages.failed("a1", "wiki", Code.ORIGIN_CLOSED if second % 3 else Code.ORIGIN_TIMEOUT, "closed")
            outages.answered("a1", "wiki")
    assert len(events) <= 2 * 600 / CALM_SECONDS


@pytest.mark.parametrize("code", [Code.CANCELLED, Code.ORIGIN_BUSY, Code.ORIGIN_TRUNCATED, Code.CONNECTOR_BUSY])
def test_what_is_no_outage(code: Code) -> None:
    """A user who leaves, and limits of our own."""
    outages = Outages(Time())
    outages.failed("a1", "wiki", code, "")
    assert not outages.known
