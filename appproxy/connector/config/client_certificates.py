"""Certificates that the connector shows to applications: files in its state directory, `client-certificates/NAME.pem`.

The service only ever names them. Their keys so never travel, are in no database or backup of the service, and whoever
takes the service over cannot carry them away.
"""

from __future__ import annotations

import os
import stat
from pathlib import Path

from appproxy.errors import ConfigError
from appproxy.pki import Credential, load_chain, load_key


class ClientCertificates:
    """The files of one directory."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    def stamp(self, name: str) -> tuple[int, int]:
        """What changes when the file is replaced. Raises ConfigError when there is none."""
        try:
            found = os.stat(self._path(name))
        except OSError as error:
            raise ConfigError(f"{self._path(name)}: {error.strerror}", hint="put certificate chain and key there") from error
        return found.st_mtime_ns, found.st_ino

    def load(self, name: str) -> Credential:
        """Certificate chain and key of this name. Raises ConfigError, which names the file and the fix."""
        path = self._path(name)
        try:
            with open(path, encoding="ascii") as file:
                mode = os.fstat(file.fileno()).st_mode
                text = file.read()
        except (OSError, ValueError) as error:
            raise ConfigError(f"{path}: cannot be read ({error})") from error
        if stat.S_IMODE(mode) & 0o077:
            raise ConfigError(f"{path}: others may read it", hint="chmod 600")
        load_chain(text, str(path))
        load_key(text, str(path))
        return Credential(text, text)

    def _path(self, name: str) -> Path:
        return self._directory / f"{name}.pem"
