"""What a connector finds, joined to the service's report."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from appproxy.cli.doctor.findings import Finding, Health, Walk
from appproxy.cli.doctor.service import other_half
from appproxy.errors import ConfigError

STEPS = [
    {"step": "disk", "health": "good", "detail": "40 GiB are free", "hint": "", "milliseconds": 0.1},
    {"step": "application wiki at wiki port 80", "health": "broken", "detail": "refused", "hint": "start it",
     "milliseconds": 3},
]


def joined(answer: Any) -> list[Finding]:
    """The findings, where the service answers this to the call."""

    def call(*asked: str) -> Any:
        assert asked == ("POST", "connectors", "web/1", "examine")
        if isinstance(answer, Exception):
            raise answer
        return {"connector": "web-1", "findings": [], "left_out": 0, "refused": "", **answer}

    walk = Walk(lambda finding: None)
    setting: Any = SimpleNamespace(call=call)
    other_half.join(walk, setting, "web/1")
    return walk.findings


def test_its_steps_are_in_the_report() -> None:
    """Under its name, with what to do."""
    first, disk, wiki = joined({"findings": STEPS, "left_out": 7})
    assert (first.health, first.detail) == (Health.GOOD, "has walked 9 steps, 7 of them left out, none worse")
    assert (disk.step, disk.health) == ("connector web-1: disk", Health.GOOD)
    assert (wiki.step, wiki.health) == ("connector web-1: application wiki at wiki port 80", Health.BROKEN)
    assert wiki.hint == "start it"


def test_one_that_cannot_be_asked() -> None:
    """Is a finding itself, with the way round."""
    (found,) = joined(ConfigError("connector c1 has version 0.9, which cannot be asked: not supported", hint="upgrade it"))
    assert (found.health, found.hint) == (Health.BROKEN, "upgrade it") and "not supported" in found.detail
    (found,) = joined({"refused": "the doctor did not end within 60 s"})
    assert found.health is Health.BROKEN and "did not end" in found.detail
