"""How long an answer that has begun may be silent: the same at both ends, so that neither cuts what the other would keep."""

from __future__ import annotations

#: Seconds of silence in an ordinary answer.
SILENCE_SECONDS = 600.0

_TYPE = b"\ncontent-type: "


def is_event_stream(block: bytes) -> bool:
    """Does an answer with this field block carry events (text/event-stream, WHATWG HTML section 9.2)?"""
    return _TYPE + b"text/event-stream" in b"\n" + block


def is_endless(block: bytes) -> bool:
    """May an answer with this field block go on for ever, as events and calls of gRPC do?"""
    return is_event_stream(block) or _TYPE + b"application/grpc" in b"\n" + block


def silence_of(block: bytes, idle_timeout: float) -> float:
    """Seconds that an answer with this field block may be silent: events as long as an upgraded stream, `idle_timeout`."""
    return idle_timeout if is_event_stream(block) else SILENCE_SECONDS
