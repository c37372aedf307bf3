"""Entries to a file."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from appproxy.export.destination import Destination, Way
from appproxy.service.exports.line_store import append_lines


@pytest.fixture
def place(tmp_path: Path) -> Destination:
    """A file of 20 bytes at most, with two before it."""
    return Destination(Way.FILE, path=str(tmp_path / "audit.jsonl"), size=20, keep=2)


def files(place: Destination) -> dict[str, str]:
    """What is there, by name."""
    return {path.name: path.read_text() for path in Path(place.path).parent.iterdir()}


def test_lines_are_appended(place: Destination) -> None:
    """Readable by the owner and the group alone."""
    append_lines(place, [b"one", b"two"])
    append_lines(place, [b"three"])
    assert files(place) == {"audit.jsonl": "one\ntwo\nthree\n"}
    assert Path(place.path).stat().st_mode & 0o027 == 0


def test_files_change_by_size(place: Destination) -> None:
    """The latest is PATH.1; the last one goes."""
    for number in range(5):
        append_lines(place, [b"%d" % number * 10, b"-" * 10])
    assert sorted(files(place)) == ["audit.jsonl.1", "audit.jsonl.2"]
    append_lines(place, [b"next"])
    assert files(place)["audit.jsonl"] == "next\n"
    assert files(place)["audit.jsonl.1"].startswith("4") and files(place)["audit.jsonl.2"].startswith("3")


def test_a_line_that_was_cut(place: Destination) -> None:
    """Whoever was killed while writing has left half a line: the next one begins on its own."""
    Path(place.path).write_text('{"ha')
    append_lines(place, [b"whole"])
    assert files(place) == {"audit.jsonl": '{"ha\nwhole\n'}


def test_a_link_is_not_followed(place: Destination, tmp_path: Path) -> None:
    """What it leads to is somebody else's."""
    Path(place.path).symlink_to(tmp_path / "other")
    with pytest.raises(OSError):
        append_lines(place, [b"x"])
    assert not (tmp_path / "other").exists()


def test_a_directory_that_is_not_ours(place: Destination, monkeypatch: pytest.MonkeyPatch) -> None:
    """The file grows, each line is there once, and why it stays is told."""

    def denied(*_: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(os, "replace", denied)
    assert append_lines(place, [b"short"]) is None
    assert isinstance(append_lines(place, [b"-" * 20]), PermissionError)
    assert isinstance(append_lines(place, [b"last"]), PermissionError)
    assert files(place) == {"audit.jsonl": "short\n" + "-" * 20 + "\nlast\n"}
