"""What became of spans, in Prometheus' words."""

from __future__ import annotations

from prometheus_client.core import CounterMetricFamily, Metric

from appproxy.net.traces.export import SpanCounts


def span_family(name: str, counts: SpanCounts) -> Metric:
    """One family of this name."""
    family = CounterMetricFamily(name, "Spans of traces, by what became of them.", labels=["result"])
    for result in ("sent", "dropped", "refused"):
        family.add_metric([result], getattr(counts, result))
    return family
