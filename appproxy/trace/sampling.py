"""Which requests are traced, and as part of whose trace."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from appproxy.http.head import Fields
from appproxy.trace.context import SPAN_ID, TRACE_ID, TraceContext, read_traceparent

#: What the `traceparent` of users counts for.
IGNORE, JOIN, FOLLOW = "ignore", "join", "follow"
TRACEPARENT, TRACESTATE = b"traceparent", b"tracestate"


@dataclass(frozen=True, slots=True)
class Sample:
    """A request that is traced: its own context; the span that it is the child of, b"" for none; `state` for `tracestate`.

    `link`: what its user said of a trace of theirs, where that is not followed.
    """

    context: TraceContext
    parent: bytes
    state: bytes
    link: TraceContext | None


class Sampler:
    """`ratio`: the share of requests, from 0 to 1; `users`: one of the words above.

    Whether a request is traced is drawn for each, and never follows from a trace id: with `ignore` and `join` nobody can
    have more of theirs traced than others by what they send. `random` gives numbers from 0 to 1 without 1.
    """

    def __init__(
        self, ratio: float, users: str, random: Callable[[], float], random_bytes: Callable[[int], bytes]
    ) -> None:
        self._ratio = ratio
        self._users = users
        self._random = random
        self._random_bytes = random_bytes

    def draw(self, given: TraceContext | None, state: bytes) -> Sample | None:
        """Is this request traced? `given`, `state`: what its fields say."""
        wanted = given.sampled if given is not None and self._users == FOLLOW else self._random() < self._ratio
        if not wanted:
            return None
        span_id = self._random_bytes(SPAN_ID)
        if given is None or self._users == IGNORE:
            return Sample(TraceContext(self._random_bytes(TRACE_ID), span_id, True), b"", b"", given)
        return Sample(TraceContext(given.trace_id, span_id, True), given.span_id, state, None)


def context_of(fields: Fields) -> tuple[TraceContext | None, bytes, bool]:
    """What a request's fields say of a trace, and whether they say it so that it counts for nothing.

    That is so where there are two `traceparent` (W3C Trace Context 3.2) or it is malformed (4.3).
    """
    for name, _ in fields:
        if name == TRACEPARENT:
            break
    else:
        return None, b"", False  # as nearly always
    found = [value for name, value in fields if name == TRACEPARENT]
    context = read_traceparent(found[0]) if len(found) == 1 else None
    if context is None:
        return None, b"", True
    return context, b",".join(value for name, value in fields if name == TRACESTATE), False


def without_context(fields: Fields) -> Fields:
    """The fields without any context."""
    return [one for one in fields if one[0] != TRACEPARENT and one[0] != TRACESTATE]


def with_context(fields: Fields, context: TraceContext, state: bytes) -> Fields:
    """The fields with this context in place of another."""
    kept = without_context(fields)
    kept.append((TRACEPARENT, context.value))
    if state:
        kept.append((TRACESTATE, state))
    return kept
