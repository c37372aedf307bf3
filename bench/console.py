"""The pages at `admin.DOMAIN` of a large organisation: what each costs the service, and how large it is.

    python -m bench.console [--applications 5000] [--users 10000] [--groups 1000] [--connectors 200] [--rounds 20]

Everything is in one process and in memory but the database, so that a time is that of the service alone: from a request
that has been read and belongs to an administrator's session, to the whole page. Times are of CPU, which other programs
beside do not move much; the bar is for the 95th percentile. The size is that of a first visit: the page, its style sheet
and its script.
"""

from __future__ import annotations

import argparse
import os
import random
import re
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from time import process_time
from typing import Any
from urllib.parse import quote

import sqlalchemy as sa
from twisted.internet.defer import Deferred
from twisted.web.resource import Resource

from appproxy.console.console import Console, PageRequest
from appproxy.console.pages import PAGES
from appproxy.console.records.table import KINDS
from appproxy.store.applications import applications
from appproxy.store.service import audit
from appproxy.store.service.actions import SIGN_IN
from appproxy.store.service.audit import AuditEntry
from appproxy.store.tables import core
from appproxy.store.transaction import Transaction
from appproxy.testing import Playground
from appproxy.testing.browser import Browser

#: Bars: seconds of the 95th percentile, and bytes of a first visit.
SECONDS, BYTES = 0.1, 150 * 1024
_PASSWORD = "a rather long password"
_HOST = "https://admin.example.org"
#: Groups of a user, and groups that an application is assigned to.
_OF_USER, _OF_APPLICATION = 5, 3
#: Entries of the audit, and sessions that last.
_ENTRIES, _SESSIONS = 20_000, 10_000
#: Seconds by the network's clock between two requests: nobody opens pages faster.
_PAUSE = 1.0
#: What names one thing in the path of a page.
_NAMES = {"application": "app17", "user": "u17", "group": "group 17"}


@dataclass(frozen=True, slots=True)
class Size:
    """How large the organisation is."""

    applications: int = 5000
    users: int = 10_000
    groups: int = 1000
    connectors: int = 200


@dataclass(frozen=True, slots=True)
class MeasuredPage:
    """One page. `seconds`: of CPU, sorted; `size`: bytes of a first visit."""

    path: str
    seconds: Sequence[float]
    size: int

    def share(self, part: float) -> float:
        """What this part of the visits did not exceed."""
        return self.seconds[min(len(self.seconds) - 1, int(len(self.seconds) * part))]

    @property
    def verdict(self) -> str:
        """Which bar it misses, "" for none."""
        slow = self.share(0.95) > SECONDS
        return "slow" if slow else "large" if self.size > BYTES else ""


class Desk:
    """An administrator's browser at a service of this size."""

    def __init__(self, playground: Playground, size: Size) -> None:
        self.playground = playground
        self.browser: Browser = playground.browser()
        playground.add_user("alice", _PASSWORD)
        playground.admin("POST", "/role-assignments", {"role": "administrator", "user": "alice"})
        playground.publish("wiki", Resource(), users=["alice"])
        self.browser.sign_in(_HOST + "/", "alice", _PASSWORD)
        fill(playground, size)
        self._taken: list[float] = []
        self._watch()

    def _watch(self) -> None:
        """Each answer of the pages is timed from its beginning to its end."""
        answer, taken = Console.answer, self._taken

        def timed(console: Console, request: PageRequest) -> Deferred[Any]:
            began = process_time()

            def ended(result: object) -> object:
                taken.append(process_time() - began)
                return result

            return answer(console, request).addBoth(ended)

        Console.answer = timed  # type: ignore[method-assign, assignment]

    def visit(self, path: str, rounds: int) -> MeasuredPage:
        """Open a page so many times. Raises ValueError for one that is not there."""
        sizes: dict[str, int] = {}
        seconds = []
        for _ in range(rounds):
            self.playground.network.pass_time(_PAUSE)
            self._taken.clear()
            page = self.browser.get(_HOST + path, headers={"sec-fetch-site": "same-origin"})
            if page.status != 200 or not self._taken:
                raise ValueError(f"{path}: {page.status}")
            seconds.append(self._taken[-1])
            sizes[path] = len(page.body)
            for part in re.findall(rb'(?:href|src)="(/console-[0-9a-f]{16}\.(?:css|js))"', page.body):
                name = part.decode()
                if name not in sizes:
                    sizes[name] = len(self.browser.get(_HOST + name).body)
        return MeasuredPage(path, sorted(seconds), sum(sizes.values()))


def fill(playground: Playground, size: Size) -> None:
    """All of it at once."""
    network, live = playground.network, playground.service.live
    network.run(live.write(lambda tx: _fill(tx, size)))
    network.pass_time(2)
    for method, path, body in _ONE_OF_EACH:
        playground.admin(method, path, body)


