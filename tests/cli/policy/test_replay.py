"""appproxy policy replay."""

from __future__ import annotations

from pathlib import Path

import pytest

from appproxy.policy.conditional.logged import Logged, Outcome
from tests.cli.conftest import NOW, Typing
from tests.cli.policy.test_policies import POLICY, files

__all__ = ["files"]

ALWAYS = POLICY.replace('[conditions.locations]\nexclude = ["office"]\n', "")


@pytest.fixture
def log(typed: Typing, files: Path) -> Path:
    """A log: six decisions about ann, half of them long ago, and a line that is none."""
    ann = typed("user", "show", "ann", "--json").json["id"]
    wiki = typed("app", "show", "wiki", "--json").json["id"]
    entries = [Logged(NOW - 86400.0 * number, wiki, "builtin", ann, Outcome.PASS, client="192.0.2.7") for number in range(6)]
    path = files / "decisions.log"
    path.write_text("".join(f"{one.line()}\n" for one in reversed(entries)) + "{half")
    return path


def test_a_policy_is_tried_before_it_is_set(typed: Typing, files: Path, log: Path) -> None:
    """Who would be asked for more, by name; and the policies are as they were."""
    (files / "policy.toml").write_text(ALWAYS)
    found = typed("policy", "replay", str(files / "policy.toml"), "--log", str(log))
    assert found.code == 0, found.err
    assert found.out.splitlines() == [
        "pass\tasked for more\t6\t1\tann at wiki (Second factor outside)", "Second factor outside\ton\tasks for more\t6\t1"]
    assert "6 decisions, from " in found.err and "1 lines could not be read" in found.err
    assert typed("policy", "list", "--json").json == []


def test_what_is_there_is_compared_with_then(typed: Typing, files: Path, log: Path) -> None:
    """Policies that are only reported have their part, and change nothing."""
    (files / "policy.toml").write_text(ALWAYS.replace('"on"', '"report-only"'))
    assert typed("policy", "set", str(files / "policy.toml")).code == 0
    found = typed("policy", "replay", "--log", str(log), "--json").json
    assert (found["decisions"], found["changes"]) == (6, [])
    assert found["policies"] == [{"policy": "Second factor outside", "state": "report-only", "effect": "asks for more",
                                  "decisions": 6, "users": 1}]
    (files / "policy.toml").write_text(ALWAYS)
    assert typed("policy", "set", str(files / "policy.toml")).code == 0
    found = typed("policy", "replay", "--without", "Second factor outside", "--log", str(log), "--json").json
    assert [(one["before"], one["after"], one["decisions"]) for one in found["changes"]] == [("asked for more", "pass", 6)]


def test_it_says_what_it_needs(typed: Typing, files: Path, log: Path) -> None:
    """A log; a file that is one; an age."""
    assert "set decision_log in service.toml" in typed("policy", "replay").err
    assert typed("policy", "replay", "--log", str(files / "none")).code == 2
    assert "--since: a time" in typed("policy", "replay", "--log", str(log), "--since", "soon").err
