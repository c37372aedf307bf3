"""What people install: the wheel alone, outside of this checkout, has the command, both programs and all files."""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
import venv
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.end_to_end import network
from tests.end_to_end.world import ROOT


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel of this checkout, built from a copy so that nothing is left in it."""
    directory = tmp_path_factory.mktemp("wheel")
    source = directory / "source"
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    for name in filter(None, listed.split("\0")):
        if (ROOT / name).is_file():
            copy = source / name
            copy.parent.mkdir(parents=True, exist_ok=True)
            copy.write_bytes((ROOT / name).read_bytes())
    command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--wheel-dir", str(directory), str(source)]
    with network.outside():
        subprocess.run(command, check=True, timeout=300)
    (built,) = directory.glob("appproxy-*.whl")
    return built


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The programs of an environment with the wheel; what it depends on is taken from where we run."""
    directory = tmp_path_factory.mktemp("installed")
    venv.create(directory, with_pip=False)
    packages = Path(sysconfig.get_path("purelib", vars={"base": str(directory)}))
    command = [sys.executable, "-m", "pip", "--python", str(directory / "bin" / "python"), "install", "--quiet", "--no-deps"]
    subprocess.run([*command, str(wheel)], check=True, timeout=300)
    # A plain path line: what lies there is found, but its own .pth files (our checkout!) are not followed.
    (packages / "dependencies.pth").write_text(sysconfig.get_path("purelib") + "\n")
    yield directory / "bin"


def run(program: Path, *arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    """Run a program outside of the checkout."""
    plain = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
    return subprocess.run([str(program), *arguments], capture_output=True, text=True, cwd=cwd, env=plain, timeout=120)


def test_nothing_is_missing_and_nothing_is_too_much(wheel: Path) -> None:
    """Every tracked file of the package is in the wheel, with the plugin; tests and benchmarks are not."""
    names = set(zipfile.ZipFile(wheel).namelist())
    listed = subprocess.run(["git", "ls-files", "appproxy", "twisted"], cwd=ROOT, capture_output=True, text=True, check=True)
    assert set(listed.stdout.split()) - names == set()
    assert not [name for name in names if not name.startswith(("appproxy/", "twisted/plugins/", "appproxy-"))]
    assert "twisted/plugins/__init__.py" not in names


def test_the_command_and_both_programs_are_there(installed: Path, tmp_path: Path) -> None:
    """`appproxy` runs, from the wheel; twistd lists both programs."""
    where = run(installed / "python", "-c", "import appproxy; print(appproxy.__file__)", cwd=tmp_path).stdout
    assert str(installed.parent) in where
    assert run(installed / "appproxy", "--version", cwd=tmp_path).stdout.startswith("appproxy, version ")
    made = run(installed / "appproxy", "init", "--state", "state", "--domain", "example.com", cwd=tmp_path)
    assert made.returncode == 0, made.stderr
    twistd = "from twisted.scripts.twistd import run; run()"
    for program in ("appproxy-service", "appproxy-connector"):
        helped = run(installed / "python", "-c", twistd, program, "--help", cwd=tmp_path)
        assert "--state" in helped.stdout, helped.stderr
