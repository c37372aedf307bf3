"""The command line of the bench of operations."""

from __future__ import annotations

import pytest

from bench.operations.__main__ import arguments, why_not
from bench.operations.rows import ROWS


def test_all_rows_are_meant_unless_some_are_named() -> None:
    """At the rate that is published, or at another one."""
    found = arguments([])
    assert (found.rows, found.requests, found.rate, found.streams, found.sockets) == ([], 20_000, 300.0, 50, 50)
    assert arguments(["reload", "--rate", "20"]).rate == 20.0


def test_a_check_is_short() -> None:
    """It is part of `make test`."""
    found = arguments(["--check"])
    assert found.requests <= 300 and found.streams + found.sockets <= 10


def test_a_row_that_there_is_not(capsys: pytest.CaptureFixture[str]) -> None:
    """The error names those that there are."""
    with pytest.raises(SystemExit):
        arguments(["reboot"])
    assert "there is no row reboot; there are connector-restart," in capsys.readouterr().err


def test_what_cannot_be_run_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    """With what to do about it."""
    monkeypatch.delenv("APPPROXY_TEST_POSTGRESQL", raising=False)
    for row in ROWS:
        assert ("tests/with-postgresql" in why_not(row)) is row.needs_server
    assert len({row.name for row in ROWS}) == len(ROWS)
