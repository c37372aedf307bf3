"""appproxy risk ...: which sign-ins and users are at risk, and what is to be thought of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import click

from appproxy.cli.base.calling import CallSettings, given, pass_setting
from appproxy.cli.base.output import Column, done, json_option, moment, show_json, show_record, show_rows
from appproxy.cli.base.wrong_use import WrongUse

_COLUMNS = (
    Column("ID", "id"), Column("TIME", "time", moment), Column("WHO", "name"), Column("ADDRESS", "address"),
    Column("CLIENT", "client"), Column("LEVEL", "level"), Column("POINTS", "score"), Column("OUTCOME", "outcome"),
    Column("STATE", "state"),
)  # fmt: skip
_USERS = (
    Column("WHO", "name"), Column("PROVIDER", "provider"), Column("LEVEL", "level"), Column("CONFIRMED", "confirmed"),
    Column("SINCE", "changed", moment), Column("UNTIL", "until", moment),
)  # fmt: skip
_PARTS = (Column("PART", "name"), Column("POINTS", "points"), Column("BECAUSE", "because", prose=True))


@click.group()
def risk() -> None:
    """Sign-ins and users at risk."""


@risk.command("list")
@click.option("--user", metavar="NAME", help="Those of this user of the built-in provider.")
@click.option("--subject", metavar="SUBJECT", help="Those of this subject of the provider given by --provider.")
@click.option("--provider", metavar="PROVIDER", help="Whose subject is meant.")
@click.option("--level", metavar="LEVEL", help="Those of this level: low, medium or high.  [default: medium and high]")
@click.option("--all", "all_", is_flag=True, help="Those of any level.")
@click.option("--limit", type=int, metavar="N", help="As many at most.  [default: 200]")
@json_option
@pass_setting
def list_(
    setting: CallSettings, user: str | None, subject: str | None, provider: str | None, level: str | None, all_: bool,
    limit: int | None, as_json: bool,
) -> None:
    """List sign-ins at risk, the newest first."""
    body = given(user=user, subject=subject, provider=provider, level=level, all=all_ or None, limit=limit)
    show_rows(setting.call("GET", "risk", "sign-ins", body=body), _COLUMNS, as_json, "No sign-in is at risk.")


@risk.command()
@click.argument("sign_in", metavar="ID")
@json_option
@pass_setting
def show(setting: CallSettings, sign_in: str, as_json: bool) -> None:
    """Show one sign-in, and what its points are made of."""
    found = setting.call("GET", "risk", "sign-ins", sign_in)
    if as_json:
        show_json(found)
        return
    show_record({key: value for key, value in found.items() if key != "parts"}, False, {"time": moment})
    show_rows(found["parts"], _PARTS, False, "Nothing was known.")


@risk.command("users")
@json_option
@pass_setting
def users(setting: CallSettings, as_json: bool) -> None:
    """List users of medium and high risk."""
    show_rows(setting.call("GET", "risk", "users"), _USERS, as_json, "No user is at risk.")


@risk.command()
@json_option
@pass_setting
def rates(setting: CallSettings, as_json: bool) -> None:
    """Say how many sign-ins of the last 30 days reach how many points, and so which level: about so many are asked for more
    by a policy about that.
    """
    found = setting.call("GET", "risk", "rates")
    if as_json:
        show_json(found)
        return
    rows = [{**row, "share": f"{row['rate']:.2%}", "level": "high" if row["points"] >= found["high"] else
             "medium" if row["points"] >= found["medium"] else "low"} for row in found["rates"]]
    columns = (Column("FROM POINTS", "points"), Column("LEVEL", "level"), Column("SIGN-INS", "sign_ins"),
               Column("SHARE", "share"))
    show_rows(rows, columns, False, "")


def _target(command: Callable[..., Any]) -> Callable[..., Any]:
    for option in (
        json_option,
        click.option("--provider", metavar="PROVIDER", help="Whose subject is meant."),
        click.option("--subject", metavar="SUBJECT", help="A subject of the provider given by --provider."),
        click.option("--user", metavar="NAME", help="A user of the built-in provider."),
        click.argument("sign_in", metavar="[ID]", required=False),
    ):
        command = option(command)
    return command


@risk.command()
@_target
@pass_setting
def confirm(
    setting: CallSettings, sign_in: str | None, user: str | None, subject: str | None, provider: str | None, as_json: bool,
) -> None:
    """Confirm that it was somebody else: the sign-in ID, or all that uses the account of a user. The user is of high risk
    from now on, and all their sessions end at once.
    """
    made = _said(setting, "confirm", sign_in, user, subject, provider)
    done(f"{made['name']} is of high risk; all their sessions have ended", made, as_json)


@risk.command()
@_target
@pass_setting
def dismiss(
    setting: CallSettings, sign_in: str | None, user: str | None, subject: str | None, provider: str | None, as_json: bool,
) -> None:
    """Dismiss it: the sign-in ID was the user, or nothing is to be held against a user any more. What is dismissed teaches."""
    made = _said(setting, "dismiss", sign_in, user, subject, provider)
    done(f"dismissed, of {made['name']}", made, as_json)


def _said(
    setting: CallSettings, verb: str, sign_in: str | None, user: str | None, subject: str | None, provider: str | None
) -> Any:
    if sum(one is not None for one in (sign_in, user, subject)) != 1:
        raise WrongUse("give one of ID, --user and --subject")
    if (provider is not None) != (subject is not None):
        raise WrongUse("--subject and --provider go together")
    if sign_in is not None:
        return setting.call("POST", "risk", "sign-ins", sign_in, verb)
    return setting.call("POST", "risk", "users", verb, body=given(user=user, subject=subject, provider=provider))


COMMANDS = (risk,)
