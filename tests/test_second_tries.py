"""A test from end to end is tried twice, each time with everything made again."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from tests.source import ROOT

PLUGIN = 'pytest_plugins = ("tests.end_to_end.second_tries",)\n'
#: A world that takes each user once, as the service does, and has room for `tries` failures of the last test.
WORLD = """
import pytest

made = []

@pytest.fixture(scope="session")
def world():
    made.append(set())
    yield made[-1]
    made[-1].clear()

@pytest.fixture(scope="module")
def carol(world):
    assert "carol" not in world, "carol is there"
    world.add("carol")
    return "carol"

def test_who_comes_before(world, carol):
    world.add("erin")

def test_who_fails(world, carol):
    assert "dave" not in world, "dave is there"
    world.add("dave")
    assert len(made) > TRIES, "a bad moment"

def test_who_comes_behind(world, carol):
    assert "erin" not in world, "what was there before the failure is there"
"""
#: Of these the second passes behind the first alone.
FOLLOWING = WORLD.partition("def test")[0] + """
def test_who_is_first(world, carol):
    world.add("erin")

def test_who_relies_on_it(world, carol):
    assert "erin" in world, "erin is not there"
"""


def run(directory: Path, text: str, *arguments: str) -> tuple[int, str]:
    """Run these tests with one second try each; how it ends, and what it says."""
    (directory / "conftest.py").write_text(PLUGIN)
    (directory / "test_world.py").write_text(text)
    (directory / "pytest.ini").write_text(f"[pytest]\naddopts = -p no:cacheprovider --reruns 1\npythonpath = {ROOT.parent}\n")
    command = [sys.executable, "-m", "pytest", "-c", str(directory / "pytest.ini"), *arguments, str(directory)]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=60, cwd=directory)
    return ended.returncode, ended.stdout + ended.stderr


def test_a_second_try_finds_nothing_of_the_first(tmp_path: Path) -> None:
    """Fixtures of all scopes are made again, for it and for the tests behind it; what was wrong at first is shown."""
    code, said = run(tmp_path, WORLD.replace("TRIES", "1"))
    assert (code, "3 passed, 1 rerun" in said) == (0, True), said
    assert "FAILED at the first try: test_world.py::test_who_fails" in said
    assert "AssertionError: a bad moment" in said


def test_two_bad_tries_are_a_failure(tmp_path: Path) -> None:
    """And it is the failure itself that is shown, not what the first try has left."""
    code, said = run(tmp_path, WORLD.replace("TRIES", "2"))
    assert (code, "1 failed, 2 passed, 1 rerun" in said) == (1, True), said
    assert "AssertionError: dave is there" not in said


def test_a_test_that_relies_on_another_is_found(tmp_path: Path) -> None:
    """Each test can be given a second try, on a system on which nothing was before; a first one on purpose is not shown."""
    assert run(tmp_path, FOLLOWING)[0] == 0
    code, said = run(tmp_path, FOLLOWING, "--all-twice")
    assert (code, "1 failed, 1 passed, 2 rerun" in said) == (1, True), said
    assert "AssertionError: erin is not there" in said
    assert "FAILED at the first try" not in said
