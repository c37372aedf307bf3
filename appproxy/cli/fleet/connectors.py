"""appproxy connector ..., connector-group ...: the machines that dial in, from join token to revocation."""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from appproxy.admin.transport.code_login import let_in
from appproxy.admin.transport.remote import Remote, origin_of
from appproxy.cli.base.calling import CallSettings, given, pass_setting
from appproxy.cli.base.output import Column, done, json_option, moment, note, show_record, show_rows
from appproxy.cli.base.shown_code import code_shown
from appproxy.cli.base.wrong_use import WrongUse
from appproxy.config.outbound_proxy import credentials_source, proxy_url
from appproxy.config.values import Reader
from appproxy.errors import StoreError
from appproxy.twistd.shown import connector_command

_CONNECTORS = (
    Column("ID", "id"), Column("NAME", "name"), Column("GROUP", "group"), Column("STATUS", "status"),
    Column("IN FLIGHT", "in_flight"), Column("NODES", "nodes"), Column("LAST SEEN", "last_seen", moment),
    Column("ADDRESS", "address"), Column("VERSION", "version"), Column("CERTIFICATE ENDS", "not_after", moment),
)  # fmt: skip
_TOKENS = (
    Column("ID", "id"), Column("GROUP", "group"), Column("USES LEFT", "uses_left"), Column("EXPIRES", "expires", moment),
    Column("EXPIRED", "expired"),
)  # fmt: skip
_GROUPS = (Column("NAME", "name"), Column("CONNECTORS", "connectors"), Column("NEEDS APPROVAL", "needs_approval"))


@click.group()
def connector() -> None:
    """Connectors: they run beside the applications and dial the service."""


@connector.command()
@click.option("--group", metavar="GROUP", help="The group that the connector joins.  [default: default]")
@click.option("--uses", type=int, metavar="N", help="How many connectors may join with it.  [default: 1]")
@click.option("--expires", metavar="TIME", help="Until when: 30m, 1h, 7d.  [default: 1h]")
@json_option
@pass_setting
def token(setting: CallSettings, group: str | None, uses: int | None, expires: str | None, as_json: bool) -> None:
    """Print a join token. It is a secret, and is shown this once."""
    made = setting.call("POST", "connector-tokens", body=given(group=group, uses=uses, expires=expires))
    done(made["token"], made, as_json)
    if not as_json:
        note(f"On the connector's machine:  appproxy connector join TOKEN --state DIR   (until {moment(made['expires'])})")


@connector.command()
@json_option
@pass_setting
def tokens(setting: CallSettings, as_json: bool) -> None:
    """List the join tokens that were given out."""
    show_rows(setting.call("GET", "connector-tokens"), _TOKENS, as_json, "There are no join tokens.")


@connector.command("remove-token")
@click.argument("token_id", metavar="ID")
@json_option
@pass_setting
def remove_token(setting: CallSettings, token_id: str, as_json: bool) -> None:
    """Take a join token back."""
    gone = setting.call("DELETE", "connector-tokens", token_id)
    done(f"{gone['id']} can be used no longer", gone, as_json)


@connector.command("list")
@json_option
@pass_setting
def list_(setting: CallSettings, as_json: bool) -> None:
    """List the connectors and what they do now."""
    empty = "No connector has joined; `appproxy connector token` prints what one needs."
    show_rows(setting.call("GET", "connectors"), _CONNECTORS, as_json, empty)


@connector.command()
@click.argument("connector_id", metavar="ID")
@json_option
@pass_setting
def show(setting: CallSettings, connector_id: str, as_json: bool) -> None:
    """Show one connector."""
    words = {key: moment for key in ("not_after", "enrolled", "last_seen")}
    show_record(setting.call("GET", "connectors", connector_id), as_json, words)


@connector.command()
@click.argument("connector_id", metavar="ID")
@json_option
@pass_setting
def approve(setting: CallSettings, connector_id: str, as_json: bool) -> None:
    """Let a connector carry traffic."""
    made = setting.call("POST", "connectors", connector_id, "approve")
    done(f"{made['name']} is approved", made, as_json)


