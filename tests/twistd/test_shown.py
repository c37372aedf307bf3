"""Commands that are printed run as they are printed."""

from __future__ import annotations

from pathlib import Path

import pytest

from appproxy.twistd.shown import connector_command, program, service_command


@pytest.fixture
def python(tmp_path: Path) -> str:
    """A Python with our command beside it."""
    place = tmp_path / "a place" / "bin"
    place.mkdir(parents=True)
    for name in ("python", "appproxy"):
        (place / name).write_text("#!/bin/sh\n")
        (place / name).chmod(0o755)
    return str(place / "python")


def test_a_program_that_the_shell_finds_goes_by_its_name(python: str) -> None:
    """Nobody wants to read a path that need not be typed."""
    assert program("appproxy", python, str(Path(python).parent)) == "appproxy"


def test_a_program_that_the_shell_does_not_find_goes_by_its_path(python: str, tmp_path: Path) -> None:
    """Quoted, so that a directory with a space in its name is one word; also where another installation would be found."""
    other = tmp_path / "appproxy"
    other.write_text("#!/bin/sh\n")
    other.chmod(0o755)
    for search in ("/nonexistent", str(tmp_path)):
        assert program("appproxy", python, search) == f"'{tmp_path}/a place/bin/appproxy'"


def test_without_a_program_beside_us_the_name_must_do(python: str) -> None:
    """As with `python -m appproxy.cli` from a checkout."""
    assert program("twistd", python, "") == "twistd"


def test_state_directories_are_quoted() -> None:
    """A blank in a path does not cut it; both programs can run in one directory."""
    assert service_command(Path("/a b")).endswith("twistd -n --pidfile= appproxy-service --state '/a b'")
    assert connector_command(Path("/c")).endswith("twistd -n --pidfile= appproxy-connector --state /c")
