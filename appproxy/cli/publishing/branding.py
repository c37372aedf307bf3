"""appproxy branding ...: name, logo, colour and texts of the service's own pages."""

from __future__ import annotations

import click

from appproxy.branding import BRAND_KEYS
from appproxy.cli.base.calling import CallSettings, given, key_values, pass_setting
from appproxy.cli.base.near_misses import Pair
from appproxy.cli.base.output import Column, done, json_option, show_record, show_rows

_PICTURES = [key for key, one in BRAND_KEYS.items() if one.is_picture]


@click.group()
def branding() -> None:
    """What the service's own pages say and look like."""


@branding.command()
@json_option
@pass_setting
def show(setting: CallSettings, as_json: bool) -> None:
    """Show all settings; an empty one has its default."""
    show_record(setting.call("GET", "branding"), as_json)


@branding.command("set")
@click.argument("pairs", nargs=-1, required=True, type=Pair(lambda: BRAND_KEYS), metavar="KEY=VALUE...")
@json_option
@pass_setting
def set_(setting: CallSettings, pairs: tuple[str, ...], as_json: bool) -> None:
    """Change settings; an empty VALUE puts the default back. `appproxy branding keys` lists the keys.

    A logo is a file: logo=@FILE.
    """
    settings = key_values(pairs, pictures=_PICTURES)
    made = setting.call("PATCH", "branding", body={"settings": settings})
    done("the branding is changed", made, as_json)


@branding.command()
@click.argument("keys", nargs=-1, metavar="[KEY...]")
@json_option
@pass_setting
def reset(setting: CallSettings, keys: tuple[str, ...], as_json: bool) -> None:
    """Put the defaults of these KEYs back, or all of them."""
    made = setting.call("DELETE", "branding", body=given(keys=keys))
    done("the branding is reset", made, as_json)


@branding.command("keys")
@json_option
@pass_setting
def keys_(setting: CallSettings, as_json: bool) -> None:
    """List the keys."""
    columns = (Column("KEY", "key"), Column("MEANING", "explanation", prose=True))
    show_rows(setting.call("GET", "branding-settings"), columns, as_json, "")


COMMANDS = (branding,)
