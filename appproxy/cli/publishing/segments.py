"""appproxy app segment ...: more URLs of one application."""

from __future__ import annotations

import click

from appproxy.cli.base.calling import CallSettings, key_values, pass_setting
from appproxy.cli.base.near_misses import Pair
from appproxy.cli.base.output import Column, done, json_option, show_rows

_COLUMNS = (Column("EXTERNAL", "external"), Column("INTERNAL", "internal"), Column("ID", "id"))


@click.group()
def segment() -> None:
    """More URLs of one application, under its one policy."""


@segment.command()
@click.argument("application")
@click.option("--external", required=True, metavar="URL", help="Where users open it, e.g. https://api.example.com/v1/")
@click.option("--internal", required=True, metavar="URL", help="Where the connector finds it, e.g. http://api.local:8080/")
@json_option
@pass_setting
def add(setting: CallSettings, application: str, external: str, internal: str, as_json: bool) -> None:
    """Publish one more pair of URLs of APPLICATION."""
    body = {"external": external, "internal": internal}
    made = setting.call("POST", "applications", application, "segments", body=body)
    done(f"{made['external']} leads to {made['internal']}", made, as_json)


@segment.command("list")
@click.argument("application")
@json_option
@pass_setting
def list_(setting: CallSettings, application: str, as_json: bool) -> None:
    """List the segments of APPLICATION."""
    empty = "There is no segment; see `appproxy app segment add --help`."
    show_rows(setting.call("GET", "applications", application, "segments"), _COLUMNS, as_json, empty)


@segment.command("set")
@click.argument("application")
@click.argument("segment")
@click.argument("pairs", nargs=-1, required=True, type=Pair(lambda: ("external", "internal")),
                metavar="KEY=VALUE...")
@json_option
@pass_setting
def set_(setting: CallSettings, application: str, segment: str, pairs: tuple[str, ...], as_json: bool) -> None:
    """Change a SEGMENT, named by its external URL or id: external=URL, internal=URL."""
    body = {"settings": key_values(pairs)}
    made = setting.call("PATCH", "applications", application, "segments", segment, body=body)
    done(f"{made['external']} leads to {made['internal']}", made, as_json)


@segment.command()
@click.argument("application")
@click.argument("segment")
@json_option
@pass_setting
def remove(setting: CallSettings, application: str, segment: str, as_json: bool) -> None:
    """Publish a SEGMENT no longer, named by its external URL or id."""
    gone = setting.call("DELETE", "applications", application, "segments", segment)
    done(f"{gone['external']} is no longer published", gone, as_json)
