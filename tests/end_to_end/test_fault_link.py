"""The way between connector and service breaks, again and again: what can go on goes on, and nothing is done twice."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from tests.end_to_end.behaviours import LARGE, large, pour, slow
from tests.end_to_end.cable import Cable
from tests.end_to_end.clock import Stopwatch, usual_seconds
from tests.end_to_end.load import Load
from tests.end_to_end.system import PROMPT, System, shared_system
from tests.end_to_end.wire import Reply, Wire, ask
from tests.end_to_end.world import until

NAME = "cabled"


@pytest.fixture(scope="module")
def system(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> System:
    """The system."""
    found = shared_system(request, tmp_path_factory)
    for path, behaviour in {"/large": large, "/pour": pour, "/slow": slow}.items():
        found.origin.on(path, behaviour)
    return found


@pytest.fixture(scope="module")
def cable(system: System) -> Iterator[Cable]:
    """The cable of one more connector, which alone serves one more application."""
    cable = Cable(system.tunnel_port)
    system.call("POST", "/connector-groups", name=NAME)
    system.application(NAME, system.origin.url, preauth="passthrough", connector_group=NAME)
    system.enrol(NAME, "--group", NAME, address=f"127.0.0.1:{cable.port}")
    yield cable
    cable.plug()
    system.supervisor.end(NAME, 30)
    cable.stop()
    until(lambda: system.in_flight() == 0, "requests that are over still count", 10)


@pytest.fixture(autouse=True)
def fresh(system: System, cable: Cable) -> None:
    """A connector waits longer with each loss in a row (until it has been up for 30 s): begin each test again."""
    system.supervisor.end(NAME, 30)
    system.start_connector(NAME)


class Asking(threading.Thread):
    """One request, in a thread of its own; `reply` is its answer."""

    def __init__(self, system: System, target: str, case: str, method: str = "GET", body: bytes | None = None) -> None:
        super().__init__()
        self._ask = lambda: ask(system, NAME, target, case, method, body)
        self.reply: Reply | None = None
        self.start()
        until(lambda: system.origin.about(case), f"{case} did not arrive", 15)

    def run(self) -> None:
        self.reply = self._ask()

    def answer(self) -> Reply:
        """Wait for it."""
        self.join(30)
        assert self.reply is not None
        return self.reply


def test_five_short_breaks(system: System, cable: Cable) -> None:
    """After each the connector is back by itself within a second, and whoever asks meanwhile only waits for it."""
    for number in range(5):
        assert ask(system, NAME).status == 200
        cable.pull()
        cable.plug()
        began = usual_seconds()
        reply = ask(system, NAME, "/", f"after break {number}")
        assert (reply.status, reply.answers) == (200, f"after break {number}")
        assert usual_seconds() - began < 0.5 + PROMPT
        assert len(system.origin.about(f"after break {number}")) == 1


def test_a_request_outlives_a_break(system: System, cable: Cable) -> None:
    """What the application works on is answered over the next connection, and done once, even a POST."""
    asking = [Asking(system, "/slow", f"outlives {method}", method) for method in ("GET", "POST", "DELETE")]
    cable.pull()
    cable.plug()
    for one, method in zip(asking, ("GET", "POST", "DELETE"), strict=True):
        reply = one.answer()
        assert (reply.status, reply.body) == (200, b"slow"), method
        assert len(system.origin.about(f"outlives {method}")) == 1, method


def test_an_upload_does_not_outlive_a_break(system: System, cable: Cable) -> None:
    """Its data connection is lost: 502 at once, never sent twice, and the application sees no end of it."""
    with Wire(system, NAME) as wire:
        wire.request("POST", "/", "broken upload", fields={"Content-Length": "1000000"})
        wire.send(bytes(500_000))
        until(lambda: system.origin.about("broken upload"), "the request did not arrive", 15)
        cable.pull()
        began = usual_seconds()
        cable.plug()
        assert wire.reply().status == 502
        assert usual_seconds() - began < PROMPT
    (seen,) = system.origin.about("broken upload")
    until(seen.left.is_set, "the application is still being used", PROMPT)
    assert not seen.whole


def test_an_answer_under_way_breaks(system: System, cable: Cable) -> None:
    """It is cut, not ended, at the user; and at the application nobody waits for the rest."""
    with Wire(system, NAME) as wire:
        wire.request("GET", "/pour", "broken answer")
        assert wire.head().status == 200
        cable.pull()
        began = usual_seconds()
        cable.plug()
        wire.broken()
        assert usual_seconds() - began < PROMPT
    (seen,) = system.origin.about("broken answer")
    until(seen.left.is_set, "the application is still being used", PROMPT)


def test_a_long_break(system: System, cable: Cable) -> None:
    """Those who ask while the way is down wait up to ten seconds, then they are told; with the way comes everything."""
    cable.pull()
    watch = Stopwatch()
    reply = ask(system, NAME)
    assert reply.status == 503
    assert reply.values("retry-after") != []
    assert watch.between(9, 10 + PROMPT)
    cable.plug()
    began = usual_seconds()
    until(lambda: ask(system, NAME).status == 200, "the connector does not come back", 25)
    assert usual_seconds() - began < 20 + PROMPT


def test_a_silent_way_loses_nothing(system: System, cable: Cable) -> None:
    """A few seconds in which no byte comes through make answers late and nothing else; others are not slower."""
    with Load(system, users=2) as load:
        asking = [Asking(system, "/slow", "silent")]
        cable.block()
        load.more(20)
        late = threading.Timer(3, cable.unblock)
        late.start()
        reply = ask(system, NAME, "/large", "through silence")
        assert reply.body == LARGE
        assert asking[0].answer().body == b"slow"
    assert load.faults == []
