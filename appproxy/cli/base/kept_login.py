"""A service elsewhere that somebody has logged in to by a code: its tokens are renewed, and kept, as they end.

Several commands may run at the same time: a lock on a file beside the contexts has one of them renew, and the others take what
it got, for a refresh token that comes twice ends the session.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from appproxy.admin.transport.code_login import refreshed
from appproxy.admin.transport.remote import Remote, TokenRefused

#: Seconds before its end from which a token is renewed: a call may take a while to arrive.
EARLY = 30.0


class KeptLogin:
    """Made once a command. `read` and `write` are those of the context in the file at `path`; `now`: seconds since 1970."""

    def __init__(
        self, path: Path, read: Callable[[], Remote], write: Callable[[Remote], None], now: Callable[[], float]
    ) -> None:
        self._path = path
        self._read = read
        self._write = write
        self._now = now

    def call(
        self, method: str, path: str, body: Mapping[str, object] | None = None, *, if_match: str = "", dry_run: bool = False
    ) -> object:
        """As `Remote.call`."""
        service = self.current()
        try:
            return service.call(method, path, body, if_match=if_match, dry_run=dry_run)
        except TokenRefused:
            # Nothing was done. The clock here may be wrong, or the service have new keys.
            return self.current(refused=service.token).call(method, path, body, if_match=if_match, dry_run=dry_run)

    def follow(self, after: int | None) -> Iterator[tuple[int, Mapping[str, Any] | None]]:
        """As `Remote.follow`, until the token's end at the latest."""
        return self.current().follow(after)

    def current(self, refused: str = "") -> Remote:
        """The service with a token that counts. `refused`: one that does not, whatever the clock says. Raises TokenRefused."""
        service = self._read()
        if service.expires - EARLY > self._now() and service.token != refused:
            return service
        with _locked(self._path):
            service = self._read()  # Another command may have renewed it while this one waited.
            if service.expires - EARLY > self._now() and service.token != refused:
                return service
            service = refreshed(service, self._now())
            self._write(service)
            return service


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    descriptor = os.open(path.with_name(f"{path.name}.lock"), os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)
