"""The doctor's steps: timed, told at once, and none hides the next."""

from __future__ import annotations

from appproxy.cli.doctor.findings import Ailing, Finding, Health, Walk
from appproxy.errors import ConfigError


def test_each_kind_of_end_becomes_a_finding() -> None:
    """Good steps, ours and the system's errors, and those that have a hint."""
    said: list[Finding] = []
    times = iter([0.0, 0.5, 1.0, 1.0, 2.0, 2.0, 3.0, 3.0, 4.0, 4.0])
    walk = Walk(said.append, lambda: next(times))
    with walk.step("one") as told:
        told += ["fine", "very"]
    assert walk.last_good
    assert not walk.broken
    with walk.step("two"):
        raise Ailing("soon", "renew it", Health.WARNING)
    assert walk.last_good
    assert not walk.broken
    with walk.step("three"):
        raise ConfigError("x: wrong")
    with walk.step("four"):
        raise FileNotFoundError(2, "No such file or directory", "/y")
    with walk.step("five"):
        raise Ailing("off", "switch it on")
    assert walk.broken
    assert said == walk.findings
    assert [(one.step, one.health.value, one.detail, one.hint, one.milliseconds) for one in said] == [
        ("one", "good", "fine; very", "", 500.0), ("two", "warning", "soon", "renew it", 0.0),
        ("three", "broken", "x: wrong", "", 0.0), ("four", "broken", "/y: No such file or directory", "", 0.0),
        ("five", "broken", "off", "switch it on", 0.0),
    ]  # fmt: skip
    assert said[1].as_json()["health"] == "warning"
