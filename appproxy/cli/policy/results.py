"""appproxy policy results: what a policy would have done while it was only reported."""

from __future__ import annotations

import click

from appproxy.cli.base.calling import CallSettings, given, pass_setting
from appproxy.cli.base.output import Column, json_option, moment, note, show_json, show_rows

_COUNTS = (Column("DECISIONS", "decisions"), Column("USERS", "users"))
_DAYS = (Column("DAY", "day"), *_COUNTS, Column("NOT TOUCHED", "passed"))
_USERS = (Column("USER", "user"), _COUNTS[0], Column("LAST", "last", moment))
_APPLICATIONS = (Column("APPLICATION", "application"), *_COUNTS, Column("LAST", "last", moment))
_REASONS = (*_COUNTS, Column("REASON", "reason", prose=True))
_EXAMPLES = (Column("TIME", "time", moment), Column("USER", "user"), Column("APPLICATION", "application"),
             Column("ADDRESS", "address"), Column("EFFECT", "effect"), Column("REASON", "reason", prose=True))
_TABLES = (("days", _DAYS), ("by_user", _USERS), ("by_application", _APPLICATIONS), ("reasons", _REASONS),
           ("examples", _EXAMPLES))


@click.command("results")
@click.argument("name")
@click.option("--days", type=int, metavar="N", help="Of the last N days.  [default: 31]")
@json_option
@pass_setting
def policy_results(setting: CallSettings, name: str, days: int | None, as_json: bool) -> None:
    """Say whom the policy NAME would have refused, limited, or asked for more while its state was report-only: by day, user,
    application and reason, with the last examples. A session at an application is counted once an hour.
    """
    found = setting.call("GET", "policies", name, "results", body=given(days=days))
    if as_json:
        show_json(found)
        return
    note(f"{found['policy']} is {found['state']}: it would have touched {found['users']} users in {found['decisions']} "
         f"decisions, and not touched {found['passed']}.")
    if found["more_users"]:
        note("There are more users than are told apart; the numbers of users are lower bounds.")
    if not found["days"]:
        note("Nobody was judged by it: its state is not report-only, or nobody has come since it was changed.")
        return
    for key, columns in _TABLES:
        if found[key]:
            show_rows(found[key], columns, False, "")
            click.echo()
