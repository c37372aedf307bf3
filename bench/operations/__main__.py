"""python -m bench.operations [ROW...]: each operation on its own, under load; prints a table, ends with 1 if anything failed.

    --requests N   requests of a row (20,000)
    --rate N       of all users together in a second (300); one that the machine cannot do is said in the table
    --renewals N   of a connector's certificate, in the row that has many (200), one a second
    --streams N    event streams that are open (50), and --sockets N WebSockets (50)
    --check        a short run that shows that everything works: 200 requests a row at 50 a second, 5 streams and WebSockets

Rows that need a PostgreSQL server want it in APPPROXY_TEST_POSTGRESQL: tests/with-postgresql python -m bench.operations.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Iterator, Sequence
from itertools import groupby

from appproxy.errors import AppProxyError
from bench.operations.rows import ROWS, Row
from bench.operations.stages import RELOADS, Stage
from bench.operations.tally import Outcome, Tally, table
from bench.operations.users import Load, Users
from tests.end_to_end import network
from tests.end_to_end.previous_release import history
from tests.end_to_end.replication import programs
from tests.end_to_end.world import until

#: The share of a row's requests that are asked before its operation begins, and at least after it has ended.
_BEFORE, _AFTER = 0.2, 0.2


def arguments(given: Sequence[str]) -> argparse.Namespace:
    """The command line. Ends the program where it is wrong."""
    parser = argparse.ArgumentParser(prog="python -m bench.operations", description="Operations under load, counted.")
    names = [one.name for one in ROWS]
    parser.add_argument("rows", nargs="*", metavar="ROW", help=f"which; all: {', '.join(names)}")
    parser.add_argument("--requests", type=int, default=20_000)
    parser.add_argument("--rate", type=float, default=300.0)
    parser.add_argument("--renewals", type=int, default=200)
    parser.add_argument("--streams", type=int, default=50)
    parser.add_argument("--sockets", type=int, default=50)
    parser.add_argument("--check", action="store_true")
    found = parser.parse_args(given)
    unknown = sorted(set(found.rows) - set(names))
    if unknown:
        parser.error(f"there is no row {', '.join(unknown)}; there are {', '.join(names)}")
    if found.check:
        found.requests, found.rate, found.streams, found.sockets, found.renewals = 200, 50.0, 5, 5, 3
    return found


def why_not(row: Row) -> str:
    """Why a row cannot be run here, or ""."""
    if row.needs_server and "APPPROXY_TEST_POSTGRESQL" not in os.environ:
        return "no PostgreSQL server: tests/with-postgresql python -m bench.operations"
    if row.name == "database-failover" and programs() is None:
        return "PostgreSQL's programs are not installed"
    return history(RELOADS) if row.name == "upgrade" else ""


def run(rows: Sequence[Row], wanted: argparse.Namespace) -> Iterator[Outcome]:
    """Rows with the same stage share one."""
    load = Load(wanted.rate, streams=wanted.streams, sockets=wanted.sockets)
    for _, same in groupby(rows, key=lambda row: row.stage):
        some = list(same)
        with some[0].stage() as stage, Users(stage.addresses, stage.visitors(), stage.context, load) as users:
            stage.renewals = wanted.renewals
            _open_all(users, load)
            quiet = _counted(users, max(100, wanted.requests // 10))
            for row in some:
                yield one_row(row, stage, users, wanted.requests, quiet)


def one_row(row: Row, stage: Stage, users: Users, requests: int, quiet: Tally) -> Outcome:
    """Some requests, the operation, and the rest."""
    tally = users.tally = Tally()
    stage.system.origin.seen.clear()
    _until_asked(tally, int(requests * _BEFORE))
    began, killed = time.monotonic(), None
    try:
        killed = row.do(stage)
    except (AssertionError, AppProxyError) as error:
        tally.wrong.append(f"the operation itself: {error}")
    seconds = time.monotonic() - began
    _until_asked(tally, max(requests, tally.asked + int(requests * _AFTER)))
    users.tally = Tally()
    return Outcome(row.what.format(renewals=stage.renewals), tally, quiet, seconds, killed)


def _open_all(users: Users, load: Load) -> None:
    until(lambda: users.open == load.streams + load.sockets, "not all streams and WebSockets are open", 60)


def _counted(users: Users, requests: int) -> Tally:
    tally = users.tally = Tally()
    _until_asked(tally, requests)
    return tally


def _until_asked(tally: Tally, requests: int) -> None:
    while tally.asked < requests:
        time.sleep(0.05)


def main(given: Sequence[str]) -> int:
    """Run it; 1: something failed that must not."""
    wanted = arguments(given)
    network.enter_own()
    rows = [row for row in ROWS if not wanted.rows or row.name in wanted.rows]
    left_out = {row.name: why for row in rows if (why := why_not(row))}
    for name, why in left_out.items():
        print(f"left out: {name}: {why}", flush=True)
    began, outcomes = time.monotonic(), []
    for outcome in run([row for row in rows if row.name not in left_out], wanted):
        outcomes.append(outcome)
        print(f"{[*table([outcome])][-1]}\n    {'; '.join(outcome.wrong) or 'as promised'}", flush=True)
    took = time.monotonic() - began
    print(f"\n{wanted.rate:g} requests/s wanted, {wanted.streams} event streams and {wanted.sockets} WebSockets open; "
          f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f} at the end, {took:.0f} s in all\n")
    print("\n".join(table(outcomes)))
    return 1 if any(one.wrong for one in outcomes) else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
