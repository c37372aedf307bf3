"""The words of code and documentation: plain modern English."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable
from pathlib import Path

import pytest

from tests import source

ROOT = Path(__file__).parent.parent
#: What reads as if it were old, with what is said today. A user is "they".
ARCHAIC = {
    "mend": "fix, hint", "mends": "fixes", "whence": "from where", "hither": "here", "thereof": "of it",
    "lest": "so that ... not", "doorman": "authenticator", "anew": "again", "upon": "on, after", "thereby": "by that",
    "hence": "that is why", "thus": "so",
    "he": "they", "him": "them", "his": "their", "himself": "themselves",
}
_ARCHAIC = re.compile(rf"(?<![\w.`-])(?<!b\")({'|'.join(ARCHAIC)})(?![\w`(=-])", re.I)


def archaic(text: str) -> list[str]:
    """Lines with such a word, with their numbers."""
    return [f"{number}: {line.strip()}" for number, line in enumerate(text.splitlines(), 1) if _ARCHAIC.search(line)]


#: Parts of names that say nothing of what is meant, with what did better. In texts some of them are ordinary words.
VAGUE = {"told": "answer, listed, described", "mend": "fix", "doorman": "authenticator", "desk": "table"}


def vague(nodes: Iterable[ast.AST]) -> list[str]:
    """Names of classes, functions, parameters and attributes that have such a part."""
    return sorted({name for node in nodes for name in _names(node) if VAGUE.keys() & set(name.lower().split("_"))})


def _names(node: ast.AST) -> list[str]:
    if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
        return [node.name]
    if isinstance(node, ast.arg):
        return [node.arg]
    return [node.attr] if isinstance(node, ast.Attribute) else []


def texts() -> list[Path]:
    """All that people read: sources, tests and documentation. What a release brought is said as it was said then."""
    folders = [ROOT / name for name in ("appproxy", "bench", "docs", "packaging")]
    found = [path for folder in folders for path in folder.rglob("*") if path.suffix in (".py", ".md")]
    return [path for path in [*found, *ROOT.glob("*.md")] if path not in (Path(__file__), ROOT / "CHANGELOG.md")]


def test_no_text_has_archaic_words() -> None:
    """Nobody should have to read a sentence twice."""
    found = {str(path.relative_to(ROOT)): archaic(path.read_text()) for path in texts()}
    assert {path: lines for path, lines in found.items() if lines} == {}


@pytest.mark.parametrize("text", ["#: His own.", '"""He is told."""', "with the mend,"])
def test_an_archaic_word_is_seen(text: str) -> None:
    """The check itself can fail."""
    assert archaic(text)


def test_no_name_is_vague() -> None:
    """Who reads a name knows what it is."""
    found = {str(path.relative_to(ROOT)): vague(source.nodes(path)) for path in source.files()}
    assert {path: names for path, names in found.items() if names} == {}


@pytest.mark.parametrize("text", ["class Told: ...", "def told_of(): ...", "def f(desk): ..."])
def test_a_vague_name_is_seen(text: str) -> None:
    """The check itself can fail."""
    assert vague(ast.walk(ast.parse(text))) and not vague(ast.walk(ast.parse("def desktop(x): told = toldest")))


def test_other_words_are_left_alone() -> None:
    """Parts of words, and what is data."""
    assert archaic('recommended amendment, the history; user.send(b"he"); theirs') == []
