"""A wildcard's hosts are found by DNS: names that are there, that are not, that nobody answers for, and that move."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from appproxy.demo.supervisor import twistd
from tests.end_to_end.clock import Stopwatch
from tests.end_to_end.names import Names, asking
from tests.end_to_end.origins import Call, Origin
from tests.end_to_end.system import PROMPT
from tests.end_to_end.visitor import Answer, Visitor
from tests.end_to_end.world import PATIENCE, World

pytestmark = pytest.mark.skipif(bool(os.geteuid()), reason="only root can make mount namespaces and listen on port 53")


def once(call: Call) -> bool:
    """Each request needs a connection of its own, and so a look at its name."""
    call.answer(call.body(), fields="Connection: close\r\n")
    return False


@pytest.fixture(scope="module")
def origins() -> Iterator[tuple[Origin, Origin]]:
    """Two machines that listen on the same port."""
    first = Origin()
    second = Origin("127.0.0.2", first.port)
    for origin in (first, second):
        origin.on("/once", once)
    yield first, second
    first.stop()
    second.stop()


@pytest.fixture(scope="module")
def names(world: World, origins: tuple[Origin, Origin], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Names]:
    """The name server of a connector that serves `https://*.DOMAIN/` as `http://*.internal/`."""
    names = Names()
    world.admin("connector-group", "add", "named")
    world.join("named", "--group", "named")
    command = twistd("appproxy-connector", "--state", str(world.directory / "named"))
    ready = "appproxy-connector ready and connected"
    world.supervisor.start("named", asking(tmp_path_factory.mktemp("names"), command), ready, PATIENCE)
    world.admin("app", "publish", "names", "--internal", f"http://*.internal:{origins[0].port}/", "--external", world.url("*"),
                "--preauth", "passthrough", "--group", "named", "--set", "connect_timeout=1")
    yield names
    world.admin("app", "remove", "names")
    world.supervisor.end("named")
    names.stop()


def ask(world: World, label: str, path: str = "/") -> Answer:
    """A request of a visitor's."""
    return Visitor(world.port, world.anchor).request("GET", world.url(label, path), {"X-Case": label})


def test_a_name_that_is_there(world: World, names: Names, origins: tuple[Origin, Origin]) -> None:
    """What the user typed for the star is looked up below the internal domain, and is the host that the application sees."""
    names.known["one.internal"] = "127.0.0.1"
    assert ask(world, "one").status == 200
    (seen,) = origins[0].about("one")
    assert seen.values("host") == [b"one.internal:%d" % origins[0].port]
    assert "one.internal" in names.asked
    assert not [name for name in names.asked if not name.endswith(".internal")]


def test_a_name_that_is_not_there(world: World, names: Names) -> None:
    """Is a fault of its own, at once; and when it has come to be, the next request reaches it."""
    answer = ask(world, "none")
    assert (answer.status, "error=dns_error" in answer.headers["Proxy-Status"]) == (502, True)
    names.known["none.internal"] = "127.0.0.2"
    assert ask(world, "none").status == 200


def test_nobody_answers(world: World, names: Names) -> None:
    """The user waits for `connect_timeout` and no longer, and hosts with names that are known are not held up."""
    names.mute.add("mute.internal")
    names.known["two.internal"] = "127.0.0.1"
    watch = Stopwatch()
    answer = ask(world, "mute")
    assert (answer.status, "error=dns_timeout" in answer.headers["Proxy-Status"]) == (504, True)
    assert watch.between(0.9, 1 + PROMPT)
    watch = Stopwatch()
    assert ask(world, "two").status == 200
    assert watch.between(0, 1)


def test_a_name_that_moves(world: World, names: Names, origins: tuple[Origin, Origin]) -> None:
    """The next connection goes to where the name is then; nothing is remembered in between."""
    for turn in range(4):
        names.known["moved.internal"] = ("127.0.0.1", "127.0.0.2")[turn % 2]
        assert ask(world, "moved", "/once").status == 200
        assert [len(origin.about("moved")) for origin in origins] == [(turn + 2) // 2, (turn + 1) // 2]
