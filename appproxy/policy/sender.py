"""For whom the work at hand is done, so that queues in which it waits can be fair.

Said once, where a request comes in, and read where its work waits: nothing in between need pass it on. It holds for one
coroutine and what that awaits (PEP 567).
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

#: Where a request came from (`policy.networks.sender_of`); "" for what the service does of its own accord.
SENDER: ContextVar[str] = ContextVar("sender", default="")


@contextmanager
def work_for(sender: str) -> Iterator[None]:
    """What is begun within is for this network: for code that is no coroutine, of which each has a context of its own."""
    before = SENDER.set(sender)
    try:
        yield
    finally:
        SENDER.reset(before)
