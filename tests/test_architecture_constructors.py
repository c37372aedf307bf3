"""What a thing is made of can be taken in at a glance: values that belong together are handed over as one, with a name."""

from __future__ import annotations

import ast

from tests import source

#: Arguments of a constructor, without `self`.
MOST = 8
#: Those with more, and why. Records, whose fields are their meaning, are written as dataclasses, and not counted.
WHY_MORE = {
    "CookieAuthResource": "a public name of the library: each argument is one that programs give by its name",
    "AnsweredRequest": "made for each request of users: an object that holds some of its arguments would be one more call",
}


def arguments(node: ast.ClassDef) -> int:
    """How many the constructor takes that the class has written itself; 0 where it has none."""
    for method in node.body:
        if isinstance(method, ast.FunctionDef) and method.name == "__init__":
            found = method.args
            return len(found.posonlyargs) + len(found.args) + len(found.kwonlyargs) - 1
    return 0


def test_constructors_take_few_arguments() -> None:
    """Who makes one, in the product or in a test, names what it is made of without a list."""
    wide = {
        node.name: count
        for path in source.files() for node in source.nodes(path)
        if isinstance(node, ast.ClassDef) and (count := arguments(node)) > MOST
    }
    assert wide.keys() == WHY_MORE.keys(), wide


def test_one_too_many_is_seen() -> None:
    """The check itself can fail, whichever way arguments are written."""
    for text, count in (
        ("class A:\n def __init__(self, a, b, /, c, *, d): ...", 4),
        ("class A:\n def __init__(self): ...", 0),
        ("class A:\n def other(self, a): ...", 0),
    ):
        (node,) = ast.parse(text).body
        assert isinstance(node, ast.ClassDef) and arguments(node) == count
