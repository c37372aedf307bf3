"""Workers for tests of their parent: processes that were asked for, whose ends of the pipe the test holds."""

from __future__ import annotations

import json
import socket
from dataclasses import dataclass, field
from typing import Any

from twisted.internet.error import ProcessDone
from twisted.python.failure import Failure

from appproxy.net.descriptors.packets import PacketPipe
from appproxy.twistd.workers.handed import NODE, SERVES, TAKEN
from appproxy.twistd.workers.place import PIPE, WORKER
from tests.net.hand_reactor import HandReactor, Spawned


@dataclass
class StandIn:
    """One worker's process."""

    reactor: HandReactor
    process: Spawned
    said: list[bytes] = field(default_factory=list)
    got: list[tuple[str, socket.socket]] = field(default_factory=list)
    takes: bool = True

    def __post_init__(self) -> None:
        end = socket.socket(fileno=self.process.descriptors[PIPE])
        self.pipe = PacketPipe(self.reactor, end, self._received, lambda: self.said.append(b""))
        self.place: dict[str, Any] = json.loads(self.process.environment[WORKER])

    @property
    def number(self) -> int:
        """What it was told."""
        return int(self.place["number"])

    def _received(self, packet: bytes, descriptor: int | None) -> None:
        if descriptor is None:
            self.said.append(packet)
            return
        self.got.append((packet[1:].decode(), socket.socket(fileno=descriptor)))
        if self.takes:
            self.pipe.send(TAKEN)

    def serve(self, node: str = "") -> None:
        """It is ready."""
        self.pipe.send(NODE + (node or f"node{self.number}").encode())
        self.pipe.send(SERVES)
        self.reactor.turn()

    def end(self) -> None:
        """It is gone."""
        self.pipe.close()
        self.reactor.turn()
        self.process.protocol.processEnded(Failure(ProcessDone(0)))
        self.reactor.turn()

    def close(self) -> None:
        """Leave nothing open."""
        self.pipe.close()
        for _, found in self.got:
            found.close()


def stand_ins(reactor: HandReactor) -> list[StandIn]:
    """For all processes that were asked for and have none."""
    found = [StandIn(reactor, process) for process in reactor.spawned]
    reactor.spawned.clear()
    return found

