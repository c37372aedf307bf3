"""Tests share their process with what runs them, and with threads: none takes from these what they stand on.

pytest-xdist talks to its worker over low descriptors. A test that puts a socket in the place of one of them, for a moment
only, ends the whole run whenever a message comes in that moment. A test that replaces `time.sleep` has its own function
called by each thread that sleeps then: a network in memory that two threads turn has ended the process in OpenSSL.
"""

from __future__ import annotations

import ast
from collections.abc import Callable
from pathlib import Path

TESTS = Path(__file__).parent
#: Modules whose functions any thread may be in, at any time.
SHARED = ("time", "threading", "select", "selectors", "queue")


def calls_in(source: str) -> list[tuple[ast.Call, str]]:
    """With the name of what is called."""
    return [(node, ast.unparse(node.func)) for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Call)]


def descriptors_taken(source: str) -> list[int]:
    """The lines with a call of `os.dup2`, `os.closerange`, or `os.close` with a number."""
    return [call.lineno for call, name in calls_in(source) if name in ("os.dup2", "os.closerange")
            or (name == "os.close" and any(isinstance(of, ast.Constant) for of in call.args))]


def functions_replaced(source: str) -> list[int]:
    """The lines where an attribute of a module in `SHARED` is set, by whichever way that module is reached."""
    found = []
    for call, name in calls_in(source):
        if name.rpartition(".")[2] in ("setattr", "patch", "object") and call.args:
            target = call.args[0]
            path = str(target.value).rpartition(".")[0] if isinstance(target, ast.Constant) else ast.unparse(target)
            if path.rpartition(".")[2] in SHARED:
                found.append(call.lineno)
    return found


def in_unit_tests(check: Callable[[str], list[int]]) -> dict[str, list[int]]:
    """The files with such lines; those from end to end start processes of their own."""
    files = [path for path in TESTS.rglob("*.py") if "end_to_end" not in path.parts]
    found = {str(path.relative_to(TESTS)): check(path.read_text()) for path in files}
    return {path: lines for path, lines in found.items() if lines}


def test_no_test_takes_a_descriptor_of_its_process() -> None:
    """It opens its own."""
    assert in_unit_tests(descriptors_taken) == {}


def test_no_test_replaces_a_function_of_all_threads() -> None:
    """It replaces what the code under test calls by a name of its own, as `_sleep` or `_wall_clock`."""
    assert in_unit_tests(functions_replaced) == {}


def test_they_are_seen() -> None:
    """The checks themselves can fail."""
    assert descriptors_taken("import os\nos.dup2(kept, 3)\nos.close(3)\nos.close(kept)\nx.close(0)") == [2, 3]
    assert functions_replaced(
        "m.setattr('appproxy.cli.time.sleep', f)\nm.setattr(time, 'sleep', f)\nm.setattr(cli.time, 'time', f)\n"
        "m.setattr('appproxy.cli._sleep', f)\nm.setattr(os, 'replace', f)\nmock.patch('time.sleep')\n",
    ) == [1, 2, 3, 6]
