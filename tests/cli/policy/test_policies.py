"""appproxy policy, location, strength."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.conftest import Typing

POLICY = """
name = "Second factor outside"
state = "on"
[users]
include = ["all"]
[applications]
include = ["all"]
[conditions.locations]
exclude = ["office"]
[grant]
require = ["mfa"]
"""


@pytest.fixture
def files(tmp_path: Path, typed: Typing) -> Path:
    """A directory with files, and a service with an application."""
    (tmp_path / "policy.toml").write_text(POLICY)
    (tmp_path / "office.json").write_text(json.dumps({"name": "office", "networks": ["192.0.2.0/24"]}))
    (tmp_path / "gold.toml").write_text('name = "gold"\nany_of = [{amr = ["hwk"]}]\n')
    assert typed("user", "add", "ann", "--password-stdin", stdin="correct horse battery staple\n").code == 0
    published = typed(
        "app", "publish", "wiki", "--internal", "http://w/", "--external", "https://wiki.example.com/", "--user", "ann")
    assert published.code == 0, published.err
    return tmp_path


def test_from_a_file_to_an_answer(typed: Typing, files: Path) -> None:
    """Set, listed, shown, explained, set again from what was shown, removed."""
    assert "see docs/policies.md" in typed("policy", "list").err
    assert typed("location", "set", str(files / "office.json")).out == "office is kept (version 1)\n"
    assert typed("policy", "set", str(files / "policy.toml")).out == "Second factor outside is on (version 1)\n"
    assert "Second factor outside\ton\t1\t" in typed("policy", "list").out
    shown = typed("policy", "show", "Second factor outside", "--document")
    (files / "again.json").write_text(shown.out)
    assert "(version 2)" in typed("policy", "set", str(files / "again.json")).out
    asked = typed("policy", "explain", "--app", "wiki", "--user", "ann", "--address", "198.51.100.1")
    assert asked.code == 1
    assert "asks for more" in asked.out and asked.out.splitlines()[-1].startswith("sign in: ")
    asked = typed("policy", "explain", "--app", "wiki", "--user", "ann", "--address", "192.0.2.1", "--json")
    assert asked.code == 0 and asked.json["verdict"] == "pass"
    asked = typed("policy", "explain", "--app", "wiki", "--user", "ann", "--amr", "pwd", "--amr", "mfa")
    assert asked.code == 0
    assert typed("location", "remove", "office").code == 1
    assert typed("policy", "remove", "Second factor outside").code == 0
    assert typed("location", "remove", "office").out == "office is forgotten\n"
    assert typed("policy", "list", "--json").json == []


def test_strengths_and_break_glass(typed: Typing, files: Path) -> None:
    """The same commands for both."""
    assert typed("strength", "set", str(files / "gold.toml")).code == 0
    assert [row["name"] for row in typed("strength", "list", "--json").json] == ["mfa", "phishing-resistant", "device", "gold"]
    assert '"hwk"' in typed("strength", "show", "gold").out
    assert typed("policy", "break-glass", "add", "ann").out == "no policy concerns ann any more\n"
    assert typed("policy", "break-glass", "list", "--json").json[0]["user"] == "ann"
    assert typed("policy", "break-glass", "remove", "ann").code == 0
    assert typed("policy", "break-glass", "remove", "ann").code == 1


def test_contexts_and_tags(typed: Typing, files: Path) -> None:
    """From the file of a context, and the tag of an application, to what a request at a path is asked for."""
    (files / "context.toml").write_text('name = "pay"\npaths = ["/pay/*"]\napplications = {include = ["tag:hr"]}\n')
    assert "no application with the tag 'hr'" in typed("context", "set", str(files / "context.toml")).err
    assert typed("app", "set", "wiki", "tags=hr").code == 0
    assert typed("context", "set", str(files / "context.toml")).out == "pay is kept (version 1)\n"
    text = POLICY.replace('[conditions.locations]\nexclude = ["office"]', '[conditions.contexts]\ninclude = ["pay"]')
    (files / "policy.toml").write_text(text)
    assert typed("policy", "set", str(files / "policy.toml")).code == 0
    asked = ("policy", "explain", "--app", "wiki", "--user", "ann", "--path")
    assert typed(*asked, "/pay/1").code == 1
    assert typed(*asked, "/").code == 0
    assert typed("context", "remove", "pay").code == 1


def test_what_is_wrong_is_said_in_one_line(typed: Typing, files: Path) -> None:
    """Where, and what to do; the policies stay as they are."""
    wrong = files / "wrong.toml"
    for text, said in (
        (POLICY.replace("state", "sate"), "sate: there is no such field"),
        (POLICY, "conditions.locations.exclude[0]: there is no location 'office'"),
        (POLICY.replace('require = ["mfa"]', "block = true").replace("exclude", "include").replace("office", "all"),
         None),
        ("name = 1", "name: is needed"), ("[", "is no TOML"),
    ):
        wrong.write_text(text)
        answer = typed("policy", "set", str(wrong))
        if said is None:  # all locations is a condition, though one that always holds
            assert answer.code == 0 and typed("policy", "remove", "Second factor outside").code == 0
            continue
        assert answer.code in (1, 2) and said in answer.err, answer.err
    assert typed("policy", "set", str(files / "none.toml")).code == 2
    assert typed("policy", "set", "policy.yaml").code == 2
    assert typed("policy", "check").err == "Nothing is wrong.\n"
    always = POLICY.replace('[conditions.locations]\nexclude = ["office"]\n', "")
    wrong.write_text(always.replace('require = ["mfa"]', "block = true"))
    refused = typed("policy", "set", str(wrong))
    assert refused.code == 1 and "nobody could use wiki" in refused.err and "--force" in refused.err
    assert typed("policy", "set", str(wrong), "--force").code == 0
    assert typed("policy", "check").code == 1
