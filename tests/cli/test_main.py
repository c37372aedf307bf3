"""Errors cost one line, and exit codes mean something."""

from __future__ import annotations

from pathlib import Path

import click
import pytest

from appproxy.cli.base.exit_codes import FAILED, INTERRUPTED, WRONG_USE
from appproxy.cli.main import appproxy_command, run
from appproxy.errors import StoreError
from tests.cli.conftest import Typing


def test_an_expected_error_is_one_line(bare: Typing, tmp_path: Path) -> None:
    """A missing state directory is named with its hint, on standard error, with exit code 1 and no traceback."""
    typed = bare("--state", str(tmp_path / "none"), "app", "list")
    assert typed.code == FAILED
    assert typed.out == ""
    assert typed.err.startswith("appproxy: ")
    assert typed.err.count("\n") == 1
    assert "appproxy init" in typed.err


def test_no_state_directory_says_how_to_name_one(bare: Typing) -> None:
    """Without --state the error tells both ways to give it."""
    typed = bare("app", "list")
    assert (typed.code, "--state" in typed.err, "APPPROXY_STATE" in typed.err) == (FAILED, True, True)


def test_the_environment_can_name_the_state(bare: Typing, state: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """APPPROXY_STATE is as good as --state."""
    monkeypatch.setenv("APPPROXY_STATE", str(state))
    assert bare("app", "list", "--json").json == []


@pytest.mark.parametrize("arguments", [["app", "publish"], ["no-such"], ["app", "list", "--loud"], ["assign", "x"]])
def test_a_wrong_command_line_shows_its_use(bare: Typing, arguments: list[str]) -> None:
    """Wrong use has an exit code of its own, and shows the usage."""
    typed = bare("--state", "x", *arguments)
    assert typed.code == WRONG_USE
    assert "Usage: appproxy" in typed.err


@pytest.mark.parametrize(
    ("error", "code", "said"),
    [
        (StoreError("the database is gone"), FAILED, "appproxy: the database is gone\n"),
        (FileNotFoundError(2, "No such file or directory", "/x/y"), FAILED, "appproxy: /x/y: No such file or directory\n"),
        (KeyboardInterrupt(), INTERRUPTED, "\n"),
        (click.Abort(), INTERRUPTED, ""),
    ],
)
def test_every_expected_error_has_its_code(
    bare: Typing, monkeypatch: pytest.MonkeyPatch, error: BaseException, code: int, said: str
) -> None:
    """What goes wrong in any command ends in a line and a code."""

    def fail() -> None:
        raise error

    monkeypatch.setitem(appproxy_command.commands, "fail", click.Command("fail", callback=fail))
    typed = bare("fail")
    assert (typed.code, typed.err) == (code, said)


def test_a_bug_is_not_hidden(monkeypatch: pytest.MonkeyPatch) -> None:
    """What nobody expected shows itself with a traceback."""

    def fail() -> None:
        raise ZeroDivisionError

    monkeypatch.setitem(appproxy_command.commands, "fail", click.Command("fail", callback=fail))
    with pytest.raises(ZeroDivisionError):
        run(["fail"])


def test_every_command_explains_itself(bare: Typing) -> None:
    """Each command, at every depth, has a help text; every listing takes --json."""

    def walk(command: click.Command, words: tuple[str, ...]) -> None:
        assert command.help, words
        if isinstance(command, click.Group):
            for name, child in command.commands.items():
                walk(child, (*words, name))
        elif words[-1] in ("list", "show", "keys", "tokens", "audit", "status"):
            assert any("--json" in parameter.opts for parameter in command.params), words

    walk(appproxy_command, ("appproxy",))
