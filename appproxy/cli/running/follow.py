"""appproxy audit follow: entries of the audit as they are written."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from typing import Any

import click

from appproxy.cli.base.calling import CallSettings, pass_setting
from appproxy.cli.base.output import details, moment, note
from appproxy.errors import StoreError

#: Seconds between two looks at the service of this machine, and before a stream that broke is asked for again.
EVERY = 1.0
#: Entries of one look.
_PART = 200

Followed = Iterator[Mapping[str, Any]]


@click.command()
@click.option("--after", type=click.IntRange(0), metavar="NUMBER", help="Begin behind this entry.  [default: from now on]")
@click.option("--limit", type=click.IntRange(1), metavar="COUNT", help="End after so many.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
@pass_setting
def follow(setting: CallSettings, after: int | None, limit: int | None, as_json: bool) -> None:
    """Show entries as they are written, until it is interrupted.

    Of a service elsewhere it shows what your roles let you hear: without the permission to read the audit what happened to
    what, of those things that you may read.
    """
    import json

    elsewhere = setting.elsewhere()
    found = _here(setting, after) if elsewhere is None else _there(elsewhere, after)
    for shown, one in enumerate(found, start=1):
        click.echo(json.dumps(dict(one), separators=(",", ":")) if as_json else _line(one))
        if shown == limit:
            return


def _line(one: Mapping[str, Any]) -> str:
    words = (str(one["number"]), moment(one["time"]), one.get("actor", ""), one["action"], one["target"],
             details(one.get("detail")))
    return "\t".join(word for word in words if word)


def _here(setting: CallSettings, after: int | None) -> Followed:
    """Of the service of this machine, running or not."""
    if after is None:
        newest = setting.call("GET", "audit", body={"limit": 1})
        after = newest[0]["number"] if newest else 0
    while True:
        found: list[Mapping[str, Any]] = []
        before: dict[str, int] = {}
        while part := setting.call("GET", "audit", body={"limit": _PART, **before}):
            found += [one for one in part if one["number"] > after]
            if part[-1]["number"] <= after or len(part) < _PART:
                break
            before = {"before": part[-1]["number"]}
        for one in reversed(found):
            after = one["number"]
            yield one
        time.sleep(EVERY)


def _there(elsewhere: Any, after: int | None) -> Followed:
    """Of a service elsewhere. A stream that breaks, or that a node ends, goes on where it was."""
    complaint = ""
    while True:
        try:
            for number, one in elsewhere.follow(after):
                after, complaint = number, ""
                if one is not None:
                    yield one
        except StoreError as error:
            if str(error) != complaint:
                complaint = str(error)
                note(f"{complaint}; trying again")
        time.sleep(EVERY)
