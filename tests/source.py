"""The product's source files, read and parsed once for all tests that look at them."""

from __future__ import annotations

import ast
from functools import cache
from pathlib import Path

import appproxy

ROOT = Path(appproxy.__file__).parent


@cache
def files() -> list[Path]:
    """Every Python file of the package."""
    return sorted(ROOT.rglob("*.py"))


@cache
def tree(path: Path) -> ast.Module:
    """What the file says; nobody changes it."""
    return ast.parse(path.read_text())


@cache
def nodes(path: Path) -> list[ast.AST]:
    """All of its parts, in the order of `ast.walk`: to walk costs more than to parse."""
    return list(ast.walk(tree(path)))
