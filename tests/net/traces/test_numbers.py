"""What became of spans, for Prometheus."""

from __future__ import annotations

from appproxy.net.traces.export import SpanCounts
from appproxy.net.traces.numbers import span_family


def test_each_is_there_from_the_beginning() -> None:
    """So that the first one is a rise."""
    counts = SpanCounts()
    counts.dropped = 3
    samples = {one.labels["result"]: one.value for one in span_family("appproxy_trace_spans", counts).samples}
    assert samples == {"sent": 0, "dropped": 3, "refused": 0}
