"""appproxy doctor: walks from the settings to the last hop, times each step, names what is broken and what to do."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

import click

from appproxy.cli.base.calling import CallSettings, pass_setting
from appproxy.cli.base.output import json_option, show_json
from appproxy.cli.base.wrong_use import WrongUse
from appproxy.cli.doctor.findings import Finding, Health, Walk
from appproxy.config import ConnectorPaths, StatePaths
from appproxy.errors import ConfigError

_SIGNS = {Health.GOOD: ("ok", "green"), Health.WARNING: ("look", "yellow"), Health.BROKEN: ("BROKEN", "red")}


@click.command()
@click.option("--state", type=click.Path(path_type=Path), metavar="DIR", help="Of a service or of a connector.")
@click.option("--connector", "asked", metavar="NAME", help="At the service: have this connector run its half, too.")
@json_option
@pass_setting
def doctor(setting: CallSettings, state: Path | None, asked: str | None, as_json: bool) -> None:
    """Find what is broken at this end, and say what to do. The exit code is 1 when something is."""
    # Here, because they cost half a second that the other commands need not pay.
    from appproxy.cli.doctor import connector as doctor_connector
    from appproxy.cli.doctor.service import other_half
    from appproxy.cli.doctor.service import walk as doctor_service

    directory = setting.needed(state)
    walk = Walk(_quiet if as_json else _say)
    now = time.time()  # noqa: TID251 -- the program's edge
    try:
        inside, outside = (paths.settings.exists() for paths in (ConnectorPaths(directory), StatePaths(directory)))
    except OSError as error:
        raise ConfigError(f"{directory}: cannot be read: {error.strerror}") from error
    if inside and asked is not None:
        raise WrongUse("--connector is for the doctor at the service; this is a connector's directory")
    if inside:
        doctor_connector.examine(walk, directory, now)
    elif outside:
        doctor_service.examine(walk, directory, now, os.environ)
        if asked is not None:
            other_half.join(walk, CallSettings(directory), asked)
    else:
        raise ConfigError(
            f"{directory}: neither service.toml nor connector.toml is here; "
            "make one with `appproxy init` or `appproxy connector join`"
        )
    if as_json:
        show_json([finding.as_json() for finding in walk.findings])
    if walk.broken:
        click.get_current_context().exit(1)


def _quiet(finding: Finding) -> None:
    """JSON comes at the end."""


def _say(finding: Finding) -> None:
    word, colour = _SIGNS[finding.health]
    shown = click.style(f"{word:<6}", fg=colour) if sys.stdout.isatty() else f"{word:<6}"
    click.echo(f"{shown} {finding.step}: {finding.detail}  ({finding.milliseconds:g} ms)")
    if finding.hint:
        click.echo(f"       hint: {finding.hint}")


COMMANDS = (doctor,)
