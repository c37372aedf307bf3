"""Lines of text to a file."""

from __future__ import annotations

from datetime import datetime
from functools import partial
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.internet.task import Clock

from appproxy.net.line_file import BoundedLineFile, LineFile, time_stamps


def test_lines_are_written_within_a_second(tmp_path: Path) -> None:
    """Buffered, but not for long."""
    clock = Clock()
    file = LineFile(tmp_path / "access.log", clock)
    file.later(lambda: "{}")
    assert (tmp_path / "access.log").read_text() == ""
    clock.advance(1)
    assert (tmp_path / "access.log").read_text() == "{}\n"
    assert clock.getDelayedCalls() == []
    file.close()


def test_lines_can_be_made_when_they_are_written(tmp_path: Path) -> None:
    """In order with the others, all once a second has passed, and no more than 64 wait."""
    clock = Clock()
    path = tmp_path / "access.log"
    file = LineFile(path, clock)
    made: list[int] = []

    def line(number: int) -> str:
        made.append(number)
        return str(number)

    file.later(partial(line, 1))
    file.later(lambda: "2")
    assert made == []
    clock.advance(1)
    assert path.read_text() == "1\n2\n"
    for number in range(300):
        file.later(partial(line, number))
    assert len(made) == 1 + 4 * 65
    file.close()
    assert len(path.read_text().splitlines()) == 302


def test_a_rotated_file_is_followed(tmp_path: Path) -> None:
    """Moved away: the next lines go to a new file of the old name."""
    clock = Clock()
    path = tmp_path / "access.log"
    file = LineFile(path, clock)
    file.later(lambda: "1")
    file.flush()
    path.rename(tmp_path / "access.log.1")
    file.later(lambda: "2")
    file.close()
    assert (tmp_path / "access.log.1").read_text() == "1\n"
    assert path.read_text() == "2\n"


def test_a_bounded_file_never_takes_more(tmp_path: Path) -> None:
    """It goes on in a new one when half of the room is taken; of older ones the last stays."""
    clock, path, former = Clock(), tmp_path / "decisions.log", tmp_path / "decisions.log.1"
    file = BoundedLineFile(path, clock, 100)
    for number in range(40):
        file.later(partial(str, f"line {number:04}"))
        clock.advance(1)
        assert sum(one.stat().st_size for one in tmp_path.iterdir()) <= 100 + len("line 0000\n")
    file.close()
    lines = (former.read_text() + path.read_text()).splitlines() if path.exists() else former.read_text().splitlines()
    assert lines == [f"line {number:04}" for number in range(40 - len(lines), 40)]
    assert len(lines) >= 5


def test_processes_share_a_bounded_file(tmp_path: Path) -> None:
    """One of them begins a new one, and all go on in it: nobody moves a new file over the one before."""
    clock, path, former = Clock(), tmp_path / "decisions.log", tmp_path / "decisions.log.1"
    one, two = (BoundedLineFile(path, clock, 100) for _ in range(2))
    two.later(lambda: "first")
    two.flush()
    one.later(lambda: "." * 60)
    one.flush()
    assert former.exists() and not path.exists()
    one.later(lambda: "new")
    one.flush()
    LineFile.flush(two)
    BoundedLineFile.flush(two)
    two.later(lambda: "both")
    two.flush()
    assert path.read_text() == "new\nboth\n" and former.read_text().startswith("first\n")
    one.close()
    two.close()


def test_a_disk_that_takes_nothing_costs_lines_and_no_request() -> None:
    """They are counted."""
    file = LineFile(Path("/dev/full"), Clock())
    file.later(lambda: "1")
    file.later(lambda: "2")
    file.flush()
    assert file.lost == 2


def test_a_stamp_moves_with_the_clock() -> None:
    """Also within a second, into the next one, and back when somebody sets the clock."""
    stamp = time_stamps()
    found = [stamp(now) for now in (1_800_000_000.25, 1_800_000_000.9999, 1_800_000_001.0, 1_799_999_999.5)]
    assert found == [
        "2027-01-15T08:00:00.250Z", "2027-01-15T08:00:00.999Z", "2027-01-15T08:00:01.000Z", "2027-01-15T07:59:59.500Z"]


@settings(max_examples=100, deadline=None)
@given(st.floats(0, 4e9))
def test_a_stamp_is_a_time_that_programs_read(now: float) -> None:
    """To the millisecond."""
    assert 0 <= now - datetime.fromisoformat(time_stamps()(now)).timestamp() < 0.0011
