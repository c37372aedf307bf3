"""Lines of text to a file, buffered, and the time that they begin with: what access logs are written with."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from twisted.internet.interfaces import IDelayedCall, IReactorTime
from twisted.logger import Logger

#: A line is written at the latest after this many seconds.
_FLUSH_SECONDS = 1.0
#: Or as soon as more lines than this wait: each holds on to what it tells of, and one with a path of 8 KiB takes 0.1 ms.
_FLUSH_LINES = 64
#: The end of a time stamp; looking it up takes half as long as writing it.
_MILLISECONDS = tuple(f".{count:03d}Z" for count in range(1000))


class LineFile:
    """Lines to a file that may be moved away under us (log rotation): buffered, appended, reopened when it is gone."""

    log = Logger()

    def __init__(self, path: Path, clock: IReactorTime) -> None:
        self._path = path
        self._clock = clock
        self._lines: list[Callable[[], str]] = []
        self._call: IDelayedCall | None = None
        self._descriptor = self._open()
        self.lost = 0

    def _open(self) -> int:
        return os.open(self._path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o640)

    def later(self, line: Callable[[], str]) -> None:
        """Keep what makes a line. It is called when lines are written, within a second: putting hundreds into words one
        after the other takes half the time of doing it between all else that a request needs.
        """
        self._lines.append(line)
        if len(self._lines) > _FLUSH_LINES:
            self.flush()
        elif self._call is None:
            self._call = self._clock.callLater(_FLUSH_SECONDS, self.flush)

    def flush(self) -> None:
        """Write what is kept. A full disk loses lines, counted in `lost`, and never a request."""
        if self._call is not None:
            if self._call.active():
                self._call.cancel()
            self._call = None
        if not self._lines:
            return
        kept, self._lines = self._lines, []
        lines = [line() for line in kept]
        lines.append("")
        try:
            self._follow()
            os.write(self._descriptor, "\n".join(lines).encode())
        except OSError as error:
            if not self.lost:
                self.log.error("the log {path} cannot be written: {error}", path=str(self._path), error=error)
            self.lost += len(lines) - 1

    def _follow(self) -> None:
        """Open the file again when somebody has moved it away."""
        if not self._is_there():
            os.close(self._descriptor)
            self._descriptor = self._open()

    def _is_there(self) -> bool:
        """Is the file of this name the one that is open?"""
        try:
            return os.stat(self._path).st_ino == os.fstat(self._descriptor).st_ino
        except FileNotFoundError:
            return False

    @property
    def size(self) -> int:
        """Bytes of the file as it is now."""
        return os.fstat(self._descriptor).st_size

    def close(self) -> None:
        """Write what is kept, and close."""
        self.flush()
        os.close(self._descriptor)


class BoundedLineFile(LineFile):
    """Lines to a file, and when half of `most` bytes are in it to a new one; the one before is kept as PATH.1."""

    def __init__(self, path: Path, clock: IReactorTime, most: int) -> None:
        super().__init__(path, clock)
        self._most = most

    def flush(self) -> None:
        """Write what is kept; then begin a new file if it is time."""
        super().flush()
        if self.size * 2 < self._most:
            return
        try:
            # Several processes may write to it: one of them moves it, once.
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if self._is_there():
                os.replace(self._path, self._path.with_name(self._path.name + ".1"))
        except BlockingIOError:
            return
        except OSError as error:
            self.log.error("{path} cannot be moved away: {error}", path=str(self._path), error=error)
        fcntl.flock(self._descriptor, fcntl.LOCK_UN)


def time_stamps() -> Callable[[float], str]:
    """Tells a time, in seconds since 1970, as RFC 3339 in UTC with milliseconds: `2027-01-15T08:00:00.250Z`.

    The text of a second is made once, for requests come by the thousand.
    """
    last, text = -1, ""

    def stamp(now: float) -> str:
        nonlocal last, text
        second = int(now)
        if second != last:
            last = second
            text = datetime.fromtimestamp(second, UTC).strftime("%Y-%m-%dT%H:%M:%S")
        return text + _MILLISECONDS[int((now - second) * 1000)]

    return stamp
