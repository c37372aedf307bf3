"""Bytes that have arrived and are not yet read: heads are cut off here, before any parser sees them."""

from __future__ import annotations

import re

_HEAD_END = b"\r\n\r\n"
_BARE_LF = re.compile(rb"(?<!\r)\n")


class Unread:
    """A buffer whose front moves. The bytes from `at` to the end of `data` are unread.

    As long as each piece is read before the next one arrives, nothing is copied into it; else it becomes a bytearray,
    so that a head which trickles in costs linear time.
    """

    __slots__ = ("at", "data", "_searched")

    def __init__(self) -> None:
        self.data: bytes | bytearray = b""
        self.at = 0
        self._searched = 0

    def __len__(self) -> int:
        return len(self.data) - self.at

    def add(self, data: bytes) -> None:
        """Append what arrived."""
        if self.at == len(self.data):
            self.data = data
            self.at = self._searched = 0
            return
        if not isinstance(self.data, bytearray):
            self.data = bytearray(memoryview(self.data)[self.at:])
        elif self.at:
            del self.data[:self.at]
        self._searched = max(0, self._searched - self.at)
        self.at = 0
        self.data += data

    def take(self, size: int) -> bytes:
        """The next `size` bytes, or fewer when there are fewer."""
        start = self.at
        self.at = min(start + size, len(self.data))
        piece = self.data[start:self.at]
        return piece if isinstance(piece, bytes) else bytes(piece)

    def may_begin(self, start: bytes) -> bool:
        """Do the unread bytes, as far as they go, begin like this?"""
        return start.startswith(bytes(self.data[self.at:self.at + len(start)]))

    def cut_head(self, limit: int) -> bytes | None:
        """The next head with its closing empty line, or None while it is incomplete.

        Raises OverflowError when it has more than `limit` bytes, and ValueError as soon as a line of an incomplete head
        ends without CR, because its end would then never come. Bytes once searched are not searched again.
        """
        end = self.data.find(_HEAD_END, max(self.at, self._searched - 3))
        if end >= 0 and end + 4 - self.at <= limit:
            piece = self.data[self.at:end + 4]
            self.at = end + 4
            return piece if isinstance(piece, bytes) else bytes(piece)
        if end >= 0 or len(self) > limit:
            raise OverflowError(f"a head of more than {limit} bytes")
        # The byte before a head is not the head's: a body that ends in CR gives no LF its CR.
        if self.data.startswith(b"\n", self.at) or _BARE_LF.search(self.data, max(self.at, self._searched)):
            raise ValueError("a line ends without CR")
        self._searched = len(self.data)
        return None
