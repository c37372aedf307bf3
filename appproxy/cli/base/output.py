"""What commands print: tables for people, JSON for programs, notes on standard error."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import click

from appproxy.cli.base.tables import lines_of

Row = Mapping[str, Any]
#: What may be in errors, which can have several lines.
LINES = "\n\t"


def plain(value: object) -> str:
    """A value in words: lists with commas, objects as `key=value`, truth as yes and no, nothing as nothing."""
    if isinstance(value, str):
        return value
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return ", ".join(map(plain, value))
    if isinstance(value, dict):
        return ", ".join(f"{key}={plain(each)}" for key, each in value.items())
    return str(value)


def details(value: object) -> str:
    """The detail of an entry of the audit: `name=wiki, settings.strict=yes`."""
    return ", ".join(f"{key}={plain(each)}" for key, each in _in_depth(value)) if isinstance(value, dict) else ""


def _in_depth(values: Mapping[str, object]) -> Iterator[tuple[str, object]]:
    for key, value in values.items():
        if isinstance(value, dict):
            yield from ((f"{key}.{name}", each) for name, each in _in_depth(value))
        else:
            yield key, value


def printable(text: str, kept: str = "") -> str:
    """A text without what a terminal would obey: such signs are written by their numbers, but those that are `kept`."""
    return text if text.isprintable() else "".join(
        sign if sign.isprintable() or sign in kept else f"\\u{ord(sign):04x}" for sign in text)


def moment(value: object) -> str:
    """Seconds since 1970 in this machine's time zone; `never` for none."""
    if not isinstance(value, int | float) or value <= 0:
        return "never"
    return datetime.fromtimestamp(value).astimezone().isoformat(sep=" ", timespec="seconds")


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a table: its title, the key of the rows, and how a value is put into words.

    `prose`, of the last one: where there is no room its texts may be wrapped between words.
    """

    title: str
    key: str
    word: Callable[[object], str] = plain
    prose: bool = False


def json_option(command: Callable[..., Any]) -> Callable[..., Any]:
    """--json for a command that answers something."""
    return click.option("--json", "as_json", is_flag=True, help="Print JSON instead.")(command)


def show_json(data: object) -> None:
    """For programs."""
    click.echo(json.dumps(data, indent=2))


def show_rows(rows: object, columns: Sequence[Column], as_json: bool, empty: str) -> None:
    """A listing: a table on a terminal, whole, tab-separated lines elsewhere; `empty` says what to do when none is there."""
    if as_json:
        show_json(rows)
        return
    assert isinstance(rows, list)
    if not rows:
        note(empty)
        return
    words = [[column.word(row.get(column.key)) for column in columns] for row in rows]
    if sys.stdout.isatty():
        titles = [column.title for column in columns]
        lines = lines_of(titles, words, shutil.get_terminal_size().columns, columns[-1].prose)
    else:
        lines = map(_with_tabs, words)
    # At once: a line by itself is written and flushed by itself, which takes longer than all else where they are thousands.
    click.echo("\n".join(lines))


def _with_tabs(texts: Sequence[str]) -> str:
    """One line, with nothing in a text that would make it two, or two fields of one."""
    line = "\t".join(texts)
    if line.count("\t") == len(texts) - 1 and "\n" not in line:
        return line
    return "\t".join(text.replace("\t", " ").replace("\n", " ") for text in texts)


def show_record(record: object, as_json: bool, words: Mapping[str, Callable[[object], str]] | None = None) -> None:
    """One thing, a line a field."""
    if as_json:
        show_json(record)
        return
    assert isinstance(record, dict)
    width = max(map(len, record), default=0)
    for key, value in record.items():
        if words is not None and key in words:
            lines = [words[key](value)]
        elif isinstance(value, list) and value and isinstance(value[0], dict):
            lines = [_pairs(one, " ") for one in value]
        elif isinstance(value, dict):
            lines = [_pairs(value, "=")]
        else:
            lines = [plain(value)]
        for number, text in enumerate(lines):
            click.echo(f"{'' if number else key:<{width}}  {text}".rstrip())


def _pairs(values: Mapping[str, object], mark: str) -> str:
    return ", ".join(f"{name}{mark}{plain(each)}" for name, each in values.items())


def done(text: str, data: object, as_json: bool) -> None:
    """What a change has led to."""
    if as_json:
        show_json(data)
    else:
        click.echo(text)


def note(text: str) -> None:
    """For people, on standard error: it is no result."""
    click.echo(text, err=True)
