"""appproxy role ...: who administers the service."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import click

from appproxy.cli.base.calling import CallSettings, given, pass_setting
from appproxy.cli.base.output import Column, done, json_option, moment, show_record, show_rows


def _end(value: object) -> str:
    return moment(value) if value else "for good"


def _application(value: object) -> str:
    return str(value) or "all"


_ROLES = (Column("NAME", "name"), Column("WHAT ITS HOLDERS DO", "explanation", prose=True))
_HOLDERS = (
    Column("ROLE", "role"), Column("KIND", "kind"), Column("NAME", "name"), Column("PROVIDER", "provider"),
    Column("APPLICATION", "application", _application), Column("UNTIL", "expires", _end),
)  # fmt: skip


@click.group()
def role() -> None:
    """Roles: who administers the service from elsewhere. Who is root on its machine needs none."""


@role.command("list")
@click.option("--assigned", is_flag=True, help="Who has which role, in place of the roles that there are.")
@json_option
@pass_setting
def list_(setting: CallSettings, assigned: bool, as_json: bool) -> None:
    """List the roles, or who has them."""
    if assigned:
        empty = "Nobody has a role; give one: appproxy role assign administrator --user NAME"
        show_rows(setting.call("GET", "role-assignments"), _HOLDERS, as_json, empty)
    else:
        show_rows(setting.call("GET", "roles"), _ROLES, as_json, "There are no roles.")


@role.command()
@click.argument("name")
@json_option
@pass_setting
def show(setting: CallSettings, name: str, as_json: bool) -> None:
    """Show what the holders of a role may do."""
    show_record(setting.call("GET", "roles", name), as_json)


def _whom(command: Callable[..., Any]) -> Callable[..., Any]:
    """The options that say whose role it is."""
    for option in reversed((
        click.option("--user", metavar="NAME", help="A user: of the built-in provider by name, else the subject."),
        click.option("--group", metavar="NAME", help="The members of a group."),
        click.option("--token", metavar="NAME", help="A service token, for programs."),
        click.option("--provider", metavar="NAME", help="Whose user or group it is.  [default: the built-in provider]"),
        click.option("--app", "application", metavar="NAME", help="For this application alone.  [default: for all]"),
    )):
        command = option(command)
    return command


@role.command()
@click.argument("name")
@_whom
@click.option("--expires", metavar="TIME", help="For so long: 8h, 30d.  [default: for good]")
@json_option
@pass_setting
def assign(setting: CallSettings, /, name: str, expires: str | None, as_json: bool, **whom: str | None) -> None:
    """Give a role to a user, a group or a service token."""
    made = setting.call("POST", "role-assignments", body=given(role=name, expires=expires, **whom))
    place = f" for {made['application']}" if made["application"] else ""
    until = f" until {moment(made['expires'])}" if made["expires"] else ""
    done(f"{made['name']} is {made['role']}{place}{until}", made, as_json)


@role.command()
@click.argument("name")
@_whom
@json_option
@pass_setting
def unassign(setting: CallSettings, /, name: str, as_json: bool, **whom: str | None) -> None:
    """Take a role away."""
    gone = setting.call("DELETE", "role-assignments", body=given(role=name, **whom))
    done(f"{gone['name']} is no {gone['role']} any more", gone, as_json)


COMMANDS = (role,)
