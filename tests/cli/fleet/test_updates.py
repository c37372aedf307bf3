"""appproxy connector update-plan, and what update-lease refuses; turns themselves need a service that runs."""

from __future__ import annotations

from pathlib import Path

from tests.cli.conftest import Typing


def test_a_plan_without_connectors(typed: Typing) -> None:
    """There is nothing to do."""
    assert "No connector has joined." in typed("connector", "update-plan").err
    assert typed("connector", "update-plan", "--json").json == []


def test_a_turn_needs_a_connector_s_directory(bare: Typing, tmp_path: Path) -> None:
    """And a time that makes sense."""
    refused = bare("connector", "update-lease", "--state", str(tmp_path), "--wait", "soon")
    assert (refused.code, "wait: " in refused.err) == (1, True)
