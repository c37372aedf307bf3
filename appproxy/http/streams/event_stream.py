"""Event streams (text/event-stream, WHATWG HTML section 9.2.6): where one event ends, which is behind a blank line."""

from __future__ import annotations

import re

#: Two ends of a line one after the other. A line ends with CRLF, LF or CR, and a CR before an LF is no end of its own.
_BLANK_LINE = re.compile(rb"(?:\r\n|\r(?!\n)|\n)(?:\r\n|\r|\n)")
#: Bytes that two ends of lines have at most.
_LONGEST = 4


class EventFollower:
    """An event stream, as it passes. It keeps its last bytes only."""

    __slots__ = ("_last",)

    def __init__(self) -> None:
        #: Before the first event nothing is in the middle of one.
        self._last = b"\n\n"

    @property
    def between_events(self) -> bool:
        """Has the last event that began ended?"""
        return bool(_BLANK_LINE.search(self._ends))

    @property
    def _ends(self) -> bytes:
        """The ends of lines that nothing has followed yet."""
        return self._last[len(self._last.rstrip(b"\r\n")) :]

    def follow(self, data: bytes) -> None:
        """The next bytes of the stream, however they are cut."""
        self._last = data[-_LONGEST:] if len(data) >= _LONGEST else (self._last + data)[-_LONGEST:]

    def to_event_end(self, data: bytes) -> int:
        """How many of these next bytes come up to the end of an event; -1 where none ends in them. Called within an event."""
        before = self._ends
        found = _BLANK_LINE.search(before + data)
        return -1 if found is None else found.end() - len(before)
