"""What people install: the wheel alone, outside of this checkout, has the command, both programs and all files."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import sysconfig
import tarfile
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
def distributions(wheel: Path) -> list[Path]:
    """The wheel, and the source that it was made of."""
    command = [sys.executable, "-m", "build", "--sdist", "--outdir", str(wheel.parent), str(wheel.parent / "source")]
    with network.outside():
        subprocess.run(command, check=True, timeout=300, capture_output=True)
    (source,) = wheel.parent.glob("appproxy-*.tar.gz")
    return [wheel, source]


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
    changes = {f"appproxy/changes/{path.name}" for path in (ROOT / "changelog.d").glob("*.md")}
    assert changes | {"appproxy/changes/CHANGELOG.md"} <= names
    assert not [name for name in names if not name.startswith(("appproxy/", "twisted/plugins/", "appproxy-"))]
    assert "twisted/plugins/__init__.py" not in names


def test_the_command_and_both_programs_are_there(installed: Path, tmp_path: Path) -> None:
    """`appproxy` runs, from the wheel; twistd lists both programs."""
    where = run(installed / "python", "-c", "import appproxy; print(appproxy.__file__)", cwd=tmp_path).stdout
    assert str(installed.parent) in where
    assert run(installed / "appproxy", "--version", cwd=tmp_path).stdout.startswith("appproxy, version ")
    notes = run(installed / "appproxy", "upgrade-notes", cwd=tmp_path).stdout
    assert notes.startswith("## Not in a release yet") and len(notes.splitlines()) > 100
    manual = run(installed / "appproxy", "manual", "man", cwd=tmp_path)
    assert manual.returncode == 0 and (tmp_path / "man" / "man1" / "appproxy-upgrade-notes.1").is_file()
    assert "_APPPROXY_COMPLETE" in run(installed / "appproxy", "completion", "bash", cwd=tmp_path).stdout
    made = run(installed / "appproxy", "init", "--state", "state", "--domain", "example.com", cwd=tmp_path)
    assert made.returncode == 0, made.stderr
    twistd = "from twisted.scripts.twistd import run; run()"
    for program in ("appproxy-service", "appproxy-connector"):
        helped = run(installed / "python", "-c", twistd, program, "--help", cwd=tmp_path)
        assert "--state" in helped.stdout, helped.stderr


def test_what_a_package_index_wants(distributions: list[Path]) -> None:
    """Its checks of both find nothing, not even a warning."""
    command = [sys.executable, "-m", "twine", "check", "--strict", *map(str, distributions)]
    checked = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert checked.returncode == 0 and checked.stdout.count("PASSED") == 2, checked.stdout + checked.stderr


def test_the_source_is_enough(distributions: list[Path]) -> None:
    """All that a wheel is made of is in it, with what administrators copy."""
    with tarfile.open(distributions[1]) as source:
        names = {name.partition("/")[2] for name in source.getnames()}
    listed = subprocess.run(["git", "ls-files", "appproxy", "twisted", "changelog.d", "packaging"], cwd=ROOT,
                            capture_output=True, text=True, check=True)
    assert set(listed.stdout.split()) - names == set()


def test_each_python_understands_it(wheel: Path, tmp_path: Path) -> None:
    """Every one of this machine that it says to be for; `make matrix` runs the unit tests on each."""
    with zipfile.ZipFile(wheel) as packed:
        packed.extractall(tmp_path)
        metadata = packed.read(next(name for name in packed.namelist() if name.endswith("/METADATA"))).decode()
    assert "\nRequires-Python: >=3.11\n" in metadata
    found = {path for minor in range(11, 15) if (path := shutil.which(f"python3.{minor}")) and "shims" not in path}
    found |= {str(path) for path in Path.home().glob(".pyenv/versions/3.1[1-9].*/bin/python3")}
    for python in found:
        code = "import compileall, sys; sys.exit(not compileall.compile_dir(sys.argv[1], quiet=1, force=True))"
        compiled = subprocess.run([python, "-c", code, str(tmp_path)], capture_output=True, text=True, timeout=300)
        assert compiled.returncode == 0, python + compiled.stdout
