"""appproxy audit: who did what, and whether anybody has changed what is written there."""

from __future__ import annotations

import re
import time
from datetime import datetime
from typing import Any

import click

from appproxy.cli.base.calling import CallSettings, given, pass_setting
from appproxy.cli.base.output import Column, details, json_option, moment, show_json, show_rows
from appproxy.cli.running import audit_exports
from appproxy.cli.running.follow import follow
from appproxy.errors import StoreError

_AGO = re.compile(r"([0-9]{1,6})([smhdw])")
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}
_CHAINS = ("known", "anonymous")


def _wall_clock() -> float:
    return time.time()  # noqa: TID251 -- the program's edge


class Moment(click.ParamType[float]):
    """A time: seconds since 1970."""

    name = "TIME"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """Called by click."""
        if not isinstance(value, str):
            return float(value)
        if ago := _AGO.fullmatch(value):
            return _wall_clock() - int(ago[1]) * _SECONDS[ago[2]]
        try:
            # Without a zone it is this machine's, as the list shows it.
            return datetime.fromisoformat(value).timestamp()
        except ValueError:
            self.fail(f"{value!r} is no time: write 2h, 7d, 2026-11-30 or 2026-11-30T08:00", param, ctx)


_COLUMNS = (
    Column("TIME", "time", moment), Column("WHO", "actor"), Column("WHAT", "action"), Column("ON", "target"),
    Column("DETAIL", "detail", details, prose=True),
)  # fmt: skip


@click.group(invoke_without_command=True)
@click.option("--limit", type=click.IntRange(1, 1000), default=50, show_default=True, help="How many.")
@click.option("--actor", metavar="ACTOR", help="Who: local:0, user:NAME, connector:ID, anonymous.")
@click.option("--action", metavar="ACTION", help="What; with a last dot all that begin so, as user.")
@click.option("--target", metavar="ID", help="On what: the id of a user, an application, a connector.")
@click.option("--text", metavar="TEXT", help="What is anywhere in the entry, such as an address.")
@click.option("--since", type=Moment(), help="Since then: 2h, 7d, 2026-11-30 or 2026-11-30T08:00.")
@click.option("--until", type=Moment(), help="Before then.")
@json_option
@click.pass_context
@pass_setting
def audit(setting: CallSettings, context: click.Context, /, as_json: bool, **wanted: Any) -> None:
    """List the latest entries of the audit, the newest first."""
    if context.invoked_subcommand is None:
        found = _search(setting, wanted)
        narrowed = any(value is not None for name, value in wanted.items() if name != "limit")
        show_rows(found, _COLUMNS, as_json, "There is no such entry." if narrowed else "Nothing has been changed yet.")


def _search(setting: CallSettings, wanted: dict[str, Any]) -> list[Any]:
    """As many as are wanted. One call looks at a part of the audit, so that a search for what is seldom holds nobody up."""
    found: list[Any] = []
    before = None
    while len(found) < wanted["limit"]:
        part = setting.call("GET", "audit-search", body=given(
            **{**wanted, "limit": wanted["limit"] - len(found)}, before=before))
        found += part["entries"]
        before = part["before"]
        if before is None:
            break
    return found


@audit.command()
@json_option
@pass_setting
def verify(setting: CallSettings, as_json: bool) -> None:
    """Check that no entry was changed, put in or removed since it was written."""
    checked = {}
    with setting.progress("the audit is checked"):
        for chain in _CHAINS:
            at = _verified(setting, chain)
            checked[chain] = {"checked": at["checked"], "last": at["after"], "link": at["link"]}
    if as_json:
        show_json(checked)
        return
    for chain, one in checked.items():
        click.echo(f"{chain}: {one['checked']} entries are as they were written"
                   + (f"; the last is number {one['last']}, link {one['link'][:16]}" if one["checked"] else ""))


def _verified(setting: CallSettings, chain: str) -> Any:
    """A whole chain, in parts. Raises StoreError."""
    at: Any = {"after": 0, "link": "", "checked": 0, "fault": "", "done": False}
    while not at["done"] and not at["fault"]:
        at = setting.call("GET", "audit-verification", body={
            "chain": chain, **given(**{name: at[name] for name in ("after", "link", "checked") if at[name]})})
        setting.progress.say(f"{at['checked']:,} {chain} entries are as they were written")
    if at["fault"]:
        raise StoreError(
            f"audit: {at['fault']} ({chain} entries; {at['checked']} before are good, up to number {at['after']})",
            hint="compare with what was exported, or with a backup; whoever did it could write to the database")
    return at


audit.add_command(audit_exports.export)
audit.add_command(follow)
COMMANDS = (audit,)
