"""What a run of the benchmark is worth."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from bench.report import Row, Series, table, write


@pytest.mark.parametrize(
    ("product", "reference", "goal", "verdict"),
    [
        ([50.0, 51.0, 49.0], [100.0, 100.0, 100.0], 0.45, "reaches 0.45"),
        ([40.0, 41.0, 39.0], [100.0, 100.0, 100.0], 0.45, "below 0.45"),
        ([50.0, 70.0, 40.0], [100.0, 100.0, 100.0], 0.45, "void: spread 60%"),
        ([50.0, 50.0, 50.0], [100.0, 130.0, 90.0], 0.45, "void: spread 40%"),
        ([50.0, 50.0, 50.0], [100.0, 100.0, 100.0], None, ""),
    ],
)
def test_verdicts(product: list[float], reference: list[float], goal: float | None, verdict: str) -> None:
    """The ratio of medians against the bar; rounds that lie apart count for nothing."""
    assert Row("GET", "requests/s", Series(product), Series(reference), goal).verdict() == verdict


@pytest.mark.parametrize(("product", "verdict"), [([60.0], "within 64"), ([65.0], "beyond 64"), ([10.0, 60.0], "within 64")])
def test_what_may_not_be_exceeded(product: list[float], verdict: str) -> None:
    """A figure of the product alone, however it wavers below its bar."""
    assert Row("growth", "MiB", Series(product), most=64).verdict() == verdict


@pytest.mark.parametrize(("product", "verdict"), [(4.0, "within 4"), (4.1, "beyond 4")])
def test_a_latency_has_a_highest_ratio(product: float, verdict: str) -> None:
    """Lower is better."""
    assert Row("p50", "ms", Series([product]), Series([1.0]), most_ratio=4).verdict() == verdict


def test_sides_that_take_turns_are_compared_round_by_round() -> None:
    """A machine that grows slower over the rounds moves no ratio; one that wavers within them is seen."""
    slower = Row("GET", "requests/s", Series([95.0, 57.0, 76.0]), Series([100.0, 60.0, 80.0]), 0.95, paired=True)
    assert slower.ratio == pytest.approx(0.95) and slower.verdict() == "reaches 0.95"
    # Its medians alone would be void.
    assert Row("GET", "requests/s", slower.product, slower.reference, 0.95).verdict().startswith("void")
    wavers = Row("GET", "requests/s", Series([95.0, 57.0, 76.0]), Series([100.0, 100.0, 100.0]), 0.5, paired=True)
    assert wavers.verdict() == "void: spread 50%"


def test_one_round_of_many_may_stand_out() -> None:
    """Of more than three rounds, the farthest one is left out of the spread."""
    assert Series([100.0, 101.0, 99.0, 100.0, 200.0]).spread == pytest.approx(0.02)
    assert Series([100.0, 200.0]).spread > 0.5


def test_latencies_waver_without_voiding() -> None:
    """Only rates make a run void."""
    assert Row("p99", "ms", Series([1.0, 2.0, 3.0]), Series([1.0, 1.0, 1.0])).verdict() == "spread 100%"


def test_a_named_reason_is_void() -> None:
    """Whatever the figures."""
    row = Row("GET", "requests/s", Series([1.0]), Series([1.0]), 0.45, void="the reference made connections")
    assert row.verdict() == "void: the reference made connections"


def test_the_table_lines_up() -> None:
    """One line a row; where there is no reference, there is no ratio."""
    rows = [Row("one", "MB/s", Series([1234.5]), Series([2469.0])), Row("two", "KiB", Series([0.12345]))]
    first, one, two = table(rows).splitlines()
    assert "two nginx" in first
    assert one.split() == ["one", "1,234", "2,469", "0.50", "MB/s"]
    assert two.split() == ["two", "0.123", "KiB"]


def test_a_run_is_kept(tmp_path: Path) -> None:
    """With its rounds, the ratio and the machine."""
    write([Row("one", "MB/s", Series([1.0]), Series([2.0]))], tmp_path / "a" / "b.json", {"rounds": 1})
    kept = json.loads((tmp_path / "a" / "b.json").read_text())
    assert (kept["rounds"], kept["rows"][0]["ratio"], kept["rows"][0]["product"]) == (1, 0.5, [1.0])
    assert kept["machine"]["processors"]
