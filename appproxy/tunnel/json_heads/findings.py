"""FINDINGS: what a connector has found when a node asked it (EXAMINE) to run its half of the doctor; a bounded JSON object.

Either end takes it for words of somebody else: each is short, of one line, and without control characters.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from appproxy.errors import LocalProtocolError
from appproxy.tunnel.json_heads.json_head import JsonHead, printable, write_json
from appproxy.tunnel.limits import DEFAULT_LIMITS

#: The capability of a connector that may be asked.
EXAMINES = "examine"
#: Steps of one report: some ten of the connector itself, and four of each application. Of more, the worst are told.
MOST_STEPS = 100
_STEP, _DETAIL, _HINT = 100, 400, 400
HEALTHS = ("good", "warning", "broken")


@dataclass(frozen=True, slots=True)
class ExaminedStep:
    """One step of the doctor. `health` is good, warning or broken."""

    step: str
    health: str
    detail: str
    hint: str
    milliseconds: float


@dataclass(frozen=True, slots=True)
class Findings:
    """`left_out`: how many steps there were besides, none worse than these. `refused`: why there are none, or ""."""

    steps: tuple[ExaminedStep, ...]
    left_out: int = 0
    refused: str = ""


def encode_findings(findings: Findings) -> bytes:
    """The head of FINDINGS; of a report that is too long, the worst steps. Raises LocalProtocolError."""
    worst_first = sorted(findings.steps, key=lambda one: -HEALTHS.index(one.health))
    kept = len(findings.steps)
    while True:
        chosen = {id(one) for one in worst_first[:min(kept, MOST_STEPS)]}
        steps = [one for one in findings.steps if id(one) in chosen]
        try:
            return write_json({
                "steps": [_as_json(one) for one in steps], "refused": printable(findings.refused)[:_DETAIL],
                "left_out": findings.left_out + len(findings.steps) - len(steps),
            }, _findings_from, DEFAULT_LIMITS.findings)
        except LocalProtocolError:
            if not kept:
                raise
            kept = min(kept, MOST_STEPS) // 2


def decode_findings(head: bytes) -> Findings:
    """Read the head of FINDINGS. Raises RemoteProtocolError."""
    return _findings_from(JsonHead(head, DEFAULT_LIMITS.findings))


def steps_of(said: Iterable[object]) -> tuple[ExaminedStep, ...]:
    """Of what `appproxy doctor --json` has said. Raises ValueError where that is something else."""
    found = []
    for one in said:
        if not isinstance(one, dict) or one.get("health") not in HEALTHS:
            raise ValueError("the doctor has said something else than findings")
        words = (str(one.get(key, "")) for key in ("step", "detail", "hint"))
        step, detail, hint = words
        milliseconds = one.get("milliseconds")
        seconds = milliseconds if isinstance(milliseconds, int | float) else 0.0
        found.append(ExaminedStep(step, one["health"], detail, hint, seconds))
    return tuple(found)


def _as_json(one: ExaminedStep) -> dict[str, object]:
    return {
        "step": printable(one.step)[:_STEP], "health": one.health, "detail": printable(one.detail)[:_DETAIL],
        "hint": printable(one.hint)[:_HINT], "milliseconds": min(max(one.milliseconds, 0.0), 1e9),
    }


def _findings_from(read: JsonHead) -> Findings:
    return Findings(
        tuple(
            ExaminedStep(one.text("step", _STEP), _health(one), one.text("detail", _DETAIL), one.text("hint", _HINT),
                 one.number("milliseconds", 0.0, 1e9))
            for one in read.objects("steps", MOST_STEPS)),
        read.integer("left_out", 0, 1_000_000), read.text("refused", _DETAIL),
    )


def _health(read: JsonHead) -> str:
    found = read.text("health", 10)
    return found if found in HEALTHS else "broken"