@connector.command()
@click.argument("connector_id", metavar="ID")
@json_option
@pass_setting
def revoke(setting: CallSettings, connector_id: str, as_json: bool) -> None:
    """Trust a connector no longer; its connections are cut."""
    made = setting.call("POST", "connectors", connector_id, "revoke")
    done(f"{made['name']} is revoked", made, as_json)


@connector.command()
@click.argument("connector_id", metavar="ID")
@click.option("--group", required=True, metavar="GROUP", help="The new group.")
@json_option
@pass_setting
def move(setting: CallSettings, connector_id: str, group: str, as_json: bool) -> None:
    """Put a connector into another group; it need not be restarted."""
    made = setting.call("POST", "connectors", connector_id, "move", body={"group": group})
    done(f"{made['name']} is in group {made['group']}", made, as_json)


@connector.command()
@click.argument("connector_id", metavar="ID")
@json_option
@pass_setting
def remove(setting: CallSettings, connector_id: str, as_json: bool) -> None:
    """Forget a connector; it can come back only with a new token."""
    gone = setting.call("DELETE", "connectors", connector_id)
    done(f"{gone['name']} is removed", gone, as_json)


def _checked(read: Reader) -> Callable[[click.Context, click.Parameter, str | None], str | None]:
    """An option that is a setting."""
    def check(context: click.Context, parameter: click.Parameter, value: str | None) -> str | None:
        try:
            return None if value is None else str(read(value))
        except ValueError as error:
            raise WrongUse(f"--{str(parameter.name).replace('_', '-')}: {error}") from None

    return check


@connector.command()
@click.argument("token_text", metavar="TOKEN|URL")
@click.option("--group", metavar="GROUP", help="With a URL: the group that it is to join, which who lets it in can change.")
@click.option("--ca", "authority", type=click.Path(path_type=Path), metavar="FILE",
              help="With a URL: certificate of the authority that alone vouches for it (trust-anchor.pem).")
@click.option("--state", type=click.Path(path_type=Path), required=True, metavar="DIR", help="Made here; for this connector.")
@click.option("--name", metavar="NAME", help="What the service calls it.  [default: this machine's name]")
@click.option("--proxy", metavar="URL", callback=_checked(proxy_url),
              help="The HTTP proxy on the way to the service, http://HOST:PORT; `none` for no proxy in any case.  "
              "[default: what HTTPS_PROXY says]")
@click.option("--proxy-credentials", metavar="FILE", callback=_checked(credentials_source),
              help="A file with USER:PASSWORD for that proxy, or env:NAME for a variable of the environment.")
@click.option("--again", is_flag=True, help="Though one has joined from DIR before: its service takes it no more.")
@json_option
def join(
    token_text: str, group: str | None, authority: Path | None, state: Path, name: str | None, proxy: str | None,
    proxy_credentials: str | None, again: bool, as_json: bool,
) -> None:
    """Join a service, and make the connector's state directory.

    TOKEN is what `appproxy connector token` has printed there. Without one, URL is https://admin.DOMAIN, or
    https://connect.DOMAIN for the same: an address and a code are shown, and who signs in there, and may let connectors in,
    lets this one in.
    """
    # Here, because it costs half a second, and only this command needs it.
    from appproxy.connector.enrol.enrolment import join as join_service
    from appproxy.store.snapshot import ConnectorState

    wall_clock = time.time  # noqa: TID251 -- the program's edge
    called = name or socket.gethostname()
    if is_place(token_text):
        token_text = token_by_code(token_text, called, group or "", authority)
    elif group is not None or authority is not None:
        raise WrongUse("--group and --ca go with a URL: a token says both")
    if proxy_credentials is not None and not proxy_credentials.startswith("env:"):
        proxy_credentials = str(Path(proxy_credentials).absolute())
    settings, issued = run_once(lambda reactor: join_service(
        token_text, state.absolute(), reactor, wall_clock, called, environment=os.environ, outbound_proxy=proxy,
        credentials=proxy_credentials, again=again))
    message = f"{state} is made: connector {issued.id} of {settings.name}.\n"
    if issued.state == ConnectorState.PENDING.value:
        message += f"It has to be approved at the service:\n  appproxy connector approve {issued.id}\n"
    message += f"{'Start it, or restart the one that runs' if again else 'Start it'}:\n  {connector_command(state)}"
    done(message, {"id": issued.id, "service": settings.name, "address": settings.address, "state": str(state),
                "approved": issued.state == ConnectorState.APPROVED.value}, as_json)


