"""Tables for people, tab-separated lines for pipes, JSON for programs."""

from __future__ import annotations

import json

import pytest

from appproxy.cli.base.output import Column, details, done, moment, plain, show_record, show_rows

ROWS = [{"name": "wiki", "groups": ["a", "b"]}, {"name": "[bold]x", "groups": []}]
COLUMNS = (Column("NAME", "name"), Column("GROUPS", "groups"))


class Terminal:
    """Standard output that says it is a terminal."""

    def __init__(self) -> None:
        self.text = ""

    def isatty(self) -> bool:
        return True

    def write(self, text: str) -> int:
        self.text += text
        return len(text)

    def flush(self) -> None:
        """All is there already."""


def test_a_pipe_gets_one_line_a_row(capsys: pytest.CaptureFixture[str]) -> None:
    """No drawing, no header: columns are cut by tabs."""
    show_rows(ROWS, COLUMNS, False, "none")
    assert capsys.readouterr().out == "wiki\ta, b\n[bold]x\t\n"


def test_a_terminal_gets_a_table(monkeypatch: pytest.MonkeyPatch) -> None:
    """With titles, and what an admin typed is no markup."""
    terminal = Terminal()
    monkeypatch.setattr("sys.stdout", terminal)
    show_rows(ROWS, COLUMNS, False, "none")
    assert terminal.text.splitlines() == ["NAME     GROUPS", "wiki     a, b", "[bold]x"]


def test_on_a_narrow_terminal_nothing_is_broken(monkeypatch: pytest.MonkeyPatch) -> None:
    """An id or URL can be copied in one piece: what does not fit side by side is listed below each other."""
    terminal = Terminal()
    monkeypatch.setattr("sys.stdout", terminal)
    monkeypatch.setenv("COLUMNS", "40")
    url = "https://a-rather-long-name.example.com:8443/and/a/path/"
    show_rows([{"id": "1f2ec5c1581ad19f", "url": url}], (Column("ID", "id"), Column("EXTERNAL", "url")), False, "none")
    assert terminal.text.splitlines() == ["ID        1f2ec5c1581ad19f", f"EXTERNAL  {url}"]


def test_json_is_what_the_service_said(capsys: pytest.CaptureFixture[str]) -> None:
    """--json changes nothing in the data."""
    show_rows(ROWS, COLUMNS, True, "none")
    assert json.loads(capsys.readouterr().out) == ROWS


def test_an_empty_listing_says_what_to_do(capsys: pytest.CaptureFixture[str]) -> None:
    """The hint goes to standard error: it is no row."""
    show_rows([], COLUMNS, False, "publish something")
    printed = capsys.readouterr()
    assert (printed.out, printed.err) == ("", "publish something\n")


def test_one_thing_is_a_line_a_field(capsys: pytest.CaptureFixture[str]) -> None:
    """Nested values stay readable."""
    assigned = [{"user": "alice"}, {"group": "staff"}]
    show_record({"name": "wiki", "settings": {"a": "1"}, "assignments": assigned, "up": True}, False)
    assert capsys.readouterr().out.splitlines() == [
        "name         wiki", "settings     a=1", "assignments  user alice", "             group staff", "up           yes",
    ]  # fmt: skip


def test_a_change_is_told_in_words_or_json(capsys: pytest.CaptureFixture[str]) -> None:
    """One or the other."""
    done("wiki is published", {"name": "wiki"}, False)
    assert capsys.readouterr().out == "wiki is published\n"
    done("wiki is published", {"name": "wiki"}, True)
    assert json.loads(capsys.readouterr().out) == {"name": "wiki"}


def test_words() -> None:
    """Truth, nothing, and times that never were."""
    assert [plain(True), plain(None), plain(["a", 1]), plain(0)] == ["yes", "", "a, 1", "0"]
    assert moment(0) == "never" == moment(None)
    assert moment(1_800_000_000.0).startswith("2027-01-15 ")


def test_details_are_written_as_users_write_them() -> None:
    """What is in an object has its key before it; nothing looks like a program."""
    detail = {"name": "wiki", "settings": {"strict": "yes", "tags": ""}, "before": {"a": {"b": 1}}, "flag": True,
              "rows": [{"user": "ann", "maintainer": False}]}
    assert details(detail) == (
        "name=wiki, settings.strict=yes, settings.tags=, before.a.b=1, flag=yes, rows=user=ann, maintainer=no")
    assert details(None) == ""
