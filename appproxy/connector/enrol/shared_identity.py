"""One identity of several workers: one of them renews the certificate, and the others take the new one from its files.

The service renews a certificate for whoever shows the one before, and refuses it as soon as the new one was seen: two workers
that renew at once would leave one of them with a certificate that cannot be renewed. So whoever renews, or reads what another
has written, holds a lock, which belongs to an open file and ends with its process (flock(2)).
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Callable
from pathlib import Path

from appproxy.connector.enrol.identity import Identity, IdentityFiles

#: Seconds between two looks at the files: the certificate before is good for another third of its life.
LOOK_EVERY = 15.0


class SharedIdentity:
    """`use` takes up an identity that is in the files already; `lock` is a file beside them."""

    def __init__(self, files: IdentityFiles, lock: Path, use: Callable[[Identity], None]) -> None:
        self._files = files
        self._lock = lock
        self._use = use
        self._descriptor: int | None = None
        #: What was looked at last: the file's time and inode.
        self._looked_at: tuple[int, int] | None = None

    def begin(self) -> bool:
        """Hold the lock; False: another worker does. Raises OSError."""
        descriptor = os.open(self._lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(descriptor)
            return False
        self._descriptor = descriptor
        return True

    def end(self) -> None:
        """Give the lock back, if it is held."""
        descriptor, self._descriptor = self._descriptor, None
        if descriptor is not None:
            os.close(descriptor)

    def take_newer(self, present: Identity) -> bool:
        """Use what another worker has renewed. False: there is nothing new, or it is being written.

        Raises ConfigError or OSError.
        """
        found = self._files.certificate.stat()
        seen = found.st_mtime_ns, found.st_ino
        if seen == self._looked_at:
            return False
        held = self._descriptor is not None
        if not held and not self.begin():
            return False
        try:
            identity = self._files.load()
        finally:
            if not held:
                self.end()
        self._looked_at = seen
        if identity.credential.certificate == present.credential.certificate:
            return False
        self._use(identity)
        return True
