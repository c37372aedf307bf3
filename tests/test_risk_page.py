"""The examples of docs/risk.md do what the page says of them."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest

from appproxy.policy.conditional.compiled import PolicySet
from appproxy.policy.conditional.documents.reading import read_policy
from appproxy.policy.conditional.documents.strengths import strengths_of
from appproxy.policy.conditional.facts import Asked
from appproxy.policy.risk.user_risk import of_level
from tests.policy.conditional.people import NOON, Person

PAGE = (Path(__file__).parent.parent / "docs" / "risk.md").read_text()
DOCUMENTS: dict[str, dict[str, Any]] = {
    file: tomllib.loads(text)
    for file, text in re.findall(r"^```toml\n# (\S+): appproxy \w+ set \1\n(.*?)^```$", PAGE, re.M | re.S)}


@pytest.mark.parametrize(("file", "sign_in", "user", "outcome"), [
    ("at-risk.toml", "low", "low", "pass"), ("at-risk.toml", "medium", "low", "ask"), ("at-risk.toml", "high", "low", "ask"),
    ("at-risk.toml", "", "low", "pass"), ("at-risk.toml", "low", "high", "pass"),
    ("taken-over.toml", "high", "medium", "pass"), ("taken-over.toml", "low", "high", "block"),
])
def test_an_example(file: str, sign_in: str, user: str, outcome: str) -> None:
    """As its words say; whoever is asked and shows a second factor passes."""
    program = PolicySet([read_policy(DOCUMENTS[file])], None, strengths_of([])).program("wiki")
    assert program is not None
    for person, expected in (
        (Person(sign_in_risk=sign_in), outcome),
        (Person(sign_in_risk=sign_in, amr=("pwd", "otp", "mfa")), "block" if outcome == "block" else "pass"),
    ):
        decision = program.decide(program.facts(person, NOON, Asked(), of_level(user)))
        assert ("block" if decision.blocked else "ask" if decision.demand else "pass") == expected


def test_every_policy_of_the_page_is_tried() -> None:
    """There is no other one."""
    assert set(DOCUMENTS) == {"at-risk.toml", "taken-over.toml"}
