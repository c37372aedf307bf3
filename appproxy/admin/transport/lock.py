"""Who owns the store of a state directory: one process at a time, by a lock that the system takes back at its end."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from types import TracebackType

from appproxy.errors import ConfigError
from appproxy.net.descriptors.file_lock import FileLock

#: A command holds the lock for a moment only; a service that starts just then waits for it, in seconds.
PATIENCE = 3.0
#: Seconds between two attempts.
PAUSE = 0.05


class ServiceLock(FileLock):
    """`service.lock` of a state directory."""

    def __init__(self, path: Path) -> None:
        super().__init__(path, "is this the state directory, and is it yours?")

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
        """Take the lock if it is free, or ours. Raises ConfigError when the state directory cannot be written to."""
        if self._descriptor is not None:
            return True
        if not super().try_acquire():
            return False
        if os.geteuid() == 0:
            # A command of root must not leave a lock that the service's own user cannot open.
            owner = self._path.parent.stat()
            os.fchown(self.descriptor, owner.st_uid, owner.st_gid)
        self._sign(self.descriptor)
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
