"""Who owns the store of a state directory: one process at a time, by a lock that the system takes back at its end."""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from types import TracebackType

from appproxy.errors import ConfigError

#: A command holds the lock for a moment only; a service that starts just then waits for it, in seconds.
PATIENCE = 3.0
#: Seconds between two attempts.
PAUSE = 0.05


class ServiceLock:
    """`service.lock` of a state directory. The file stays; what counts is the lock on it."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._descriptor: int | None = None

    @property
    def held(self) -> bool:
        """Is it ours?"""
        return self._descriptor is not None

    @property
    def descriptor(self) -> int:
        """What a successor needs to hold the lock, too: it belongs to the open file (flock(2)), until all have closed it."""
        if self._descriptor is None:
            raise ConfigError(f"{self._path}: is not locked by this process")
        return self._descriptor

    def adopt(self, descriptor: int) -> None:
        """Hold it with a predecessor, which gives its own hold back when it ends."""
        self._descriptor = descriptor
        self._sign(descriptor)

    def try_acquire(self) -> bool:
        """Take the lock if it is free. Raises ConfigError when the state directory cannot be written to."""
        if self._descriptor is not None:
            return True
        try:
            descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600)
        except OSError as error:
            raise ConfigError(f"{self._path}: {error.strerror}",
                              hint="is this the state directory, and is it yours?") from error
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(descriptor)
            return False
        except OSError:
            os.close(descriptor)
            raise
        if os.geteuid() == 0:
            # A command of root must not leave a lock that the service's own user cannot open.
            owner = self._path.parent.stat()
            os.fchown(descriptor, owner.st_uid, owner.st_gid)
        self._sign(descriptor)
        self._descriptor = descriptor
        return True

    @staticmethod
    def _sign(descriptor: int) -> None:
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, f"{os.getpid()}\n".encode(), 0)

    def acquire(
        self,
        patience: float = PATIENCE,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        """Take the lock for a service, before its reactor runs. Raises ConfigError when another process keeps it."""
        until = clock() + patience
        while not self.try_acquire():
            if clock() >= until:
                raise ConfigError(
                    f"{self._path.parent}: another service{self.holder()} runs on this state directory", hint="stop it first"
                )
            sleep(PAUSE)

    def release(self) -> None:
        """Give the lock back."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None

    def holder(self) -> str:
        """The process that holds the lock, in words that follow another: ` (process 123)`, or nothing."""
        with suppress(OSError, ValueError):
            return f" (process {int(self._path.read_text()[:20])})"
        return ""

    def __enter__(self) -> ServiceLock:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.release()
