"""Which applications do not answer: a line in the connector's log when it begins and when it is over, none in between."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from twisted.logger import Logger

from appproxy.errors import Code

#: Seconds that an application must have answered again before the next failure is worth a line of its own. With one that
#: fails now and then, that is a line a minute at most.
CALM_SECONDS = 60.0

#: What says that an application is not well. Busy is our own limit; a cut answer may be one user's; an unwanted upgrade is
#: no outage.
OUTAGES = frozenset({
    Code.ORIGIN_REFUSED, Code.ORIGIN_DNS, Code.ORIGIN_CONNECT_TIMEOUT, Code.ORIGIN_TLS, Code.ORIGIN_CLOSED,
    Code.ORIGIN_MALFORMED, Code.ORIGIN_TIMEOUT, Code.ORIGIN_UNREACHABLE, Code.ORIGIN_DNS_TIMEOUT,
})  # fmt: skip


@dataclass(slots=True)
class _Outage:
    code: Code
    logged: float
    requests: int = 1


class Outages:
    """Hears of the requests that have ended. `seconds`: monotonic time."""

    log = Logger()

    def __init__(self, seconds: Callable[[], float]) -> None:
        self._seconds = seconds
        #: Applications that are down, by id: while there is none, nobody need say that one has answered.
        self.known: dict[str, _Outage] = {}

    def failed(self, application: str, name: str, code: Code, reason: str) -> None:
        """A request to `application` (its id) has failed; `reason` names the place."""
        if code not in OUTAGES:
            return
        known = self.known.get(application)
        if known is not None and (known.code is code or self._seconds() - known.logged < CALM_SECONDS):
            known.requests += 1
            return
        self.known[application] = _Outage(code, self._seconds())
        self.log.warn("{name} does not answer: {code}, {reason}", name=name, code=code.name, reason=reason,
                      application=application)

    def answered(self, application: str, name: str) -> None:
        """A request to `application` was answered."""
        known = self.known.get(application)
        if known is not None and self._seconds() - known.logged >= CALM_SECONDS:
            del self.known[application]
            self.log.info("{name} answers again; {count} requests had failed", name=name, count=known.requests,
                          application=application)
