"""appproxy init, demo, status, audit, session ...: the service as a whole."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path
from typing import Any

import click

from appproxy.admin.client import AdminClient
from appproxy.cli.calling import CallSettings, given, pass_setting
from appproxy.cli.output import Column, done, json_option, moment, plain, show_record, show_rows
from appproxy.config import ServiceSettings, dump_service, load_service
from appproxy.twistd.passwords import admit_password
from appproxy.twistd.shown import service_command


def _fields(value: object) -> str:
    return ", ".join(f"{key}={plain(each)}" for key, each in value.items()) if isinstance(value, dict) else ""


_STATE = click.option("--state", type=click.Path(path_type=Path), metavar="DIR", help="State directory.")
_AUDIT = (
    Column("TIME", "time", moment), Column("WHO", "actor"), Column("WHAT", "action"), Column("ON", "target"),
    Column("DETAIL", "detail", _fields, prose=True),
)  # fmt: skip


@click.command()
@_STATE
@click.option("--domain", required=True, help="Users sign in at signin.DOMAIN; needs DNS for *.DOMAIN.")
@click.option("--listen", metavar="HOST:PORT", help="Where users come in.  [default: 0.0.0.0:443]")
@click.option("--tunnel-listen", metavar="HOST:PORT", help="Where connectors come in.  [default: 0.0.0.0:8443]")
@click.option("--tunnel-address", metavar="HOST:PORT", help="What connectors dial.  [default: connect.DOMAIN:PORT]")
@click.option("--public-port", type=int, metavar="PORT", help="The port in users' URLs.  [default: that of --listen]")
@click.option("--certificate", type=click.Path(path_type=Path), metavar="PEM", help="Chain for DOMAIN and *.DOMAIN.")
@click.option("--key", type=click.Path(path_type=Path), metavar="PEM", help="Its private key.")
@pass_setting
def init(
    setting: CallSettings, state: Path | None, domain: str, listen: str | None, tunnel_listen: str | None,
    tunnel_address: str | None, public_port: int | None, certificate: Path | None, key: Path | None,
) -> None:  # fmt: skip
    """Make the state directory of a new service, and a token for its first connector."""
    # Here, because it costs time that the other commands need not pay.
    from appproxy.twistd.state import create_state

    directory = setting.needed(state)
    options = {
        "domain": domain, "listen": listen, "tunnel_listen": tunnel_listen, "tunnel_address": tunnel_address,
        "public_port": public_port, "certificate": certificate and str(certificate.absolute()),
        "key": key and str(key.absolute()),
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


@click.command()
@json_option
@pass_setting
def status(setting: CallSettings, as_json: bool) -> None:
    """Show what the service has and does."""
    words = {"tunnel_certificate_expires": moment, "user_certificate_expires": moment}
    found = setting.call("GET", "status")
    if not as_json:
        # Lists of what is wrong: nothing is, mostly.
        found = {key: value for key, value in found.items() if value != []}
    show_record(found, as_json, words)


@click.command()
@click.option("--limit", type=click.IntRange(1, 1000), default=50, show_default=True, help="How many.")
@json_option
@pass_setting
def audit(setting: CallSettings, limit: int, as_json: bool) -> None:
    """List the latest changes, the newest first."""
    show_rows(setting.call("GET", "audit", body={"limit": limit}), _AUDIT, as_json, "Nothing has been changed yet.")


@click.group()
def session() -> None:
    """Sessions of users."""


@session.command()
@click.option("--user", metavar="NAME", help="All sessions of this user of the built-in provider.")
@click.option("--subject", metavar="SUBJECT", help="All sessions of this subject of the provider given by --provider.")
@click.option("--provider", metavar="PROVIDER", help="Whose subject is meant.")
@click.option("--session", "session_id", metavar="ID", help="One session.")
@json_option
@pass_setting
def revoke(
    setting: CallSettings, user: str | None, subject: str | None, provider: str | None, session_id: str | None, as_json: bool,
) -> None:  # fmt: skip
    """End sessions at once, on all nodes."""
    body = given(user=user, subject=subject, session=session_id)
    if len(body) != 1:
        raise click.UsageError("give one of --user, --subject and --session")
    if provider is not None and subject is None:
        raise click.UsageError("--provider goes with --subject")
    made = setting.call("POST", "sessions", "revoke", body={**body, **given(provider=provider)})
    done(f"revoked: {user or subject or session_id}", made, as_json)


COMMANDS = (init, demo, status, audit, session)
