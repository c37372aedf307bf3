"""Events of the admin API at two nodes, to a foreign client (curl -N) and to our own command."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from appproxy.demo.supervisor import Supervisor, twistd
from tests.end_to_end.test_nodes import NODES, call, database, make_nodes
from tests.end_to_end.world import DOMAIN, PATIENCE, World, environment, until

__all__ = ["database"]


@pytest.fixture(scope="module")
def world(database: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """Two nodes with the API over HTTPS."""
    directory = tmp_path_factory.mktemp("events")
    (directory / "logs").mkdir()
    with Supervisor(directory / "logs", environment()) as supervisor:
        world = World(directory, supervisor)
        make_nodes(world, database)
        for name in NODES:
            settings = directory / name / "service.toml"
            kept = [line for line in settings.read_text().splitlines() if not line.startswith("admin_api")]
            settings.write_text("\n".join(["admin_api = true", *kept]) + "\n")
            supervisor.start(
                name, twistd("appproxy-service", "--state", str(directory / name)), "appproxy-service ready on https://",
                PATIENCE)
        yield world


def new_token(world: World, name: str, role: str) -> str:
    """A service token that both nodes know."""
    token = str(call(world, "service", "POST", "/service-tokens", {"name": name, "role": role})["token"])
    for node in NODES:
        until(partial(knows, world, node, token), "the token", 20)
    return token


def knows(world: World, node: str, token: str) -> bool:
    """Does a node answer whoever has it?"""
    host = f"admin.{DOMAIN}"
    return subprocess.run(
        ["curl", "-sS", "-o", "/dev/null", "-w", "%{http_code}", "--max-time", "20", "--cacert", str(world.anchor),
         "--resolve", f"{host}:{world.port}:{NODES[node]}", "-H", f"Authorization: Bearer {token}",
         f"https://{host}:{world.port}/api/v1/me"], capture_output=True, text=True, check=False).stdout == "200"


class Listener:
    """What curl has shown so far; `code` is its exit, None while it goes on."""

    def __init__(self, process: subprocess.Popen[bytes], start: str = "data: ") -> None:
        self._process = process
        #: What lines begin with that have an event.
        self._start = start
        self.lines: list[str] = []
        Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            self.lines.append(line.decode().rstrip())

    @property
    def code(self) -> int | None:
        return self._process.poll()

    def events(self) -> list[dict[str, Any]]:
        """Those with something in them."""
        found = [line.removeprefix(self._start) for line in self.lines if line.startswith(self._start)]
        return [json.loads(line) for line in found if line]

    def names(self) -> list[str]:
        """Of the groups that were made, by the entries' details."""
        return [one["detail"]["name"] for one in self.events() if one["action"] == "group.add"]


@contextmanager
def curl(world: World, node: str, token: str, *options: str) -> Iterator[Listener]:
    """A client that listens at a node."""
    host = f"admin.{DOMAIN}"
    process = subprocess.Popen(
        ["curl", "-sS", "-N", "--max-time", "60", "--cacert", str(world.anchor), "--resolve",
         f"{host}:{world.port}:{NODES[node]}", "-H", f"Authorization: Bearer {token}", *options,
         f"https://{host}:{world.port}/api/v1/events"], stdout=subprocess.PIPE)
    try:
        listener = Listener(process)
        yield listener
    finally:
        process.kill()
        process.wait()


def begun(listener: Listener) -> None:
    """It listens: the first beat says from where."""
    until(lambda: any(line.startswith("id: ") for line in listener.lines), "the first beat", 20)


def group(world: World, name: str) -> None:
    """Something happens at the first node."""
    call(world, "service", "POST", "/groups", {"name": name})


def test_what_happens_at_one_node_is_told_at_the_other(world: World) -> None:
    """In order, each once; who was away goes on behind the last one, at any node."""
    token = new_token(world, "listener", "auditor")
    with curl(world, "other", token) as listener:
        begun(listener)
        for number in range(3):
            group(world, f"first{number}")
        until(lambda: len(listener.names()) >= 3, "the events", 20)
        assert listener.names() == ["first0", "first1", "first2"], listener.lines
        last = listener.events()[-1]["number"]
        assert f"id: {last}" in listener.lines
    group(world, "missed")
    with curl(world, "service", token, "-H", f"Last-Event-ID: {last}") as listener:
        until(lambda: listener.names() == ["missed"], "what was missed", 20)


def test_who_may_not_read_it_does_not_hear_of_it(world: World) -> None:
    """A reader of the service hears of connector groups, and nothing of people; and never who has done it."""
    with curl(world, "other", new_token(world, "some", "reader")) as listener:
        begun(listener)
        group(world, "secret")
        call(world, "service", "POST", "/connector-groups", {"name": "lab"})
        until(listener.events, "an event", 20)
        (one,) = listener.events()
        assert one["action"] == "connector_group.add" and set(one) == {"number", "time", "action", "target"}
        assert not any("secret" in line for line in listener.lines)


def test_it_ends_with_the_token(world: World) -> None:
    """At the other node, too, and at once: what happens then is not told."""
    with curl(world, "other", new_token(world, "short", "auditor")) as listener:
        begun(listener)
        call(world, "service", "DELETE", "/service-tokens/short")
        until(lambda: listener.code is not None, "the end", 20)
        group(world, "later")
        assert listener.code == 0 and "event: end" in listener.lines and "later" not in listener.names()


def test_our_own_command_follows(world: World, tmp_path: Path) -> None:
    """On the machine of the service, without anything but the state directory."""
    state = world.directory / "service"
    newest = call(world, "service", "GET", "/audit", {"limit": 1})[0]["number"]
    command = [sys.executable, "-m", "appproxy.cli", "--state", str(state), "audit", "follow", "--after", str(newest),
               "--json"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, env=environment())
    try:
        listener = Listener(process, "")
        group(world, "here0")
        group(world, "here1")
        until(lambda: listener.names() == ["here0", "here1"], "both entries", 20)
    finally:
        process.kill()
        process.wait()
