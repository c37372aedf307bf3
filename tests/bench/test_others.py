"""Users who go on with their work while something happens."""

from __future__ import annotations

import json
from io import StringIO

import pytest

from bench import others
from bench.h2_client import Latencies


def test_what_they_have_seen_comes_as_json(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """So that the process that makes the load can read it."""
    seen = Latencies([], "/")
    seen.answers = [(1.0, 0.25, 200), (2.0, 0.5, 503)]
    asked: list[object] = []

    async def ask(given: object) -> Latencies:
        asked.append(given)
        return seen

    monkeypatch.setattr(others, "_ask", ask)
    monkeypatch.setattr("sys.stdin", StringIO('{"port": 1}\n'))
    others.main()
    assert asked == [{"port": 1}]
    assert json.loads(capsys.readouterr().out) == [[1.0, 0.25, 200], [2.0, 0.5, 503]]
