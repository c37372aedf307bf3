"""appproxy certificate ...: what users' browsers are shown."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from appproxy.cli.base.calling import CallSettings, given, pass_setting
from appproxy.cli.base.output import Column, done, json_option, moment, show_record, show_rows
from appproxy.cli.base.wrong_use import WrongUse
from appproxy.errors import ConfigError

_COLUMNS = (
    Column("NAME", "name"), Column("FOR", "names"), Column("FROM", "source"), Column("ENDS", "not_after", moment),
    Column("DAYS LEFT", "days_left"), Column("STATUS", "status"), Column("ANSWERS FOR", "hosts"),
)  # fmt: skip
_WORDS = dict.fromkeys(("not_before", "not_after", "created", "changed", "next_attempt"), moment)
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
def add(setting: CallSettings, chain: Path, key: Path, name: str | None, authority: Path | None, as_json: bool) -> None:
    """Add a certificate; it answers for its hosts within a second."""
    made = setting.call("POST", "certificates", body=given(name=name, **_pair(chain, key, authority)))
    done(f"{made['name']} answers for {', '.join(made['names'])} until {moment(made['not_after'])}", made, as_json)


@certificate.command("list")
@json_option
@pass_setting
def list_(setting: CallSettings, as_json: bool) -> None:
    """List the certificates beside the default one."""
    empty = "Only the default certificate is there; see `appproxy certificate add --help`."
    show_rows(setting.call("GET", "certificates"), _COLUMNS, as_json, empty)


@certificate.command()
@click.argument("name")
@json_option
@pass_setting
def show(setting: CallSettings, name: str, as_json: bool) -> None:
    """Show one certificate, and the hosts of ours that it answers for."""
    show_record(setting.call("GET", "certificates", name), as_json, _WORDS)


@certificate.command()
@click.argument("name")
@click.option("--certificate", "chain", type=_FILE, metavar="PEM", help="The new certificate and its intermediates.")
@click.option("--key", type=_FILE, metavar="PEM", help="Its private key, without a passphrase.")
@_AUTHORITY
@json_option
@pass_setting
def renew(
    setting: CallSettings, name: str, chain: Path | None, key: Path | None, authority: Path | None, as_json: bool
) -> None:
    """Put a new certificate in the place of NAME; connections that are there go on.

    Without --certificate and --key, of a certificate that was ordered by ACME: order it again now.
    """
    if chain is None and key is None and authority is None:
        made = setting.call("POST", "certificates", name, "renew")
        done(f"{made['name']} is ordered again; see `appproxy certificate show {made['name']}`", made, as_json)
        return
    if chain is None or key is None:
        raise WrongUse("give --certificate and --key, or neither of them")
    made = setting.call("PUT", "certificates", name, body=_pair(chain, key, authority))
    done(f"{made['name']} is renewed until {moment(made['not_after'])}", made, as_json)


@certificate.command("authority")
@click.argument("directory", required=False, metavar="[URL]")
@click.option("--contact", "contacts", multiple=True, metavar="MAIL", help="Whom the authority is to write to.")
@click.option("--agree-terms", is_flag=True, help="You agree to the authority's terms of service.")
@click.option("--authority", type=_FILE, metavar="PEM", help="What its HTTPS is checked by, where it is an own one.")
@click.option("--binding-id", metavar="ID", help="Of your account at the authority, where it wants one (EAB).")
@click.option("--binding-key-stdin", is_flag=True, help="Read the key of that account from standard input (base64url).")
@json_option
@pass_setting
def authority_(
    setting: CallSettings, directory: str | None, contacts: tuple[str, ...], agree_terms: bool, authority: Path | None,
    binding_id: str | None, binding_key_stdin: bool, as_json: bool,
) -> None:  # fmt: skip
    """Choose the authority that issues by ACME, by the URL of its directory; without one, show which it is.

    For Let's Encrypt the URL is https://acme-v02.api.letsencrypt.org/directory.
    """
    if directory is None:
        show_record(setting.call("GET", "certificate-authority"), as_json)
        return
    binding_key = sys.stdin.readline().strip() if binding_key_stdin else None
    body = given(
        directory=directory, contacts=list(contacts), agree_terms=agree_terms, binding_id=binding_id, binding_key=binding_key,
        authority=None if authority is None else _text(authority),
    )  # fmt: skip
    made = setting.call("PUT", "certificate-authority", body=body)
    done(f"certificates are ordered at {made['directory']} from now on", made, as_json)


@certificate.command()
@click.argument("hosts", nargs=-1, metavar="HOST...")
@click.option("--uncovered", is_flag=True, help="Instead: one for each host of ours that no certificate was added for.")
@click.option("--name", metavar="NAME", help="What to call it here.  [default: the first host]")
@click.option(
    "--challenge", type=click.Choice(["tls-alpn-01", "http-01"]), default="tls-alpn-01", show_default=True,
    help="How the authority looks at the hosts: at port 443, or at port 80 (`acme_listen`).",
)  # fmt: skip
@json_option
@pass_setting
def order(
    setting: CallSettings, hosts: tuple[str, ...], uncovered: bool, name: str | None, challenge: str, as_json: bool
) -> None:
    """Order a certificate for these hosts by ACME; the service fetches it, and renews it in time."""
    if uncovered == bool(hosts) or (uncovered and name is not None):
        raise WrongUse("give HOST..., or --uncovered alone")
    if uncovered:
        orders = setting.call("POST", "certificate-orders", "uncovered", body={"challenge": challenge})
        done("\n".join(f"{one['name']} is ordered" for one in orders) or "every host has one", orders, as_json)
        return
    made = setting.call("POST", "certificate-orders", body=given(name=name, hosts=list(hosts), challenge=challenge))
    done(f"{made['name']} is ordered; see `appproxy certificate show {made['name']}`", made, as_json)


@certificate.command()
@click.argument("name")
@json_option
@pass_setting
def remove(setting: CallSettings, name: str, as_json: bool) -> None:
    """Serve a certificate no longer; its hosts get another that covers them, or the default one."""
    gone = setting.call("DELETE", "certificates", name)
    text = f"{gone['name']} is removed"
    if gone["left_to_default"]:
        text += f"\nthe default certificate answers now for {', '.join(gone['left_to_default'])}"
    done(text, gone, as_json)


def _pair(chain: Path, key: Path, authority: Path | None) -> dict[str, object]:
    texts = {"certificate": _text(chain), "key": _text(key)}
    return given(**texts, authority=None if authority is None else _text(authority))


def _text(path: Path) -> str:
    try:
        return path.read_text()
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path}: is no PEM text", hint="convert it with openssl (pkcs12, or x509 -inform der)") from error


COMMANDS = (certificate,)
