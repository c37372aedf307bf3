"""Spans on their way to a collector, by OTLP over HTTP: kept for some seconds, posted many at a time, never in anybody's way.

At most `MOST` wait. Where the collector takes none the oldest give way, and are counted. A request never waits for it.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping
from enum import Enum
from random import random

from twisted.internet.defer import Deferred, maybeDeferred, succeed
from twisted.internet.interfaces import IDelayedCall, IReactorTime
from twisted.logger import Logger
from twisted.python.failure import Failure

from appproxy.net.loop.seldom import LogThinning
from appproxy.trace.otlp import encode_export
from appproxy.trace.span import Value

#: What OpenTelemetry's own batch processors have: spans that wait, spans of one call, seconds until they go.
MOST, BATCH, EVERY = 2048, 512, 5.0
#: Seconds to the second try after a failure, and the longest.
_FIRST_WAIT, _LONGEST_WAIT = 1.0, 60.0
#: Seconds at a stop for what is still here.
FLUSH_SECONDS = 3.0


class Taken(Enum):
    """What a call came to."""

    YES = "the collector has them"
    LATER = "they may be sent again"
    NEVER = "the collector will not take them"


#: Posts a body. Fires with what came of it, why in words, and the seconds to wait that were asked for, 0 for none; or fails.
Post = Callable[[bytes], Deferred[tuple[Taken, str, float]]]


class SpanCounts:
    """Each only rises. `dropped`: nobody took them in time; `refused`: the collector did not want them."""

    __slots__ = ("dropped", "refused", "sent")

    def __init__(self) -> None:
        self.sent = self.dropped = self.refused = 0


class SpanExporter:
    """Takes spans that `encode_span` has made. `resource`: what is said of this program; `version`: its own."""

    log = Logger()

    def __init__(self, clock: IReactorTime, post: Post, resource: Mapping[str, Value], version: str) -> None:
        self.counts = SpanCounts()
        self._clock = clock
        self._post = post
        self._resource = resource
        self._version = version
        self._waiting: deque[bytes] = deque()
        self._call: IDelayedCall | None = None
        #: What is being posted.
        self._posting: list[bytes] = []
        self._wait = 0.0
        self._seldom = LogThinning()
        #: Fires when nothing waits any more; set at a stop.
        self._empty: Deferred[None] | None = None

    def add(self, span: bytes) -> None:
        """One more."""
        waiting = self._waiting
        if len(waiting) + len(self._posting) >= MOST:
            self.counts.dropped += 1
            if not waiting:
                return
            waiting.popleft()
        waiting.append(span)
        if self._call is None and not self._posting:
            self._call = self._clock.callLater(EVERY, self._send)
        elif len(waiting) == BATCH and not self._wait and self._call is not None:
            self._call.reset(0)

    def stop(self) -> Deferred[None]:
        """Send what is here, for a moment; what is left then is dropped."""
        self._wait = 0.0
        if self._call is not None:
            self._call.reset(0)
        if not self._waiting and not self._posting:
            return succeed(None)
        done: Deferred[None] = Deferred()
        self._empty = done
        return done.addTimeout(FLUSH_SECONDS, self._clock, lambda result, seconds: None).addBoth(self._give_up)

    def _send(self) -> None:
        self._call = None
        waiting = self._waiting
        self._posting = [waiting.popleft() for _ in range(min(BATCH, len(waiting)))]
        body = encode_export(self._resource, "appproxy", self._version, self._posting)
        maybeDeferred(self._post, body).addCallbacks(self._answered, self._failed)

    def _failed(self, failure: Failure) -> None:
        self._answered((Taken.LATER, failure.getErrorMessage() or type(failure.value).__name__, 0.0))

    def _answered(self, outcome: tuple[Taken, str, float]) -> None:
        taken, why, asked = outcome
        posted, self._posting = self._posting, []
        if taken is Taken.YES:
            self.counts.sent += len(posted)
            if self._wait:
                self.log.info("the collector takes traces again")
            self._wait = 0.0
        elif taken is Taken.NEVER:
            self.counts.refused += len(posted)
            self._say("the collector does not take {count} spans: {why}", len(posted), why)
        else:
            self._keep(posted)
            self._wait = min(_LONGEST_WAIT, max(asked, self._wait * 2 or _FIRST_WAIT))
            self._say("traces cannot be sent, {count} spans wait: {why}", len(self._waiting), why)
        self._go_on()

    def _keep(self, posted: list[bytes]) -> None:
        """They may be sent again, as far as there is room: newer ones have come meanwhile."""
        room = MOST - len(self._waiting)
        kept = posted[max(0, len(posted) - room):]
        self.counts.dropped += len(posted) - len(kept)
        self._waiting.extendleft(reversed(kept))

    def _go_on(self) -> None:
        if self._waiting:
            full = len(self._waiting) >= BATCH or self._empty is not None
            # Several programs that lost one collector do not come back in one moment.
            wait = self._wait * (0.5 + random() / 2) if self._wait else 0.0 if full else EVERY
            self._call = self._clock.callLater(wait, self._send)
        elif self._empty is not None and not self._empty.called:
            self._empty.callback(None)

    def _give_up(self, result: object) -> None:
        if self._call is not None:
            self._call.cancel()
            self._call = None
        left = len(self._waiting) + len(self._posting)
        self._waiting.clear()
        self._posting = []
        if left:
            self.counts.dropped += left
            self.log.warn("{count} spans were not sent before the stop", count=left)

    def _say(self, text: str, count: int, why: str) -> None:
        if self._seldom.is_due(text, self._clock.seconds()):
            self.log.warn(text, count=count, why=why)
