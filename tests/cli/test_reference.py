"""The page of the command line."""

from __future__ import annotations

from pathlib import Path

from appproxy.cli.reference import commands_page

PAGE = Path(__file__).parents[2] / "docs" / "commands.md"


def test_the_page_is_what_the_commands_say() -> None:
    """docs/commands.md is made again when a command changes."""
    assert PAGE.read_text() == commands_page(), (
        'python -c "from appproxy.cli.reference import commands_page as page; print(page(), end=\'\')" > docs/commands.md'
    )


def test_what_everybody_must_know_stands_there() -> None:
    """Groups inside groups, arguments, options of several words, and exit codes."""
    page = commands_page()
    assert "\n### app segment add\n\n    appproxy app segment add [OPTIONS] APPLICATION\n" in page
    assert "| `--preauth [oidc\\|passthrough]` |" in page
    assert "| 130 | interrupted by Ctrl-C |" in page
    assert "--state DIR` |" not in page
