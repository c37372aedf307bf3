"""Directories on the command line."""

from __future__ import annotations

from pathlib import Path

from appproxy.admin.transport.direct import open_store
from appproxy.cli.doctor.findings import Health, Walk
from appproxy.cli.doctor.service import directories as doctor_directories
from appproxy.config import StatePaths
from appproxy.twistd.state import read_settings
from tests.cli.conftest import Typing

ADD = ("directory", "add", "corp", "--kind", "ad", "--server", "ldaps://dc1", "--server", "ldap://dc2", "--bind-name",
       "us@corp", "--user-base", "dc=corp", "--bind-password-stdin")


def test_directories(typed: Typing) -> None:
    """Their password comes on standard input, and is never shown."""
    added = typed(*ADD, stdin="s3cr3t\n")
    assert added.code == 0, added.err
    assert "appproxy directory test corp" in added.err
    assert typed("directory", "show", "corp", "--json").json["servers"] == ["ldaps://dc1", "ldap://dc2"]
    assert typed("directory", "set", "corp", "--refresh-minutes", "10", "--realm", "CORP").code == 0
    assert "s3cr3t" not in typed("directory", "show", "corp").out + typed("directory", "list").out
    assert typed("directory", "test", "corp").code == typed("directory", "add-group", "corp", "staff").code == 1
    assert typed("directory", "remove", "corp").code == 0
    assert "There is no directory." in typed("directory", "list").out + typed("directory", "list").err


def test_the_doctor_names_what_it_cannot_ask(typed: Typing, state: Path) -> None:
    """Without a service nobody asks; with one, it is broken when no server answers, and a warning while one does."""
    typed(*ADD, stdin="s3cr3t\n")
    store = open_store(StatePaths(state), read_settings(state), {}, print)
    walk = Walk(lambda finding: None)
    doctor_directories.examine(walk, store, None)
    for one, two, health in (("", "", Health.GOOD), ("away", "", Health.WARNING), ("away", "away", Health.BROKEN)):
        client = Answering({"servers": [{"server": "1", "problem": one}, {"server": "2", "problem": two}], "problems": []})
        doctor_directories.examine(walk, store, client)  # type: ignore[arg-type]
        assert walk.findings[-1].health is health
    base = {"servers": [{"server": "1", "problem": ""}], "problems": ["dc=x: the base is not there"]}
    doctor_directories.examine(walk, store, Answering(base))  # type: ignore[arg-type]
    store.close()
    assert (walk.findings[0].health, walk.findings[-1].health) == (Health.WARNING, Health.BROKEN)


class Answering:
    """A service that says this of a directory."""

    def __init__(self, report: object) -> None:
        self._report = report

    def call(self, method: str, path: str) -> object:
        """The report."""
        assert method == "GET" and path.endswith("/report")
        return self._report
