"""appproxy init, demo, status, audit, session ..., provider ...: the service as a whole."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

import click

from appproxy.cli.calling import Setting, given, pass_setting
from appproxy.cli.output import Column, done, json_option, moment, note, plain, show_record, show_rows
from appproxy.cli.users import secret_line
from appproxy.config import ServiceSettings, dump_service, load_service


def _fields(value: object) -> str:
    return ", ".join(f"{key}={plain(each)}" for key, each in value.items()) if isinstance(value, dict) else ""


_STATE = click.option("--state", type=click.Path(path_type=Path), metavar="DIR", help="State directory.")
_PROVIDERS = (Column("NAME", "name"), Column("ISSUER", "issuer"), Column("CLIENT ID", "client_id"), Column("ID", "id"))
_AUDIT = (
    Column("TIME", "time", moment), Column("WHO", "actor"), Column("WHAT", "action"), Column("ON", "target"),
    Column("DETAIL", "detail", _fields),
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
    setting: Setting, state: Path | None, domain: str, listen: str | None, tunnel_listen: str | None,
    tunnel_address: str | None, public_port: int | None, certificate: Path | None, key: Path | None,
) -> None:  # fmt: skip
    """Make the state directory of a new service."""
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
    if made.trust_anchor is not None:
        click.echo(
            f"Browsers do not trust this service yet: import {made.trust_anchor} there,\n"
            "or replace it by a certificate of a known authority (`certificate` and `key` in service.toml)."
        )
    click.echo(f"Start it:  twistd -n appproxy-service --state {directory}")


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
def status(setting: Setting, as_json: bool) -> None:
    """Show what the service has and does."""
    words = {"tunnel_certificate_expires": moment, "user_certificate_expires": moment}
    show_record(setting.call("GET", "status"), as_json, words)


@click.command()
@click.option("--limit", type=click.IntRange(1, 1000), default=50, show_default=True, help="How many.")
@json_option
@pass_setting
def audit(setting: Setting, limit: int, as_json: bool) -> None:
    """List the latest changes, the newest first."""
    show_rows(setting.call("GET", "audit", body={"limit": limit}), _AUDIT, as_json, "Nothing has been changed yet.")


@click.group()
def session() -> None:
    """Sessions of users."""


@session.command()
@click.option("--user", metavar="NAME", help="All sessions of this user of the built-in provider.")
@click.option("--subject", metavar="SUBJECT", help="All sessions of this subject of another provider.")
@click.option("--session", "session_id", metavar="ID", help="One session.")
@json_option
@pass_setting
def revoke(setting: Setting, user: str | None, subject: str | None, session_id: str | None, as_json: bool) -> None:
    """End sessions at once, on all nodes."""
    body = given(user=user, subject=subject, session=session_id)
    if len(body) != 1:
        raise click.UsageError("give one of --user, --subject and --session")
    made = setting.call("POST", "sessions", "revoke", body=body)
    done(f"revoked: {user or subject or session_id}", made, as_json)


@click.group()
def provider() -> None:
    """OpenID Connect identity providers."""


@provider.command("list")
@json_option
@pass_setting
def list_providers(setting: Setting, as_json: bool) -> None:
    """List the identity providers."""
    show_rows(setting.call("GET", "providers"), _PROVIDERS, as_json, "There is no provider.")


@provider.command("show")
@click.argument("name")
@json_option
@pass_setting
def show_provider(setting: Setting, name: str, as_json: bool) -> None:
    """Show one identity provider; its secret is never shown."""
    show_record(setting.call("GET", "providers", name), as_json)


@provider.command("add")
@click.argument("name")
@click.option("--issuer", required=True, metavar="URL", help="As its tokens name it, e.g. https://login.example.com/")
@click.option("--client-id", required=True, metavar="ID", help="What it calls this service.")
@click.option("--client-secret-stdin", is_flag=True, help="Read the client secret from standard input; else it is asked for.")
@click.option("--scope", "scopes", multiple=True, metavar="SCOPE", help="Scopes to ask for; may be repeated.")
@click.option("--groups-claim", metavar="CLAIM", help="The claim that lists groups.  [default: groups]")
@click.option("--algorithm", "algorithms", multiple=True, metavar="ALG", help="Signatures to accept; may be repeated.")
@json_option
@pass_setting
def add_provider(
    setting: Setting, name: str, issuer: str, client_id: str, client_secret_stdin: bool, scopes: tuple[str, ...],
    groups_claim: str | None, algorithms: tuple[str, ...], as_json: bool,
) -> None:  # fmt: skip
    """Add an OpenID Connect provider; register https://signin.DOMAIN/callback there as redirect URI."""
    setting.needed()
    if client_secret_stdin:
        secret = secret_line("--client-secret-stdin")
    else:
        secret = click.prompt("Client secret", hide_input=True, err=True)
    body = given(
        name=name, issuer=issuer, client_id=client_id, client_secret=secret, scopes=list(scopes) or None,
        groups_claim=groups_claim, algorithms=list(algorithms) or None,
    )  # fmt: skip
    made = setting.call("POST", "providers", body=body)
    done(f"{made['name']} is added", made, as_json)
    if not as_json:
        note(f"Publish with it: appproxy app publish NAME --provider {made['name']} ...")


@provider.command("remove")
@click.argument("name")
@json_option
@pass_setting
def remove_provider(setting: Setting, name: str, as_json: bool) -> None:
    """Remove an identity provider that no application uses."""
    gone = setting.call("DELETE", "providers", name)
    done(f"{gone['name']} is removed", gone, as_json)


COMMANDS = (init, demo, status, audit, session, provider)
