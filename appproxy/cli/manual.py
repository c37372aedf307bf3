"""Manual pages, made of the commands themselves: what `appproxy manual` writes."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

import click

import appproxy

#: What every page says at its end. Exit codes are those of `cli.exit_codes`.
_ENVIRONMENT = {
    "APPPROXY_STATE": "The service's state directory, where --state is not given.",
    "APPPROXY_CONTEXT": "A service elsewhere, where neither --context nor --state is given.",
    "XDG_CONFIG_HOME": "appproxy/contexts.json below it has the services that were logged in to (~/.config if not set).",
}
_CODE = re.compile(r"`([^`]*)`")


def pages(program: click.Group, codes: Mapping[int, str]) -> dict[str, str]:
    """Each page by the name of its file: of the program, and of each command. `codes`: exit codes, and what they mean."""
    made = {"appproxy.1": _page("appproxy", program, _program(program), codes)}
    for name, command in sorted(program.commands.items()):
        made[f"appproxy-{name}.1"] = _page(f"appproxy-{name}", command, _command(f"appproxy {name}", command), codes)
    return made


def _page(title: str, command: click.Command, body: Iterator[str], codes: Mapping[int, str]) -> str:
    lines = [
        f'.TH "{title.upper()}" 1 "" "appproxy {appproxy.__version__}" "appproxy"', ".SH NAME",
        f"{escaped(title)} \\- {escaped(command.get_short_help_str(200).rstrip('.'))}", *body,
        ".SH EXIT STATUS", *_items({str(code): meaning for code, meaning in codes.items()}),
        ".SH ENVIRONMENT", *_items(_ENVIRONMENT),
    ]
    if title != "appproxy":
        lines += [".SH SEE ALSO", ".BR appproxy (1)"]
    return "\n".join(lines) + "\n"


def _program(program: click.Group) -> Iterator[str]:
    yield from (".SH SYNOPSIS", "\\fBappproxy\\fR [\\fB\\-\\-state\\fR \\fIDIR\\fR] \\fICOMMAND\\fR ...")
    yield from (".SH DESCRIPTION", *_text(program.help or ""))
    yield from (".SH OPTIONS", *_options(program))
    yield ".SH COMMANDS"
    for name, command in sorted(program.commands.items()):
        yield from (".TP", f".BR appproxy\\-{escaped(name)} (1)", escaped(command.get_short_help_str(200)))


def _command(full: str, command: click.Command) -> Iterator[str]:
    yield from (".SH SYNOPSIS", _synopsis(full, command))
    yield from (".SH DESCRIPTION", *_text(command.help or ""))
    if options := list(_options(command)):
        yield from (".SH OPTIONS", *options)
    if isinstance(command, click.Group):
        yield ".SH COMMANDS"
        yield from _below(full, command)


def _below(full: str, group: click.Group) -> Iterator[str]:
    """The commands of a group, and those of groups in it."""
    for name, command in sorted(group.commands.items()):
        yield from (f".SS {escaped(f'{full} {name}')}", _synopsis(f"{full} {name}", command), ".PP")
        yield from _text(command.help or "")
        yield from _options(command)
        if isinstance(command, click.Group):
            yield from _below(f"{full} {name}", command)


def _synopsis(full: str, command: click.Command) -> str:
    context = click.Context(command)
    parts = [f"\\fB{escaped(full)}\\fR"]
    if any(isinstance(one, click.Option) and one.name != "help" for one in command.params):
        parts.append("[\\fIOPTIONS\\fR]")
    arguments = (one for one in command.params if isinstance(one, click.Argument))
    parts += [f"\\fI{escaped(one.make_metavar(context))}\\fR" for one in arguments]
    if isinstance(command, click.Group):
        parts.append("\\fICOMMAND\\fR ...")
    return " ".join(parts)


def _options(command: click.Command) -> Iterator[str]:
    context = click.Context(command)
    for one in command.params:
        record = one.get_help_record(context) if isinstance(one, click.Option) and not one.hidden else None
        if record is not None:
            yield from (".TP", f"\\fB{escaped(record[0])}\\fR", escaped(record[1]) or "\\&")


def _items(items: Mapping[str, str]) -> Iterator[str]:
    for name, meaning in items.items():
        yield from (".TP", f"\\fB{escaped(name)}\\fR", escaped(meaning))


def _text(text: str) -> Sequence[str]:
    """Paragraphs, of which the first needs no mark."""
    paragraphs = [" ".join(one.split()) for one in text.replace("\b", "").split("\n\n")]
    lines: list[str] = []
    for number, paragraph in enumerate(paragraphs):
        lines += [*([".PP"] if number else []), escaped(paragraph)]
    return lines


def escaped(text: str) -> str:
    """A text on one line as roff takes it: nothing in it is a command or an escape, hyphens can be copied as they are."""
    plain = " ".join(text.split()).replace("\\", "\\e").replace("-", "\\-")
    made = _CODE.sub(r"\\fB\1\\fR", plain)
    return f"\\&{made}" if made.startswith((".", "'")) else made
