"""appproxy health: for containers and scripts that know an exit code and no HTTP."""

from __future__ import annotations

import http.client
from pathlib import Path

import click

from appproxy.admin.transport.client import read_settings as service_settings
from appproxy.cli.base.calling import CallSettings, pass_setting
from appproxy.cli.base.observed import observe
from appproxy.config import Address, ConnectorPaths, StatePaths
from appproxy.errors import ConfigError

#: Seconds: what does not say within so many that it works is to be looked after.
_PATIENCE = 5.0


@click.command()
@click.option("--state", type=click.Path(path_type=Path), metavar="DIR", help="State directory, of a service or a connector.")
@click.option("--ready", is_flag=True, help="Does it take requests? Is a connector connected?  [default: does it work]")
@pass_setting
def health(setting: CallSettings, state: Path | None, ready: bool) -> None:
    """Ask whether the program of this state directory works. The exit code is 1 when it does not.

    Needs metrics_listen in its settings: there it answers /live and /ready.
    """
    directory = setting.needed(state)
    listen = _listening(directory)
    try:
        status, words = observe(listen, "/ready" if ready else "/live", _PATIENCE)
    except (OSError, http.client.HTTPException) as error:
        raise ConfigError(f"nothing answers at metrics_listen, {listen} ({error or type(error).__name__})") from error
    click.echo(words)
    if status != 200:
        click.get_current_context().exit(1)


def _listening(directory: Path) -> Address:
    """`metrics_listen` of the settings there. Raises ConfigError."""
    # Here, because it costs time that the other commands need not pay.
    from appproxy.connector.config.files import read_settings as connector_settings

    inside, outside = ConnectorPaths(directory.absolute()), StatePaths(directory.absolute())
    is_connector = inside.settings.exists()
    listen = (connector_settings(directory) if is_connector else service_settings(outside)).metrics_listen
    if listen is None:
        path = inside.settings if is_connector else outside.settings
        raise ConfigError(f"{path}: metrics_listen is not set, so the program cannot be asked",
                          hint='add metrics_listen = "127.0.0.1:9090", and start it again')
    return listen


#: For the main program.
COMMANDS = (health,)
