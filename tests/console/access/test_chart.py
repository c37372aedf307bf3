"""A chart of requests."""

from __future__ import annotations

from appproxy.console.access.chart import bars


def test_the_chart() -> None:
    """The last minute is at the right, the busiest as high as there is room, and a failure is always seen."""
    assert bars([]) == []
    made = bars([{"requests": 1000, "failed": 1}, {"requests": 0, "failed": 0}, {"requests": 500, "failed": 500}])
    assert [(one["x"], one["height"], one["failed"]) for one in made] == [(570, 96, 2), (580, 0, 0), (590, 48, 48)]
