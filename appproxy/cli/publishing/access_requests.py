"""appproxy access ...: what users have asked for."""

from __future__ import annotations

import click

from appproxy.cli.base.calling import CallSettings, given, pass_setting
from appproxy.cli.base.output import Column, done, json_option, moment, show_rows

_COLUMNS = (
    Column("ID", "id"), Column("STATE", "state"), Column("APPLICATION", "application"), Column("USER", "user"),
    Column("PROVIDER", "provider"), Column("ASKED", "created", moment), Column("ENDS", "ends", moment),
    Column("REASON", "reason", prose=True),
)  # fmt: skip


@click.group()
def access() -> None:
    """What users have asked for."""


@access.command("list")
@click.option("--state", type=click.Choice(["pending", "approved", "denied", "ended"]), help="Only those.")
@json_option
@pass_setting
def list_(setting: CallSettings, state: str | None, as_json: bool) -> None:
    """List who has asked to use which application."""
    show_rows(setting.call("GET", "access-requests", body=given(state=state)), _COLUMNS, as_json, "Nobody has asked.")


@access.command()
@click.argument("request_id", metavar="ID")
@click.option("--for", "expires", required=True, metavar="TIME", help="For so long: 8h, 30d; a year at most.")
@click.option("--reason", metavar="TEXT", help="What the user is to know.")
@json_option
@pass_setting
def approve(setting: CallSettings, request_id: str, expires: str, reason: str | None, as_json: bool) -> None:
    """Let a user in who has asked, for a time."""
    made = setting.call("POST", "access-requests", request_id, "approve", body=given(expires=expires, reason=reason))
    done(f"{made['user']} may use {made['application']} until {moment(made['ends'])}", made, as_json)


@access.command()
@click.argument("request_id", metavar="ID")
@click.option("--reason", required=True, metavar="TEXT", help="Why not; the user reads it.")
@json_option
@pass_setting
def deny(setting: CallSettings, request_id: str, reason: str, as_json: bool) -> None:
    """Do not let a user in who has asked."""
    made = setting.call("POST", "access-requests", request_id, "deny", body={"reason": reason})
    done(f"{made['user']} does not get {made['application']}", made, as_json)


COMMANDS = (access,)
