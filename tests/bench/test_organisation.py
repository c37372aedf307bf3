"""What `bench.organisation` fills a store with, and what it makes of its figures."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from bench import organisation
from bench.organisation import Beside, Figures, Measured, Organisation, run


def measured(seconds: float) -> Measured:
    """The same for everything."""
    beside = cast(Beside, SimpleNamespace(worst=lambda share: seconds * share))
    each = [seconds] * 3
    return Measured(each, each, each, each, Figures({"app list": each}, each), beside, beside)


def test_rows_have_bars(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The large one beside the small one; what is too slow is beyond its bar."""
    sides = {organisation.SMALL: measured(0.05), Organisation(): measured(0.7)}
    monkeypatch.setattr(organisation, "measure", lambda directory, one, rounds: sides[one])
    rows = {row.name: row for row in run(tmp_path, Organisation(), 3, lambda text: None)}
    assert rows["appproxy app list"].verdict() == "beyond 0.5" and rows["whole snapshot"].verdict() == "within 1"
    assert rows["start of the service"].ratio == pytest.approx(14.0)
    assert rows["request beside, p99"].verdict() == "beyond 0.1"
    assert rows["request with no change, p99"].most is None


def test_commands_are_timed_by_name() -> None:
    """Each time that it is run."""
    figures = Figures()
    for _ in range(2):
        with figures.timed("app list"):
            pass
    assert [len(each) for each in figures.commands.values()] == [2]


def test_the_share_that_was_quicker() -> None:
    """Of a hundred requests."""
    beside = Beside(cast(Any, SimpleNamespace(port=1, anchor=None)))
    beside.seconds = [number / 100 for number in range(100)]
    assert (beside.worst(0.5), beside.worst(0.99), beside.worst(1.0)) == (0.5, 0.99, 0.99)
