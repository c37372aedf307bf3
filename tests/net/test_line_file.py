"""Lines of text to a file."""

from __future__ import annotations

from pathlib import Path

from twisted.internet.task import Clock

from appproxy.net.line_file import LineFile


def test_lines_are_written_within_a_second(tmp_path: Path) -> None:
    """Buffered, but not for long."""
    clock = Clock()
    file = LineFile(tmp_path / "access.log", clock)
    file.add("{}")
    assert (tmp_path / "access.log").read_text() == ""
    clock.advance(1)
    assert (tmp_path / "access.log").read_text() == "{}\n"
    assert clock.getDelayedCalls() == []
    file.close()


def test_a_rotated_file_is_followed(tmp_path: Path) -> None:
    """Moved away: the next lines go to a new file of the old name."""
    clock = Clock()
    path = tmp_path / "access.log"
    file = LineFile(path, clock)
    file.add("1")
    file.flush()
    path.rename(tmp_path / "access.log.1")
    file.add("2")
    file.close()
    assert (tmp_path / "access.log.1").read_text() == "1\n"
    assert path.read_text() == "2\n"


def test_a_disk_that_takes_nothing_costs_lines_and_no_request() -> None:
    """They are counted."""
    file = LineFile(Path("/dev/full"), Clock())
    file.add("1")
    file.add("2")
    file.flush()
    assert file.lost == 2
