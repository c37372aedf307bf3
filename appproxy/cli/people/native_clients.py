"""appproxy native-client ...: programs on people's machines that sign them in at the built-in provider."""

from __future__ import annotations

import click

from appproxy.cli.base.calling import CallSettings, pass_setting
from appproxy.cli.base.output import Column, done, json_option, note, show_rows

_COLUMNS = (
    Column("CLIENT ID", "id"), Column("NAME", "name"), Column("APPLICATIONS", "applications", prose=True),
    Column("REDIRECT URIS", "redirect_uris", prose=True), Column("DEVICE CODES", "device_codes"),
)  # fmt: skip


@click.group("native-client")
def native_client() -> None:
    """Native clients: command lines and apps that sign people in at the built-in provider."""


@native_client.command()
@click.argument("name")
@click.option(
    "--app", "applications", multiple=True, required=True, metavar="NAME", help="What its tokens are for; may be repeated.")
@click.option("--redirect-uri", "redirect_uris", multiple=True, metavar="URI",
              help="Where codes go, such as http://127.0.0.1/callback; may be repeated.")
@click.option("--device-codes", is_flag=True, help="It may show a code that its user types elsewhere.  [default: no]")
@json_option
@pass_setting
def add(
    setting: CallSettings, name: str, applications: tuple[str, ...], redirect_uris: tuple[str, ...], device_codes: bool,
    as_json: bool,
) -> None:
    """Register a native client and print its client id. It is no secret."""
    made = setting.call("POST", "native-clients", body={
        "name": name, "applications": list(applications), "redirect_uris": list(redirect_uris), "device_codes": device_codes})
    done(made["id"], made, as_json)
    if not as_json:
        ways = " or ".join(["PKCE"] * bool(redirect_uris) + ["device codes"] * device_codes)
        note(f"That is its client id; it has no secret, and uses {ways}.")


@native_client.command("list")
@json_option
@pass_setting
def list_(setting: CallSettings, as_json: bool) -> None:
    """List the native clients."""
    show_rows(setting.call("GET", "native-clients"), _COLUMNS, as_json, "There are no native clients.")


@native_client.command("set")
@click.argument("name")
@click.option("--device-codes/--no-device-codes", required=True,
              help="May it show a code that its user types elsewhere? What was allowed that way before goes on.")
@json_option
@pass_setting
def set_(setting: CallSettings, name: str, device_codes: bool, as_json: bool) -> None:
    """Let a native client have device codes, or not any more."""
    made = setting.call("PATCH", "native-clients", name, body={"device_codes": device_codes})
    done(f"{made['name']} may {'' if device_codes else 'not '}have device codes", made, as_json)


@native_client.command()
@click.argument("name")
@json_option
@pass_setting
def remove(setting: CallSettings, name: str, as_json: bool) -> None:
    """Forget a native client; all that users have let it do ends."""
    gone = setting.call("DELETE", "native-clients", name)
    done(f"{gone['name']} is removed", gone, as_json)


COMMANDS = (native_client,)
