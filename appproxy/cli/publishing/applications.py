"""appproxy app ..., assign, unassign: what is published, and who may use it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import Any
from urllib.parse import urlsplit

import click

from appproxy.cli.base.calling import CallSettings, given, key_values, pass_setting
from appproxy.cli.base.near_misses import Pair
from appproxy.cli.base.output import Column, done, json_option, moment, note, show_record, show_rows
from appproxy.cli.base.wrong_use import WrongUse
from appproxy.cli.publishing.cors import cors
from appproxy.cli.publishing.logos import logo
from appproxy.cli.publishing.segments import segment

_COLUMNS = (
    Column("NAME", "name"), Column("EXTERNAL", "external"), Column("INTERNAL", "internal"), Column("SIGN-IN", "preauth"),
    Column("CONNECTOR GROUP", "connector_group"), Column("ASSIGNED", "assigned"),
)  # fmt: skip


def _settings() -> Collection[str]:
    from appproxy.publish.settings.table import SETTINGS

    return SETTINGS


def _keys() -> Collection[str]:
    from appproxy.publish.settings.texts import all_keys

    return all_keys()


@click.group()
def app() -> None:
    """Published applications."""


@app.command()
@click.argument("name")
@click.option("--internal", required=True, metavar="URL", help="Where the connector finds it, e.g. http://wiki.local:8080/")
@click.option("--external", required=True, metavar="URL", help="Where users open it, e.g. https://wiki.example.com/")
@click.option(
    "--preauth", type=click.Choice(["oidc", "passthrough"]), default="oidc", show_default=True,
    help="oidc: users sign in first; passthrough: everybody reaches the application.",
)  # fmt: skip
@click.option("--user", "users", multiple=True, metavar="USER", help="Let this user in; may be repeated.")
@click.option("--user-group", "groups", multiple=True, metavar="GROUP", help="Let all members in; may be repeated.")
@click.option("--everyone", is_flag=True, help="Let everybody in who can sign in.")
@click.option("--connector-group", "--group", "group", metavar="GROUP",
              help="The connector group that serves it.  [default: default]")
@click.option("--provider", metavar="PROVIDER",
              help="The identity provider, or several with commas between.  [default: the built-in one]")
@click.option("--set", "pairs", multiple=True, type=Pair(_settings), help="A setting; see `appproxy app keys`.")
@json_option
@pass_setting
def publish(
    setting: CallSettings, name: str, internal: str, external: str, preauth: str, group: str | None, provider: str | None,
    pairs: tuple[str, ...], users: tuple[str, ...], groups: tuple[str, ...], everyone: bool, as_json: bool,
) -> None:  # fmt: skip
    """Publish an application under NAME, and let users in."""
    if everyone and (users or groups or preauth == "passthrough"):
        raise WrongUse("--everyone goes with none of --user, --user-group and --preauth passthrough")
    settings = {**({"assignment_required": "no"} if everyone else {}), **key_values(pairs)}
    body = given(
        name=name, internal=internal, external=external, preauth=preauth, connector_group=group, provider=provider,
        settings=settings, users=list(users) or None, groups=list(groups) or None,
    )  # fmt: skip
    made = setting.call("POST", "applications", body=body)
    text = f"{made['name']} is published at {made['external']}"
    if users or groups:
        text += f"\n{', '.join((*users, *groups))} may use it"
    elif made["preauth"] == "oidc" and made["assignment_required"]:
        text += f"\nNobody can open it yet: appproxy assign {made['name']} --user NAME"
    done(text, made, as_json)


@app.command("list")
@json_option
@pass_setting
def list_(setting: CallSettings, as_json: bool) -> None:
    """List the published applications."""
    empty = "Nothing is published; see `appproxy app publish --help`."
    show_rows(setting.call("GET", "applications"), _COLUMNS, as_json, empty)


@app.command()
@click.argument("name")
@json_option
@pass_setting
def show(setting: CallSettings, name: str, as_json: bool) -> None:
    """Show one application with its settings and assignments, and what keeps users from reaching it."""
    # Here, because it costs time that the other commands need not pay.
    from appproxy.cli.doctor.probes import addresses_of

    found = setting.call("GET", "applications", name)
    bare = [host for host in _hosts(found) if not host.endswith(".localhost") and not addresses_of(host)]
    found["problems"] = [*found.get("problems", ()), *(f"no DNS record is for {host}" for host in bare)]
    if as_json:
        show_record(found, True)
        return
    problems = found.pop("problems")
    show_record(found, False)
    for problem in problems:
        note(f"look: {problem}")


def _hosts(application: Mapping[str, Any]) -> list[str]:
    """Where users find it."""
    urls = [application["external"], *(one["external"] for one in application["segments"])]
    return list(dict.fromkeys(urlsplit(url).hostname or "" for url in urls))


@app.command("set")
@click.argument("name")
@click.argument("pairs", nargs=-1, required=True, type=Pair(_keys), metavar="KEY=VALUE...")
@click.option("--older-crl", is_flag=True, help="Take a machine_crl that is older than the present one, too: after the "
                                                "authority was restored from a backup.")
@json_option
@pass_setting
def set_(setting: CallSettings, name: str, pairs: tuple[str, ...], older_crl: bool, as_json: bool) -> None:
    """Change an application; an empty VALUE puts the default back. `appproxy app keys` lists the keys."""
    body = {"settings": key_values(pairs), **({"older_crl": True} if older_crl else {})}
    made = setting.call("PATCH", "applications", name, body=body)
    done(f"{made['name']} is changed", made, as_json)


@app.command()
@json_option
@pass_setting
def keys(setting: CallSettings, as_json: bool) -> None:
    """List the keys that an application can be set by."""
    columns = (Column("KEY", "key"), Column("MEANING", "explanation", prose=True))
    show_rows(setting.call("GET", "application-settings"), columns, as_json, "")


@app.command()
@click.argument("name")
@json_option
@pass_setting
def remove(setting: CallSettings, name: str, as_json: bool) -> None:
    """Publish an application no longer."""
    gone = setting.call("DELETE", "applications", name)
    done(f"{gone['name']} is no longer published", gone, as_json)


app.add_command(segment)
app.add_command(cors)
app.add_command(logo)


def _who_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """What `_who` reads."""
    for option in (
        click.option("--provider", metavar="PROVIDER", help="Of which identity provider.  [default: the application's]"),
        click.option("--group", metavar="GROUP", help="All members of this group."),
        click.option("--user", metavar="USER", help="This user."),
    ):
        command = option(command)
    return command


def _who(user: str | None, group: str | None, provider: str | None) -> dict[str, object]:
    if (user is None) == (group is None):
        raise WrongUse("give either --user or --group")
    return given(user=user, group=group, provider=provider)


@click.command()
@click.argument("application")
@_who_options
@click.option("--maintainer/--no-maintainer", default=None,
              help="Also while it is being maintained, or no longer so.  [default: as it was]")
@click.option("--expires", metavar="TIME", help="For so long: 8h, 30d.  [default: for good]")
@json_option
@pass_setting
def assign(
    setting: CallSettings, application: str, user: str | None, group: str | None, provider: str | None,
    maintainer: bool | None, expires: str | None, as_json: bool,
) -> None:  # fmt: skip
    """Let a user or a group use APPLICATION."""
    body = {**_who(user, group, provider), **given(maintainer=maintainer, expires=expires)}
    made = setting.call("POST", "applications", application, "assignments", body=body)
    always = ", also while it is being maintained" if made["maintainer"] else ""
    until = f" until {moment(made['expires'])}" if made["expires"] else ""
    done(f"{user or group} may use {application}{always}{until}", made, as_json)


@click.command()
@click.argument("application")
@_who_options
@json_option
@pass_setting
def unassign(
    setting: CallSettings, application: str, user: str | None, group: str | None, provider: str | None, as_json: bool
) -> None:
    """Let a user or a group use APPLICATION no longer."""
    gone = setting.call("DELETE", "applications", application, "assignments", body=_who(user, group, provider))
    done(f"{user or group} may use {application} no longer", gone, as_json)


COMMANDS = (app, assign, unassign)