def _fill(tx: Transaction, size: Size) -> None:
    chance = random.Random(1)
    made = [applications.publish(tx, f"app{number}", "http://10.0.0.1/", f"https://app{number}.example.org/")
            for number in range(size.applications)]
    groups, users = ([tx.new_id() for _ in range(count)] for count in (size.groups, size.users))
    run = tx.connection.execute
    run(sa.insert(core.user_groups), [
        {"id": id_, "name": f"group {number}", "name_key": f"group {number}"} for number, id_ in enumerate(groups)])
    run(sa.insert(core.users), [
        {"id": id_, "name": f"u{number}", "display_name": f"User {number}", "email": f"u{number}@example.com",
         "password_hash": "", "disabled": False, "created": tx.now, "credentials_changed": tx.now}
        for number, id_ in enumerate(users)])
    run(sa.insert(core.memberships), [
        {"user_id": user, "group_id": group}
        for user in users for group in chance.sample(groups, min(_OF_USER, len(groups)))])
    run(sa.insert(core.assignments), [
        {"application": one.id, "kind": "group", "provider": "builtin", "value": group}
        for one in made for group in chance.sample(groups, min(_OF_APPLICATION, len(groups)))])
    (connector,), (session,) = (tx.rows(sa.select(table).limit(1)) for table in (core.connectors, core.sessions))
    run(sa.insert(core.connectors), [
        {**connector, "id": tx.new_id(), "name": f"connector {number}"} for number in range(size.connectors - 1)])
    run(sa.insert(core.sessions), [
        {**session, "id": tx.new_id(), "subject": users[number % len(users)], "name": f"u{number % len(users)}"}
        for number in range(_SESSIONS)])
    audit.record_all(tx, [
        AuditEntry(tx.now, f"user:{users[number % len(users)]}", SIGN_IN, made[number % len(made)].id, {
            "address": "192.0.2.7", "application": f"app{number % len(made)}", "provider": "builtin"})
        for number in range(_ENTRIES)])


#: So that no kind of things has an empty list.
_ONE_OF_EACH: tuple[tuple[str, str, dict[str, object]], ...] = (
    ("POST", "/service-tokens", {"name": "robot", "role": "reader"}),
    ("POST", "/native-clients", {"name": "cli", "applications": ["wiki"], "device_codes": True}),
    ("POST", "/clients", {"name": "shop", "redirect_uris": ["https://shop.example/"]}),
    ("POST", "/directories", {"name": "ad", "kind": "ad", "servers": ["ldaps://dc"], "bind_name": "binder",
                              "bind_password": "p", "user_base": "ou=u"}),
    ("PUT", "/second-factor-rules", {"group": "group 1", "grace": "1d"}),
    ("PUT", "/break-glass/alice", {}),
    ("PUT", "/locations/office", {"document": {"networks": ["192.0.2.0/24"]}}),
    ("PUT", "/strengths/own", {"document": {"any_of": [{"amr": ["otp"]}]}}),
    ("PUT", "/contexts/pay", {"document": {"applications": {"include": ["wiki"]}, "paths": ["/a/*"]}}),
    ("PUT", "/policies/night", {"document": {
        "state": "report-only", "users": {"include": ["all"]}, "applications": {"include": ["all"]},
        "grant": {"require": ["mfa"]}}}),
    ("POST", "/role-entitlements", {"role": "auditor", "user": "alice"}),
    ("POST", "/device-authorities", {"builtin": True}),
    ("POST", "/audit-exports", {"name": "hook", "url": "https://siem.example.org/in"}),
)  # fmt: skip


#: Pages that are asked for something.
_ASKED = (
    "/search?q=app17", "/search?q=u1", "/applications?search=app4", "/users?search=user%209", "/groups?search=9",
    "/applications?after=app4500", "/users?after=u9500", "/sessions?user=u17", "/audit?text=app17", "/connectors?search=a",
    "/applications/app17?check=yes&user=alice", "/policies/night?user=alice&application=app17", "/policies?check=yes",
)


def paths(playground: Playground) -> Iterator[str]:
    """Every page that only looks, each with something that is there."""
    connector = playground.admin("GET", "/connectors")[0]["id"]
    policies = {"policies": "night", "locations": "office", "strengths": "own", "contexts": "pay"}
    kinds = {kind.path: kind for kind in KINDS}
    for page in PAGES:
        if page.method != "GET":
            continue
        *above, last = page.path.split("/")
        if last == "{key}":
            kind = kinds["/".join(above)]
            rows = playground.admin("GET", kind.api or kind.path)
            if rows:
                yield f"{kind.path}/{quote(kind.name_of(rows[0]), safe='')}"
        elif "{" not in page.path:
            yield page.path
        else:
            names = {**_NAMES, "connector": connector, "session": playground.admin("GET", "/sessions", {"limit": 1})[0]["id"],
                     "name": policies.get(page.path.split("/")[1], "")}
            yield "/".join(quote(names[part[1:-1]], safe="") if part[:1] == "{" else part for part in page.path.split("/"))
    yield from _ASKED


def measure(size: Size, rounds: int) -> list[MeasuredPage]:
    """All pages, the slowest first."""
    with Playground(admin_api=True) as playground:
        desk = Desk(playground, size)
        found = [desk.visit(path, rounds) for path in paths(playground)]
    return sorted(found, key=lambda one: -one.share(0.95))


def report(found: Sequence[MeasuredPage]) -> Iterator[str]:
    """A table."""
    yield f"{'page':58} {'p50 ms':>8} {'p95 ms':>8} {'KiB':>7}"
    for one in found:
        yield f"{one.path:58} {one.share(0.5) * 1000:8.1f} {one.share(0.95) * 1000:8.1f} {one.size / 1024:7.1f} {one.verdict}"


def main(argv: Sequence[str] | None = None) -> int:
    """The exit code is 1 where a page misses a bar."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name in ("applications", "users", "groups", "connectors"):
        parser.add_argument(f"--{name}", type=int, default=getattr(Size(), name))
    parser.add_argument("--rounds", type=int, default=20)
    given = parser.parse_args(argv)
    found = measure(Size(given.applications, given.users, given.groups, given.connectors), given.rounds)
    print(f"load of the machine: {os.getloadavg()[0]:.1f}")
    print("\n".join(report(found)))
    return 1 if any(one.verdict for one in found) else 0


if __name__ == "__main__":
    sys.exit(main())
