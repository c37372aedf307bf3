"""appproxy session ...: who is signed in, and since when."""

from __future__ import annotations

import click

from appproxy.cli.base.calling import CallSettings, given, pass_setting
from appproxy.cli.base.output import Column, done, json_option, moment, show_record, show_rows
from appproxy.cli.base.wrong_use import WrongUse

_COLUMNS = (
    Column("ID", "id"), Column("WHO", "name"), Column("PROVIDER", "provider"), Column("SINCE", "began", moment),
    Column("LAST USED", "seen", moment), Column("ADDRESS", "address"), Column("APPLICATIONS", "applications", prose=True),
)  # fmt: skip
_WORDS = {name: moment for name in ("began", "seen", "expires", "ended", "auth_time", "refresh_at")}


@click.group()
def session() -> None:
    """Sessions of users."""


@session.command("list")
@click.option("--user", metavar="NAME", help="Those of this user of the built-in provider.")
@click.option("--subject", metavar="SUBJECT", help="Those of this subject of a provider.")
@click.option("--provider", metavar="PROVIDER", help="Those of this provider.")
@click.option("--application", metavar="NAME", help="Those that have opened this application.")
@click.option("--limit", type=int, metavar="N", help="As many at most.  [default: 200]")
@json_option
@pass_setting
def list_(
    setting: CallSettings, user: str | None, subject: str | None, provider: str | None, application: str | None,
    limit: int | None, as_json: bool,
) -> None:
    """List the sessions that last, the last used first."""
    body = given(user=user, subject=subject, provider=provider, application=application, limit=limit)
    show_rows(setting.call("GET", "sessions", body=body), _COLUMNS, as_json, "Nobody is signed in.")


@session.command()
@click.argument("session_id", metavar="ID")
@json_option
@pass_setting
def show(setting: CallSettings, session_id: str, as_json: bool) -> None:
    """Show one session, as `appproxy session list` and the audit name it."""
    show_record(setting.call("GET", "sessions", session_id), as_json, _WORDS)


@session.command()
@click.option("--user", metavar="NAME", help="All sessions of this user of the built-in provider.")
@click.option("--subject", metavar="SUBJECT", help="All sessions of this subject of the provider given by --provider.")
@click.option("--provider", metavar="PROVIDER", help="Whose subject is meant.")
@click.option("--session", "session_id", metavar="ID", help="One session.")
@json_option
@pass_setting
def revoke(
    setting: CallSettings, user: str | None, subject: str | None, provider: str | None, session_id: str | None, as_json: bool,
) -> None:  # fmt: skip
    """End sessions at once, on all nodes."""
    body = given(user=user, subject=subject, session=session_id)
    if len(body) != 1:
        raise WrongUse("give one of --user, --subject and --session")
    if provider is not None and subject is None:
        raise WrongUse("--provider goes with --subject")
    made = setting.call("POST", "sessions", "revoke", body={**body, **given(provider=provider)})
    done(f"revoked: {user or subject or session_id}", made, as_json)


COMMANDS = (session,)
