"""Files that are written whole or not at all."""

from __future__ import annotations

from pathlib import Path

import pytest

from appproxy.config.connector import ConnectorSettings, dump_connector
from appproxy.connector.config.files import read_settings, write_all, write_private
from appproxy.errors import ConfigError


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


def test_settings_are_read_back(tmp_path: Path) -> None:
    """As `connector join` has written them."""
    settings = ConnectorSettings(address="connect.example.com:8443", name="connect.example.com", id="c1")
    (tmp_path / "connector.toml").write_text(dump_connector(settings))
    assert read_settings(tmp_path) == settings


def test_settings_that_are_not_there(tmp_path: Path) -> None:
    """The error names file and hint; so it does for a file that is none."""
    with pytest.raises(ConfigError, match="connector.toml: not found; .*appproxy connector join"):
        read_settings(tmp_path / "missing")
    (tmp_path / "connector.toml").mkdir()
    with pytest.raises(ConfigError, match="connector.toml: cannot be read: Is a directory"):
        read_settings(tmp_path)
