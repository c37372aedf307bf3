"""Runs the unit tests with the lowest and the newest releases that pyproject.toml allows, on every Python of this machine.

    python tests/matrix.py [--only lowest|newest] [--python 3.12] [arguments of pytest]

Each combination has an environment of its own below `.matrix`, which is kept, so that the next run is quick. Ends with 1 when
one fails; what is broken is in its output.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PLACE = ROOT / ".matrix"
#: The newest minor version of Python that is looked for by name.
_NEWEST = 20
WAYS = ("lowest", "newest")
#: As `make unit`: what PostgreSQL does is the same with every Python.
TESTS = ("-q", "-n", "auto", "--dist", "loadfile", "-m", "not postgresql")


def lowest(dependencies: Iterable[str]) -> list[str]:
    """Each requirement at the lowest release that it allows: `Twisted[websocket]>=26.10` becomes `Twisted==26.10`.

    Raises ValueError for one that has no lower bound, since nobody could say what it was tested with.
    """
    found = []
    for text in dependencies:
        match = re.match(r"([A-Za-z0-9._-]+)(?:\[[^]]*\])?\s*>=\s*([0-9.]+)", text)
        if match is None:
            raise ValueError(f"{text}: a lower bound is needed, as NAME>=VERSION")
        marker = text.partition(";")[2].strip()
        found.append(f"{match[1]}=={match[2]}" + (f" ; {marker}" if marker else ""))
    return found


def supported(requires: str, versions: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    """Of these versions of Python those that `requires-python` allows, in order and each once."""
    match = re.fullmatch(r">=(\d+)\.(\d+)", requires)
    if match is None:
        raise ValueError(f"requires-python: {requires!r}: >=MAJOR.MINOR is needed")
    least = int(match[1]), int(match[2])
    return sorted({version for version in versions if version >= least})


def pythons() -> Iterator[tuple[tuple[int, int], str]]:
    """Version and path of each Python here: those on PATH, and pyenv's."""
    own = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"
    named = [shutil.which(f"python3.{minor}") for minor in range(_NEWEST)]
    for path in [*filter(None, named), *(str(each) for each in sorted(own.glob("*/bin/python3")))]:
        asked = subprocess.run([path, "-c", "import sys; print(*sys.version_info[:2])"], capture_output=True, text=True)
        if asked.returncode == 0:  # a shim of pyenv's may lead nowhere
            major, minor = asked.stdout.split()
            yield (int(major), int(minor)), path


def run(path: str, version: tuple[int, int], way: str, project: dict[str, object], tests: Sequence[str]) -> bool:
    """One combination; did it pass?"""
    name = f"{version[0]}.{version[1]}-{way}"
    directory = PLACE / name
    print(f"== {name} ({path})", flush=True)
    if not directory.exists():
        subprocess.run([path, "-m", "venv", str(directory)], check=True)
    program = str(directory / "bin" / "python")
    install = [program, "-m", "pip", "install", "--quiet", "--disable-pip-version-check",
               "--config-settings", "editable_mode=compat", "--editable", f"{ROOT}[dev]"]
    if way == "lowest":
        constraints = PLACE / f"{name}.txt"
        dependencies = project["dependencies"]
        assert isinstance(dependencies, list)
        constraints.write_text("\n".join(lowest(dependencies)) + "\n")
        install += ["--constraint", str(constraints)]
    else:
        install += ["--upgrade", "--upgrade-strategy", "eager"]
    if subprocess.run(install, cwd=ROOT).returncode:
        return False
    return subprocess.run([program, "-m", "pytest", *TESTS, *tests], cwd=ROOT).returncode == 0


def main(arguments: Sequence[str]) -> int:
    """Run all that are wanted; how many failed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", choices=WAYS)
    parser.add_argument("--python", help="a version, such as 3.12")
    options, tests = parser.parse_known_args(arguments)
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    found: dict[tuple[int, int], str] = {}
    for version, path in pythons():
        found.setdefault(version, path)
    PLACE.mkdir(exist_ok=True)
    failed = []
    for version in supported(project["requires-python"], found):
        if options.python in (None, f"{version[0]}.{version[1]}"):
            for way in WAYS:
                if options.only in (None, way) and not run(found[version], version, way, project, tests):
                    failed.append(f"{version[0]}.{version[1]}-{way}")
    print("every combination passed" if not failed else f"failed: {', '.join(failed)}")
    return len(failed)


if __name__ == "__main__":
    sys.exit(min(main(sys.argv[1:]), 1))
