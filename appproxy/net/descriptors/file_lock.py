"""One process at a time, by a lock on a file: it belongs to the open file, and ends with its process, however that ends
(flock(2)). The file stays; what counts is the lock on it.
"""

from __future__ import annotations

import fcntl
import os
from contextlib import suppress
from pathlib import Path

from appproxy.errors import ConfigError

#: How often a lock file is opened again that was deleted in the same moment.
_TRIES = 5


class FileLock:
    """`path`: the file, which is made where it is not there. `hint`: what to do where it cannot be opened."""

    def __init__(self, path: Path, hint: str) -> None:
        self._path = path
        self._hint = hint
        self._descriptor: int | None = None

    @property
    def held(self) -> bool:
        """By this very object?"""
        return self._descriptor is not None

    def try_acquire(self) -> bool:
        """Hold it; False: another does. Raises ConfigError, with the hint, where the file cannot be opened or locked."""
        for _ in range(_TRIES):
            descriptor = self._open()
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                if self._is_there(descriptor):
                    self._descriptor, descriptor = descriptor, -1
                    return True
            except BlockingIOError:
                return False
            except OSError as error:
                raise ConfigError(f"{self._path}: cannot be locked ({error.strerror})",
                                  hint="the state directory needs a file system with locks (flock)") from error
            finally:
                if descriptor >= 0:
                    os.close(descriptor)
        return False

    def release(self) -> None:
        """Give it back, if it is held."""
        descriptor, self._descriptor = self._descriptor, None
        if descriptor is not None:
            os.close(descriptor)

    def _open(self) -> int:
        try:
            return os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise ConfigError(f"{self._path}: cannot be opened ({error.strerror})", hint=self._hint) from error

    def _is_there(self, descriptor: int) -> bool:
        """Is it the file of this name? Whoever opens it after somebody has deleted it locks another one."""
        with suppress(FileNotFoundError):
            return os.path.samestat(os.fstat(descriptor), os.stat(self._path))
        return False
