"""A whole node in memory, and what a connection of an anonymous user costs it in CPU time, TLS apart."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from time import process_time
from typing import Any

from twisted.internet.protocol import Factory, Protocol

from appproxy.service.front.front import Front
from appproxy.testing import Playground
from tests.cost.machine import least
from tests.service.world import Wire

#: A user's address.
CLIENT = "203.0.113.7"
#: One read of Twisted's TLS.
READ = 65_536


class Origin(Protocol):
    """An application that answers each read with the same small page, and looks at nothing."""

    def dataReceived(self, data: bytes) -> None:
        assert self.transport is not None
        self.transport.write(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok")


@dataclass(frozen=True, slots=True)
class Cost:
    """Seconds of CPU in all, and in the longest single call of the reactor; and what came back."""

    whole: float
    longest: float
    answer: bytes


class MeasuredNode:
    """The node, and its fronts: `users` and `control`."""

    def __init__(self, playground: Playground) -> None:
        self._network = playground.network
        node: Any = playground.service.node
        self.users: Front = node.front
        self.control: Front = node._other_fronts.control

    def send(self, front: Front, entry: type[Any], data: bytes) -> Cost:
        """What arrives on a new connection, read by read, until all that follows from it has happened."""
        connection, wire, took = entry(front, CLIENT), Wire(), [0.0]
        connection.makeConnection(wire)
        for start in range(0, len(data), READ):
            if wire.aborted or wire.disconnecting:
                break
            began = process_time()
            connection.dataReceived(data[start : start + READ])
            took.append(process_time() - began)
            took += self._turns()
        connection.connectionLost()
        took += self._turns()
        return Cost(sum(took), max(took), wire.take())

    def _turns(self) -> Iterator[float]:
        """Seconds for each of the calls that are due, one after the other."""
        calls = self._network.calls
        for _ in range(20_000):
            if not calls or calls[0].getTime() > self._network.seconds():
                return
            call: Any = calls.pop(0)
            call.called = 1
            began = process_time()
            call.func(*call.args, **call.kw)
            yield process_time() - began
        raise AssertionError("the network does not come to rest")

    def cheapest(self, front: Front, entry: type[Any], data: bytes, whole: float, longest: float) -> Cost:
        """The least that this costs; what is above these bounds is tried more often (`machine.least`)."""
        answer = b""

        def measure() -> tuple[float, float]:
            nonlocal answer
            cost = self.send(front, entry, data)
            answer = cost.answer
            return cost.whole, cost.longest

        whole, longest = least(measure, (whole, longest))
        return Cost(whole, longest, answer)


@contextmanager
def measured_node() -> Iterator[MeasuredNode]:
    """Applications `wiki` and `docs` on one host, with a rule for other origins, and `open`, which needs no sign-in."""
    with Playground() as playground:
        playground.publish("open", Factory.forProtocol(Origin), preauth="passthrough")
        playground.publish("wiki", Factory.forProtocol(Origin))
        port = max(playground.network.ports)
        playground.admin("POST", "/applications", {
            "name": "docs", "internal": f"http://127.0.0.1:{port}/d/", "external": "https://wiki.example.org/docs/"})
        playground.admin("POST", "/applications/wiki/cors", {
            "resource": "/api/", "origins": ["https://other.example"], "methods": ["PUT"], "headers": ["x-a"]})
        playground.network.pass_time(2)
        yield MeasuredNode(playground)
