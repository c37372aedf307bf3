"""Commands on the pages of the documentation: each is one that the command line takes."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from appproxy.cli.main import appproxy_command

ROOT = Path(__file__).parent.parent
#: Of a line, what the shell cuts off from the command: redirections, pipes, comments, further commands.
_SHELL = re.compile(r"\s+(?:[|<>&]|#).*|\s*[;].*")
_COMMAND = re.compile(r"^ {4,}(?:\S+/)?appproxy ((?:[^\\\n]|\\\n)+)$", re.MULTILINE)


def commands() -> Iterator[tuple[str, list[str]]]:
    """Page, and arguments, of each command that stands on a line of its own."""
    for page in (ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))):
        for found in _COMMAND.finditer(page.read_text()):
            text = _SHELL.sub("", found[1].replace("\\\n", " "))
            yield page.name, shlex.split(text)


def parse(arguments: list[str]) -> None:
    """As far as the command line itself goes; nothing is run. Raises click.UsageError."""
    command: click.Command = appproxy_command
    while isinstance(command, click.Group):
        context = command.make_context("appproxy", list(arguments), resilient_parsing=False)
        rest = [*context._protected_args, *context.args]
        if command.invoke_without_command and rest in ([], ["[OPTIONS]"]):
            return
        _, found, arguments = command.resolve_command(context, rest)
        assert found is not None
        command = found
    command.make_context("appproxy", list(arguments))


@pytest.mark.parametrize(
    ("page", "arguments"), [pytest.param(*one, id=f"{one[0]}: {' '.join(one[1])[:60]}") for one in commands()]
)  # fmt: skip
def test_each_can_be_typed(page: str, arguments: list[str]) -> None:
    """No option, argument or command that is not there."""
    try:
        parse([each for each in arguments if each not in ("...",)])
    except click.UsageError as error:
        # Placeholders stand where files, numbers and choices do.
        assert "No such option" not in error.message and "No such command" not in error.message, error.message
        assert re.search(r"[A-Z]{2,}|\.pem|\.txt|\.json", " ".join(arguments)), error.message


def test_there_are_many() -> None:
    """The pattern finds them."""
    assert len(list(commands())) > 50
