"""FINDINGS: the words of another machine, bounded."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appproxy.errors import RemoteProtocolError
from appproxy.tunnel.json_heads.findings import (
    HEALTHS,
    MOST_STEPS,
    ExaminedStep,
    Findings,
    decode_findings,
    encode_findings,
    steps_of,
)
from appproxy.tunnel.limits import DEFAULT_LIMITS

STEPS = st.builds(ExaminedStep, st.text(max_size=200), st.sampled_from(HEALTHS), st.text(max_size=900), st.text(max_size=900),
                  st.floats(-5, 1e12, allow_nan=False))


@given(st.lists(STEPS, max_size=300), st.text(max_size=900))
def test_whatever_is_found_can_be_told(steps: list[ExaminedStep], refused: str) -> None:
    """In one frame of one line each; what is left out is counted, and none of it is worse than what is told."""
    head = encode_findings(Findings(tuple(steps), refused=refused))
    told = decode_findings(head)
    assert len(head) <= DEFAULT_LIMITS.findings and len(told.steps) <= MOST_STEPS
    assert len(told.steps) + told.left_out == len(steps)
    worst = [HEALTHS.index(one.health) for one in told.steps]
    assert sorted(worst, reverse=True) == sorted((HEALTHS.index(one.health) for one in steps), reverse=True)[:len(worst)]


def test_the_order_stays() -> None:
    """Steps are a way."""
    steps = tuple(ExaminedStep(str(number), HEALTHS[number % 3], "d" * 300, "", 1.0) for number in range(200))
    told = [int(one.step) for one in decode_findings(encode_findings(Findings(steps))).steps]
    assert told == sorted(told) and len(told) >= 40


@pytest.mark.parametrize("change", [
    {"steps": 7}, {"steps": [7]}, {"steps": [{}]}, {"left_out": -1}, {"refused": "a\nb"}, {"refused": None},
    {"steps": [{"step": "a" * 101, "health": "good", "detail": "", "hint": "", "milliseconds": 0}]},
    {"steps": [{"step": "a", "health": "good", "detail": "", "hint": "", "milliseconds": 0}] * 101},
])
def test_what_is_no_report(change: dict[str, object]) -> None:
    """Breaks the protocol."""
    with pytest.raises(RemoteProtocolError):
        decode_findings(json.dumps({"steps": [], "left_out": 0, "refused": "", **change}).encode())


def test_a_health_that_a_later_release_may_have() -> None:
    """Is taken for the worst."""
    one = {"step": "a", "health": "dreadful", "detail": "", "hint": "", "milliseconds": 0}
    head = json.dumps({"steps": [one], "left_out": 0, "refused": ""}).encode()
    assert decode_findings(head).steps[0].health == "broken"


def test_what_the_command_has_said() -> None:
    """Is a list of findings, or it is not the doctor."""
    said = {"step": "disk", "health": "good", "detail": "d", "hint": "", "milliseconds": 0.5}
    assert steps_of([said]) == (ExaminedStep("disk", "good", "d", "", 0.5),)
    for wrong in ("text", {"health": "fine"}, 7):
        with pytest.raises(ValueError, match="something else"):
            steps_of([wrong])
