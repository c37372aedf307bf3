"""What commands print: tables for people, JSON for programs, notes on standard error."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import click

Row = Mapping[str, Any]


def plain(value: object) -> str:
    """A value in words: lists with commas, truth as yes and no, nothing as nothing."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return ", ".join(map(str, value))
    return str(value)


def moment(value: object) -> str:
    """Seconds since 1970 in this machine's time zone; `never` for none."""
    if not isinstance(value, int | float) or value <= 0:
        return "never"
    return datetime.fromtimestamp(value).astimezone().isoformat(sep=" ", timespec="seconds")


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a table: its title, the key of the rows, and how a value is put into words."""

    title: str
    key: str
    word: Callable[[object], str] = plain


def json_option(command: Callable[..., Any]) -> Callable[..., Any]:
    """--json for a command that answers something."""
    return click.option("--json", "as_json", is_flag=True, help="Print JSON instead.")(command)


def show_json(data: object) -> None:
    """For programs."""
    click.echo(json.dumps(data, indent=2))


def show_rows(rows: object, columns: Sequence[Column], as_json: bool, empty: str) -> None:
    """A listing: a drawn table on a terminal, tab-separated lines elsewhere; `empty` says what to do when none is there."""
    if as_json:
        show_json(rows)
        return
    assert isinstance(rows, list)
    if not rows:
        note(empty)
        return
    words = [[column.word(row.get(column.key)) for column in columns] for row in rows]
    if not sys.stdout.isatty():
        for line in words:
            click.echo("\t".join(text.replace("\t", " ").replace("\n", " ") for text in line))
        return
    # Here, because they cost time that programs which read our output need not wait for.
    from rich.console import Console
    from rich.table import Table

    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in columns:
        table.add_column(column.title, overflow="fold")
    for line in words:
        # What an admin typed is no markup.
        table.add_row(*(text.replace("[", "\\[") for text in line))
    Console(highlight=False).print(table)


def show_record(record: object, as_json: bool, words: Mapping[str, Callable[[object], str]] | None = None) -> None:
    """One thing, a line a field."""
    if as_json:
        show_json(record)
        return
    assert isinstance(record, dict)
    width = max(map(len, record), default=0)
    for key, value in record.items():
        if isinstance(value, dict):
            text = ", ".join(f"{name}={each}" for name, each in value.items())
        elif isinstance(value, list) and value and isinstance(value[0], dict):
            text = "; ".join(", ".join(f"{name} {each}" for name, each in one.items()) for one in value)
        else:
            text = (words or {}).get(key, plain)(value)
        click.echo(f"{key:<{width}}  {text}")


def done(text: str, data: object, as_json: bool) -> None:
    """What a change has led to."""
    if as_json:
        show_json(data)
    else:
        click.echo(text)


def note(text: str) -> None:
    """For people, on standard error: it is no result."""
    click.echo(text, err=True)
