"""What the connector counts: plain numbers, to be read by whoever exports them."""

from __future__ import annotations

from collections import Counter

from appproxy.errors import Code


class Counters:
    """Each only rises, from the start of the process."""

    __slots__ = ("cancelled", "failed", "failures", "in_line", "received", "rejected", "requests", "sent", "streamed",
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
        #: Those that failed, were rejected or cancelled, by why.
        self.failures: Counter[Code] = Counter()
        #: Bytes of bodies from users, and to them.
        self.received = 0
        self.sent = 0
