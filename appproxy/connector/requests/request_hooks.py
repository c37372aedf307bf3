"""What is counted of a connector's requests, and who is told of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from appproxy.connector.counters import Counters
from appproxy.connector.requests.live_request import LiveRequest
from appproxy.tunnel.messages import Request


@dataclass(frozen=True, slots=True)
class RequestHooks:
    """`ended` hears of each request that is over; `begun` of each that comes, None where traces are off."""

    counters: Counters
    ended: Callable[[LiveRequest], None]
    begun: Callable[[Request], None] | None = None
