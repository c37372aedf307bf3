"""python -m bench.sessions: what is promised of sessions, measured at size.

    refresh     500 sessions whose tokens last a minute, for ten minutes; the provider is away for two of them
    revocation  10,000 open event streams of 2,000 sessions, which are ended
    sign-in     sign-ins with a password through the built-in provider
    --check     a short run of the same
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeVar

from appproxy.demo.supervisor import Supervisor
from appproxy.errors import AppProxyError
from bench.report import Row, table
from bench.session_refresh import RefreshEffort, run_refresh
from bench.session_revocation import RevocationEffort, run_revocation
from bench.session_sign_in import CheapWorld, SignInEffort, run_cheap, run_sign_in
from tests.end_to_end.world import World, environment

T = TypeVar("T")
#: In a short run the shortest life of tokens that is respected.
REFRESH = RefreshEffort(), RefreshEffort(sessions=20, life=20, lasts=75.0, away=(22.0, 45.0), pause=2.0)
REVOCATION = RevocationEffort(), RevocationEffort(sessions=40, ended=3, quiet=5.0, connectors=1)
SIGN_IN = SignInEffort(), SignInEffort(users=4, sign_ins=12, quiet=3.0)


def run(kind: type[World], do: Callable[[World, Callable[[str], None]], T], say: Callable[[str], None]) -> T:
    """In a new world, which ends with it."""
    with tempfile.TemporaryDirectory(prefix="appproxy-bench-") as name:
        logs = Path(name) / "logs"
        logs.mkdir()
        with Supervisor(logs, environment()) as supervisor:
            world = kind(Path(name), supervisor)
            world.build()
            return do(world, say)


def rows(what: str, check: bool, say: Callable[[str], None]) -> list[Row]:
    """Measure one thing."""
    if what == "refresh":
        return run(World, lambda world, say: run_refresh(world, REFRESH[check], say), say)
    if what == "revocation":
        return run(World, lambda world, say: run_revocation(world, REVOCATION[check], say), say)
    found, crowd = run(World, lambda world, say: run_sign_in(world, SIGN_IN[check], say), say)
    return [*found, *run(CheapWorld, lambda world, say: run_cheap(world, SIGN_IN[check], say, crowd), say)]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run; gives the exit code."""
    parser = argparse.ArgumentParser(prog="python -m bench.sessions", description="What is promised of sessions, at size.")
    parser.add_argument("what", choices=["refresh", "revocation", "sign-in"])
    parser.add_argument("--check", action="store_true", help="a short run that shows that everything works")
    given = parser.parse_args(arguments)

    def say(text: str) -> None:
        print(f"{text} (load {os.getloadavg()[0]:.1f})", file=sys.stderr, flush=True)

    try:
        print(table(rows(given.what, given.check, say), ("appproxy", "beside")))
    except (AppProxyError, AssertionError) as error:
        print(f"the run is void: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
