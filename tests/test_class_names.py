"""The list of classes that are called alike."""

from __future__ import annotations

import ast

import pytest

from tests import class_names


def test_classes_that_are_called_alike() -> None:
    """Public ones of two modules; not private ones, nor what is inside of another class."""
    modules = {
        "a": "class Page: ...\nclass _Own: ...\nclass Outer:\n    class Inner: ...",
        "b": "class Page: ...\nclass _Own: ...\nclass Inner: ...",
        "c": "def Page(): ...",
    }
    assert class_names.twice((name, ast.parse(text)) for name, text in modules.items()) == {"Page": ["a", "b"]}


def test_the_list_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    """One line each, with the files."""
    count = class_names.main()
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == count and all(line.count(".py") >= 2 for line in lines)
