"""Request ids: handles of one connector's requests at one node."""

from __future__ import annotations

from collections.abc import Container

#: The largest id; 0 is the connection itself.
LARGEST = 2**32 - 1
#: Bytes of one.
ID_SIZE = 4


class RequestIds:
    """Hands out ids 1 to 2^32-1, rising, wrapping, and skipping those in use. One for each connector and node epoch.

    An id is a handle, not a secret, and nothing compares ids by size.
    """

    __slots__ = ("_last",)

    def __init__(self, last: int = 0) -> None:
        self._last = last

    def allocate(self, in_use: Container[int]) -> int:
        """The next id that is not in use."""
        last = self._last
        while True:
            last = last + 1 if last < LARGEST else 1
            if last not in in_use:
                self._last = last
                return last
