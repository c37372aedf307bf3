"""For whom the work at hand is done, so that queues in which it waits can be fair.

Said once, where a request comes in, and read where its work waits: nothing in between need pass it on. It holds for one
coroutine and what that awaits (PEP 567).
"""

from __future__ import annotations

from contextvars import ContextVar

#: The network that a request came from (`policy.networks`); "" for what the service does of its own accord.
SENDER: ContextVar[str] = ContextVar("sender", default="")
