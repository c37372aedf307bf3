"""Files of the state directory: written whole or not at all, readable by their owner only."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Mapping
from pathlib import Path

from appproxy.config.connector import ConnectorSettings, load_connector
from appproxy.config.outbound_proxy import OutboundProxies, checked_credentials, read_proxies
from appproxy.config.state import ConnectorPaths
from appproxy.errors import ConfigError


def read_settings(directory: Path) -> ConnectorSettings:
    """The settings of a connector's state directory. Raises ConfigError, with the fix."""
    path = ConnectorPaths(directory.absolute()).settings
    try:
        text = path.read_text()
    except FileNotFoundError:
        join = f"appproxy connector join TOKEN --state {directory}"
        raise ConfigError(f"{path}: not found", hint=f"join the service first: {join}") from None
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: cannot be read: {getattr(error, 'strerror', None) or error}") from error
    return load_connector(text, str(path))


def proxies_of(
    outbound_proxy: str | None, credentials: str | None, directory: Path, environment: Mapping[str, str]
) -> OutboundProxies:
    """The proxy on the way out, from its two settings and the environment. Raises ConfigError."""
    return read_proxies(outbound_proxy, _credentials(credentials, directory, environment), environment)


def _credentials(source: str | None, directory: Path, environment: Mapping[str, str]) -> str:
    """`USER:PASSWORD`, or "" without a source. Raises ConfigError, which does not show it."""
    if source is None:
        return ""
    try:
        if source.startswith("env:"):
            found = environment.get(source.removeprefix("env:"), "")
        else:
            found = (directory / source).read_text().strip()
        if not found:
            raise ValueError("nothing is there")
        return checked_credentials(found)
    except OSError as error:
        raise ConfigError(f"outbound_proxy_credentials: {source}: cannot be read ({error.strerror})") from None
    except ValueError as error:
        reason = "it is no UTF-8" if isinstance(error, UnicodeDecodeError) else error
        raise ConfigError(f"outbound_proxy_credentials: {source}: {reason}",
                          hint="write USER:PASSWORD there, on one line") from None


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
