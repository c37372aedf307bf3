"""appproxy audit export ...: where the audit is exported to."""

from __future__ import annotations

from pathlib import Path

import click

from appproxy.cli.base.calling import CallSettings, given, pass_setting
from appproxy.cli.base.output import Column, done, json_option, moment, note, show_record, show_rows
from appproxy.cli.people.providers import read_bundle

_COLUMNS = (
    Column("NAME", "name"), Column("URL", "url"), Column("FORMAT", "format"), Column("WAITING", "waiting"),
    Column("SENT", "sent"), Column("REFUSED", "refused"), Column("LOST", "lost"), Column("LAST", "delivered", moment),
    Column("PROBLEM", "problem", prose=True),
)  # fmt: skip
_WORDS = {name: moment for name in ("created", "waiting_since", "delivered", "next_try")}
_PEM = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.group("export")
def export() -> None:
    """Where the audit is sent, to be kept and searched elsewhere."""


@export.command()
@click.argument("name")
@click.argument("url")
@click.option("--format", "format_name", type=click.Choice(["json", "ecs", "ocsf"]), help="Whose words.  [default: json]")
@click.option("--start", metavar="WHEN", help="now, beginning, or the number of the first entry.  [default: now]")
@click.option("--ca-bundle", metavar="FILE", callback=read_bundle,
              help="PEM certificates that alone vouch for the receiver.  [default: this machine's authorities]")
@click.option("--certificate", type=_PEM, metavar="FILE", help="Our certificate (PEM), for a receiver that asks for one.")
@click.option("--key", type=_PEM, metavar="FILE", help="Its private key (PEM).")
@json_option
@pass_setting
def add(
    setting: CallSettings, name: str, url: str, format_name: str | None, start: str | None, ca_bundle: str | None,
    certificate: Path | None, key: Path | None, as_json: bool,
) -> None:
    """Export the audit to URL.

    URL is file:///PATH[?size=MIB&keep=FILES], syslog://HOST[:PORT], syslog+tls://HOST[:PORT] or https://HOST/PATH. The key
    that a webhook's receiver checks signatures with is printed this once.
    """
    pem = {field: path.read_text() for field, path in (("certificate", certificate), ("key", key)) if path is not None}
    body = given(name=name, url=url, format=format_name, start=start, ca_bundle=ca_bundle or None, **pem)
    made = setting.call("POST", "audit-exports", body=body)
    if as_json:
        done("", made, as_json)
        return
    if "secret" in made:
        click.echo(made["secret"])
        note("This is the key of the signatures (Standard Webhooks); it is shown this once.")
    note(f"Try it: appproxy audit export test {made['name']}")


@export.command("list")
@json_option
@pass_setting
def list_(setting: CallSettings, as_json: bool) -> None:
    """List the destinations: what waits for each, and what went wrong last."""
    show_rows(setting.call("GET", "audit-exports"), _COLUMNS, as_json, "The audit is exported nowhere.")


@export.command()
@click.argument("name")
@json_option
@pass_setting
def show(setting: CallSettings, name: str, as_json: bool) -> None:
    """Show one destination; its key is never shown."""
    show_record(setting.call("GET", "audit-exports", name), as_json, _WORDS)


@export.command()
@click.argument("name")
@json_option
@pass_setting
def test(setting: CallSettings, name: str, as_json: bool) -> None:
    """Send one entry there that is in no audit. The exit code is 1 when it does not arrive."""
    found = setting.call("POST", "audit-exports", name, "test")
    done(found["problem"] or f"it has arrived at {found['name']}", found, as_json)
    if found["problem"]:
        click.get_current_context().exit(1)


@export.command()
@click.argument("name")
@json_option
@pass_setting
def remove(setting: CallSettings, name: str, as_json: bool) -> None:
    """Export the audit there no more.

    To go on later where it has ended, or with another key, add it again with --start and the number behind `position`.
    """
    gone = setting.call("DELETE", "audit-exports", name)
    done(f"{gone['name']} is removed; it has the entries up to number {gone['position']}", gone, as_json)
