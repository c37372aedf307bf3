"""Policies change all the time while people work: nobody who may go on loses a request, and who may not is out in a second."""

from __future__ import annotations

import json
import ssl
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.end_to_end.open_streams import ended, open_stream
from tests.end_to_end.test_policies import OFFICE, set_
from tests.end_to_end.visitor import NAVIGATION, Socket, Visitor
from tests.end_to_end.world import PASSWORD, World, until

#: One who may all along, and one whom the last policy blocks.
MAY, MAY_NOT = "pia", "pavel"
#: Rounds of changes; each is nine versions of what a node judges by.
ROUNDS = 4
_HEAD = '[users]\ninclude = ["{users}"]\n[applications]\ninclude = ["{application}"]\n'
#: What concerns both and lets both pass, whatever its state.
MET = 'name = "met"\nstate = "{state}"\n' + _HEAD.format(users="all", application="changing") + (
    '[conditions.locations]\ninclude = ["all"]\n[grant]\nsign_in_within = "{age}"\n[session]\nidle = "{idle}"\n')
#: What blocks somebody else; and one of the two.
OTHERS = 'name = "others"\nstate = "on"\n' + _HEAD.format(users="user:alice", application="all") + (
    '[conditions.locations]\ninclude = ["all"]\n[grant]\nblock = true\n')
CLOSED = 'name = "closed"\nstate = "on"\n' + _HEAD.format(users=f"user:{MAY_NOT}", application="changing") + (
    "[grant]\nblock = true\n")
REPORTED = 'name = "reported"\nstate = "report-only"\n' + _HEAD.format(users="all", application="all") + (
    "[grant]\nblock = true\n")


class Working:
    """Somebody at work until the end of the block: pages, forms, and what they hold open. `faults`: what failed."""

    def __init__(self, world: World, name: str) -> None:
        self.visitor = Visitor(world.port, world.anchor)
        self.url = world.url("changing", "/headers")
        assert self.visitor.sign_in(self.url, name).status == 200
        self.streams: list[ssl.SSLSocket] = [open_stream(world, self.visitor, self.url) for _ in range(3)]
        self.sockets = [Socket(self.visitor, world.url("changing", "/echo")) for _ in range(2)]
        self.done: Counter[str] = Counter()
        self.faults: list[str] = []
        self._over = threading.Event()
        what = (self._get, self._get, self._post, self._say)
        self._threads = [threading.Thread(target=self._work, args=(do,)) for do in what]
        for thread in self._threads:
            thread.start()

    def end(self) -> None:
        """No more requests; what is held stays open."""
        self._over.set()
        for thread in self._threads:
            thread.join(30)

    def _work(self, do: Callable[[], None]) -> None:
        while not self._over.is_set():
            try:
                do()
                self.done[do.__name__] += 1
            except (OSError, AssertionError) as error:
                self.faults.append(f"{do.__name__}: {error!r}")

    def _get(self) -> None:
        answer = self.visitor.get(self.url)
        assert answer.status == 200, (answer.status, answer.text[:200])

    def _post(self) -> None:
        origin = self.url.removesuffix("/headers")
        headers = {**NAVIGATION, "Content-Type": "application/x-www-form-urlencoded", "Origin": origin}
        answer = self.visitor.request("POST", self.url, headers, b"a=1")
        assert answer.status == 200, (answer.status, answer.text[:200])

    def _say(self) -> None:
        for socket in self.sockets:
            socket.send("still there")
            assert socket.receive() == "still there"
        time.sleep(0.05)


@pytest.fixture
def place(world: World, tmp_path: Path) -> Iterator[Path]:
    """An application of its own, and a directory for files; no policy is left behind."""
    if not any(row["name"] == "changing" for row in world.admin_json("app", "list")):
        world.publish("changing", world.internal)
        for user in (MAY, MAY_NOT):
            world.admin("user", "add", user, "--password-stdin", stdin=PASSWORD + "\n")
            world.admin("assign", "changing", "--user", user)
    yield tmp_path
    for row in world.admin_json("policy", "list"):
        world.admin("policy", "remove", row["name"])


def change(world: World, place: Path, number: int) -> None:
    """Policies are set, switched on and off, said otherwise and removed; so is what they name. Nothing concerns the two, or
    nothing that they do not meet.
    """
    for state, age in (("on", "8h"), ("report-only", "7h"), ("off", "8h"), ("on", "6h")):
        set_(world, place, "policy", MET.format(state=state, age=age, idle=f"{20 + number}m"))
    set_(world, place, "location", OFFICE.replace("127.0.0.1/32", f"192.0.2.{number}/32"))
    set_(world, place, "policy", OTHERS)
    set_(world, place, "policy", REPORTED)
    world.admin("policy", "remove", "others")
    world.admin("policy", "remove", "reported")


def test_nobody_who_may_loses_anything(world: World, place: Path) -> None:
    """Of all requests none fails, streams and WebSockets go on; then one of the two is blocked, and what that one holds ends
    in a second with the policy as its reason, while the other goes on.
    """
    may, may_not = Working(world, MAY), Working(world, MAY_NOT)
    both = (may, may_not)
    try:
        for number in range(ROUNDS):
            change(world, place, number)
        until(lambda: all(one.done["_get"] > 50 and one.done["_post"] > 20 for one in both), "no load", 60)
        assert [one.faults for one in both] == [[], []]
        assert ended([*may.streams, *may_not.streams], 0.5) == 0
        may_not.end()
        set_(world, place, "policy", CLOSED)
        began = time.monotonic()
        assert ended(may_not.streams, 1.0) == len(may_not.streams)
        assert all(socket.ends(max(began + 1.0 - time.monotonic(), 0.05)) for socket in may_not.sockets)
        assert may_not.visitor.navigate(may_not.url).status == 403
        before = may.done["_get"]
        until(lambda: may.done["_get"] > before + 20, "the other one is held up", 30)
        assert ended(may.streams, 0.5) == 0
    finally:
        for one in both:
            one.end()
    assert may.faults == []
    until(lambda: len(reasons(world)) == len(may_not.streams) + len(may_not.sockets), f"{reasons(world)}", 10)


def reasons(world: World) -> list[str]:
    """Why requests of the application were broken off, as the access log has it."""
    lines = [json.loads(line) for line in (world.state / "access.log").read_text().splitlines()]
    return [line["detail"] for line in lines if line.get("application") == "changing" and line["path"] in ("/events", "/echo")
            and line.get("failure") == "POLICY_BLOCKED" and "'closed'" in line.get("detail", "")]
