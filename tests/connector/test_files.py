"""Files that are written whole or not at all."""

from __future__ import annotations

from pathlib import Path

import pytest

from appproxy.connector.files import write_all, write_private


def test_replaced_whole(tmp_path: Path) -> None:
    """The new content is there, with mode 0600, and nothing else is left in the folder."""
    path = tmp_path / "key"
    path.write_bytes(b"old")
    path.chmod(0o644)
    write_private(path, b"new")
    assert path.read_bytes() == b"new"
    assert path.stat().st_mode & 0o777 == 0o600
    assert list(tmp_path.iterdir()) == [path]


def test_all_or_nothing(tmp_path: Path) -> None:
    """When one of several cannot be written, every old content is still there."""
    path = tmp_path / "key"
    path.write_bytes(b"old")
    with pytest.raises(OSError):
        write_all({path: b"new", tmp_path / "missing" / "certificate": b"new"})
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]
