"""Files of the whole configuration."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appproxy.admin.configuration.file import read, read_text, written
from appproxy.errors import ConfigError

FILE = Path("c.yaml")
_TEXTS = st.text(st.characters(codec="utf-8", exclude_categories=["Cs", "Cc"]), max_size=20) | st.sampled_from(
    ["no", "yes", "on", "~", "null", "1.10", "1e3", "08:00", "0x1f", "012", "- a", "a: b", "# c", "a\nb\n", "",
     " x ", "2026-01-01"])
_PARTS = st.recursive(
    _TEXTS | st.booleans() | st.integers(-10**12, 10**12) | st.floats(allow_nan=False, allow_infinity=False),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_TEXTS.filter(bool), inner, max_size=3), max_leaves=8)


@given(name=_TEXTS, value=_TEXTS, part=_PARTS)
def test_what_was_written_is_read(name: str, value: str, part: Any) -> None:
    """Whatever texts look like; parts of policies keep their numbers and truths."""
    document = {"format": 1, "applications": [{"name": name, "settings": {"tags": value}}],
                "policies": [{"name": name, "conditions": part}]}
    assert read_text(written(document), FILE).document == document


def test_texts_are_texts() -> None:
    """What YAML would make something else of: the form of the field says what it is."""
    text = "format: 1\napplications:\n- name: 7\n  settings: {strict: no, tags: 1.10}\nbranding: {name: on}\n"
    found = read_text(text, FILE).document
    assert found["applications"] == [{"name": "7", "settings": {"strict": "no", "tags": "1.10"}}]
    assert found["branding"] == {"name": "on"}
    assert read_text("connector_groups: [{name: x, needs_approval: true}]", FILE).document["connector_groups"] == [
        {"name": "x", "needs_approval": True}]


def test_the_file_says_what_is_not_in_it() -> None:
    """What people might look for; authorities of devices are in it."""
    head = written({"format": 1}).replace("\n# ", " ")
    assert all(f" {one}" in head for one in ("users,", "service tokens,", "devices,", "service.toml"))


def test_an_error_has_its_line() -> None:
    """That of the field which its message begins with, or of what is nearest around it."""
    file = read_text("format: 1\napplications:\n- name: a\n\n- name: b\n  settings:\n    strict: no\n", FILE)
    for message, line in (("applications[1].settings.strict: wrong", 7), ("applications[1].internal: is needed", 5),
                          ("applications[0]: x", 3), ("applications[1].settings.strct: y", 6)):
        assert str(file.located(ConfigError(message))) == f"c.yaml:{line}: {message}"
    assert str(file.located(ConfigError("the service is away"))) == "c.yaml: the service is away"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: [1", r"^c.yaml:\d: is no YAML"), ("a: 1\na: 2\n", "^c.yaml:2: a is there twice"),
        ("a: &x [1]\nb: *x\n", "^c.yaml:1: an alias is not possible"), ("- a\n", "must begin with sections"),
        ("? [a]\n: b\n", "a name is needed"), ("a: 1\n---\nb: 2\n", "is no YAML"),
        (f"a: {'[' * 40}{']' * 40}", "^c.yaml:1: more than 32 levels"),
        (f"a: {'[' * 900}{']' * 900}", "^c.yaml:1: more than 32 levels"),
        ("clients:\n- secret: hunter2\n", r"^c.yaml:2: clients\[0\].secret: a secret does not belong into the file"),
    ],
)
def test_what_cannot_be_read(text: str, message: str) -> None:
    """Says where."""
    with pytest.raises(ConfigError, match=message):
        read_text(text, FILE)


def test_a_file_that_is_none(tmp_path: Path) -> None:
    """Not there, no text, or empty."""
    with pytest.raises(ConfigError, match="cannot be read: No such file"):
        read(tmp_path / "none")
    (tmp_path / "latin").write_bytes(b"a: \xff")
    with pytest.raises(ConfigError, match="UTF-8"):
        read(tmp_path / "latin")
    (tmp_path / "empty").write_text("")
    assert read(tmp_path / "empty").document == {}
