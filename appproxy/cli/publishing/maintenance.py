"""appproxy backup, restore, reseal: what is done to a state directory as a whole."""

from __future__ import annotations

from pathlib import Path

import click

from appproxy.cli.base.calling import CallSettings, pass_setting
from appproxy.config.state import StatePaths

_DIRECTORY = click.Path(path_type=Path)


@click.command()
@click.argument("directory", type=_DIRECTORY)
@pass_setting
def backup(setting: CallSettings, directory: Path) -> None:
    """Copy database and settings into the new DIRECTORY, also while the service runs.

    The master key is left out; keep a copy of it elsewhere.
    """
    # Here, as in the others: a database costs a third of a second, and only these commands have it open themselves.
    from appproxy.admin.transport.maintenance import back_up

    paths = StatePaths(setting.needed())
    back_up(paths.directory, directory)
    click.echo(f"{directory} is made. It is worth nothing without the master key; keep a copy of that elsewhere.")


@click.command()
@click.argument("directory", type=_DIRECTORY)
@pass_setting
def restore(setting: CallSettings, directory: Path) -> None:
    """Make the new state directory that --state names from the backup in DIRECTORY."""
    from appproxy.admin.transport.maintenance import restore as restore_state

    paths = StatePaths(setting.needed())
    restore_state(directory, paths.directory)
    click.echo(f"{paths.directory} is made. Put the master key there, as {paths.master_key.name} or where service.toml says.")


@click.command()
@pass_setting
def reseal(setting: CallSettings) -> None:
    """Make a new master key and seal all secrets again under it. Stop the service first.

    If it is interrupted, the next call finishes it.
    """
    from appproxy.admin.transport.maintenance import change_master

    paths = StatePaths(setting.needed())
    count = change_master(paths.directory)
    click.echo(f"{paths.master_key} is new, and seals {count} secrets." if count else f"{paths.master_key} is in force now.")


COMMANDS = (backup, restore, reseal)
