"""The parent of a connector's workers: starts them, and puts others in their place."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from dataclasses import replace

import pytest
from twisted.internet.defer import Deferred
from twisted.python.failure import Failure

from appproxy.config import ConnectorSettings
from appproxy.net.descriptors.inherited import Inherited
from appproxy.twistd.connector_workers.parent import START_SIZE, ConnectorParent
from appproxy.twistd.connector_workers.worker import CONNECTED
from appproxy.twistd.workers.crew import FIRST_DELAY
from appproxy.twistd.workers.handed import REPLACED, SERVES, STOP
from tests.net.hand_reactor import HandReactor
from tests.twistd.workers.stand import StandIn, stand_ins

SETTINGS = ConnectorSettings(address="connect.example.com:8443", name="connect.example.com", id="c1", workers=2)


class Connector:
    """A parent with stand-ins for workers."""

    def __init__(self, given: Inherited | None = None, why: str = "") -> None:
        self.reactor = HandReactor()
        self.settings = SETTINGS
        self.program = ConnectorParent(
            SETTINGS, self.reactor, {"NOTIFY_SOCKET": "/nowhere"}, given or Inherited(), lambda size: b"\7" * size,
            lambda: self.settings, why)
        self.program.running = True
        self.said: list[str] = []
        self.failed: list[Failure] = []
        self.ended: list[None] = []
        self.all: list[StandIn] = []

    def begin(self) -> list[StandIn]:
        """Start it; gives the workers that it wants."""
        Deferred.fromCoroutine(self.program.begin()).addCallbacks(self.said.append, self.failed.append)
        return self.new()

    def new(self) -> list[StandIn]:
        """Workers that it has asked for since."""
        self.reactor.turn()
        found = stand_ins(self.reactor)
        self.all += found
        return found

    def serve(self, *workers: StandIn, said: str = CONNECTED) -> None:
        """They are ready."""
        for one in workers:
            one.pipe.send(SERVES + said.encode())
            self.reactor.turn()


@pytest.fixture
def connector() -> Iterator[Connector]:
    """Not begun."""
    made = Connector()
    before = signal.getsignal(signal.SIGHUP)
    yield made
    signal.signal(signal.SIGHUP, before)
    for one in made.all:
        one.close()
    made.reactor.turn()


def test_workers_know_their_parent_s_start(connector: Connector) -> None:
    """And nothing of a service manager, which is told by the parent alone."""
    workers = connector.begin()
    assert [one.place["start"] for one in workers] == ["07" * START_SIZE] * 2
    assert all("NOTIFY_SOCKET" not in one.process.environment for one in workers)
    connector.serve(workers[0])
    assert connector.said == [] and connector.program.why_not_ready() == ""
    connector.serve(workers[1])
    assert connector.said == ["and connected to connect.example.com:8443, 2 workers"]


def test_a_service_that_does_not_answer_is_told(connector: Connector) -> None:
    """As one process says it."""
    connector.serve(*connector.begin(), said="")
    assert "does not answer yet" in connector.said[0]


def test_one_that_ends_is_started_again(connector: Connector) -> None:
    """A little later, under its number."""
    one, two = connector.begin()
    connector.serve(one, two)
    one.end()
    assert connector.new() == [] and connector.program.restarts == 1
    connector.reactor.advance(FIRST_DELAY)
    (again,) = connector.new()
    assert (again.number, again.place["start"]) == (1, one.place["start"])


def test_a_reload_takes_up_another_number(connector: Connector) -> None:
    """The former end what they have, as soon as the new ones are welcome."""
    former = connector.begin()
    connector.serve(*former)
    connector.settings = replace(SETTINGS, workers=3)
    connector.program.reload()
    latter = connector.new()
    assert [one.number for one in latter] == [3, 4, 5] and former[0].said == []
    connector.serve(*latter)
    assert [one.said for one in former] == [[REPLACED]] * 2 and [one.said for one in latter] == [[]] * 3


def test_a_stop_waits_for_all(connector: Connector) -> None:
    """Each drains."""
    one, two = connector.begin()
    connector.serve(one, two)
    connector.program.running = False
    Deferred.fromCoroutine(connector.program.end()).addCallback(connector.ended.append)
    connector.reactor.turn()
    assert (one.said, two.said) == ([STOP], [STOP])
    one.end()
    assert connector.ended == []
    two.end()
    assert connector.ended == [None] and connector.program.why_not_ready() == "draining"


def test_one_that_cannot_start_ends_it(connector: Connector) -> None:
    """Such as one that the service does not want."""
    connector.begin()[0].end()
    assert "worker 1 could not start" in connector.failed[0].getErrorMessage()


@pytest.mark.parametrize(("given", "why"), [(Inherited(), "a pid file"), (Inherited({"x": 7}), "stop it and start it again")])
def test_where_there_can_be_none(given: Inherited, why: str) -> None:
    """The reason is told, and nothing is started."""
    connector = Connector(given, "a pid file" if not given.named else "")
    assert connector.begin() == []
    assert why in str(connector.failed[0].value)
