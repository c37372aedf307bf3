"""Tests share their process with what runs them: no test takes a descriptor that it did not open.

pytest-xdist talks to its worker over low descriptors. A test that puts a socket in the place of one of them, for a moment
only, ends the whole run whenever a message comes in that moment.
"""

from __future__ import annotations

import ast
from pathlib import Path

TESTS = Path(__file__).parent


def descriptors_taken(source: str) -> list[int]:
    """The lines with a call of `os.dup2`, `os.closerange`, or `os.close` with a number."""
    calls = [(node, ast.unparse(node.func)) for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Call)]
    return [call.lineno for call, name in calls if name in ("os.dup2", "os.closerange")
            or (name == "os.close" and any(isinstance(of, ast.Constant) for of in call.args))]


def test_no_test_takes_a_descriptor_of_its_process() -> None:
    """Those from end to end start processes of their own."""
    files = [path for path in TESTS.rglob("*.py") if "end_to_end" not in path.parts]
    taken = {str(path.relative_to(TESTS)): descriptors_taken(path.read_text()) for path in files}
    assert {path: lines for path, lines in taken.items() if lines} == {}


def test_it_is_seen() -> None:
    """The check itself can fail."""
    assert descriptors_taken("import os\nos.dup2(kept, 3)\nos.close(3)\nos.close(kept)\nx.close(0)") == [2, 3]
