"""appproxy node ...: the processes that serve from one database, and how a machine becomes one more."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable
from pathlib import Path

import click

from appproxy.cli.base.calling import CallSettings, pass_setting
from appproxy.cli.base.output import Column, done, json_option, moment, note, show_record, show_rows
from appproxy.cli.base.wrong_use import WrongUse
from appproxy.config import values
from appproxy.twistd.shown import service_command

_NODES = (
    Column("ID", "id"), Column("NAME", "name"), Column("STATUS", "status"), Column("ADDRESS", "address"),
    Column("VERSION", "version"), Column("STARTED", "started", moment), Column("SEEN", "seen", moment),
)  # fmt: skip


@click.group()
def node() -> None:
    """Nodes: processes of the service, on one machine or several, over one PostgreSQL database."""


@node.command("list")
@json_option
@pass_setting
def list_(setting: CallSettings, as_json: bool) -> None:
    """List the nodes."""
    show_rows(setting.call("GET", "nodes"), _NODES, as_json, "No node runs.")


@node.command()
@click.argument("name", metavar="NODE")
@json_option
@pass_setting
def show(setting: CallSettings, name: str, as_json: bool) -> None:
    """Show one node, by id or name."""
    show_record(setting.call("GET", "nodes", name), as_json, {"started": moment, "seen": moment})


@node.command()
@click.argument("name", metavar="NODE")
@json_option
@pass_setting
def remove(setting: CallSettings, name: str, as_json: bool) -> None:
    """Forget a node that is silent. One that is stopped leaves by itself."""
    gone = setting.call("DELETE", "nodes", name)
    done(f"{gone['name']} is forgotten", gone, as_json)


@node.command()
@click.option("--expires", metavar="TIME", default="1h", show_default=True, help="Until when: 30m, 1h, 7d at most.")
@json_option
@pass_setting
def token(setting: CallSettings, expires: str, as_json: bool) -> None:
    """Print a token with which one machine becomes a node. It opens everything, is good once, and is shown this once.

    It carries the database's URL as service.toml has it, and opens the master key and the settings, which wait sealed in the
    database. Run it on the machine of a node.
    """
    # Here, because a database costs a third of a second, and only these commands have it open themselves.
    from appproxy.admin.base.body import Body
    from appproxy.twistd.joining import new_token

    life = Body({"expires": expires}, ("expires",)).duration("expires")
    now = time.time()  # noqa: TID251 -- the program's edge
    text, end = new_token(setting.needed(), life, now, f"local:{os.getuid()}", os.environ)
    done(text, {"token": text, "expires": end}, as_json)
    if not as_json:
        note("On the new node's machine:  appproxy node join - --state DIR --advertise HOST:PORT   "
             f"(then paste the token; until {moment(end)})")


def _checked(read: values.Reader) -> Callable[[click.Context, click.Parameter, str | None], object]:
    """An option that is a setting."""
    def check(context: click.Context, parameter: click.Parameter, value: str | None) -> object:
        try:
            return None if value is None else read(value)
        except ValueError as error:
            raise WrongUse(f"--{str(parameter.name).replace('_', '-')}: {error}") from None

    return check


@node.command()
@click.argument("token_text", metavar="TOKEN")
@click.option("--state", type=click.Path(path_type=Path), metavar="DIR", help="Made here; for this node.")
@click.option("--advertise", metavar="HOST:PORT", callback=_checked(values.dial_address),
              help="Where connectors reach this very node (`tunnel_advertise`).")
@click.option("--name", metavar="NAME", callback=_checked(values.node_name),
              help="What it is called.  [default: the machine's name]")
@click.option("--listen", metavar="HOST:PORT", callback=_checked(values.address),
              help="Where users come in.  [default: as there]")
@click.option("--tunnel-listen", metavar="HOST:PORT", callback=_checked(values.address),
              help="Where connectors come in.  [default: as there]")
@click.option("--database", metavar="URL", envvar="APPPROXY_DATABASE", callback=_checked(values.database_url),
              help="The database, where this machine reaches it otherwise than the first; also in APPPROXY_DATABASE.")
@json_option
@pass_setting
def join(
    setting: CallSettings, token_text: str, state: Path | None, advertise: str | None, name: str | None,
    listen: values.Address | None, tunnel_listen: values.Address | None, database: str | None, as_json: bool,
) -> None:
    """Make the state directory of a further node, with the TOKEN that `appproxy node token` has printed.

    `-` for TOKEN reads it from standard input, where no other user of this machine sees it.
    """
    # Here, as above.
    from appproxy.twistd.joining import Local
    from appproxy.twistd.joining import join as join_nodes

    directory = setting.needed(state)
    text = sys.stdin.readline() if token_text == "-" else token_text
    local = Local(advertise, name, listen, tunnel_listen, database)
    joined = join_nodes(text, directory, local, time.time())  # noqa: TID251 -- the program's edge
    message = f"{directory} is made, for node {joined.settings.node_name or 'of this machine'} of {joined.settings.domain}.\n"
    if joined.left_out:
        message += f"Set again here what is the first node's own: {', '.join(joined.left_out)}\n"
    message += f"Start it:\n  {service_command(directory)}"
    made = {"state": str(directory), "advertise": joined.settings.tunnel_advertise, "left_out": list(joined.left_out)}
    done(message, made, as_json)


COMMANDS = (node,)
