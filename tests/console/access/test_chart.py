"""Charts of requests and latencies."""

from __future__ import annotations

from typing import Any

from appproxy.console.access.chart import answers, bars, latencies, slowest


def test_the_chart() -> None:
    """The last minute is at the right, the busiest as high as there is room, and a failure is always seen."""
    assert bars([]) == []
    made = bars([{"requests": 1000, "failed": 1, "seconds_ago": 150}, {"requests": 0, "failed": 0, "seconds_ago": 90},
                 {"requests": 500, "failed": 500, "seconds_ago": 20}])
    assert [(one.x, one.height, one.part) for one in made] == [(570, 96, 2), (580, 0, 0), (590, 48, 48)]
    assert [one.said for one in made] == [
        "2 min ago: 1000 requests, 1 failed", "2 min ago: 0 requests, 0 failed", "now: 500 requests, 500 failed"]


def test_latencies() -> None:
    """By the slowest minute; one without a request has none."""
    minutes: list[dict[str, Any]] = [
        {"p95": 0.5, "median": 0.25, "seconds_ago": 120}, {"p95": None, "median": None, "seconds_ago": 60},
               {"p95": 0.25, "median": None, "seconds_ago": 0}]
    assert [(one.x, one.height, one.part) for one in latencies(minutes)] == [(570, 96, 48), (590, 48, 2)]
    assert latencies(minutes)[0].said == "2 min ago: 95 of 100 within 0.5 s"
    assert (slowest(minutes), slowest([]), latencies([])) == (0.5, None, [])


def test_answers() -> None:
    """With what HTTP calls them, those of users who left with ours, and unknown ones as they are."""
    assert answers({"200": 7, "404": 2, "499": 1, "503": 3, "799": 1}) == [
        ("200 OK", 7, ""), ("404 Not Found", 2, "warning"), ("499 left by the user", 1, "warning"),
        ("503 Service Unavailable", 3, "bad"), ("799", 1, "")]
