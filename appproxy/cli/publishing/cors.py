"""appproxy app cors ...: which pages of other origins may call an application."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import click

from appproxy.cli.base.calling import CallSettings, given, pass_setting
from appproxy.cli.base.output import Column, done, json_option, show_rows

_COLUMNS = (
    Column("FOR", "resource"), Column("ORIGINS", "origins"), Column("METHODS", "methods"), Column("HEADERS", "headers"),
    Column("EXPOSED", "exposed"), Column("CREDENTIALS", "credentials"), Column("MAX AGE", "max_age"),
)  # fmt: skip
_RESOURCE = click.option(
    "--resource", metavar="PATH", help="A path with all below it, or such a URL for one host only.  [default: /]")


def _rule_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """What a rule says; `_rule` reads it."""
    for option in (
        click.option("--max-age", type=int, metavar="SECONDS", help="How long browsers may remember it.  [default: 5]"),
        click.option("--credentials/--no-credentials", default=None, help="May calls carry cookies?  [default: no]"),
        click.option("--expose", "exposed", multiple=True, metavar="NAME", help="A field of answers that scripts may read."),
        click.option("--header", "headers", multiple=True, metavar="NAME",
                     help="A field that calls may set; x-own-* is all that begin like it."),
        click.option("--method", "methods", multiple=True, metavar="METHOD",
                     help="A method besides GET, HEAD and POST, such as PUT."),
        _RESOURCE,
    ):
        command = option(command)
    return command


def _rule(rule: dict[str, Any]) -> dict[str, object]:
    """What was given; an empty text among the names of a list, alone, stands for none at all."""
    lists = {key: [one for one in value if one] for key, value in rule.items() if value and isinstance(value, tuple)}
    return given(**rule | lists)


@click.group()
def cors() -> None:
    """Which pages of other origins may call an application."""


@cors.command()
@click.argument("application")
@click.option("--origin", "origins", multiple=True, required=True, metavar="ORIGIN",
              help="Whose pages may call: https://app.example.com, or * without credentials.")
@_rule_options
@json_option
@pass_setting
def add(setting: CallSettings, /, application: str, as_json: bool, **rule: Any) -> None:
    """Let pages of other origins call APPLICATION."""
    made = setting.call("POST", "applications", application, "cors", body=_rule(rule))
    text = f"pages of {', '.join(made['origins'])} may call {application} at {made['resource']}"
    if not made["credentials"]:
        text += "\nTheir calls carry no cookies; where users must sign in, that needs --credentials"
    done(text, made, as_json)


@cors.command("list")
@click.argument("application")
@json_option
@pass_setting
def list_(setting: CallSettings, application: str, as_json: bool) -> None:
    """List the rules of APPLICATION."""
    empty = "There is no rule: the application answers calls of other origins itself; see `appproxy app cors add --help`."
    show_rows(setting.call("GET", "applications", application, "cors"), _COLUMNS, as_json, empty)


@cors.command("set")
@click.argument("application")
@click.option("--origin", "origins", multiple=True, metavar="ORIGIN", help="Whose pages may call, in place of those before.")
@_rule_options
@json_option
@pass_setting
def set_(setting: CallSettings, /, application: str, as_json: bool, **rule: Any) -> None:
    """Change a rule of APPLICATION; what is not given stays."""
    made = setting.call("PATCH", "applications", application, "cors", body=_rule(rule))
    done(f"the rule for {made['resource']} is changed", made, as_json)


@cors.command()
@click.argument("application")
@_RESOURCE
@json_option
@pass_setting
def remove(setting: CallSettings, application: str, resource: str | None, as_json: bool) -> None:
    """Remove a rule; APPLICATION answers calls of other origins there itself again."""
    gone = setting.call("DELETE", "applications", application, "cors", body=given(resource=resource))
    done(f"the rule for {gone['resource']} is removed", gone, as_json)
