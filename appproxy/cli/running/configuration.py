"""appproxy export, diff, apply: the whole configuration as one file."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from appproxy.cli.base.calling import CallSettings, pass_setting
from appproxy.cli.base.output import LINES, json_option, note, plain, printable, show_json
from appproxy.errors import AppProxyError, ConfigError

if TYPE_CHECKING:
    from appproxy.admin.configuration.file import ConfigurationFile

#: What a line begins with.
_SIGNS = {"add": "+", "change": "~", "rename": ">", "remove": "-", "end": "."}
#: Exit codes of `diff`, as of diff(1).
DIFFERENT, TROUBLE = 1, 2
_LONGEST = 60

_file = click.argument("file", type=click.Path(path_type=Path))


@click.command()
@click.option("-o", "--output", type=click.Path(path_type=Path), metavar="FILE", help="Where to write it; else it is printed.")
@click.option("--schema", "as_schema", is_flag=True, help="The JSON Schema of such files instead, for editors.")
@json_option
@pass_setting
def export(setting: CallSettings, output: Path | None, as_schema: bool, as_json: bool) -> None:
    """Write the whole configuration as one YAML file, without secrets: applications, policies, providers and all else.

    Its first lines say what is not in it.
    """
    # Here and below, because they cost time that other commands need not pay.
    if as_schema:
        from appproxy.admin.configuration.schema import schema

        text = json.dumps(schema(), indent=1) + "\n"
    else:
        from appproxy.admin.configuration.file import written

        found = setting.call("GET", "configuration")
        text = json.dumps(found, indent=2) + "\n" if as_json else written(found)
    if output is None:
        click.echo(text, nl=False)
    else:
        output.write_text(text, encoding="utf-8")


@click.command()
@_file
@json_option
@pass_setting
def diff(setting: CallSettings, file: Path, as_json: bool) -> int:
    """Tell what differs between FILE and the service; + is only in FILE, - only in the service.

    What ends by itself and is not in FILE is told, too (.), and no difference: `apply` leaves it. Exit code 0: nothing,
    1: something, 2: it could not be told.
    """
    try:
        read = _read(file)
        found = _difference(setting, read)
    except AppProxyError as error:
        click.echo(f"appproxy: {printable(str(error), kept=LINES)}", err=True)
        return TROUBLE
    changes = [*found["changes"], *found["only_here"]]
    if as_json:
        show_json([*changes, *found["ending"]])
    else:
        _show([*changes, *found["ending"]], found["secrets"], read.path.parent)
    return DIFFERENT if changes else 0


@click.command()
@_file
@click.option("--dry-run", is_flag=True, help="Check all of it, and change nothing.")
@click.option("--prune", is_flag=True, help="Remove what the sections of FILE do not name.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.option("--files-from", "directories", multiple=True, metavar="DIR",
              type=click.Path(path_type=Path, exists=True, file_okay=False),
              help="Where secrets may be read beside the directory of FILE; again and again for more.")
@click.option("--force", is_flag=True, help="Also with policies that leave some application to nobody.")
@json_option
@pass_setting
def apply(
    setting: CallSettings, file: Path, dry_run: bool, prune: bool, yes: bool, directories: Sequence[Path], force: bool,
    as_json: bool,
) -> None:
    """Make the service what FILE says: shows what differs, asks, and does all of it or nothing.

    Something that has another name in FILE and the same id is renamed. Secrets of what is new are taken from where FILE says.
    """
    read = _read(file)
    found = _difference(setting, read)
    changes = [*found["changes"], *(found["only_here"] if prune else ())]
    if not as_json:
        _show(changes, found["secrets"], read.path.parent)
    if found["only_here"] and not prune:
        note(f"{_things(len(found['only_here']))} of the service {'is' if len(found['only_here']) == 1 else 'are'} not in "
             f"{file}, and left alone; see `appproxy diff`, and --prune")
    if not changes:
        _done(setting, {"changes": [], "made": []}, "nothing is to be changed", as_json)
        return
    if not dry_run and not yes:
        _ask(len(changes))
    document = _with_secrets(read, found["secrets"], directories)
    note(f"{'checking' if dry_run else 'making'} {_changes(len(changes))} ...")
    try:
        answer = setting.call(
            "PUT", "configuration", body={"document": document, "prune": prune, "force": force}, if_match=found["etag"],
            dry_run=dry_run)
    except AppProxyError as error:
        raise read.located(error) from None
    text = f"{_changes(len(changes))} {'would be' if dry_run else 'is' if len(changes) == 1 else 'are'} made"
    _done(setting, answer, text, as_json, secrets=not dry_run)


def _read(file: Path) -> ConfigurationFile:
    from appproxy.admin.configuration.file import read

    return read(file)


def _difference(setting: CallSettings, read: ConfigurationFile) -> Any:
    try:
        return setting.call("POST", "configuration", "difference", body={"document": read.document})
    except AppProxyError as error:
        raise read.located(error) from None


def _ask(count: int) -> None:
    if not sys.stdin.isatty():
        raise ConfigError("nobody is there to be asked", hint="give --yes, or look at it first with --dry-run")
    click.confirm(f"Make {'this change' if count == 1 else f'these {count} changes'}?", abort=True)


def _done(setting: CallSettings, answer: Any, text: str, as_json: bool, *, secrets: bool = True) -> None:
    if as_json:
        show_json(answer)
        return
    click.echo(text)
    for one in answer["made"] if secrets else ():
        click.echo(f"the secret of {printable(one['name'])} (id {one['id']}), which nobody sees again: {one['secret']}")


def _things(count: int) -> str:
    return "one thing" if count == 1 else f"{count} things"


def _changes(count: int) -> str:
    return "one change" if count == 1 else f"{count} changes"


def _show(changes: Sequence[Mapping[str, Any]], secrets: Sequence[Mapping[str, Any]], beside: Path) -> None:
    found: dict[str, dict[str, str]] = {}
    for one in secrets:
        entry, _, name = one["path"].partition("].")
        found.setdefault(f"{entry}]", {})[name] = _source(one["reference"], beside)
    for one in changes:
        for line in _lines(one, found.get(one["path"], {})):
            click.echo(printable(line))


def _source(reference: Mapping[str, str], beside: Path) -> str:
    """Where a secret is taken from, for whoever is asked whether it may be."""
    if "environment" in reference:
        return f"hidden, from environment {reference['environment']}"
    return f"hidden, from file {(beside / reference['file']).resolve()}"


def _lines(one: Mapping[str, Any], sources: Mapping[str, str]) -> Iterator[str]:
    from appproxy.admin.configuration.sections import EXPIRES, SECTIONS

    known = SECTIONS.get(one["section"])
    called = f"{known.one} {one['name']}" if known is not None else one["section"]
    if one["what"] == "rename":
        yield f"{_SIGNS['rename']} {known.one if known else ''} {one['fields'][0]['before']} is now {one['name']}"
        return
    yield f"{_SIGNS[one['what']]} {called}"
    if one["what"] == "end":
        yield from (f"    {field['field']}: ends at {field['before'][EXPIRES]}" for field in one["fields"])
        return
    for field in one["fields"]:
        after = sources.get(field["field"]) or _value(field["after"])
        yield f"    {field['field']}: {_value(field['before'])} -> {after}"
    shown = {field["field"] for field in one["fields"]}
    yield from (f"    {name}: {source}" for name, source in sources.items() if name not in shown)


def _value(value: object) -> str:
    """On one line, and not all of a certificate."""
    if value is None or value in ("", []):
        return "nothing"
    text = json.dumps(value, ensure_ascii=False) if isinstance(value, dict) else plain(value)
    text = " ".join(text.split())
    return text if len(text) <= _LONGEST else text[:_LONGEST] + "..."


def _with_secrets(
    read: ConfigurationFile, needed: Sequence[Mapping[str, Any]], directories: Sequence[Path]
) -> Mapping[str, Any]:
    """The document with the secrets that are needed in place of where they are found. Raises ConfigError."""
    document = json.loads(json.dumps(read.document))
    for one in needed:
        section, _, rest = one["path"].partition("[")
        number, _, name = rest.partition("].")
        entry = document[section][int(number)]
        try:
            text = _secret(one["reference"], read.path.parent, directories)
        except ConfigError as error:
            raise read.located(error.at(one["path"])) from None
        if name.startswith("settings."):
            key = next(key for key in entry["settings"] if key.lower() == name.removeprefix("settings."))
            entry["settings"][key] = text
        else:
            entry[name] = text
    return document  # type: ignore[no-any-return]


def _secret(
    reference: Mapping[str, str], beside: Path, directories: Sequence[Path], environment: Mapping[str, str] = os.environ
) -> str:
    """Somebody else may have written the file, who would have any file of ours sent to where they want."""
    if "environment" in reference:
        name = reference["environment"]
        if not environment.get(name):
            raise ConfigError(f"the environment has no {name}", hint="set it to the secret, for this command alone")
        return environment[name]
    path = (beside / reference["file"]).resolve()
    if not any(path.is_relative_to(one.resolve()) for one in (beside, *directories)):
        raise ConfigError(f"{path} is not below the directory of the file",
                          hint=f"if it is meant, give --files-from {path.parent}")
    try:
        text = path.read_text(encoding="utf-8").rstrip("\r\n")
    except (OSError, ValueError) as error:
        raise ConfigError(f"{path} cannot be read: {getattr(error, 'strerror', None) or error}") from error
    if not text:
        raise ConfigError(f"{path} is empty", hint="it must have the secret")
    return text


COMMANDS = (export, diff, apply)
