"""appproxy connector update-plan and update-lease: connectors of a group are updated one after the other."""

from __future__ import annotations

import os
from pathlib import Path

import click

from appproxy.admin.base.body import Body
from appproxy.cli.base.calling import CallSettings, pass_setting
from appproxy.cli.base.output import Column, done, json_option, moment, note, plain, show_rows
from appproxy.cli.fleet.connectors import run_once

_PLAN = (
    Column("GROUP", "group"), Column("NAME", "name"), Column("ID", "id"), Column("STATUS", "status"),
    Column("VERSION", "version"), Column("SERVICE", "service_version"), Column("RELEASES APART", "releases_apart", plain),
    Column("TURN", "turn"), Column("UNTIL", "until", moment),
)  # fmt: skip
#: The exit code of what may be tried again later (sysexits.h).
_LATER = 75


@click.command("update-plan")
@json_option
@pass_setting
def update_plan(setting: CallSettings, as_json: bool) -> None:
    """Show in which order connectors should be updated, and whose turn it is."""
    show_rows(setting.call("GET", "connector-updates"), _PLAN, as_json, "No connector has joined.")


@click.command("update-lease")
@click.option("--state", type=click.Path(path_type=Path), required=True, metavar="DIR", help="Of the connector.")
@click.option("--wait", default="0s", show_default=True, metavar="TIME", help="How long to wait for others' turns: 10m, 1h.")
@click.option("--done", "over", is_flag=True, help="The update is over: another connector may have its turn.")
@json_option
def update_lease(state: Path, wait: str, over: bool, as_json: bool) -> None:
    """Ask the service whether this connector may be updated now.

    The exit code is 0 when it may, for half an hour or until --done, and 75 when it is not its turn.
    """
    patience = Body({"wait": wait}, ("wait",)).duration("wait")
    # Here, because it costs half a second, and only this command needs it.
    from appproxy.connector.enrol.turn import control_of, wait_for_turn

    lease = run_once(lambda reactor: wait_for_turn(
        control_of(state.absolute(), reactor, os.environ), reactor, patience, done=over))
    answer = {"granted": lease.granted, "until": lease.until, "reason": lease.reason}
    if over:
        done("the turn of this connector is over", answer, as_json)
        return
    done(f"update it now, until {moment(lease.until)}" if lease.granted else "not now", answer, as_json)
    if not lease.granted:
        note(f"{lease.reason}; try again later, or give --wait TIME")
        click.get_current_context().exit(_LATER)


#: They belong to `appproxy connector`.
COMMANDS = (update_plan, update_lease)
