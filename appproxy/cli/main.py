"""appproxy ...: the table of commands, and the one place where their errors become a line and an exit code."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NoReturn

import click

import appproxy
from appproxy.admin.transport.remote import Remote
from appproxy.cli import helping
from appproxy.cli.base.calling import CONTEXT_VARIABLE, STATE_VARIABLE, CallSettings
from appproxy.cli.base.exit_codes import FAILED, INTERRUPTED, WRONG_USE
from appproxy.cli.base.kept_login import KeptLogin
from appproxy.cli.base.near_misses import explained
from appproxy.cli.base.output import LINES, printable
from appproxy.cli.doctor import diagnosis
from appproxy.cli.fleet import connectors, nodes, updates
from appproxy.cli.people import (
    clients,
    devices,
    directories,
    native_clients,
    providers,
    roles,
    service_tokens,
    sessions,
    users,
)
from appproxy.cli.policy import policies, risk
from appproxy.cli.publishing import access_requests, applications, branding, certificates, maintenance
from appproxy.cli.running import audit, blocklist, configuration, contexts, health, service, upgrade_notes
from appproxy.errors import AppProxyError


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(appproxy.__version__, prog_name="appproxy")
@click.option(
    "--state", type=click.Path(path_type=Path), envvar=STATE_VARIABLE, metavar="DIR", help="State directory of the service."
)
@click.option("--context", "named", envvar=CONTEXT_VARIABLE, default="", metavar="NAME",
              help="A service elsewhere, from `appproxy login`.")
@click.pass_context
def appproxy_command(context: click.Context, state: Path | None, named: str) -> None:
    """Publish internal web applications through a service that connectors dial.

    Commands that change something act on the service whose state directory --state names, running or not, or on the one
    elsewhere that --context names, or that was logged in to last.
    """
    context.obj = CallSettings(state, named, remote_of)


def remote_of(name: str) -> Remote | KeptLogin | None:
    """The service of a context; for "" the one in use, None where there is none. Raises ConfigError."""
    path = contexts.contexts_file()
    name = name or contexts.read_contexts(path).current
    return contexts.caller_of(name, path) if name else None


for command in (
    *audit.COMMANDS, *blocklist.COMMANDS, *service.COMMANDS, *nodes.COMMANDS,
    *sessions.COMMANDS, *applications.COMMANDS, *access_requests.COMMANDS, *service_tokens.COMMANDS, *native_clients.COMMANDS,
    *clients.COMMANDS, *users.COMMANDS, *connectors.COMMANDS, *diagnosis.COMMANDS, *maintenance.COMMANDS,
    *branding.COMMANDS, *certificates.COMMANDS, *providers.COMMANDS, *policies.COMMANDS, *directories.COMMANDS,
    *devices.COMMANDS, *roles.COMMANDS, *contexts.COMMANDS, *configuration.COMMANDS, *risk.COMMANDS,
    *helping.COMMANDS, *upgrade_notes.COMMANDS, *health.COMMANDS,
):  # fmt: skip
    assert command.name not in appproxy_command.commands, command.name  # it would take the other one's place unseen
    appproxy_command.add_command(command)
for command in updates.COMMANDS:
    connectors.connector.add_command(command)


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """The program: runs one command and exits."""
    sys.exit(run(arguments))


def run(arguments: Sequence[str] | None = None) -> int:
    """Run one command; gives the exit code. What users can correct costs them one line, never a traceback."""
    try:
        result: Any = appproxy_command.main(arguments, prog_name="appproxy", standalone_mode=False)
    except click.UsageError as error:
        explained(error).show()
        return WRONG_USE
    except click.ClickException as error:
        return _explain(error.format_message())
    except (click.Abort, KeyboardInterrupt):
        return INTERRUPTED
    except AppProxyError as error:
        return _explain(str(error))
    except BrokenPipeError:
        # Whoever read our output has seen enough; Python must not try to flush the rest.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return FAILED
    except OSError as error:
        return _explain(f"{error.filename}: {error.strerror}" if error.filename is not None else str(error))
    return result if isinstance(result, int) else 0


def _explain(text: str) -> int:
    click.echo(f"appproxy: {printable(text, kept=LINES)}", err=True)
    return FAILED
