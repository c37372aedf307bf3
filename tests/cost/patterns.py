"""Every regular expression of the package, and texts that would make a careless one go back and try again."""

from __future__ import annotations

import ast
import importlib
import pkgutil
import random
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from re import _constants, _parser  # type: ignore[attr-defined]  # the only description of what an expression looks for
from typing import Any, NamedTuple

import appproxy
from tests import source

ROOT = Path(appproxy.__file__).parent
#: What an expression may be used for.
METHODS = ("match", "search", "fullmatch")
_COMPILE = {"re.compile", "compiled"}
_DIRECT = {f"re.{name}" for name in ("match", "search", "fullmatch", "sub", "split", "findall", "finditer")}


class Used(NamedTuple):
    """An expression, where it stands, and how it is used."""

    place: str
    pattern: re.Pattern[Any]
    methods: tuple[str, ...]


def modules() -> Iterator[str]:
    """The names of all modules but those that do something when they are imported."""
    for module in pkgutil.walk_packages(appproxy.__path__, "appproxy."):
        if "migrations" not in module.name and not module.name.endswith("__main__"):
            yield module.name


def global_patterns() -> list[Used]:
    """What stands in the modules' own names, also in tables."""
    found: dict[re.Pattern[Any], Used] = {}
    for name in modules():
        module = importlib.import_module(name)
        for variable, value in vars(module).items():
            for pattern, method in _patterns_in(value):
                methods = (method,) if method else _methods_of(variable, str(module.__file__))
                if pattern not in found or not method:
                    before = found[pattern].methods if pattern in found else ()
                    found[pattern] = Used(f"{name}.{variable}", pattern, tuple(sorted({*before, *methods})))
    return list(found.values())


def _methods_of(variable: str, path: str) -> tuple[str, ...]:
    """How an expression is used, in its module and, where its name is public, in others; all ways where nobody is seen."""
    paths = [Path(path)] if variable.startswith("_") else list(ROOT.rglob("*.py"))
    wanted = re.compile(rf"\b{re.escape(variable)}\.(search|match|fullmatch|sub|finditer|findall|split)\b")
    return tuple(sorted({method for one in paths for method in wanted.findall(one.read_text())})) or METHODS


def _patterns_in(value: object, depth: int = 0) -> Iterator[tuple[re.Pattern[Any], str]]:
    owner = getattr(value, "__self__", None)
    if isinstance(value, re.Pattern):
        yield value, ""
    elif isinstance(owner, re.Pattern):
        yield owner, str(getattr(value, "__name__", ""))
    elif depth < 3 and isinstance(value, dict | list | tuple):
        for item in value.values() if isinstance(value, dict) else value:
            yield from _patterns_in(item, depth + 1)


def places_in_functions() -> set[str]:
    """`module.function` for each function that compiles an expression, or uses one that is not compiled."""
    found = set()
    for name in modules():
        path = ROOT.joinpath(*name.split(".")[1:])
        file = path.with_suffix(".py") if path.with_suffix(".py").exists() else path / "__init__.py"
        for node in source.nodes(file):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                calls = {_name_of(call.func) for call in ast.walk(node) if isinstance(call, ast.Call)}
                if calls & (_COMPILE | _DIRECT):
                    found.add(f"{name}.{node.name}")
    return found


def _name_of(called: ast.expr) -> str:
    """`compiled`, or `re.compile`; "" for what is called by no name."""
    if isinstance(called, ast.Attribute) and isinstance(called.value, ast.Name):
        return f"{called.value.id}.{called.attr}"
    return called.id if isinstance(called, ast.Name) else ""


# Texts.


def texts(pattern: re.Pattern[Any], chance: random.Random) -> Iterator[tuple[bytes, bytes, bytes]]:
    """What comes before, what is repeated, and what comes behind: made of the words and signs of the expression."""
    units = sorted(_units(pattern))
    for unit in units:
        yield b"", unit, b"\0"
        yield chance.choice(units), unit, chance.choice((b"", b"!", b"\n"))
    for _ in range(60):
        repeated = b"".join(chance.choices(units, k=chance.choice((2, 2, 3))))
        yield chance.choice((b"", chance.choice(units))), repeated, chance.choice((b"", b"\0", b"!", chance.choice(units)))


def _units(pattern: re.Pattern[Any]) -> set[bytes]:
    found: set[bytes] = {b"a", b" "}
    _collect(_parser.parse(pattern.pattern, pattern.flags & ~re.UNICODE), found)
    return {unit for unit in found if unit}


def _collect(parts: Iterable[tuple[Any, Any]], found: set[bytes]) -> None:
    word: list[int] = []
    for operation, argument in parts:
        if operation is _constants.LITERAL and argument < 256:
            word.append(argument)
            continue
        if operation is _constants.IN:
            signs = _signs(argument)
            found.update(bytes([sign]) for sign in signs)
            word += signs[:1]
            continue
        found.add(bytes(word[:40]))
        word = []
        for inner in _inside(operation, argument):
            _collect(inner, found)
    found.add(bytes(word[:40]))


def _inside(operation: Any, argument: Any) -> list[Any]:
    """The parts of a part."""
    name = str(operation)
    if name in ("MAX_REPEAT", "MIN_REPEAT", "POSSESSIVE_REPEAT"):
        return [argument[2]]
    if name == "SUBPATTERN":
        return [argument[3]]
    if name == "BRANCH":
        return list(argument[1])
    if name in ("ASSERT", "ASSERT_NOT"):
        return [argument[1]]
    if name == "ATOMIC_GROUP":
        return [argument]
    if name == "GROUPREF_EXISTS":
        return [part for part in argument[1:] if part]
    return []


def _signs(items: Iterable[tuple[Any, Any]]) -> list[int]:
    """A few signs of a set; of one that names what it has not, that and two that it has."""
    inside: set[int] = set()
    for operation, argument in items:
        if operation is _constants.LITERAL:
            inside.add(argument)
        elif operation is _constants.RANGE:
            inside.update(argument)
        elif operation is _constants.CATEGORY:
            inside.update(b" \t" if "SPACE" in str(argument) else b"7" if "DIGIT" in str(argument) else b"w")
    known = sorted(sign for sign in inside if sign < 256)
    if any(operation is _constants.NEGATE for operation, _ in items):
        return [sign for sign in b"xX0/ " if sign not in inside][:2] + known
    return known
