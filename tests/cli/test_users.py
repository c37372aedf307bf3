"""Users and groups, from the command line to the database."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from appproxy.cli.users import secret_line
from appproxy.errors import ConfigError
from tests.cli.conftest import PASSWORD, Typing


def add(typed: Typing, name: str = "alice", *options: str) -> None:
    """A user with the usual password."""
    made = typed("user", "add", name, *options, "--password-stdin", stdin=PASSWORD + "\n")
    assert made.code == 0, made.err


def test_a_user_s_life(typed: Typing) -> None:
    """Added, shown, changed, disabled, enabled, removed."""
    add(typed, "alice", "--group", "staff", "--group", "admins", "--display-name", "Alice", "--email", "a@example.com")
    shown = typed("user", "show", "alice", "--json").json
    assert (shown["groups"], shown["display_name"], shown["email"]) == (["admins", "staff"], "Alice", "a@example.com")
    assert typed("user", "set", "alice", "--display-name", "Alice B").code == 0
    assert typed("user", "disable", "alice").out == "alice is disabled\n"
    assert typed("user", "list", "--json").json[0]["disabled"] is True
    assert typed("user", "enable", "alice").code == 0
    assert typed("user", "password", "alice", "--password-stdin", stdin="another long password\n").code == 0
    assert typed("user", "remove", "alice").code == 0
    assert typed("user", "list", "--json").json == []


def test_groups(typed: Typing) -> None:
    """Made, joined, left, removed."""
    add(typed)
    assert typed("group", "add", "staff").code == 0
    assert typed("group", "join", "staff", "alice").code == 0
    assert typed("group", "list", "--json").json[0]["members"] == ["alice"]
    assert typed("group", "leave", "staff", "alice").code == 0
    assert typed("group", "remove", "staff").code == 0
    assert typed("group", "list", "--json").json == []


def test_a_weak_password_is_refused(typed: Typing) -> None:
    """With the reason, and without the password."""
    weak = typed("user", "add", "alice", "--password-stdin", stdin="short7\n")
    assert weak.code == 1
    assert "password" in weak.err
    assert "short7" not in weak.err


def test_an_empty_standard_input_is_no_password(typed: Typing, monkeypatch: pytest.MonkeyPatch) -> None:
    """A forgotten pipe is told by the option's name."""
    assert "--password-stdin" in typed("user", "add", "alice", "--password-stdin").err


def test_only_the_line_end_is_cut(typed: Typing, monkeypatch: pytest.MonkeyPatch) -> None:
    """Spaces at the ends belong to the secret; the rest of the input does not."""
    import io

    monkeypatch.setattr("sys.stdin", io.StringIO(" a b \r\nnext\n"))
    assert secret_line("--x") == " a b "
    monkeypatch.setattr("sys.stdin", io.StringIO("\n"))
    with pytest.raises(ConfigError):
        secret_line("--x")


@pytest.mark.parametrize(
    ("command", "option"),
    [(("user", "add", "alice"), "--password-stdin"),
     (("provider", "add", "corp", "--issuer", "https://id.example.com", "--client-id", "x"), "--client-secret-stdin")],
)
def test_without_a_terminal_nothing_is_asked(state: Path, command: tuple[str, ...], option: str) -> None:
    """A script is told, in one line, by which option it gives the secret."""
    program = [sys.executable, "-c", "import sys; from appproxy.cli.main import run; sys.exit(run(sys.argv[1:]))"]
    # A session of its own has no terminal, whoever runs the tests.
    ran = subprocess.run(
        [*program, "--state", str(state), *command], stdin=subprocess.DEVNULL, capture_output=True, text=True,
        start_new_session=True, check=False, timeout=60,
    )  # fmt: skip
    assert ran.returncode == 1
    assert option in ran.stderr
    assert len(ran.stderr.splitlines()) == 1, ran.stderr
