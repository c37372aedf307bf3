"""One of several workers, as far as it is built without a reactor that runs."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from appproxy.config import ServiceSettings
from appproxy.net.descriptors.packets import PacketPipe, pair
from appproxy.twistd.workers.handed import REPLACED, STOP
from appproxy.twistd.workers.place import WorkerPlace
from appproxy.twistd.workers.worker import WorkerProgram
from tests.net.hand_reactor import HandReactor


class Pair:
    """A worker, and its parent's end of the pipe."""

    def __init__(self, directory: Path) -> None:
        self.reactor = HandReactor()
        ours, theirs = pair()
        self.parent = PacketPipe(self.reactor, ours, lambda packet, _: None, lambda: None)
        place = WorkerPlace(3, 77, 1, theirs.detach())
        settings = ServiceSettings(domain="example.com", workers=4, node_name="web")
        self.program = WorkerProgram(directory, settings, self.reactor, {"NOTIFY_SOCKET": "/x"}, lambda: 0.0, place)


@pytest.fixture
def both(tmp_path: Path) -> Iterator[Pair]:
    """Built, not started."""
    made = Pair(tmp_path)
    yield made
    made.parent.close()
    made.reactor.turn()


def test_it_has_a_name_of_its_own(both: Pair) -> None:
    """In logs and as a node; and it takes no lock, for its parent has it."""
    assert both.program.name == "appproxy-service worker 3"
    assert both.program.proxy.settings.node_name == "web:3"


@pytest.mark.parametrize("packet", [STOP, REPLACED])
def test_it_ends_when_its_parent_says_so(both: Pair, packet: bytes) -> None:
    """Once it runs."""
    both.program.running = True
    both.parent.send(packet)
    both.reactor.turn()
    assert both.reactor.stopped == 1
    both.program.running = False
    both.parent.send(packet)
    both.reactor.turn()
    assert both.reactor.stopped == 1


def test_it_ends_when_its_parent_is_gone(both: Pair) -> None:
    """Nobody would stop it, nor give it connections."""
    both.program.running = True
    both.parent.close()
    both.reactor.turn()
    assert both.reactor.stopped == 1
