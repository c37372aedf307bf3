"""A span: one party's part of a trace. Its words are those of OpenTelemetry's semantic conventions for HTTP."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import IntEnum

from appproxy.trace.context import TraceContext

#: What an attribute may be.
Value = str | bool | int | float
#: Methods that have a name of their own; any other is `_OTHER`, so that nobody can make up endless ones.
_METHODS = frozenset(["CONNECT", "DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT", "QUERY", "TRACE"])


class SpanKind(IntEnum):
    """The numbers of OTLP."""

    SERVER = 2
    CLIENT = 3


@dataclass(frozen=True, slots=True)
class SpanEvent:
    """What happened meanwhile; `time` in seconds since 1970."""

    time: float
    name: str
    attributes: Mapping[str, Value]


@dataclass(slots=True)
class Span:
    """`begin` and `end` in seconds since 1970; `parent`: the span id that it is the child of, b"" for none.

    `state` is the field `tracestate` as it came. `failed`: its status is an error.
    """

    context: TraceContext
    parent: bytes
    kind: SpanKind
    begin: float
    name: str = ""
    end: float = 0.0
    state: str = ""
    failed: bool = False
    attributes: dict[str, Value] = field(default_factory=dict)
    events: list[SpanEvent] = field(default_factory=list)
    #: Traces that have to do with this one.
    links: list[TraceContext] = field(default_factory=list)

    def happened(self, time: float, name: str, **attributes: Value) -> None:
        """Note an event; the names of its attributes begin with `appproxy.`."""
        self.events.append(SpanEvent(time, name, {f"appproxy.{key}": value for key, value in attributes.items()}))


def method_attributes(method: bytes) -> dict[str, Value]:
    """`http.request.method`, and where that is no usual one what it really was."""
    name = method.decode("latin-1")
    return {"http.request.method": name} if name in _METHODS else {
        "http.request.method": "_OTHER", "http.request.method_original": name}


def bare_path(target: bytes) -> str:
    """The path of a request's target, without the query: there may be secrets in it."""
    return target.partition(b"?")[0].decode("latin-1")
