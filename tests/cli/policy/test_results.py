"""appproxy policy results."""

from __future__ import annotations

import json
from pathlib import Path

from tests.cli.conftest import Typing
from tests.cli.policy.test_policies import POLICY, files

__all__ = ["files"]


def test_of_a_policy_that_nobody_has_met(typed: Typing, files: Path) -> None:
    """It says why there is nothing, and what to wait for."""
    typed("location", "set", str(files / "office.json"))
    (files / "tried.toml").write_text(POLICY.replace('"on"', '"report-only"'))
    assert typed("policy", "set", str(files / "tried.toml")).code == 0
    told = typed("policy", "results", "second factor outside")
    assert told.code == 0 and told.out == ""
    assert "Second factor outside is report-only: it would have touched 0 users" in told.err
    assert "Nobody was judged" in told.err
    found = json.loads(typed("policy", "results", "Second factor outside", "--days", "3", "--json").out)
    assert (found["state"], found["days"], found["decisions"]) == ("report-only", [], 0)
    wrong = typed("policy", "results", "Second factor outside", "--days", "99")
    assert wrong.code != 0 and "1 to 31" in wrong.err
