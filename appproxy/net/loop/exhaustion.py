"""What is told when no file descriptor is free: the kernel refuses quietly, and Twisted closes who comes without a word."""

from __future__ import annotations

import os
import resource
import socket
from contextlib import suppress
from dataclasses import dataclass
from errno import EMFILE, ENFILE
from time import monotonic
from typing import Any

from twisted.internet import tcp
from twisted.logger import Logger

#: Errors that mean it: of this process, and of the whole system.
NO_FILE = frozenset({EMFILE, ENFILE})
#: Seconds between two lines of the log.
_SAY_EVERY = 60.0


@dataclass
class Exhaustion:
    """How often it has happened in this process."""

    log = Logger()

    #: Connections that were closed as soon as they were accepted.
    closed: int = 0
    _last: float | None = None
    _said: float | None = None

    @property
    def seconds_ago(self) -> float | None:
        """When it happened last; None: never."""
        return None if self._last is None else monotonic() - self._last

    def met(self, what: str) -> None:
        """It has happened to `what`."""
        now = self._last = monotonic()
        if self._said is None or now - self._said >= _SAY_EVERY:
            self._said = now
            self.log.error("no file descriptor is free for {what}: this process may have {limit} files open; raise that "
                           "(LimitNOFILE= of its unit, or ulimit -n)",
                           what=what, limit=resource.getrlimit(resource.RLIMIT_NOFILE)[0])


#: Descriptors are the process's, and so is this.
EXHAUSTION = Exhaustion()


def is_exhausted() -> bool:
    """Is no descriptor free at this moment? A look-up of a name says only that there is no such name then."""
    try:
        os.close(os.dup(2))
    except OSError as error:
        return error.errno in NO_FILE
    return False


class ListeningSocket(socket.socket):
    """One that tells when a connection could not be accepted for want of a descriptor."""

    _met = False

    def accept(self) -> tuple[socket.socket, Any]:
        """As the socket's."""
        try:
            found = super().accept()
        except OSError as error:
            self._met = error.errno in NO_FILE
            if self._met:
                EXHAUSTION.met("connections that come in")
            raise
        if self._met and not tcp._reservedFD.available():
            EXHAUSTION.closed += 1  # by Twisted, which has lent it its spare descriptor for that
        return found


def usage() -> dict[str, object]:
    """Files that this process may have open, and has; connections that were closed for want of one, and the last time."""
    count = 0
    with suppress(OSError):
        count = len(os.listdir("/proc/self/fd"))
    ago = EXHAUSTION.seconds_ago
    return {"limit": resource.getrlimit(resource.RLIMIT_NOFILE)[0], "open": count, "closed": EXHAUSTION.closed,
            "seconds_ago": None if ago is None else round(ago, 1)}
