"""Publishing, from the command line to the database."""

from __future__ import annotations

from pathlib import Path

from tests.cli.conftest import PASSWORD, Typing

PUBLISH = ("app", "publish", "wiki", "--internal", "http://wiki.corp:8080/", "--external", "https://wiki.example.com/")


def test_publish_show_set_remove(typed: Typing) -> None:
    """An application's life, by commands."""
    made = typed(*PUBLISH, "--set", "backend_timeout=180")
    assert made.code == 0
    assert made.out == (
        "wiki is published at https://wiki.example.com/\nNobody can open it yet: appproxy assign wiki --user NAME\n"
    )
    assert made.err == ""
    assert [one["name"] for one in typed("app", "list", "--json").json] == ["wiki"]
    assert typed("app", "show", "wiki", "--json").json["settings"]["backend_timeout"] == "180"
    assert typed("app", "set", "wiki", "preauth=passthrough", "header.x-user=name").code == 0
    assert typed("app", "show", "wiki", "--json").json["preauth"] == "passthrough"
    assert typed("app", "remove", "wiki").out == "wiki is no longer published\n"
    assert typed("app", "list").err.endswith("Nothing is published; see `appproxy app publish --help`.\n")


def test_publishing_lets_users_in(typed: Typing) -> None:
    """In the same command, all or nothing; everybody, or those who are named."""
    typed("user", "add", "alice", "--group", "staff", "--password-stdin", stdin=PASSWORD + "\n")
    made = typed(*PUBLISH, "--user", "alice", "--user-group", "staff")
    assert made.out == "wiki is published at https://wiki.example.com/\nalice, staff may use it\n"
    shown = typed("app", "show", "wiki", "--json").json
    assert [(one.get("user"), one.get("group")) for one in shown["assignments"]] == [(None, "staff"), ("alice", None)]
    typed("app", "remove", "wiki")
    assert typed(*PUBLISH, "--user", "bob").err.endswith("there is no user 'bob'; there are: alice\n")
    assert typed("app", "list", "--json").json == []
    open_ = typed(*PUBLISH, "--everyone")
    assert open_.out == "wiki is published at https://wiki.example.com/\n"
    assert typed("app", "show", "wiki", "--json").json["assignment_required"] is False


def test_publishing_for_nobody_and_for_everybody_do_not_mix(typed: Typing) -> None:
    """What contradicts itself is refused, with what to leave out."""
    assert typed(*PUBLISH, "--everyone", "--user", "alice").code == 2
    assert typed(*PUBLISH, "--everyone", "--preauth", "passthrough").code == 2
    typed("user", "add", "alice", "--password-stdin", stdin=PASSWORD + "\n")
    refused = typed(*PUBLISH, "--preauth", "passthrough", "--user", "alice")
    assert (refused.code, "leave them out" in refused.err) == (1, True)


def test_a_url_without_a_port_gets_the_service_s_own(bare: Typing, tmp_path: Path) -> None:
    """Nobody has to know at which port users come in."""
    state = str(tmp_path / "state")
    bare("init", "--state", state, "--domain", "example.com", "--listen", "127.0.0.1:9443")
    made = bare("--state", state, *PUBLISH, "--everyone")
    assert made.out == "wiki is published at https://wiki.example.com:9443/\n"
    segment = ("app", "segment", "add", "wiki", "--internal", "http://api.corp/", "--external", "https://api.example.com/")
    assert bare("--state", state, *segment).out.startswith("https://api.example.com:9443/ leads to")
    assert bare("--state", state, "app", "set", "wiki", "external=https://docs.example.com/").code == 0
    assert bare("--state", state, "app", "show", "wiki", "--json").json["external"] == "https://docs.example.com:9443/"


def test_errors_name_the_key(typed: Typing) -> None:
    """Wrong URLs and unknown settings are refused with the word that is wrong."""
    wrong = typed("app", "publish", "x", "--internal", "wiki", "--external", "https://wiki.example.com/")
    assert (wrong.code, "internal" in wrong.err) == (1, True)
    assert typed(*PUBLISH, "--set", "backend_timeot=1").err.count("backend_timeout") == 1
    assert typed(*PUBLISH).code == 0
    again = typed(*PUBLISH)
    assert (again.code, again.err.count("wiki") > 0) == (1, True)


def test_assigning(typed: Typing) -> None:
    """Users and groups are let in and shut out."""
    typed(*PUBLISH)
    typed("user", "add", "alice", "--group", "staff", "--password-stdin", stdin=PASSWORD + "\n")
    assert typed("assign", "wiki", "--user", "alice").out == "alice may use wiki\n"
    maintained = typed("assign", "wiki", "--group", "staff", "--maintainer")
    assert maintained.out == "staff may use wiki, also while it is being maintained\n"
    assert typed("assign", "wiki", "--group", "staff", "--no-maintainer").out == "staff may use wiki\n"
    assert typed("app", "show", "wiki", "--json").json["assigned"] == 2
    assert typed("unassign", "wiki", "--user", "alice").out == "alice may use wiki no longer\n"
    assert typed("app", "show", "wiki", "--json").json["assigned"] == 1
    assert typed("assign", "wiki", "--user", "bob").code == 1
    assert typed("assign", "wiki", "--user", "a", "--group", "b").code == 2


def test_the_keys_are_listed(typed: Typing) -> None:
    """What can be set explains itself."""
    keys = {row["key"]: row["explanation"] for row in typed("app", "keys", "--json").json}
    assert keys["backend_timeout"]


def test_a_host_in_another_script_is_named_in_its_ascii_form(typed: Typing) -> None:
    """Nobody has to look up how to write it."""
    wrong = typed("app", "publish", "x", "--internal", "http://a/", "--external", "https://bücher.example.com/")
    assert (wrong.code, "in its ASCII form, xn--bcher-kva.example.com" in wrong.err) == (1, True)


def test_an_unknown_key_is_answered_in_one_short_line(typed: Typing) -> None:
    """With the nearest key, or with the command that lists them."""
    typed(*PUBLISH)
    assert typed("app", "set", "wiki", "zzz=1").err.endswith("zzz: no such setting; `appproxy app keys` lists them\n")


def test_a_connector_s_directory_is_recognised(bare: Typing, tmp_path: Path) -> None:
    """Commands for the service, typed at the wrong machine."""
    (tmp_path / "connector.toml").write_text("")
    said = bare("--state", str(tmp_path), "status")
    assert (said.code, "a connector's state directory" in said.err) == (1, True)
