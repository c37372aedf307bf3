"""appproxy completion, manual: what helps at the command line itself."""

from __future__ import annotations

from pathlib import Path

import click
from click.shell_completion import get_completion_class

from appproxy.cli.base.exit_codes import EXIT_CODES
from appproxy.cli.base.wrong_use import WrongUse
from appproxy.errors import ConfigError

#: What the shell sets when it asks for completions (`_PROGRAM_COMPLETE`).
_VARIABLE = "_APPPROXY_COMPLETE"
_SHELLS = ("bash", "zsh", "fish")


@click.command()
@click.argument("shell", metavar="SHELL", shell_complete=lambda _context, _param, begun: [
    one for one in _SHELLS if one.startswith(begun)])
@click.pass_context
def completion(context: click.Context, shell: str) -> None:
    """Print what makes SHELL (bash, zsh or fish) complete commands, options and their values.

    For bash: `appproxy completion bash > ~/.local/share/bash-completion/completions/appproxy`; for zsh put it into a directory
    of $fpath as _appproxy; for fish: `appproxy completion fish > ~/.config/fish/completions/appproxy.fish`.
    """
    if shell not in _SHELLS:
        raise WrongUse(f"{shell!r} is none of {', '.join(_SHELLS)}")
    found = get_completion_class(shell)
    assert found is not None, "click knows all of them"
    program = context.find_root().command
    made = found(program, {}, "appproxy", _VARIABLE)
    # Not `source()`, which for bash would start one to ask for its version.
    click.echo(made.source_template % made.source_vars())


@click.command()
@click.argument("directory", type=click.Path(path_type=Path))
@click.pass_context
def manual(context: click.Context, directory: Path) -> None:
    """Write manual pages of all commands, for man(1), below DIRECTORY: `appproxy manual ~/.local/share/man`."""
    from appproxy.cli.manual import pages

    program = context.find_root().command
    assert isinstance(program, click.Group)
    made = pages(program, EXIT_CODES)
    try:
        (directory / "man1").mkdir(parents=True, exist_ok=True)
        for name, text in made.items():
            (directory / "man1" / name).write_text(text, encoding="utf-8")
    except OSError as error:
        raise ConfigError(f"{directory}: cannot be written to: {error.strerror}") from error
    click.echo(f"{len(made)} pages are in {directory / 'man1'}; read them with: man -M {directory} appproxy")


COMMANDS = (completion, manual)
