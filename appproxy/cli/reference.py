"""The page docs/commands.md, made of the commands themselves; a test compares the two."""

from __future__ import annotations

from collections.abc import Iterator
from inspect import cleandoc

import click

from appproxy.cli.base.exit_codes import EXIT_CODES
from appproxy.cli.main import appproxy_command

_INTRODUCTION = f"""\
# The command line

`appproxy COMMAND --help` says the same of one command. `--state DIR`, or the environment variable `APPPROXY_STATE`, names the
service's state directory, and stands before the command or behind it.

| exit code | meaning |
|---|---|
{"".join(f"| {code} | {meaning} |{chr(10)}" for code, meaning in EXIT_CODES.items())}
Some commands that tell something say by 1 that they have found it, such as `diff` a difference; their help says so.

What takes longer than two seconds says on a terminal for how long it has been at work, and how far it is where it knows that.

`appproxy completion SHELL` makes a shell complete all this, and `appproxy manual DIRECTORY` writes it as manual pages.
"""
#: Said once, in the introduction, and of every command.
_EVERYWHERE = {"state", "help"}


def commands_page() -> str:
    """The page as Markdown."""
    lines = [_INTRODUCTION]
    for name, command in sorted(appproxy_command.commands.items()):
        lines += [f"## {name}", ""]
        lines += [*(_group(name, command) if isinstance(command, click.Group) else _command(name, command)), ""]
    return "\n".join(lines)


def _group(name: str, group: click.Group) -> Iterator[str]:
    if group.invoke_without_command:
        yield from _command(name, group)
    else:
        yield cleandoc(group.help or "")
    for below, command in sorted(group.commands.items()):
        full = f"{name} {below}"
        yield from ["", f"### {full}", ""]
        yield from _group(full, command) if isinstance(command, click.Group) else _command(full, command)


def _command(name: str, command: click.Command) -> Iterator[str]:
    context = click.Context(command)
    shown = [parameter for parameter in command.params if parameter.name not in _EVERYWHERE and not _hidden(parameter)]
    arguments = [parameter.make_metavar(context) for parameter in shown if isinstance(parameter, click.Argument)]
    options = [parameter for parameter in shown if isinstance(parameter, click.Option)]
    yield f"    appproxy {' '.join([name, *(['[OPTIONS]'] if options else []), *arguments])}"
    yield ""
    yield cleandoc(command.help or "")
    if options:
        yield from ["", "| option | meaning |", "|---|---|"]
        for option in options:
            record = option.get_help_record(context)
            assert record is not None, "only a hidden option has none"
            yield f"| `{_cell(record[0])}` | {_cell(record[1])} |"


def _hidden(parameter: click.Parameter) -> bool:
    return isinstance(parameter, click.Option) and parameter.hidden


def _cell(text: str) -> str:
    return text.replace("|", "\\|")
