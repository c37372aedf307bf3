"""One of several workers of a connector."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from appproxy.config import ConnectorSettings
from appproxy.net.descriptors.packets import PacketPipe, pair
from appproxy.twistd.connector_workers.worker import ConnectorWorkerProgram
from appproxy.twistd.workers.handed import REPLACED, STOP
from appproxy.twistd.workers.place import WorkerPlace
from tests.net.hand_reactor import HandReactor

SETTINGS = ConnectorSettings(address="connect.example.com:8443", name="connect.example.com", id="c1", workers=2)


class Pair:
    """A worker, and its parent's end of the pipe."""

    def __init__(self, directory: Path) -> None:
        self.reactor = HandReactor()
        ours, theirs = pair()
        self.parent = PacketPipe(self.reactor, ours, lambda packet, _: None, lambda: None)
        place = WorkerPlace(2, 77, 0, theirs.detach(), "07" * 16)
        self.program = ConnectorWorkerProgram(directory, SETTINGS, self.reactor, {"NOTIFY_SOCKET": "/x"}, None, place)


@pytest.fixture
def both(tmp_path: Path) -> Iterator[Pair]:
    """Built, not started."""
    made = Pair(tmp_path)
    yield made
    made.parent.close()
    made.reactor.turn()


@pytest.mark.parametrize("packet", [STOP, REPLACED, b""])
def test_it_ends_when_its_parent_says_so_or_is_gone(both: Pair, packet: bytes) -> None:
    """Once it runs."""
    assert both.program.name == "appproxy-connector worker 2"
    both.program.running = True
    if packet:
        both.parent.send(packet)
    else:
        both.parent.close()
    both.reactor.turn()
    assert both.reactor.stopped == 1
