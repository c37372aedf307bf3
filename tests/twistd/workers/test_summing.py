"""One page of several workers' metrics."""

from __future__ import annotations

import pytest
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.parser import text_string_to_metric_families

from appproxy.twistd.workers.summing import Summing, labelled


def page(requests: int, connections: int) -> str:
    """What one worker says."""
    registry = CollectorRegistry()
    counter = Counter("requests", "Requests: all of them.", ["application", "status"], registry=registry)
    counter.labels('a "b" c', "200").inc(requests)
    counter.labels(f"only{requests}", "404").inc()
    Gauge("connections", "Open.", registry=registry).set(connections)
    Gauge("in_flight", "Under way.", ["connector"], registry=registry).labels("c1").set(connections)
    Histogram("seconds", "Time.", buckets=[1.0], registry=registry).observe(requests)
    return generate_latest(registry).decode()


def numbers(text: str) -> dict[tuple[str, tuple[tuple[str, str], ...]], float]:
    """The page as Prometheus reads it."""
    return {(sample.name, tuple(sorted(sample.labels.items()))): sample.value
            for family in text_string_to_metric_families(text) for sample in family.samples}


def test_counters_are_added_and_gauges_are_told_apart() -> None:
    """Prometheus reads the page, and each series is there once."""
    summing = Summing()
    summing.report("first", page(3, 10))
    summing.report("second", page(4, 20))
    found = numbers(summing.page([("first", "1"), ("second", "2")]))
    assert found["requests_total", (("application", 'a "b" c'), ("status", "200"))] == 7
    assert found["requests_total", (("application", "only4"), ("status", "404"))] == 1
    assert found["seconds_count", ()] == 2 and found["seconds_sum", ()] == 7
    assert found["seconds_bucket", (("le", "+Inf"),)] == 2
    assert found["connections", (("worker", "1"),)] == 10 and found["connections", (("worker", "2"),)] == 20
    assert found["in_flight", (("connector", "c1"), ("worker", "2"))] == 20
    assert ("connections", ()) not in found


def test_no_counter_falls_when_a_worker_ends() -> None:
    """Prometheus would take it for a start from zero, and count all of it again."""
    summing = Summing()
    summing.report("first", page(3, 10))
    summing.report("second", page(4, 20))
    summing.ended("first")
    found = numbers(summing.page([("second", "2")]))
    assert found["requests_total", (("application", 'a "b" c'), ("status", "200"))] == 7
    assert ("connections", (("worker", "1"),)) not in found
    summing.report("third", page(1, 0))
    summing.ended("second")
    found = numbers(summing.page([("third", "1")]))
    assert found["requests_total", (("application", 'a "b" c'), ("status", "200"))] == 8
    assert found["seconds_count", ()] == 3


@pytest.mark.parametrize("text", ["requests_total 1e", "requests_total", "# TYPE requests_total", "x y\n"])
def test_what_is_no_page_changes_nothing(text: str) -> None:
    """Where a page ends in the middle of a line, what the worker said before stays."""
    summing = Summing()
    summing.report("first", page(3, 10))
    before = summing.page([("first", "1")])
    with pytest.raises(ValueError):
        summing.report("first", text)
    assert summing.page([("first", "1")]) == before


def test_who_never_said_anything() -> None:
    """A worker that was too busy, or has just begun, is left out."""
    summing = Summing()
    summing.ended("nobody")
    assert summing.page([("nobody", "1")]) == ""
    assert labelled("up", "1") == 'up{worker="1"}' and labelled('up{a="b"}', "1") == 'up{worker="1",a="b"}'


def test_what_the_database_counts_is_no_sum() -> None:
    """All workers say the same; what one that is gone had said is no more than that."""
    name = "appproxy_audit_export_lost_total"
    text = f'# HELP {name} L.\n# TYPE {name} counter\n{name}{{destination="d"}} %d.0\n'
    summing = Summing()
    for worker, number in (("first", 7), ("second", 7), ("gone", 6)):
        summing.report(worker, text % number)
    summing.ended("gone")
    assert numbers(summing.page([("first", "1"), ("second", "2")]))[name, (("destination", "d"),)] == 7
