"""Who types an option that is not there hears what to type, whatever the command."""

from __future__ import annotations

from collections.abc import Iterator

import click
import pytest

from appproxy.cli.base.exit_codes import WRONG_USE
from appproxy.cli.main import appproxy_command
from appproxy.publish.settings.table import SETTINGS
from tests.cli.conftest import Typing


def commands(command: click.Command, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    """Every command and group, with the words that lead to it."""
    yield path, command
    if isinstance(command, click.Group):
        for name, one in command.commands.items():
            yield from commands(one, (*path, name))


EVERY = list(commands(appproxy_command))
#: Command, option and value of everything that has a choice of values.
CHOICES = [
    (path, option, value)
    for path, command in EVERY
    for option in command.params if isinstance(option.type, click.Choice)
    for value in option.type.choices
]  # fmt: skip


@pytest.mark.parametrize(("typed", "meant"), [
    (["app", "publish", "x", "--passthrough"], "--preauth passthrough"),
    (["app", "publish", "x", "--pass-through"], "--preauth passthrough"),
    (["app", "publish", "x", "--passthru"], "--preauth passthrough"),
    (["app", "publish", "x", "--pre-auth", "oidc"], "--preauth"),
    (["app", "publish", "x", "--max-body", "20M"], "--set max_body=VALUE"),
    (["app", "publish", "x", "--max_bdy=20M"], "--set max_body=VALUE"),
    (["app", "set", "x", "--verify-tls", "no"], "verify_tls=VALUE"),
    (["app", "set", "x", "--preauth", "oidc"], "preauth=VALUE"),
    (["app", "segment", "set", "x", "y", "--internal", "z"], "internal=VALUE"),
    (["branding", "set", "--accent", "red"], "accent=VALUE"),
    (["app", "list", "--state", "/x"], "appproxy --state DIR app list"),
    (["app", "segment", "list", "x", "--state", "/x"], "appproxy --state DIR app segment list"),
    (["publish", "x"], "appproxy app publish"),
    (["app", "lst"], "appproxy app list"),
    (["conector", "list"], "appproxy connector"),
])  # fmt: skip
def test_what_was_meant(bare: Typing, typed: list[str], meant: str) -> None:
    """Another spelling, a value without its option, a setting, a place before the command, another group."""
    said = bare(*typed)
    assert said.code == WRONG_USE and f"Did you mean `{meant}`?" in said.err, said.err


def test_what_is_like_nothing_is_no_guess(bare: Typing) -> None:
    """A wrong hint is worse than none."""
    for typed in (("app", "publish", "x", "--zebra"), ("zebra",), ("app", "list", "--zebra")):
        assert "Did you mean" not in bare(*typed).err


@pytest.mark.parametrize(("path", "option", "value"), CHOICES, ids=lambda one: str(one))
def test_every_value_leads_to_its_option(
    bare: Typing, path: tuple[str, ...], option: click.Option, value: str
) -> None:
    """At any command, also one that is added tomorrow."""
    command = dict(EVERY)[path]
    said = bare(*path, f"--{value}")
    own = {name for one in command.params for name in (*one.opts, *one.secondary_opts)}
    assert f"--{value}" in own or f"`{option.opts[0]} {value}`" in said.err


def test_every_setting_can_be_typed_as_an_option(bare: Typing) -> None:
    """And leads to how it is written, unless it is spelled like an option that is there."""
    for key in SETTINGS:
        assert f"`{key}=VALUE`" in bare("app", "set", "x", f"--{key.replace('_', '-')}").err
        assert f"`--set {key}=VALUE`" in bare("app", "publish", "x", f"--{key}").err


def test_every_option_before_the_command_is_found_behind_it(bare: Typing) -> None:
    """`--state` belongs between `appproxy` and the command, unless the command has one of its own."""
    for path, command in EVERY:
        if path and not any("--state" in one.opts for one in command.params):
            assert f"`appproxy --state DIR {' '.join(path)}`" in bare(*path, "--state").err
