"""A configuration of 1,000 applications from a file, as somebody types it: seconds by the clock, and what others notice.

    python -m bench.configuration [--applications 1000] [--rounds 3]

Each command is a process of its own, on a running service, with the start of its interpreter. Beside them somebody asks for a
small page fifty times a second.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import yaml

from appproxy.demo.supervisor import Supervisor
from appproxy.errors import AppProxyError
from bench.measure import Void
from bench.organisation import Beside
from bench.report import Row, Series, table
from tests.end_to_end.visitor import Visitor
from tests.end_to_end.world import DOMAIN, World, appproxy, environment

#: Seconds that it may take until all applications are there.
MOST = 20.0
_QUIET = 10.0
_STEPS = ("apply", "diff, nothing differs", "apply, nothing differs", "export", "apply, the last entry is wrong",
          "until the last application answers", "apply --prune, all go")


def document(world: World, count: int, wrong: bool = False) -> str:
    """So many applications, each with settings, two assignments, a segment and a CORS rule; the last one may be impossible."""
    applications = [
        {"name": f"app{number}", "external": world.url(f"app{number}"), "internal": world.internal, "preauth": "passthrough",
         "settings": {"tags": f"team{number % 20}", "connect_timeout": "9"},
         "segments": [{"external": f"https://app{number}-files.{DOMAIN}:{world.port}/", "internal": "http://files.local/"}],
         "cors": [{"resource": "/api/", "origins": [f"https://page{number}.example.org"]}]}
        if number % 10 == 0 else
        {"name": f"app{number}", "external": world.url(f"app{number}"), "internal": world.internal,
         "settings": {"tags": f"team{number % 20}", "header.x-user": "email"},
         "assignments": [{"group": f"group{number % 50}"}, {"user": "alice"}]}
        for number in range(count)]
    if wrong:
        applications[-1]["external"] = world.url("app0")
    groups = [{"name": f"group{number}"} for number in range(50)]
    return str(yaml.safe_dump({"format": 1, "groups": groups, "applications": applications}, sort_keys=False))


class Timed:
    """Commands on a world, with the seconds that each took. Raises Void for an exit code that is not the expected one."""

    def __init__(self, world: World) -> None:
        self._world = world
        self.seconds: dict[str, Series] = {step: Series() for step in _STEPS}

    def run(self, step: str, *words: str, code: int = 0, said: str = "") -> str:
        """One of them."""
        began = time.monotonic()
        ended = appproxy("--state", str(self._world.state), *words)
        self.seconds[step].values.append(time.monotonic() - began)
        if ended.code != code or said not in ended.out + ended.err:
            raise Void(f"appproxy {' '.join(words)} ended with {ended.code}: {(ended.out + ended.err)[-500:]}")
        return ended.out


def one_round(world: World, directory: Path, timed: Timed, count: int) -> None:
    """From nothing to all applications, and back."""
    good, wrong, nothing = (directory / name for name in ("good.yaml", "wrong.yaml", "nothing.yaml"))
    world.admin("export", "--output", str(nothing))
    before = nothing.read_text()
    # A section that is left out would be left alone.
    nothing.write_text(before + ("" if "\ngroups:" in before else "groups: []\n"))
    good.write_text(document(world, count))
    wrong.write_text(document(world, count, wrong=True))
    timed.run("apply, the last entry is wrong", "apply", "--yes", str(wrong), code=1, said=f"applications[{count - 1}]")
    if world.admin("export") != before:
        raise Void("an application is there, though the file was refused")
    timed.run("apply", "apply", "--yes", str(good), said="changes are made")
    began = time.monotonic()
    visitor, last = Visitor(world.port, world.anchor), (count - 1) // 10 * 10
    while visitor.get(world.url(f"app{last}")).status != 200:
        if time.monotonic() > began + 60.0:
            raise Void("the last application does not answer")
        time.sleep(0.05)
    timed.seconds["until the last application answers"].values.append(time.monotonic() - began)
    whole = directory / "all.yaml"
    timed.run("export", "export", "--output", str(whole))
    timed.run("diff, nothing differs", "diff", str(whole))
    timed.run("apply, nothing differs", "apply", "--yes", str(whole))
    timed.run("apply --prune, all go", "apply", "--yes", "--prune", str(nothing), said="changes are made")
    if world.admin("export") != before:
        raise Void("not everything has gone")


def run(world: World, directory: Path, count: int, rounds: int, say: Callable[[str], None]) -> list[Row]:
    """Rows of a report."""
    timed = Timed(world)
    with Beside(world) as quiet:
        time.sleep(_QUIET)
    with Beside(world) as beside:
        for number in range(rounds):
            one_round(world, directory, timed, count)
            say(f"round {number + 1} of {rounds}: done")
    if quiet.failed or beside.failed:
        raise Void(f"{quiet.failed + beside.failed} requests beside failed")
    bars = {"apply": MOST, "apply --prune, all go": MOST, "apply, the last entry is wrong": MOST}
    return [
        *(Row(step, "s", timed.seconds[step], most=bars.get(step)) for step in _STEPS),
        *(Row(f"a request beside, {name}", "s", Series([beside.worst(share)]), Series([quiet.worst(share)]))
          for name, share in (("p50", 0.5), ("p99", 0.99), ("the slowest", 1.0)))]


def main(arguments: Sequence[str] | None = None) -> int:
    """The exit code is 1 where a bar is missed."""
    parser = argparse.ArgumentParser(prog="python -m bench.configuration", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--applications", type=int, default=1000)
    parser.add_argument("--rounds", type=int, default=3)
    given = parser.parse_args(arguments)

    def say(text: str) -> None:
        print(f"{text} (load {os.getloadavg()[0]:.1f})", file=sys.stderr, flush=True)

    with tempfile.TemporaryDirectory(prefix="appproxy-bench-") as name:
        directory = Path(name)
        (directory / "logs").mkdir()
        try:
            with Supervisor(directory / "logs", environment()) as supervisor:
                world = World(directory, supervisor)
                world.build()
                rows = run(world, directory, given.applications, given.rounds, say)
        except (AppProxyError, AssertionError) as error:
            print(f"the run is void: {error}", file=sys.stderr)
            return 1
    print(f"{given.applications:,} applications; load of the machine: {os.getloadavg()[0]:.1f}")
    print(table(rows, ("measured", "quiet")))
    return 0 if not any(row.verdict().startswith("beyond") for row in rows) else 1


if __name__ == "__main__":
    sys.exit(main())
