"""What somebody meant who typed an option that a command does not have: an option of another spelling, a value without its
option, a setting, or an option that belongs before the command.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from difflib import get_close_matches
from typing import Any

import click
from click.exceptions import NoSuchCommand

#: Of 1: what is less alike confuses more than it helps.
_ALIKE = 0.75
_MOST = 3


class Pair(click.ParamType[Any]):
    """KEY=VALUE; `known` says which keys there are, and is asked only after a mistake."""

    name = "KEY=VALUE"

    def __init__(self, known: Callable[[], Iterable[str]]) -> None:
        self.known = known

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """As it is; `calling.key_values` reads it."""
        return value


def explained(error: click.UsageError) -> click.UsageError:
    """The same error, with what was meant, as far as that can be guessed."""
    context = error.ctx
    if context is None:
        return error
    if isinstance(error, click.NoSuchOption):
        found = _closest(error.option_name, dict(_options(context)))
    elif isinstance(error, NoSuchCommand):
        found = _closest(error.command_name, _commands(context))
    else:
        return error
    meant = f" Did you mean {' or '.join(f'`{one}`' for one in found)}?" if found else ""
    return click.UsageError(error.message + meant, context)


def _closest(typed: str, known: dict[str, str]) -> list[str]:
    """What the nearest names stand for, the nearest first."""
    name = _plain(typed)
    if name in known:
        return [known[name]]
    return list(dict.fromkeys(known[one] for one in get_close_matches(name, known, _MOST, _ALIKE)))


def _plain(name: str) -> str:
    return name.lstrip("-").replace("_", "-").lower()


def _options(context: click.Context) -> Iterator[tuple[str, str]]:
    """What can be typed at this command: name, and how it is written. Of two with one name the last counts."""
    yield from _of_parents(context)
    for param in context.command.params:
        if isinstance(param.type, Pair):
            before = f"{param.opts[0]} " if isinstance(param, click.Option) else ""
            yield from ((_plain(key), f"{before}{key}=VALUE") for key in param.type.known())
    options = [one for one in context.command.params if isinstance(one, click.Option) and not one.hidden]
    for option in options:
        if isinstance(option.type, click.Choice):
            yield from ((_plain(str(value)), f"{option.opts[0]} {value}") for value in option.type.choices)
    for option in options:
        yield from ((_plain(name), name) for name in (*option.opts, *option.secondary_opts))


def _of_parents(context: click.Context) -> Iterator[tuple[str, str]]:
    """Options that are there, but before the command: `appproxy --state DIR app list`."""
    rest = context.info_name or ""
    parent = context.parent
    while parent is not None:
        for option in parent.command.params:
            if isinstance(option, click.Option) and "--version" not in option.opts:
                value = "" if option.is_flag else f" {option.metavar or 'VALUE'}"
                yield from ((_plain(name), f"{parent.command_path} {name}{value} {rest}") for name in option.opts)
        rest = f"{parent.info_name} {rest}"
        parent = parent.parent


def _commands(context: click.Context) -> dict[str, str]:
    """Every command by its own name: of two with one name that of this group counts, else that with the shorter way."""
    found: dict[str, str] = {}
    groups = [(context.find_root().command, context.find_root().command_path)]
    for group, path in groups:  # grows as groups are found: those with a short way first
        if isinstance(group, click.Group):
            for name, one in group.commands.items():
                found.setdefault(_plain(name), f"{path} {name}")
                groups.append((one, f"{path} {name}"))
    own = context.command.commands if isinstance(context.command, click.Group) else ()
    return found | {_plain(name): f"{context.command_path} {name}" for name in own}
