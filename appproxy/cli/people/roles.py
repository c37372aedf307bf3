"""appproxy role ...: who administers the service."""

from __future__ import annotations

from collections.abc import Callable, Mapping
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


_token = click.option("--token", metavar="NAME", help="A service token, for programs.")


def _whom(command: Callable[..., Any]) -> Callable[..., Any]:
    """The options that say whose role it is."""
    for option in reversed((
        click.option("--user", metavar="NAME", help="A user: of the built-in provider by name, else the subject."),
        click.option("--group", metavar="NAME", help="The members of a group."),
        click.option("--provider", metavar="NAME", help="Whose user or group it is.  [default: the built-in provider]"),
        click.option("--app", "application", metavar="NAME", help="For this application alone.  [default: for all]"),
    )):
        command = option(command)
    return command


@role.command()
@click.argument("name")
@_whom
@_token
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
@_token
@json_option
@pass_setting
def unassign(setting: CallSettings, /, name: str, as_json: bool, **whom: str | None) -> None:
    """Take a role away."""
    gone = setting.call("DELETE", "role-assignments", body=given(role=name, **whom))
    done(f"{gone['name']} is no {gone['role']} any more", gone, as_json)


def _period(value: object) -> str:
    return f"{float(str(value)) / 3600:g} h"


_ENTITLED = (
    Column("ROLE", "role"), Column("KIND", "kind"), Column("NAME", "name"), Column("PROVIDER", "provider"),
    Column("APPLICATION", "application", _application), Column("FOR AT MOST", "longest", _period),
    Column("APPROVAL", "approval"), Column("UNTIL", "expires", _end),
)  # fmt: skip
_REQUESTS = (
    Column("ID", "id"), Column("STATE", "state"), Column("ROLE", "role"), Column("APPLICATION", "application", _application),
    Column("NAME", "name"), Column("USER", "user"), Column("ADDRESS", "email"), Column("PROVIDER", "provider"),
    Column("FOR", "duration", _period), Column("ENDS", "ends", moment),
    Column("REASON", "reason", prose=True),
)  # fmt: skip


@role.command()
@click.argument("name")
@_whom
@click.option("--longest", metavar="TIME", help="For how long the role is had at most: 1h, 24h.  [default: 8h]")
@click.option("--approval", is_flag=True, help="Another person, who may give the role, has to approve each time.")
@click.option("--expires", metavar="TIME", help="They may ask for so long: 90d.  [default: for good]")
@click.option("--remove", is_flag=True, help="They may ask no more, and what they have by it ends.")
@json_option
@pass_setting
def entitle(
    setting: CallSettings, /, name: str, longest: str | None, approval: bool, expires: str | None, remove: bool, as_json: bool,
    **whom: str | None,
) -> None:
    """Let a user, or the members of a group, have a role when they ask for it, for a time."""
    if remove:
        gone = setting.call("DELETE", "role-entitlements", body=given(role=name, **whom))
        done(f"{gone['name']} can ask for {gone['role']} no more", gone, as_json)
        return
    made = setting.call("POST", "role-entitlements", body=given(
        role=name, longest=longest, approval=approval or None, expires=expires, **whom))
    how = ", once another person has approved" if made["approval"] else ""
    done(f"{made['name']} can ask for {made['role']} for {_period(made['longest'])}{how}", made, as_json)


@role.command()
@click.argument("name")
@click.option("--reason", required=True, metavar="TEXT", help="What for; who approves reads it, and the audit keeps it.")
@click.option("--for", "duration", metavar="TIME", help="For so long: 30m, 2h.  [default: as long as you may]")
@click.option("--app", "application", metavar="NAME", help="For this application alone, if that is what you may ask for.")
@json_option
@pass_setting
def request(
    setting: CallSettings, name: str, reason: str, duration: str | None, application: str | None, as_json: bool
) -> None:
    """Ask for a role that you are entitled to, from where you have logged in."""
    made = setting.call("POST", "role-requests", body=given(
        role=name, reason=reason, duration=duration, application=application))
    if made["state"] == "active":
        text = f"you are {made['role']} until {moment(made['ends'])}"
    else:
        text = f"{made['id']}: another person has to approve it: appproxy role approve {made['id']}"
    done(text, made, as_json)


@role.command()
@click.option("--mine", is_flag=True, help="What you may ask for, in place of what was asked for.")
@click.option("--entitled", is_flag=True, help="Who may ask for what.")
@json_option
@pass_setting
def requests(setting: CallSettings, mine: bool, entitled: bool, as_json: bool) -> None:
    """List what was asked for: by you, or by everybody where you may read roles."""
    if mine or entitled:
        path = ("role-entitlements", "mine") if mine else ("role-entitlements",)
        empty = "You are entitled to no role." if mine else "Nobody is entitled to a role; see `appproxy role entitle --help`."
        show_rows(setting.call("GET", *path), _ENTITLED, as_json, empty)
    else:
        show_rows(setting.call("GET", "role-requests"), _REQUESTS, as_json, "Nothing was asked for.")


def _who(made: Mapping[str, Any]) -> str:
    """What they are called, and who that is: names are not theirs alone."""
    known = (made["user"], made["email"], made["provider"])
    return f"{made['name']} ({', '.join(one for one in known if one)})"


@role.command()
@click.argument("request_id", metavar="ID")
@json_option
@pass_setting
def approve(setting: CallSettings, request_id: str, as_json: bool) -> None:
    """Give what another person has asked for."""
    made = setting.call("POST", "role-requests", request_id, "approve")
    done(f"{_who(made)} is {made['role']} until {moment(made['ends'])}", made, as_json)


@role.command()
@click.argument("request_id", metavar="ID")
@json_option
@pass_setting
def deny(setting: CallSettings, request_id: str, as_json: bool) -> None:
    """Do not give what another person has asked for."""
    made = setting.call("POST", "role-requests", request_id, "deny")
    done(f"{_who(made)} does not get {made['role']}", made, as_json)


@role.command()
@click.argument("request_id", metavar="ID")
@json_option
@pass_setting
def end(setting: CallSettings, request_id: str, as_json: bool) -> None:
    """End a role that was asked for before its time, or take a request back: your own, or one that you may give."""
    made = setting.call("POST", "role-requests", request_id, "end")
    done(f"{_who(made)} is {made['role']} by this request no more", made, as_json)


COMMANDS = (role,)
