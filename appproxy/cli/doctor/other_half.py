"""The doctor at the service: what a connector finds on its machine, joined to the report."""

from __future__ import annotations

from typing import Any

from appproxy.cli.base.calling import CallSettings
from appproxy.cli.doctor.findings import Ailing, Finding, Health, Walk


def join(walk: Walk, setting: CallSettings, name: str) -> None:
    """Have the connector run its half; each of its steps is one of the report, under its name."""
    told: Any = None
    with walk.step(f"connector {name}", "see `appproxy connector list`") as words:
        told = setting.call("POST", "connectors", name, "examine")
        if told["refused"]:
            raise Ailing(told["refused"], "on its machine: appproxy doctor --state DIR")
        left_out = f", {told['left_out']} of them not told, none worse" if told["left_out"] else ""
        words.append(f"has walked {len(told['findings']) + told['left_out']} steps{left_out}")
    if told is None:
        return
    for one in told["findings"]:
        walk.told(Finding(f"connector {told['connector']}: {one['step']}", Health(one["health"]), one["detail"], one["hint"],
                          one["milliseconds"]))
