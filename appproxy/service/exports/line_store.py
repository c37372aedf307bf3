"""Entries to a file of this machine: appended and on the disk before they count as arrived, and moved away by size."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from appproxy.export.destination import Destination


def append_lines(place: Destination, lines: Sequence[bytes]) -> OSError | None:
    """Append these lines and wait for the disk; then begin a new file if it is time. Blocks. Raises OSError.

    Gives why no new file could be begun: the lines are there all the same, and whoever sent them again would fill the disk.
    The files before are PATH.1 (the latest), PATH.2 and so on, of which so many are kept as `place` says.
    """
    path = Path(place.path)
    descriptor = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o640)
    try:
        data = b"\n".join(lines) + b"\n"
        if _ends_within_a_line(descriptor):
            # Somebody was stopped while writing it; the whole entry follows.
            data = b"\n" + data
        while data:
            data = data[os.write(descriptor, data):]
        os.fdatasync(descriptor)
        size = os.fstat(descriptor).st_size
    finally:
        os.close(descriptor)
    if size >= place.size:
        try:
            _move_away(path, place.keep)
        except OSError as error:
            return error
    return None


def _ends_within_a_line(descriptor: int) -> bool:
    size = os.fstat(descriptor).st_size
    return size > 0 and os.pread(descriptor, 1, size - 1) != b"\n"


def _move_away(path: Path, keep: int) -> None:
    """PATH becomes PATH.1, that PATH.2, and the last one goes."""
    numbered = [path, *(path.with_name(f"{path.name}.{number}") for number in range(1, keep + 1))]
    for older, newer in zip(reversed(numbered[1:]), reversed(numbered[:-1]), strict=True):
        if newer.exists():
            os.replace(newer, older)
