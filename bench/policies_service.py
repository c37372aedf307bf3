"""A system with as many policies as a large organisation has beside one without: `python -m bench.policies --service`.

Both have the same 1,000 applications, 10,000 users and 100 groups. The user who asks is concerned by 50 policies, and meets
them.
"""

from __future__ import annotations

import json
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from random import Random
from typing import Any

import sqlalchemy as sa

from appproxy.demo.supervisor import Supervisor
from appproxy.store.applications import applications
from appproxy.store.policies.documents import DocumentKind
from appproxy.store.tables import core
from appproxy.store.transaction import Transaction
from bench.applications import Side, memory_row, ready, small_requests, writing
from bench.measure import Void, memory
from bench.policies import APPLICATIONS, GROUPS, POLICIES, USERS, locations
from bench.reference import Reference
from bench.report import Row, Series, table
from tests.end_to_end.visitor import Visitor
from tests.end_to_end.world import World, environment

#: Bars: the share of the rate without policies; MiB that they may take; seconds from the end of a command until it counts.
GOAL, MOST_MEMORY, MOST_WAIT = 0.95, 60.0, 1.0
ROUNDS, SECONDS, CHANGES = 5, 4.0, 3
#: Any password is good for it, so that the one who asks meets all policies, and each of them is looked at.
_STRENGTH: dict[str, Any] = {"any_of": [{"provider": "builtin", "acr": "urn:appproxy:acr:password"}]}
_BLOCK = 'name = "closed"\nstate = "{state}"\n[users]\ninclude = ["user:alice"]\n[applications]\ninclude = ["guard"]\n' \
         '[grant]\nblock = true\n'


@contextmanager
def two_sides(directory: Path, say: Callable[[str], None]) -> Iterator[tuple[Side, Side]]:
    """A system with policies and one without; all ends with the block."""
    with_, without = directory / "with", directory / "without"
    for folder in (with_, without):
        (folder / "logs").mkdir(parents=True)
    with Supervisor(with_ / "logs", environment()) as first, Supervisor(without / "logs", environment()) as second:
        nginx = directory / "nginx"
        nginx.mkdir()
        url = Reference(nginx, first).start_application(1 << 20)
        yield (ready(with_, first, url, APPLICATIONS, say, lambda world: _fill(world, full=True)),
               ready(without, second, url, APPLICATIONS, say, lambda world: _fill(world, full=False)))


def _fill(world: World, *, full: bool) -> None:
    """People on both sides, policies on one: rows at once, since one operation for each would take minutes."""
    with writing(world) as tx:
        random = Random(1)
        groups = [tx.new_id() for _ in range(GROUPS)]
        people = [tx.new_id() for _ in range(USERS)]
        _insert(tx, core.user_groups, [
            {"id": id_, "name": f"group {number}", "name_key": f"group {number}"} for number, id_ in enumerate(groups)])
        _insert(tx, core.users, [
            {"id": id_, "name": f"u{number}", "display_name": "", "email": "", "password_hash": "", "disabled": False,
             "created": tx.now, "credentials_changed": tx.now} for number, id_ in enumerate(people)])
        _insert(tx, core.memberships, [{"user_id": id_, "group_id": random.choice(groups)} for id_ in people])
        if full:
            _policies(tx, random, groups)


def _policies(tx: Transaction, random: Random, groups: list[str]) -> None:
    ids = [one.id for one in applications.list_all(tx)]
    made: list[tuple[DocumentKind, dict[str, Any]]] = [(DocumentKind.STRENGTH, _STRENGTH | {"name": "good"})]
    made += [(DocumentKind.LOCATION, {"name": one.name, "networks": list(one.networks), "countries": [], "trusted": False})
             for one in locations(random)]
    made += [(DocumentKind.POLICY, _document(number, random, groups, ids)) for number in range(POLICIES)]
    _insert(tx, core.policy_documents, [
        {"id": tx.new_id(), "kind": kind.value, "name": document["name"], "name_key": document["name"],
         "document": json.dumps(document), "version": 1, "groups_since": 0.0, "created": tx.now, "changed": tx.now}
        for kind, document in made])


def _insert(tx: Transaction, table: sa.Table, rows: Sequence[Mapping[str, Any]]) -> None:
    tx.connection.execute(sa.insert(table), rows)


def _document(number: int, random: Random, groups: list[str], ids: list[str]) -> dict[str, Any]:
    """As it is kept: with ids in place of names."""
    general = number % 20 == 0
    return {
        "name": f"policy {number}", "state": "on",
        "users": {"include": ["all"] if general else [f"builtin/group:{random.choice(groups)}"], "exclude": []},
        "applications": {"include": ["all"] if general else random.sample(ids, 5), "exclude": []},
        "conditions": {"locations": {"include": ["all"], "exclude": [f"location {random.randrange(200)}"]}},
        "grant": {"require": ["good"], "sign_in_within": "8h"},
    }


def run(directory: Path, rounds: int, seconds: float, say: Callable[[str], None]) -> list[Row]:
    """Rows of a report."""
    with two_sides(directory, say) as sides:
        rows = small_requests(sides, rounds, seconds, say, GOAL)
        held = [memory(side.pids("service")) / 2**20 for side in sides]
        commands, waits = _changes(sides[0], directory)
        return [*rows, Row("memory that policies take", "MiB", Series([held[0] - held[1]]), most=MOST_MEMORY),
                Row("policy set: the command", "s", Series(commands)),
                Row("policy set: until it counts", "s", Series(waits), most=MOST_WAIT),
                memory_row("service", sides)]


def _changes(side: Side, directory: Path) -> tuple[list[float], list[float]]:
    """A policy is switched on and off: seconds that the command takes, and from its end until the answer is another one."""
    visitor = Visitor(side.world.port, side.world.anchor)
    url = side.world.url("guard", "/small")
    if visitor.sign_in(url, "alice").status != 200:
        raise Void("alice does not get in")
    commands, waits = [], []
    file = directory / "closed.toml"
    for number in range(CHANGES * 2):
        state, status = (("on", 403), ("off", 200))[number % 2]
        file.write_text(_BLOCK.format(state=state))
        began = time.monotonic()
        side.world.admin("policy", "set", str(file), "--force")
        ended = time.monotonic()
        while visitor.navigate(url).status != status:
            if time.monotonic() > ended + 30.0:
                raise Void(f"the policy is {state}, and does not count after 30 s")
            time.sleep(0.01)
        commands.append(ended - began)
        waits.append(time.monotonic() - ended)
    return commands, waits


def main() -> int:
    """The exit code is 1 where a bar is missed."""
    with tempfile.TemporaryDirectory(prefix="appproxy-bench-") as name:
        rows = run(Path(name), ROUNDS, SECONDS, lambda text: print(text, file=sys.stderr))
    print(table(rows, (f"{POLICIES:,} policies", "none")))
    return 0 if all(row.verdict().split(" ")[0] not in ("below", "beyond") for row in rows) else 1
