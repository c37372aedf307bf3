"""appproxy certificate ...: what users' browsers are shown."""

from __future__ import annotations

from pathlib import Path

import click

from appproxy.cli.calling import Setting, given, pass_setting
from appproxy.cli.output import Column, done, json_option, moment, show_record, show_rows
from appproxy.errors import ConfigError

_COLUMNS = (
    Column("NAME", "name"), Column("FOR", "names"), Column("FROM", "source"), Column("ENDS", "not_after", moment),
    Column("DAYS LEFT", "days_left"), Column("ANSWERS FOR", "hosts"),
)  # fmt: skip
_WORDS = dict.fromkeys(("not_before", "not_after", "created", "changed"), moment)
_FILE = click.Path(path_type=Path, dir_okay=False)
_CHAIN = click.option(
    "--certificate", "chain", type=_FILE, required=True, metavar="PEM", help="The certificate and its intermediates.")
_KEY = click.option("--key", type=_FILE, required=True, metavar="PEM", help="Its private key, without a passphrase.")
_AUTHORITY = click.option(
    "--authority", type=_FILE, metavar="PEM",
    help="The authority's certificate, where it is your own and browsers were told to trust it.",
)  # fmt: skip


@click.group()
def certificate() -> None:
    """Certificates that users' browsers are shown."""


@certificate.command()
@_CHAIN
@_KEY
@click.option("--name", metavar="NAME", help="What to call it here.  [default: its first host name]")
@_AUTHORITY
@json_option
@pass_setting
def add(setting: Setting, chain: Path, key: Path, name: str | None, authority: Path | None, as_json: bool) -> None:
    """Add a certificate; it answers for its hosts within a second."""
    made = setting.call("POST", "certificates", body=given(name=name, **_pair(chain, key, authority)))
    done(f"{made['name']} answers for {', '.join(made['names'])} until {moment(made['not_after'])}", made, as_json)


@certificate.command("list")
@json_option
@pass_setting
def list_(setting: Setting, as_json: bool) -> None:
    """List the certificates beside the default one."""
    empty = "Only the default certificate is there; see `appproxy certificate add --help`."
    show_rows(setting.call("GET", "certificates"), _COLUMNS, as_json, empty)


@certificate.command()
@click.argument("name")
@json_option
@pass_setting
def show(setting: Setting, name: str, as_json: bool) -> None:
    """Show one certificate, and the hosts of ours that it answers for."""
    show_record(setting.call("GET", "certificates", name), as_json, _WORDS)


@certificate.command()
@click.argument("name")
@_CHAIN
@_KEY
@_AUTHORITY
@json_option
@pass_setting
def renew(setting: Setting, name: str, chain: Path, key: Path, authority: Path | None, as_json: bool) -> None:
    """Put a new certificate in the place of NAME; connections that are there go on."""
    made = setting.call("PUT", "certificates", name, body=_pair(chain, key, authority))
    done(f"{made['name']} is renewed until {moment(made['not_after'])}", made, as_json)


@certificate.command()
@click.argument("name")
@json_option
@pass_setting
def remove(setting: Setting, name: str, as_json: bool) -> None:
    """Serve a certificate no longer; its hosts get another that covers them, or the default one."""
    gone = setting.call("DELETE", "certificates", name)
    done(f"{gone['name']} is removed", gone, as_json)


def _pair(chain: Path, key: Path, authority: Path | None) -> dict[str, object]:
    texts = {"certificate": _text(chain), "key": _text(key)}
    return given(**texts, authority=None if authority is None else _text(authority))


def _text(path: Path) -> str:
    try:
        return path.read_text()
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path}: is no PEM text; convert it with openssl (pkcs12, or x509 -inform der)") from error


COMMANDS = (certificate,)
