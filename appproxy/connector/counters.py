"""What the connector counts: plain numbers, to be read by whoever exports them."""

from __future__ import annotations


class Counters:
    """Each only rises, from the start of the process."""

    __slots__ = ("cancelled", "failed", "in_line", "received", "rejected", "requests", "sent", "streamed",
                 "upgrades")

    def __init__(self) -> None:
        #: Requests that came, and how they ended.
        self.requests = 0
        self.in_line = 0
        self.streamed = 0
        self.upgrades = 0
        self.rejected = 0
        self.failed = 0
        self.cancelled = 0
        #: Bytes of bodies from users, and to them.
        self.received = 0
        self.sent = 0

    def as_dict(self) -> dict[str, int]:
        """All, by name."""
        return {name: getattr(self, name) for name in self.__slots__}
