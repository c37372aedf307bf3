"""Spans in the binary form of OTLP 1 (opentelemetry-proto, trace/v1/trace.proto and collector/trace/v1/trace_service.proto).

Protocol Buffers need three kinds of fields here: varints, eight bytes and lengths with what they count.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from struct import Struct

from appproxy.trace.span import Span, Value

#: What OTLP over HTTP is posted as.
CONTENT_TYPE = "application/x-protobuf"
_fixed64, _fixed32, _double = Struct("<Q"), Struct("<I"), Struct("<d")
_VARINT, _EIGHT, _COUNTED, _FOUR = 0, 1, 2, 5
_ERROR = 2
#: Letters of a text that is exported; a name or path may be as long as a request's target.
_MOST_TEXT = 1024
#: Of a whole number: 64 bits, of which the first is the sign.
_WHOLE = 1 << 64


def encode_span(span: Span) -> bytes:
    """One span, as a field of a `ScopeSpans`."""
    parts = [
        _counted(1, span.context.trace_id), _counted(2, span.context.span_id), _text(3, span.state),
        _counted(4, span.parent) if span.parent else b"", _text(5, span.name), _varint_field(6, span.kind),
        _time(7, span.begin), _time(8, span.end), _attributes(9, span.attributes),
    ]
    parts += [_counted(11, _time(1, one.time) + _text(2, one.name) + _attributes(3, one.attributes)) for one in span.events]
    parts += [_counted(13, _counted(1, one.trace_id) + _counted(2, one.span_id)) for one in span.links]
    if span.failed:
        parts.append(_counted(15, _varint_field(3, _ERROR)))
    parts.append(_tag(16, _FOUR) + _fixed32.pack(int(span.context.sampled)))
    return _counted(2, b"".join(parts))


def encode_export(resource: Mapping[str, Value], scope: str, version: str, spans: Iterable[bytes]) -> bytes:
    """An `ExportTraceServiceRequest` with these spans, which `encode_span` has made. Without any it asks for nothing."""
    described = _counted(1, _attributes(1, resource))
    scoped = _counted(1, _text(1, scope) + _text(2, version)) + b"".join(spans)
    return _counted(1, described + _counted(2, scoped))


def _attributes(number: int, attributes: Mapping[str, Value]) -> bytes:
    return b"".join(_counted(number, _text(1, key) + _counted(2, _value(value))) for key, value in attributes.items())


def _value(value: Value) -> bytes:
    """An `AnyValue`. False and 0 are written, too: which of its fields is there says what it is."""
    if isinstance(value, bool):
        return _varint_field(2, int(value))
    if isinstance(value, int):
        return _varint_field(3, value % _WHOLE)
    if isinstance(value, float):
        return _tag(4, _EIGHT) + _double.pack(value)
    return _counted(1, _utf8(value))


def _text(number: int, text: str) -> bytes:
    return _counted(number, _utf8(text)) if text else b""


def _utf8(text: str) -> bytes:
    return text[:_MOST_TEXT].encode("utf-8", "replace")


def _time(number: int, seconds: float) -> bytes:
    """Nanoseconds since 1970, as exact as a float has them: to a microsecond."""
    return _tag(number, _EIGHT) + _fixed64.pack(max(0, round(seconds * 1e6)) * 1000 % _WHOLE)


def _counted(number: int, data: bytes) -> bytes:
    return _tag(number, _COUNTED) + _varint(len(data)) + data


def _varint_field(number: int, value: int) -> bytes:
    return _tag(number, _VARINT) + _varint(value)


def _tag(number: int, kind: int) -> bytes:
    return _varint(number << 3 | kind)


def _varint(value: int) -> bytes:
    """Seven bits a byte, the lowest first; all but the last have the highest bit set."""
    if value < 0x80:
        return bytes((value,))
    found = bytearray()
    while value >= 0x80:
        found.append(value & 0x7F | 0x80)
        value >>= 7
    found.append(value)
    return bytes(found)
