"""appproxy client ...: applications elsewhere that sign people in at the built-in provider."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import click

from appproxy.cli.base.calling import CallSettings, given, pass_setting
from appproxy.cli.base.output import Column, done, json_option, moment, note, show_json, show_record, show_rows
from appproxy.cli.people.providers import read_bundle

_COLUMNS = (
    Column("CLIENT ID", "id"), Column("NAME", "name"), Column("REDIRECT URIS", "redirect_uris", prose=True),
)  # fmt: skip
_WORDS = {name: moment for name in ("created", "rotated", "former_until")}
_LISTS = ("redirect_uris", "post_logout_redirect_uris")


def _fields(command: Callable[..., Any]) -> Callable[..., Any]:
    """The options of what can be set of a client."""
    for option in (
        click.option("--ca-bundle", metavar="FILE", callback=read_bundle,
                     help="PEM certificates that alone vouch for its own; empty for this machine's authorities."),
        click.option("--frontchannel-logout-uri", metavar="URI",
                     help="What a frame of the browser loads at a sign-out; where a redirect URI is."),
        click.option("--backchannel-logout-session-required/--no-backchannel-logout-session-required", default=None,
                     help="It has to be told which session has ended (sid).  [default: no]"),
        click.option("--backchannel-logout-uri", metavar="URI", help="Where it hears that a session has ended."),
        click.option("--post-logout-redirect-uri", "post_logout_redirect_uris", multiple=True, metavar="URI",
                     help="Where it may have browsers sent after a sign-out; may be repeated."),
        click.option("--redirect-uri", "redirect_uris", multiple=True, metavar="URI",
                     help="Where its codes go, to the letter; may be repeated."),
    ):
        command = option(command)
    return command


def _body(fields: dict[str, Any]) -> dict[str, Any]:
    """What was said; one empty text empties a list."""
    lists = {name: [uri for uri in fields.pop(name) if uri] if fields[name] != () else None for name in _LISTS}
    return given(**{name: value for name, value in {**fields, **lists}.items() if value is not None})


@click.group("client")
def client() -> None:
    """Clients: applications elsewhere that sign people in at the built-in provider."""


@client.command()
@click.argument("name")
@_fields
@json_option
@pass_setting
def add(setting: CallSettings, /, name: str, as_json: bool, **fields: Any) -> None:
    """Register an application; prints its client id and its secret, which is shown this once."""
    _show_secret(setting.call("POST", "clients", body={"name": name, **_body(fields)}), as_json)


@client.command("list")
@json_option
@pass_setting
def list_(setting: CallSettings, as_json: bool) -> None:
    """List the clients."""
    show_rows(setting.call("GET", "clients"), _COLUMNS, as_json, "There are no clients.")


@client.command()
@click.argument("name")
@json_option
@pass_setting
def show(setting: CallSettings, name: str, as_json: bool) -> None:
    """Show one client; its secret is nowhere."""
    show_record(setting.call("GET", "clients", name), as_json, _WORDS)


@client.command("set")
@click.argument("name")
@_fields
@json_option
@pass_setting
def set_(setting: CallSettings, /, name: str, as_json: bool, **fields: Any) -> None:
    """Change a client. A list takes the place of the one before; "" empties it."""
    made = setting.call("PATCH", "clients", name, body=_body(fields))
    done(f"{made['name']} is changed", made, as_json)


@client.command()
@click.argument("name")
@click.option("--overlap", metavar="TIME", help="How long the one before counts too; 0s: not at all.  [default: 1d]")
@json_option
@pass_setting
def rotate(setting: CallSettings, name: str, overlap: str | None, as_json: bool) -> None:
    """Give a client another secret, and print it; both count for a while."""
    _show_secret(setting.call("POST", "clients", name, "rotate", body=given(overlap=overlap)), as_json)


@client.command()
@click.argument("name")
@json_option
@pass_setting
def remove(setting: CallSettings, name: str, as_json: bool) -> None:
    """Forget a client: nobody signs in to it any more."""
    gone = setting.call("DELETE", "clients", name)
    done(f"{gone['name']} is removed", gone, as_json)


def _show_secret(made: dict[str, Any], as_json: bool) -> None:
    if as_json:
        show_json(made)
        return
    show_record({"client id": made["id"], "secret": made["secret"], "issuer": made["issuer"]}, False)
    note("The secret is shown this once. All else the application finds at the issuer by itself (OpenID Connect Discovery).")


COMMANDS = (client,)
