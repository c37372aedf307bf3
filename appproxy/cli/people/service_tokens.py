"""appproxy token ...: what programs sign in with."""

from __future__ import annotations

import click

from appproxy.cli.base.calling import CallSettings, given, key_values, pass_setting
from appproxy.cli.base.output import Column, done, json_option, moment, note, show_record, show_rows
from appproxy.cli.base.wrong_use import WrongUse

_COLUMNS = (
    Column("NAME", "name"), Column("APPLICATIONS", "applications", prose=True), Column("NETWORKS", "networks"),
    Column("EXPIRES", "expires", moment), Column("LAST USED", "used", moment), Column("FROM", "address"),
)  # fmt: skip
_WORDS = {name: moment for name in ("created", "rotated", "expires", "former_until", "used")}


@click.group()
def token() -> None:
    """Service tokens: programs sign in with them, without a browser."""


@token.command()
@click.argument("name")
@click.option("--app", "applications", multiple=True, metavar="NAME", help="What it opens; may be repeated.")
@click.option("--role", metavar="NAME", help="It administers the service: a role of `appproxy role list`.")
@click.option(
    "--network", "networks", multiple=True, metavar="NET", help="Where it may come from: 192.0.2.0/24.  [default: everywhere]")
@click.option("--expires", metavar="TIME", help="How long it lasts: 12h, 30d.  [default: 90d]")
@click.option("--claim", "claims", multiple=True, metavar="NAME=VALUE", help="What header rules of applications find.")
@json_option
@pass_setting
def add(
    setting: CallSettings, name: str, applications: tuple[str, ...], networks: tuple[str, ...], expires: str | None,
    claims: tuple[str, ...], role: str | None, as_json: bool,
) -> None:
    """Make a service token and print it. It is a secret, and is shown this once."""
    if not applications and role is None:
        raise WrongUse("name what the token opens: --app NAME, or --role NAME")
    body = given(name=name, applications=list(applications), role=role, networks=networks, expires=expires,
                 claims=key_values(claims) or None)
    _show_secret(setting.call("POST", "service-tokens", body=body), as_json)


@token.command("list")
@json_option
@pass_setting
def list_(setting: CallSettings, as_json: bool) -> None:
    """List the service tokens."""
    show_rows(setting.call("GET", "service-tokens"), _COLUMNS, as_json, "There are no service tokens.")


@token.command()
@click.argument("name")
@json_option
@pass_setting
def show(setting: CallSettings, name: str, as_json: bool) -> None:
    """Show one service token: what it opens, and when it was last used."""
    show_record(setting.call("GET", "service-tokens", name), as_json, _WORDS)


@token.command()
@click.argument("name")
@click.option("--overlap", metavar="TIME", help="How long the one before counts too; 0s: not at all.  [default: 1d]")
@click.option("--expires", metavar="TIME", help="From now on it lasts so long.  [default: its end stays]")
@json_option
@pass_setting
def rotate(setting: CallSettings, name: str, overlap: str | None, expires: str | None, as_json: bool) -> None:
    """Give a service token another secret, and print it; both count for a while."""
    _show_secret(setting.call("POST", "service-tokens", name, "rotate", body=given(overlap=overlap, expires=expires)), as_json)


@token.command()
@click.argument("name")
@json_option
@pass_setting
def revoke(setting: CallSettings, name: str, as_json: bool) -> None:
    """Let nobody in with it any more; open streams end within a second."""
    gone = setting.call("DELETE", "service-tokens", name)
    done(f"{gone['name']} is revoked", gone, as_json)


def _show_secret(made: dict[str, object], as_json: bool) -> None:
    done(str(made["token"]), made, as_json)
    if not as_json:
        note(f"Send it as:  Authorization: Bearer TOKEN   (until {moment(made['expires'])})")


COMMANDS = (token,)
