"""The doctor at the service: what a connector finds on its machine, joined to the report."""

from __future__ import annotations

from typing import Any

from appproxy.cli.base.calling import CallSettings
from appproxy.cli.doctor.findings import Ailing, Finding, Health, Walk


def join(walk: Walk, setting: CallSettings, name: str) -> None:
    """Have the connector run its half; each of its steps is one of the report, under its name."""
    answer: Any = None
    with walk.step(f"connector {name}", "see `appproxy connector list`") as words:
        answer = setting.call("POST", "connectors", name, "examine")
        if answer["refused"]:
            raise Ailing(answer["refused"], "on its machine: appproxy doctor --state DIR")
        left_out = f", {answer['left_out']} of them left out, none worse" if answer["left_out"] else ""
        words.append(f"has walked {len(answer['findings']) + answer['left_out']} steps{left_out}")
    if answer is None:
        return
    for one in answer["findings"]:
        walk.add(Finding(f"connector {answer['connector']}: {one['step']}", Health(one["health"]), one["detail"], one["hint"],
                          one["milliseconds"]))
