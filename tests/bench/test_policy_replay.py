"""The log of the bench is one that a node could have written."""

from __future__ import annotations

from pathlib import Path
from random import Random

from appproxy.policy.conditional.logged import read_line
from bench.policy_replay import write_log


def test_each_line_is_a_decision(tmp_path: Path) -> None:
    """In the order of time."""
    write_log(tmp_path / "log", 50, Random(1))
    entries = [read_line(line) for line in (tmp_path / "log").read_bytes().splitlines()]
    assert len(entries) == 50
    assert [one.now for one in entries] == sorted(one.now for one in entries)
