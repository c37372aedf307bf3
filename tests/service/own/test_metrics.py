"""What the metrics count users' requests under."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from appproxy.service.own.metrics import Traffic


@dataclass
class Over:
    """An exchange that is over."""

    application: str
    status: int
    failure: None = None
    received: int = 1
    sent: int = 2
    started: float = 0.0


def counted(*exchanges: Over) -> dict[tuple[str, str], float]:
    """The requests by their labels."""
    traffic = Traffic(lambda: 1.0)
    for exchange in exchanges:
        made: Any = exchange
        traffic.add(made)
    requests = next(iter(traffic.families()))
    return {(sample.labels["application"], sample.labels["status"]): sample.value for sample in requests.samples}


def test_requests_are_counted_by_application_and_status() -> None:
    """Those whose user has left are 499."""
    assert counted(Over("a", 200), Over("a", 200), Over("b", 200), Over("a", 404), Over("", 0)) == {
        ("a", "200"): 2, ("b", "200"): 1, ("a", "404"): 1, ("", "499"): 1}


def test_statuses_that_nobody_has_registered_are_counted_by_their_class() -> None:
    """So no application has many labels, or takes those of others."""
    found = counted(*(Over("odd", status) for status in range(100, 1000)), Over("late", 200))
    assert found[("late", "200")] == 1
    assert len(found) < 100
    assert found[("odd", "7xx")] == 100 and found[("odd", "404")] == 1
    assert sum(found.values()) == 901


def test_applications_beyond_a_thousand_share_a_label() -> None:
    """Those that were there first keep theirs, with any status."""
    found = counted(*(Over(f"a{number}", 200) for number in range(1200)), Over("a5", 404), Over("a1199", 404))
    assert found[("other", "200")] == 200 and found[("other", "404")] == 1
    assert found[("a5", "404")] == 1
    assert len({application for application, _ in found}) == 1001


def test_judged_sign_ins_are_counted_by_level() -> None:
    """All levels are there from the beginning, so that the first one is a rise."""
    traffic = Traffic(lambda: 1.0)
    traffic.judged["high"] += 2
    [family] = [one for one in traffic.families() if one.name == "appproxy_sign_ins_judged"]
    assert {sample.labels["level"]: sample.value for sample in family.samples} == {
        "unknown": 0, "low": 0, "medium": 0, "high": 2}


def test_sign_ins_of_break_glass_users_are_counted() -> None:
    """From nought on, so that the first one is a rise."""
    traffic = Traffic(lambda: 1.0)

    def value() -> float:
        [family] = [one for one in traffic.families() if one.name == "appproxy_break_glass_sign_ins"]
        return float(family.samples[0].value)

    assert value() == 0.0
    traffic.break_glass = lambda: 3
    assert value() == 3.0
