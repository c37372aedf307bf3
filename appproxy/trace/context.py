"""The field `traceparent` (W3C Trace Context, section 3.2): which trace a request belongs to, and whose child it is."""

from __future__ import annotations

import re
from dataclasses import dataclass

#: Sizes in bytes (section 3.2.2.3 and 3.2.2.4).
TRACE_ID, SPAN_ID = 16, 8
_SAMPLED = 1
#: Of a version that is not known yet the beginning is read as of the first one (section 4.3). Only small letters count.
_FORM = re.compile(rb"([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-[!-~]*+)?")


@dataclass(frozen=True, slots=True)
class TraceContext:
    """`trace_id` of 16 bytes and `span_id` of 8, neither all zeros; `sampled`: whoever sent it records its part."""

    trace_id: bytes
    span_id: bytes
    sampled: bool

    @property
    def value(self) -> bytes:
        """What the field says."""
        return b"00-%b-%b-%02x" % (self.trace_id.hex().encode(), self.span_id.hex().encode(), self.sampled)


def read_traceparent(value: bytes) -> TraceContext | None:
    """What the field says; None where it is malformed, and so means nothing (section 4.3)."""
    found = _FORM.fullmatch(value)
    if found is None:
        return None
    version, trace, span, flags, more = found.groups()
    trace_id, span_id = bytes.fromhex(trace.decode()), bytes.fromhex(span.decode())
    if version == b"ff" or (version == b"00" and more is not None) or not any(trace_id) or not any(span_id):
        return None
    return TraceContext(trace_id, span_id, bool(int(flags, 16) & _SAMPLED))
