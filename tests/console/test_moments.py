"""Times in the words of people."""

from __future__ import annotations

import pytest

from appproxy.console.moments import machine, many, moment, relative, span, within


@pytest.mark.parametrize(("seconds", "text"), [
    (0, "0 seconds"), (1, "1 second"), (59.9, "59 seconds"), (60, "1 minute"), (7199, "1 hour"), (86_400, "1 day"),
    (200_000, "2 days"),
])
def test_spans(seconds: float, text: str) -> None:
    """In the largest unit that fits."""
    assert span(seconds) == text


def test_times() -> None:
    """Before, after and never; exactly for who wants to know, and for machines."""
    assert relative(100, 220) == "2 minutes ago" and relative(220, 100) == "in 2 minutes" and relative(None, 1) == "never"
    assert moment(1782864000) == "2026-07-01 00:00 UTC" and machine(1782864000) == "2026-07-01T00:00:00Z"
    assert moment(0) == "never"


def test_numbers() -> None:
    """Latencies and counts."""
    assert [within(one) for one in (None, 0.005, 0.25, 2.5, 10)] == ["–", "5 ms", "250 ms", "2.5 s", "10 s"]
    assert many(12345) == "12,345"
