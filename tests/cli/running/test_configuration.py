"""appproxy export, diff, apply."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from tests.cli.conftest import Typing

WIKI = """\
format: 1
applications:
- name: wiki
  external: https://wiki.example.com/
  internal: http://wiki/
  settings:
    strict: no
    request.authorization: {file: password}
"""


@pytest.fixture
def wiki(tmp_path: Path) -> Path:
    """A file that publishes an application with a secret beside it."""
    (tmp_path / "password").write_text("Basic hunter2\n")
    file = tmp_path / "c.yaml"
    file.write_text(WIKI)
    return file


def test_from_a_file_to_the_service_and_back(typed: Typing, wiki: Path, tmp_path: Path) -> None:
    """It is compared, tried, applied and exported; then nothing differs, and to apply it again changes nothing."""
    told = typed("diff", str(wiki))
    assert told.code == 1 and told.out.startswith("+ application wiki\n")
    tried = typed("apply", str(wiki), "--dry-run")
    assert tried.code == 0 and "one change would be made" in tried.out and typed("diff", str(wiki)).code == 1
    done = typed("apply", str(wiki), "--yes")
    assert done.code == 0 and "one change is made" in done.out and "hunter2" not in done.out + done.err
    settings = typed("app", "show", "wiki", "--json").json["settings"]
    assert settings == {"request.authorization": "Basic hunter2", "strict": "no"}
    exported = tmp_path / "all.yaml"
    assert typed("export", "--output", str(exported)).code == 0
    assert "hunter2" not in exported.read_text() and exported.read_text().startswith("# yaml-language-server: $schema=")
    same = typed("diff", str(exported))
    assert (same.code, same.out) == (0, "")
    assert "nothing is to be changed" in typed("apply", str(exported)).out


def test_what_differs_is_shown(typed: Typing, wiki: Path, tmp_path: Path) -> None:
    """Field by field; what only the service has with a minus, which `apply` leaves alone unless it prunes."""
    typed("apply", str(wiki), "--yes")
    typed("app", "publish", "old", "--internal", "http://old/", "--external", "https://old.example.com/")
    wiki.write_text(WIKI.replace("strict: no", "strict: yes"))
    told = typed("diff", str(wiki))
    assert told.out == "~ application wiki\n    settings.strict: no -> yes\n- application old\n" and told.code == 1
    (change, _) = typed("diff", str(wiki), "--json").json
    assert change["fields"] == [{"field": "settings.strict", "before": "no", "after": "yes"}]
    assert "one thing of the service is not in" in typed("apply", str(wiki), "--yes").err
    assert "old" in typed("app", "list").out
    typed("apply", str(wiki), "--yes", "--prune")
    assert "old" not in typed("app", "list").out and typed("diff", str(wiki)).code == 0


def test_what_ends_by_itself_is_told_and_no_difference(typed: Typing, wiki: Path) -> None:
    """With its end, and the exit code of nothing; once it is in the file, it is not told any more, and nothing differs."""
    typed("group", "add", "staff")
    typed("apply", str(wiki), "--yes")
    typed("assign", "wiki", "--group", "staff", "--expires", "8h")
    told = typed("diff", str(wiki))
    assert told.code == 0 and re.fullmatch(
        r"\. application wiki\n    assignments\[group staff provider builtin\]: ends at 20\d\d-.*Z\n", told.out), told.out
    assert [one["what"] for one in typed("diff", str(wiki), "--json").json] == ["end"]
    exported = typed("export").out
    assert "expires: " in exported
    wiki.write_text(exported)
    told = typed("diff", str(wiki))
    assert (told.code, told.out) == (0, "")


def test_nobody_is_asked_where_nobody_is(typed: Typing, wiki: Path) -> None:
    """Then nothing is done."""
    refused = typed("apply", str(wiki))
    assert refused.code == 1 and "give --yes" in refused.err and "wiki" not in typed("app", "list").out


def test_what_is_wrong_has_file_and_line(typed: Typing, wiki: Path) -> None:
    """For `diff` with the exit code of trouble, which tells it from a difference."""
    wiki.write_text(WIKI.replace("strict: no", "strct: no"))
    for command, code in ((("diff",), 2), (("apply", "--yes"), 1)):
        refused = typed(*command, str(wiki))
        assert refused.code == code and f"{wiki}:7: applications[0].settings.strct: no such setting" in refused.err
    wiki.write_text(WIKI)
    (wiki.parent / "password").unlink()
    refused = typed("apply", "--yes", str(wiki))
    assert f"{wiki}:8: applications[0].settings.request.authorization: " in refused.err and "cannot be read" in refused.err


def test_secrets_come_from_the_environment(typed: Typing, wiki: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An error names the variable that is missing."""
    wiki.write_text(WIKI.replace("{file: password}", "{environment: WIKI_PASSWORD}"))
    assert "the environment has no WIKI_PASSWORD" in typed("apply", "--yes", str(wiki)).err
    monkeypatch.setenv("WIKI_PASSWORD", "Basic abc")
    assert typed("apply", "--yes", str(wiki)).code == 0
    assert typed("app", "show", "wiki", "--json").json["settings"]["request.authorization"] == "Basic abc"


