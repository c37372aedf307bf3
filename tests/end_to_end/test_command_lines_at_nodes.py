"""A command line that was let in at one node: its commands are answered by the other, and it is out at both at once."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from appproxy.config import StatePaths
from appproxy.demo.supervisor import Supervisor, twistd
from tests.end_to_end.command_line import CommandLine, command_line, let_in, needed
from tests.end_to_end.test_nodes import NODES, call, make_nodes
from tests.end_to_end.test_nodes import database as database
from tests.end_to_end.visitor import Visitor
from tests.end_to_end.world import PASSWORD, PATIENCE, Outcome, World, environment, until

pytestmark = needed


@pytest.fixture(scope="module")
def world(database: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """Two nodes with the administration; alice administers."""
    directory = tmp_path_factory.mktemp("nodes")
    (directory / "logs").mkdir()
    with Supervisor(directory / "logs", environment()) as supervisor:
        world = World(directory, supervisor)
        make_nodes(world, database)
        call(world, "service", "POST", "/users", {"name": "alice", "password": PASSWORD})
        call(world, "service", "POST", "/role-assignments", {"role": "administrator", "user": "alice"})
        for name in NODES:
            path = StatePaths(directory / name).settings
            path.write_text("admin_api = true\n" + path.read_text())
            supervisor.start(name, twistd("appproxy-service", "--state", str(directory / name)),
                             "appproxy-service ready on https://", PATIENCE)
        yield world


@pytest.fixture
def laptop(world: World, tmp_path: Path) -> Iterator[CommandLine]:
    """A machine from which nobody has logged in."""
    with command_line(world, tmp_path / "lena") as made:
        yield made


def test_login_at_one_and_commands_at_the_other(laptop: CommandLine, world: World) -> None:
    """The command asks one node, the person confirms at the other; what comes then may be at either."""
    waiting = laptop.at(NODES["other"]).login()
    assert waiting.page
    assert let_in(Visitor(world.port, world.anchor), waiting, "alice").status == 200
    ended = waiting.end()
    assert ended.code == 0 and "you are alice, with administrator" in ended.out, ended.err
    for node, address in NODES.items():
        laptop.at(address).good("app", "publish", node, "--internal", "http://10.0.0.1/", "--external", world.url(node))
        assert call(world, "service", "GET", f"/applications/{node}")["name"] == node
    # A token that has ended is renewed at the node that has not given it out.
    kept = json.loads(laptop.contexts.read_text())
    (one,) = kept["contexts"].values()
    laptop.contexts.write_text(json.dumps({**kept, "contexts": {kept["current"]: {**one, "expires": 1.0}}}))
    assert "you are alice" in laptop.at(NODES["service"]).good("whoami")
    (new,) = json.loads(laptop.contexts.read_text())["contexts"].values()
    assert new["token"] != one["token"] and new["refresh_token"] != one["refresh_token"]
    copied = laptop.contexts.read_text()
    laptop.at(NODES["service"]).good("logout")
    laptop.contexts.write_text(copied)
    # A file tells nobody of commits: the other node looks each second.
    tries: list[Outcome] = []

    def is_refused() -> bool:
        tries.append(laptop.at(NODES["other"])("whoami"))
        return tries[-1].code != 0

    until(is_refused, "the other node goes on with a session that has ended", 5)
    refused = tries[-1]
    assert refused.code == 1 and refused.out == "" and "appproxy login" in refused.err
