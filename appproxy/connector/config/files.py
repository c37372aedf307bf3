"""Files of the state directory: written whole or not at all, readable by their owner only."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Mapping
from pathlib import Path

from appproxy.config.connector import ConnectorSettings, load_connector
from appproxy.config.state import ConnectorPaths
from appproxy.errors import ConfigError


def read_settings(directory: Path) -> ConnectorSettings:
    """The settings of a connector's state directory. Raises ConfigError, with the fix."""
    path = ConnectorPaths(directory.absolute()).settings
    try:
        text = path.read_text()
    except FileNotFoundError:
        join = f"appproxy connector join TOKEN --state {directory}"
        raise ConfigError(f"{path}: not found; join the service first: {join}") from None
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: cannot be read: {getattr(error, 'strerror', None) or error}") from error
    return load_connector(text, str(path))


def write_private(path: Path, data: bytes) -> None:
    """Replace a file's content in one step, with mode 0600. Raises OSError; the old content then is still there."""
    write_all({path: data})


def write_all(files: Mapping[Path, bytes]) -> None:
    """Replace several files: all are written and on the disk before the first one takes its place.

    Raises OSError; when that happens while writing, every old content is still there.
    """
    ready: list[tuple[str, Path]] = []
    try:
        for path, data in files.items():
            ready.append((_write_beside(path, data), path))
    except BaseException:
        for name, _ in ready:
            os.unlink(name)
        raise
    for name, path in ready:
        os.replace(name, path)
    for folder in {path.parent for path in files}:
        _sync_folder(folder)


def _write_beside(path: Path, data: bytes) -> str:
    """Write a new file in the same folder; mkstemp gives it mode 0600 from the start."""
    number, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    try:
        with os.fdopen(number, "wb") as out:
            out.write(data)
            out.flush()
            os.fsync(out.fileno())
    except BaseException:
        os.unlink(name)
        raise
    return name


def _sync_folder(folder: Path) -> None:
    """Without this a power cut can bring the old name back."""
    number = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(number)
    finally:
        os.close(number)