def is_place(text: str) -> bool:
    """Is it where a service is, and no join token?"""
    return text.strip().lower().startswith(("https://", "http://", "admin.", "connect."))


def administration_of(text: str) -> str:
    """The origin of the administration of a service that is named by it, or by where its connectors dial. Raises ConfigError.

    The certificate at the latter is the service's own, so that nothing vouches for it before a connector has joined.
    """
    origin = origin_of(text.strip())
    scheme, _, rest = origin.partition("://")
    return f"{scheme}://admin.{rest.removeprefix('connect.')}" if rest.startswith("connect.") else origin


def token_by_code(text: str, name: str, group: str, authority: Path | None) -> str:
    """A join token for this machine, once somebody has let it in at the administration. Raises an AppProxyError."""
    service = Remote(administration_of(text), ca="" if authority is None else authority.read_text())
    names = {"name": name, **({"group": group} if group else {})}
    answer = let_in(service, "join", names, code_shown, time.sleep)
    token = answer.get("join_token")
    if not isinstance(token, str):
        raise StoreError(f"{service.url} gives no join token", hint="is it a service of this version?")
    return token


def run_once(coroutine: Any) -> Any:
    """Run one coroutine function on a reactor of its own; gives its result or raises its error. Once a process."""
    # Here, as above.
    from twisted.internet.defer import Deferred
    from twisted.internet.task import react
    from twisted.python.failure import Failure

    outcome: list[Any] = []

    def main(reactor: Any) -> Deferred[None]:
        return Deferred.fromCoroutine(coroutine(reactor)).addBoth(outcome.append)

    try:
        react(main)
    except SystemExit as ended:
        # react ends the program when it is done; this one has more to say.
        if ended.code:
            raise
    if isinstance(outcome[0], Failure):
        outcome[0].raiseException()
    return outcome[0]


@click.group("connector-group")
def connector_group() -> None:
    """Connector groups: each connector is in one, each application is served by one."""


@connector_group.command("list")
@json_option
@pass_setting
def list_groups(setting: CallSettings, as_json: bool) -> None:
    """List the connector groups."""
    show_rows(setting.call("GET", "connector-groups"), _GROUPS, as_json, "There are none.")


@connector_group.command("add")
@click.argument("name")
@click.option("--needs-approval", is_flag=True, help="New connectors wait until an admin approves them.")
@json_option
@pass_setting
def add_group(setting: CallSettings, name: str, needs_approval: bool, as_json: bool) -> None:
    """Make a connector group."""
    made = setting.call("POST", "connector-groups", body={"name": name, "needs_approval": needs_approval})
    done(f"connector group {made['name']} is made", made, as_json)


@connector_group.command("set")
@click.argument("name")
@click.option("--needs-approval/--no-approval", required=True, help="Do new connectors wait for an admin's approval?")
@json_option
@pass_setting
def set_group(setting: CallSettings, name: str, needs_approval: bool, as_json: bool) -> None:
    """Change a connector group."""
    made = setting.call("PATCH", "connector-groups", name, body={"needs_approval": needs_approval})
    done(f"connector group {made['name']} is changed", made, as_json)


@connector_group.command("remove")
@click.argument("name")
@json_option
@pass_setting
def remove_group(setting: CallSettings, name: str, as_json: bool) -> None:
    """Remove a connector group that is not used."""
    gone = setting.call("DELETE", "connector-groups", name)
    done(f"connector group {gone['name']} is removed", gone, as_json)


COMMANDS = (connector, connector_group)
