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


#: Names of several classes that mean the same thing, with the reason. There are no others.
ALIKE = {
    "Action": "what is done about a request, at either end of its life",
    "Event": "what happens to a request, at either end of its life",
    "Fact": "what is true of a request, at either end of its life",
    "Options": "what twistd reads of a command line, by Twisted's own name for it",
    "Rows": "what follows from what, at either end of a request's life",
}


def test_one_name_has_one_meaning() -> None:
    """Who reads a class's name in one room need not ask which of them it is."""
    assert class_names.here().keys() == ALIKE.keys()


def test_the_list_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    """One line each, with the files."""
    count = class_names.main()
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == count and all(line.count(".py") >= 2 for line in lines)