@pytest.mark.parametrize("way", ["absolute", "above", "link"])
def test_files_elsewhere_are_read_only_if_somebody_says_so(typed: Typing, wiki: Path, way: str) -> None:
    """Who wrote the file may be somebody else, and would have them sent to where they want."""
    secret = wiki.parent / "private" / "key"
    secret.parent.mkdir()
    secret.write_text("Basic mine")
    (wiki.parent / "given").mkdir()
    file = wiki.parent / "given" / "c.yaml"
    (wiki.parent / "given" / "link").symlink_to(secret)
    place = {"absolute": str(secret), "above": "../private/key", "link": "link"}[way]
    file.write_text(WIKI.replace("file: password", f"file: {place}"))
    assert f"    settings.request.authorization: hidden, from file {secret}\n" in typed("diff", str(file)).out
    refused = typed("apply", "--yes", str(file))
    assert refused.code == 1 and f"{secret} is not below" in refused.err and f"--files-from {secret.parent}" in refused.err
    assert f"hidden, from file {secret}\n" in refused.out and "wiki" not in typed("app", "list").out
    assert typed("apply", "--yes", "--files-from", str(secret.parent), str(file)).code == 0
    assert typed("app", "show", "wiki", "--json").json["settings"]["request.authorization"] == "Basic mine"


def test_a_change_shows_where_its_secret_is_from(typed: Typing, wiki: Path) -> None:
    """A new one of an application that is there already."""
    typed("apply", "--yes", str(wiki))
    wiki.write_text(WIKI + "    request.x-key: {environment: THE_KEY}\n")
    assert typed("diff", str(wiki)).out == (
        "~ application wiki\n    settings.request.x-key: nothing -> hidden, from environment THE_KEY\n")


def test_a_terminal_obeys_no_value(typed: Typing, wiki: Path) -> None:
    """What would erase lines, or turn them round, is written by its number, in what is shown and in errors."""
    typed("apply", "--yes", str(wiki))
    wiki.write_text(WIKI.replace("strict: no", 'strict: no\n    tags: "a\\e[2Ab"'))
    told = typed("diff", str(wiki))
    assert "\x1b" not in told.out + told.err
    wiki.write_text('format: 1\ngroups:\n- name: a\n  "x\\e[1A\\u202e": 1\n')
    for command in (("diff",), ("apply", "--yes")):
        refused = typed(*command, str(wiki))
        assert "x\\u001b[1A\\u202e" in refused.err and "\x1b" not in refused.err and "\u202e" not in refused.err
    wiki.write_text('format: 1\nbranding: {name: "a\\u202eb"}\n')
    wiki.write_text(WIKI.replace("http://wiki/", "http://wiki/").replace("strict: no", "strict: yes") + (
        'policies:\n- name: p\n  state: off\n  message: "a\\u202e\\e[2Kb"\n  users: {include: [all]}\n'
        "  applications: {include: [all]}\n  grant: {block: true}\n"))
    told = typed("diff", str(wiki))
    assert "\u202e" not in told.out + told.err and "\x1b" not in told.out + told.err


def test_a_new_client_shows_its_secret(typed: Typing, wiki: Path) -> None:
    """Once; not in a dry run, whose secret would be nobody's."""
    wiki.write_text("format: 1\nclients:\n- name: shop\n  redirect_uris: [https://shop.example/]\n")
    assert "apcs_" not in typed("apply", "--dry-run", str(wiki)).out
    assert "which nobody sees again: apcs_" in typed("apply", "--yes", str(wiki)).out


def test_json_and_schema(typed: Typing) -> None:
    """For programs and for editors; the schema needs no service."""
    assert typed("export", "--json").json["format"] == 1
    assert json.loads(typed("export", "--schema").out)["title"] == "appproxy configuration"
