"""One identity of several processes: one of them renews the certificate, and the others take the new one from its files.

The service renews a certificate for whoever shows the one before, and refuses it as soon as the new one was seen: two workers
that renew at once would leave one of them with a certificate that cannot be renewed. So whoever renews holds a lock. A single
process does so, too: `connector join --again` may make another connector of the directory beside it.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from appproxy.connector.enrol.identity import RESTART, Identity, IdentityFiles, is_same_connector
from appproxy.connector.enrol.identity_lock import IdentityLock
from appproxy.errors import ConfigError

#: Seconds between two looks at the files: the certificate before is good for another third of its life.
LOOK_EVERY = 15.0


class SharedIdentity:
    """`use` takes up an identity that is in the files already; `lock` is a file beside them."""

    def __init__(self, files: IdentityFiles, lock: Path, use: Callable[[Identity], None]) -> None:
        self._files = files
        self._lock = IdentityLock(lock)
        self._use = use
        #: What was taken, or was no news: the file's time and inode.
        self._looked_at: tuple[int, int] | None = None
        #: Anchors that are to be kept.
        self._anchors: tuple[str, ...] | None = None
        self._prepared = False

    def begin(self) -> bool:
        """Hold the lock; False: another process does. Raises ConfigError."""
        return self._lock.try_acquire()

    def prepare(self, key: str, present: Identity) -> None:
        """While the lock is held: keep a new key, before a certificate is asked for. Raises ConfigError, with the fix."""
        self._files.prepare(key, present)
        self._prepared = True

    def end(self) -> None:
        """Give the lock back, if it is held. A key for which no certificate came goes."""
        if self._lock.held:
            if self._prepared:
                self._files.discard()
            self._prepared = False
            self._lock.release()

    def take_newer(self, present: Identity) -> bool:
        """Use what another process has renewed. False: there is nothing new.

        Raises ConfigError, also where another connector has joined from there, or OSError; it can be tried again.
        """
        found = self._files.certificate.stat()
        seen = found.st_mtime_ns, found.st_ino
        if seen == self._looked_at:
            return False
        identity = self._files.load()
        is_new = identity.credential.certificate != present.credential.certificate
        if is_new:
            if not is_same_connector(identity.credential.certificate, present.credential.certificate):
                raise ConfigError("another connector has joined from this state directory", hint=RESTART)
            self._use(identity)
        # Not before: what could not be taken is tried again.
        self._looked_at = seen
        return is_new

    def trust(self, anchors: tuple[str, ...], present: Identity) -> None:
        """Keep new anchors, now or, while another process renews, at a later `keep_trust`. Raises ConfigError or OSError."""
        self._anchors = anchors
        self.keep_trust(present)

    def keep_trust(self, present: Identity) -> None:
        """Keep what is still to be kept. Raises ConfigError or OSError; it can be tried again."""
        anchors, held = self._anchors, self._lock.held
        if anchors is None or not (held or self.begin()):
            return
        try:
            self._files.trust(anchors, present)
            self._anchors = None
        finally:
            if not held:
                self._lock.release()
