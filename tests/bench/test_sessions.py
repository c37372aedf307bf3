"""What is told of sessions at size."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from bench.h2_client import Latencies
from bench.session_refresh import RefreshEffort, rows_of
from tests.end_to_end.identity_provider import IdentityProvider

EFFORT = RefreshEffort(sessions=2, tabs=2, life=60, pause=20.0)


def verdicts(refreshed: dict[str, list[float]], statuses: dict[int, int], reused: int = 0) -> dict[str, str]:
    """What the table says of each row that has a bar."""
    corp = IdentityProvider("https://corp", Path(), "", "", key=None, refreshed=refreshed, reused=["x"] * reused)  # type: ignore[arg-type]
    return {row.name.partition(",")[0]: row.verdict() for row in rows_of(corp, EFFORT, Counter(statuses), 240.0, 360.0)}


def test_once_for_each_life() -> None:
    """A second refresh within a life, one that comes too late, a refusal and a token that came twice are beyond the bars."""
    good = verdicts({"a": [0.0, 61.0, 130.0, 200.0, 370.0]}, {200: 10})
    assert {good[name] for name in good if good[name]} == {"within 0"}
    assert verdicts({"a": [0.0, 10.0]}, {200: 10})["two refreshes within one life of the tokens"] == "beyond 0"
    assert verdicts({"a": [0.0, 150.0]}, {200: 10})["refreshes that came more than 100 s after the last"] == "beyond 0"
    assert verdicts({}, {200: 9, 303: 1})["requests that were redirected or refused"] == "beyond 0"
    assert verdicts({}, {200: 9}, reused=1)["tokens that came twice"] == "beyond 0"


def test_latencies() -> None:
    """Of the requests that were sent in a time, and all that were refused."""
    found = Latencies([], "/")
    found.answers = [(float(second), second / 100.0, 200) for second in range(100)] + [(200.0, 9.0, 503)]
    assert found.p99(0.0, 100.0) == 0.99 and found.p99(0.0, 50.0) == 0.49
    assert found.refused() == 1
