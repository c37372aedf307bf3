"""appproxy init, demo, status, reload: the service as a whole."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path
from typing import Any

import click

from appproxy.admin.transport.client import AdminClient
from appproxy.admin.transport.reload import reloaded
from appproxy.cli.base.calling import CallSettings, given, pass_setting
from appproxy.cli.base.output import json_option, moment, note, plain, show_record
from appproxy.config import ServiceSettings, dump_service, load_service
from appproxy.twistd.assembly.passwords import admit_password
from appproxy.twistd.shown import service_command

_STATE = click.option("--state", type=click.Path(path_type=Path), metavar="DIR", help="State directory.")


@click.command()
@_STATE
@click.option("--domain", required=True, help="Users sign in at signin.DOMAIN; needs DNS for *.DOMAIN.")
@click.option("--listen", metavar="HOST:PORT", help="Where users come in.  [default: 0.0.0.0:443]")
@click.option("--tunnel-listen", metavar="HOST:PORT", help="Where connectors come in.  [default: 0.0.0.0:8443]")
@click.option("--tunnel-address", metavar="HOST:PORT", help="What connectors dial.  [default: connect.DOMAIN:PORT]")
@click.option("--public-port", type=int, metavar="PORT", help="The port in users' URLs.  [default: that of --listen]")
@click.option("--metrics-listen", metavar="HOST:PORT", help="Where /live, /ready and /metrics are.  [default: nowhere]")
@click.option("--certificate", type=click.Path(path_type=Path), metavar="PEM", help="Chain for DOMAIN and *.DOMAIN.")
@click.option("--key", type=click.Path(path_type=Path), metavar="PEM", help="Its private key.")
@click.option(
    "--database", metavar="URL", envvar="APPPROXY_DATABASE",
    help="An empty PostgreSQL database, postgresql://USER@HOST/NAME; also in APPPROXY_DATABASE.  [default: a file in DIR]")
@pass_setting
def init(
    setting: CallSettings, state: Path | None, domain: str, listen: str | None, tunnel_listen: str | None,
    tunnel_address: str | None, public_port: int | None, metrics_listen: str | None, certificate: Path | None,
    key: Path | None, database: str | None,
) -> None:  # fmt: skip
    """Make the state directory of a new service, and a token for its first connector."""
    # Here, because it costs time that the other commands need not pay.
    from appproxy.twistd.state import create_state

    directory = setting.needed(state)
    options = {
        "domain": domain, "listen": listen, "tunnel_listen": tunnel_listen, "tunnel_address": tunnel_address,
        "public_port": public_port, "metrics_listen": metrics_listen,
        "certificate": certificate and str(certificate.absolute()), "key": key and str(key.absolute()),
        "database_url": database,
    }  # fmt: skip
    settings = _checked(given(**options))
    made = create_state(directory, settings, time.time(), os.environ)  # noqa: TID251 -- the program's edge
    click.echo(f"{directory} is made.")
    admin = AdminClient(directory, admit_password)
    token: Any = admin.call("POST", "/connector-tokens", {})
    if made.trust_anchor is not None:
        click.echo(
            f"Browsers do not trust this service yet: import {made.trust_anchor} there,\n"
            "or replace it by a certificate of a known authority (`certificate` and `key` in service.toml)."
        )
    click.echo(
        f"Start it:\n  {service_command(directory)}\n"
        f"On a machine that reaches your applications, once and until {moment(token['expires'])}:\n"
        f"  appproxy connector join {token['token']} --state /var/lib/appproxy-connector"
    )


def _checked(options: dict[str, object]) -> ServiceSettings:
    """Options are written and read as the file is, so that both know one set of rules and errors."""
    lines = [f"{key} = {value if isinstance(value, int) else _quoted(str(value))}" for key, value in options.items()]
    settings = load_service("\n".join(lines), "appproxy init")
    return load_service(dump_service(settings), "appproxy init")


def _quoted(text: str) -> str:
    """A TOML basic string: what must not stand in it is escaped."""
    return '"' + "".join(sign if sign.isprintable() and sign not in '"\\' else f"\\U{ord(sign):08X}" for sign in text) + '"'


@click.command()
@click.option("--port", type=click.IntRange(1, 65535), help="Where the browser goes.  [default: 8443, or a free one]")
@_STATE
def demo(port: int | None, state: Path | None) -> None:
    """Run service, connector and a sample application on this machine, until Ctrl-C."""
    # Here, because it costs time that the other commands need not pay.
    from appproxy.demo.start import run_demo

    run_demo(port, state, sys.stdout)


def _database(value: Any) -> str:
    if value["reachable"]:
        return "reachable"
    return "away" if value["kept_at"] is None else f"away since the start; what is known was kept {moment(value['kept_at'])}"


def _open_files(value: Any) -> str:
    if value is None:
        return plain(value)
    closed = f"; {value['closed']} connections were closed for want of one" if value["closed"] else ""
    return f"{value['open']} of {value['limit']}{closed}"


@click.command()
@json_option
@pass_setting
def status(setting: CallSettings, as_json: bool) -> None:
    """Show what the service has and does."""
    words = {
        "tunnel_certificate_expires": moment, "user_certificate_expires": moment, "database": _database,
        "open_files": _open_files,
    }  # fmt: skip
    found = setting.call("GET", "status")
    if not as_json:
        if not found["database"]["reachable"]:
            note("THE DATABASE IS AWAY: the service works from what it knew, and takes no command; see: appproxy doctor")
        # Lists of what is wrong: nothing is, mostly.
        found = {key: value for key, value in found.items() if value != []}
    show_record(found, as_json, words)


@click.command()
@pass_setting
def reload(setting: CallSettings) -> None:
    """Let a new process go on in the service's place, with the installed version and the present settings.

    Nobody is refused meanwhile. The old process finishes what is under way, for `drain_seconds` at most.
    """
    click.echo(f"process {reloaded(setting.needed())} serves now")


COMMANDS = (init, demo, status, reload)
