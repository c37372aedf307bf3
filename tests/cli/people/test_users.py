"""Users and groups, from the command line to the database."""

from __future__ import annotations

import os
import pty
import select
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from appproxy.cli.people.users import secret_line
from appproxy.errors import ConfigError
from tests.cli.conftest import PASSWORD, Typing

PROGRAM = [sys.executable, "-c", "import sys; from appproxy.cli.main import run; sys.exit(run(sys.argv[1:]))"]


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
    # A session of its own has no terminal, whoever runs the tests.
    ran = subprocess.run(
        [*PROGRAM, "--state", str(state), *command], stdin=subprocess.DEVNULL, capture_output=True, text=True,
        start_new_session=True, check=False, timeout=60,
    )  # fmt: skip
    assert ran.returncode == 1
    assert option in ran.stderr
    assert len(ran.stderr.splitlines()) == 1, ran.stderr


@pytest.fixture
def terminal(state: Path) -> Iterator[Callable[..., Terminal]]:
    """Commands on a terminal of their own, on which a person types."""
    opened: list[Terminal] = []

    def start(*command: str) -> Terminal:
        opened.append(Terminal([*PROGRAM, "--state", str(state), *command]))
        return opened[-1]

    yield start
    for one in opened:
        one.close()


class Terminal:
    """A program on a pseudo-terminal (pty(7))."""

    def __init__(self, command: list[str]) -> None:
        self.text = self._rest = ""
        self._process, self._end = pty.fork()
        if self._process == 0:
            os.execv(command[0], command)

    def expect(self, text: str) -> None:
        """Read on until it has printed this; `text` is what came since the last time."""
        until = time.monotonic() + 60
        self.text = self._rest
        while text not in self.text:
            assert time.monotonic() < until, f"{text!r} did not come: {self.text!r}"
            if select.select([self._end], [], [], 1)[0]:
                try:
                    self.text += os.read(self._end, 4096).decode()
                except OSError as error:  # its end: EIO
                    raise AssertionError(f"{text!r} did not come: {self.text!r}") from error
        before, _, self._rest = self.text.partition(text)
        self.text = before + text

    def type(self, text: str) -> None:
        """A line and the Enter key."""
        os.write(self._end, text.encode() + b"\n")

    def close(self) -> None:
        """End it."""
        os.kill(self._process, signal.SIGKILL)
        os.close(self._end)
        os.waitpid(self._process, 0)


def test_a_password_is_checked_before_it_is_typed_again(terminal: Callable[..., Terminal]) -> None:
    """A weak one is told at once, and asked for again; nothing that was typed is shown."""
    asked = terminal("user", "add", "alice")
    asked.expect("Password: ")
    asked.type("short7")
    asked.expect("Error: password: give at least 8 characters")
    assert "Repeat" not in asked.text and "short7" not in asked.text
    asked.expect("Password: ")
    asked.type("ALICE")
    asked.expect("Password: ")
    asked.type(PASSWORD)
    asked.expect("Repeat for confirmation: ")
    asked.type(PASSWORD)
    asked.expect("alice is added")


@pytest.mark.parametrize(
    ("command", "said"),
    [(("add", "alice"), "there is already a user 'alice'"), (("add", "no name"), "must have 1 to 64"),
     (("add", "carol", "--email", "nobody"), "is not an address"), (("add", "carol", "--group", "a/b"), "group"),
     (("password", "bob"), "there is no user 'bob'; there are: alice")],
)
def test_what_cannot_be_done_is_told_before_a_password_is_asked_for(
    typed: Typing, terminal: Callable[..., Terminal], command: tuple[str, ...], said: str
) -> None:
    """Nobody types a password twice for a user who is not there, or is there already."""
    add(typed)
    asked = terminal("user", *command)
    asked.expect(said)
    assert "Password" not in asked.text


def test_a_provider_that_is_there_is_told_before_its_secret_is_asked_for(terminal: Callable[..., Terminal]) -> None:
    """The same for the client secret."""
    asked = terminal("provider", "add", "builtin", "--issuer", "https://id.example.com", "--client-id", "x")
    asked.expect("there is already an identity provider 'builtin'")
    assert "secret" not in asked.text


def test_second_factors(typed: Typing) -> None:
    """Who must have one; an invitation and a link are printed and nothing else; factors are shown and reset."""
    assert typed("second-factor", "list").err == "Nobody must have a second factor.\n"
    assert typed("group", "add", "admins").code == 0
    assert typed("second-factor", "require", "--group", "admins", "--grace", "14d").out == (
        "group admins must have a second factor\n")
    assert typed("second-factor", "require").out == "all users must have a second factor\n"
    rows = [line.split("\t") for line in typed("second-factor", "list").out.splitlines()]
    assert [(who, grace) for who, _, grace in rows] == [("all users", "0 days"), ("group admins", "14 days")]
    assert typed("second-factor", "waive").code == 0
    invited = typed("user", "invite", "bob", "--group", "admins", "--expires", "2d").out
    assert invited.startswith("https://signin.") and "/password?t=" in invited and len(invited.splitlines()) == 1
    shown = typed("user", "show", "bob")
    assert "invitation, until" in shown.out and "has_password         no" in shown.out
    assert typed("user", "password-link", "bob").out != invited
    assert typed("user", "reset-factors", "bob").out == "bob has no second factors any more\n"
    assert typed("user", "show", "bob", "--json").json["second_factors"] == []
