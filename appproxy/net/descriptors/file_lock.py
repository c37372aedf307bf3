"""One process at a time, by a lock on a file: it belongs to the open file, and ends with its process, however that ends
(flock(2)). The file stays; what counts is the lock on it.

It may be in a directory of somebody whom whoever locks it trusts less, as where root calls a command for a service of another
user. So a name that leads elsewhere is refused: that file would be locked, written to, and given away.
"""

from __future__ import annotations

import errno
import fcntl
import os
import stat
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
                self._check_kind(descriptor)
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
            return os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK, 0o600)
        except OSError as error:
            if error.errno == errno.ELOOP:
                raise self._leads_elsewhere() from error
            raise ConfigError(f"{self._path}: cannot be opened ({error.strerror})", hint=self._hint) from error

    def _check_kind(self, descriptor: int) -> None:
        """Raises ConfigError for what is no file, or has another name, too: a hard link, of whatever that is."""
        found = os.fstat(descriptor)
        if not stat.S_ISREG(found.st_mode) or found.st_nlink > 1:
            raise self._leads_elsewhere()

    def _leads_elsewhere(self) -> ConfigError:
        return ConfigError(f"{self._path}: is a link, or no file, which nothing of ours makes",
                           hint="find out who has put it there, and remove it")

    def _is_there(self, descriptor: int) -> bool:
        """Is it the file of this name? Whoever opens it after somebody has deleted it locks another one."""
        with suppress(FileNotFoundError):
            return os.path.samestat(os.fstat(descriptor), os.stat(self._path, follow_symlinks=False))
        return False
