"""What each release changes."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from click.testing import CliRunner

from appproxy.cli.main import appproxy_command
from appproxy.cli.running.upgrade_notes import changes_directory, notes, version_of
from appproxy.errors import ConfigError
from tests.source import ROOT

LOG = """# Changes

Words before.

## 0.10.0 (2027-01-01)

- Ten.

## 0.9

- Nine.

## 0.2.1

- Two.
"""


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    """As the wheel has it: all in one."""
    (tmp_path / "CHANGELOG.md").write_text(LOG)
    (tmp_path / "README.md").write_text("# Fragments\n")
    for name, text in (("+a.feature", "A feature.\nOf two lines."), ("12.removal", "Gone."), ("+b.security", "Safer.")):
        (tmp_path / f"{name}.md").write_text(text + "\n")
    return tmp_path


@pytest.mark.parametrize(("since", "releases"), [
    (None, ["0.10.0", "0.9", "0.2.1"]), ("0.2.1", ["0.10.0", "0.9"]), ("0.9.0", ["0.10.0"]), ("v0.9.5", ["0.10.0"]),
    ("0.10", []), ("1", []),
])
def test_what_came_after_a_version(directory: Path, since: str | None, releases: list[str]) -> None:
    """By number, not by letter; what is not released yet is always in it."""
    text = notes(directory, since)
    assert re.findall(r"^## (\d\S*)", text, re.M) == releases
    assert "Words before" not in text and "# Fragments" not in text
    assert text.startswith("## Not in a release yet")


def test_what_wants_something_done_is_first(directory: Path) -> None:
    """Then what concerns safety; lines that belong together stay together."""
    text = notes(directory, "0.10")
    assert text.index("Gone.") < text.index("Safer.") < text.index("- A feature.\n  Of two lines.")


@pytest.mark.parametrize("text", ["", "one", "1.x", "1..2", "1.2\n"])
def test_what_is_no_version(text: str) -> None:
    """Is told with how one looks."""
    with pytest.raises(ConfigError, match="is no version"):
        version_of(text)


def test_every_fragment_of_this_checkout_is_in_it() -> None:
    """Whatever its kind."""
    assert changes_directory() == ROOT.parent
    run = CliRunner().invoke(appproxy_command, ["upgrade-notes", "--from", "0.0.1"])
    assert run.exit_code == 0, run.output
    flat = " ".join(run.output.split())
    for fragment in (ROOT.parent / "changelog.d").glob("*.*.md"):
        assert " ".join(fragment.read_text().split()) in flat, fragment.name
