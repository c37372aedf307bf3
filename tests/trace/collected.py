"""What a collector reads of an export, by the official definition of OTLP."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest


@dataclass(frozen=True, slots=True)
class Collected:
    """A span. `service`: whose it is; ids as hex digits, `parent` "" for none."""

    service: str
    trace: str
    id: str
    parent: str
    name: str
    kind: int
    begin: int
    end: int
    failed: bool
    attributes: dict[str, Any]
    events: list[tuple[str, dict[str, Any]]]
    links: list[tuple[str, str]]
    state: str
    flags: int


def collected(body: bytes) -> list[Collected]:
    """All spans of an export. Raises what protobuf raises where it is none."""
    read = ExportTraceServiceRequest.FromString(body)
    return [
        _span(plain(resource.resource.attributes)["service.name"], span)
        for resource in read.resource_spans for scope in resource.scope_spans for span in scope.spans
    ]


def _span(service: str, span: Any) -> Collected:
    return Collected(
        service, span.trace_id.hex(), span.span_id.hex(), span.parent_span_id.hex(), span.name, span.kind,
        span.start_time_unix_nano, span.end_time_unix_nano, span.status.code == 2, plain(span.attributes),
        [(one.name, plain(one.attributes)) for one in span.events],
        [(one.trace_id.hex(), one.span_id.hex()) for one in span.links], span.trace_state, span.flags)


def plain(attributes: Any) -> dict[str, Any]:
    """Attributes as Python has them."""
    return {one.key: getattr(one.value, one.value.WhichOneof("value")) for one in attributes}
