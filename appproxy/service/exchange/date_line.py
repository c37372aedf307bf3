"""The `date` of answers (RFC 9110 section 6.6.1): when they were made, or when one came that did not say it."""

from __future__ import annotations

from collections.abc import Callable
from email.utils import formatdate


class DateLine:
    """Gives the field line for now. It is put into words once a second, however many answers there are."""

    __slots__ = ("_line", "_second", "_wall_clock")

    def __init__(self, wall_clock: Callable[[], float]) -> None:
        self._wall_clock = wall_clock
        self._second = -1
        self._line = b""

    def __call__(self) -> bytes:
        """The line, LF-ended."""
        second = int(self._wall_clock())
        if second != self._second:
            self._second = second
            self._line = b"date: %b\n" % formatdate(second, usegmt=True).encode("ascii")
        return self._line


def dated(fields: bytes, date: Callable[[], bytes]) -> bytes:
    """A field block with a date: its own, or now."""
    return fields if b"\ndate: " in fields or fields.startswith(b"date: ") else fields + date()
