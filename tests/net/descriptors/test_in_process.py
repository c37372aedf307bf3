"""Two transports that deliver to each other, as TCP would."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from twisted.internet.error import ConnectionAborted, ConnectionDone, ConnectionLost
from twisted.internet.interfaces import IConsumer, IHalfCloseableProtocol, IPushProducer, ITCPTransport
from twisted.internet.protocol import Protocol, connectionDone
from twisted.internet.task import Clock
from twisted.logger import capturedLogs as captured
from twisted.python.failure import Failure
from zope.interface import implementer
from zope.interface.verify import verifyObject

from appproxy.net.descriptors.in_process import InProcessAddress, InProcessTransport, connect

CLIENT, SERVER = InProcessAddress("client"), InProcessAddress("server", "wiki.internal", 80)


class End(Protocol):
    """Keeps what it gets."""

    transport: InProcessTransport

    def __init__(self) -> None:
        self.pieces: list[bytes] = []
        self.lost: type[BaseException] | None = None
        self.pause_after = 0

    @property
    def got(self) -> bytes:
        return b"".join(self.pieces)

    @property
    def connected_still(self) -> bool:
        return self.lost is None

    def dataReceived(self, data: bytes) -> None:
        self.pieces.append(data)
        if len(self.pieces) == self.pause_after:
            self.transport.pauseProducing()

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        assert self.lost is None, "lost twice"
        self.lost = reason.type


@implementer(IHalfCloseableProtocol)
class HalfEnd(End):
    """One that goes on writing when the other has ended."""

    def __init__(self) -> None:
        super().__init__()
        self.ends: list[str] = []

    def readConnectionLost(self) -> None:
        self.ends.append("read")

    def writeConnectionLost(self) -> None:
        self.ends.append("write")


@implementer(IPushProducer)
@dataclass
class Source:
    """Refuses to be paused twice, or woken while awake."""

    asked: list[str] = field(default_factory=lambda: ["resume"])

    def pauseProducing(self) -> None:
        assert self.asked[-1] == "resume", "paused twice"
        self.asked.append("pause")

    def resumeProducing(self) -> None:
        assert self.asked[-1] == "pause", "woken while awake"
        self.asked.append("resume")

    def stopProducing(self) -> None:
        self.asked.append("stop")


class Link:
    """Two protocols that are connected."""

    def __init__(self, client: End | None = None, server: End | None = None) -> None:
        self.clock = Clock()
        self.client, self.server = client or End(), server or End()
        connect(self.clock, self.client, self.server, CLIENT, SERVER)

    def turn(self) -> None:
        """One turn of the reactor."""
        self.clock.pump([0])

    def settle(self) -> None:
        """Turns until nothing is left to do."""
        for _ in range(1000):
            if not self.clock.getDelayedCalls():
                return
            self.turn()
        raise AssertionError("it never ends")


def test_is_what_twisted_calls_a_transport() -> None:
    """A consumer and a producer too; each end knows both addresses, and none of them is made up."""
    link = Link()
    for interface in (ITCPTransport, IConsumer, IPushProducer):
        assert verifyObject(interface, link.client.transport)
    assert (link.server.transport.getPeer(), link.server.transport.getHost()) == (CLIENT, SERVER)
    assert (link.client.transport.getPeer(), link.client.transport.getHost()) == (SERVER, CLIENT)
    assert (CLIENT.host, CLIENT.port) == ("", 0)


def test_nothing_arrives_in_the_turn_that_it_is_written_in() -> None:
    """A protocol is never called back from its own write."""
    link = Link()
    link.client.transport.write(b"a")
    link.client.transport.writeSequence([b"b", b"c"])
    assert link.server.pieces == []
    link.turn()
    assert link.server.pieces == [b"abc"]


def test_much_arrives_in_pieces() -> None:
    """64 KiB in a turn, so that one connection does not hold up all others; a reader may stop between two."""
    link = Link()
    link.server.pause_after = 2
    link.client.transport.write(b"x" * 200_000)
    link.settle()
    assert [len(piece) for piece in link.server.pieces] == [65_536, 65_536]
    link.server.transport.resumeProducing()
    link.settle()
    assert link.server.got == b"x" * 200_000


@given(
    st.lists(st.tuples(st.booleans(), st.binary(min_size=1, max_size=4)), max_size=12), st.lists(st.booleans(), max_size=12)
)
def test_all_arrives_in_order(writes: list[tuple[bool, bytes]], pauses: list[bool]) -> None:
    """In both directions, whatever the sizes, and whenever somebody stops reading for a while."""
    link = Link()
    sent = {True: b"", False: b""}
    for way, data in writes:
        data = data * (30_000 if data[0] % 2 else 1)
        sent[way] += data
        (link.client if way else link.server).transport.write(data)
        if pauses:
            transport = link.server.transport
            if pauses.pop():
                transport.pauseProducing()
            else:
                transport.resumeProducing()
            link.turn()
    link.server.transport.resumeProducing()
    link.settle()
    assert (link.server.got, link.client.got) == (sent[True], sent[False])


def test_a_slow_reader_pauses_the_producer() -> None:
    """Once, and wakes it once, when all that waited has arrived: memory is bounded at both ends."""
    link, source = Link(), Source()
    link.client.transport.registerProducer(source, True)
    link.server.transport.pauseProducing()
    for _ in range(8):
        link.client.transport.write(b"x" * 10_000)
        link.turn()
    assert source.asked == ["resume", "pause"]
    link.server.transport.resumeProducing()
    link.settle()
    assert source.asked == ["resume", "pause", "resume"]
    assert link.server.got == b"x" * 80_000


def test_a_pull_producer_is_asked_each_time_that_there_is_room() -> None:
    """And no sooner: what it gives waits for the reader."""
    link = Link()

    class Pull:
        left = 3

        def resumeProducing(self) -> None:
            self.left -= 1
            link.client.transport.write(b"p")
            if not self.left:
                link.client.transport.unregisterProducer()

        def stopProducing(self) -> None:
            raise AssertionError("it had ended")

    link.server.transport.pauseProducing()
    pull = Pull()
    link.client.transport.registerProducer(pull, False)
    link.client.transport.loseConnection()
    link.turn()
    assert pull.left == 2
    link.server.transport.resumeProducing()
    link.settle()
    assert (link.server.got, link.server.lost, link.client.lost) == (b"ppp", ConnectionDone, ConnectionDone)


def test_a_second_producer_is_refused() -> None:
    """As every consumer of Twisted does; one that comes too late is stopped."""
    link = Link()
    link.client.transport.registerProducer(Source(), True)
    with pytest.raises(RuntimeError, match="never unregistered"):
        link.client.transport.registerProducer(Source(), True)
    link.client.transport.abortConnection()
    link.settle()
    late = Source()
    link.client.transport.registerProducer(late, True)
    assert late.asked[-1] == "stop"


def test_a_close_comes_after_all_that_was_written() -> None:
    """Both ends then hear of a clean end, the reader only when it reads."""
    link = Link()
    link.server.transport.pauseProducing()
    link.client.transport.write(b"last")
    link.client.transport.loseConnection()
    link.settle()
    assert (link.client.lost, link.server.lost) == (None, None)
    link.server.transport.resumeProducing()
    link.settle()
    assert (link.server.got, link.client.lost, link.server.lost) == (b"last", ConnectionDone, ConnectionDone)


def test_each_direction_closes_on_its_own() -> None:
    """For protocols that can; when both have ended the connection is over."""
    link = Link(HalfEnd(), HalfEnd())
    link.client.transport.write(b"question")
    link.client.transport.loseWriteConnection()
    link.settle()
    assert (link.client.ends, link.server.ends) == (["write"], ["read"])  # type: ignore[attr-defined]
    link.client.transport.write(b"too late")
    link.server.transport.write(b"answer")
    link.settle()
    assert (link.server.got, link.client.got) == (b"question", b"answer")
    assert (link.client.lost, link.server.lost) == (None, None)
    link.server.transport.loseWriteConnection()
    link.settle()
    assert link.client.ends == ["write", "read"]  # type: ignore[attr-defined]
    assert (link.client.lost, link.server.lost) == (ConnectionDone, ConnectionDone)


def test_an_end_closes_a_protocol_that_knows_no_half() -> None:
    """As with TCP, both ways."""
    link = Link(HalfEnd(), End())
    link.client.transport.loseWriteConnection()
    link.settle()
    assert link.server.lost is ConnectionDone


def test_an_abort_drops_what_is_on_its_way() -> None:
    """Nothing more arrives at either end, and the other one can tell it from an end; the caller is not called back at once."""
    link = Link()
    source = Source()
    link.client.transport.registerProducer(source, True)
    link.client.transport.write(b"x")
    link.server.transport.write(b"y")
    link.client.transport.abortConnection()
    assert link.client.connected_still
    link.settle()
    assert (link.client.got, link.server.got) == (b"", b"")
    assert (link.client.lost, link.server.lost) == (ConnectionAborted, ConnectionLost)
    assert source.asked[-1] == "stop"


def test_an_abort_is_heard_by_who_does_not_read() -> None:
    """Or a paused peer would hold what it has for ever."""
    link = Link()
    link.server.transport.pauseProducing()
    link.client.transport.abortConnection()
    link.settle()
    assert link.server.lost is ConnectionLost


def test_writing_to_an_end_that_has_gone_is_a_loss() -> None:
    """A half-closeable protocol that goes on writing is told that nobody reads it."""
    link = Link(HalfEnd(), End())
    link.server.transport.loseConnection()
    link.settle()
    assert (link.client.lost, link.server.lost) == (None, ConnectionDone)
    link.client.transport.write(b"hello?")
    link.settle()
    assert link.client.lost is ConnectionLost


def test_a_protocol_that_fails_loses_its_connection() -> None:
    """With its own error in the log; the other end hears of a loss, and the reactor goes on."""

    class Broken(End):
        def dataReceived(self, data: bytes) -> None:
            raise ZeroDivisionError

    link = Link(server=Broken())
    link.client.transport.write(b"x")
    with captured() as events:
        link.settle()
    assert [event["log_failure"].type for event in events] == [ZeroDivisionError]
    assert (link.server.lost, link.client.lost) == (ZeroDivisionError, ConnectionLost)


def test_text_is_refused_where_it_is_written() -> None:
    """Not a turn later, when nobody knows who wrote it."""
    text: Any = "text"
    with pytest.raises(TypeError, match="bytes"):
        Link().client.transport.write(text)


def test_a_close_waits_for_a_producer_and_goes_on_when_it_has_ended() -> None:
    """One that has nothing to give at the moment is not cut off, and the connection does not stay for ever."""

    class Thinking:
        def resumeProducing(self) -> None: ...

        def stopProducing(self) -> None: ...

    link = Link()
    link.client.transport.registerProducer(Thinking(), False)
    link.client.transport.loseConnection()
    link.settle()
    assert link.client.connected_still
    link.client.transport.unregisterProducer()
    link.settle()
    assert link.client.lost is ConnectionDone


def test_what_waits_for_a_reader_who_has_gone_is_lost() -> None:
    """Its writer is told, though it had written before."""
    link = Link(HalfEnd(), End())
    link.server.transport.pauseProducing()
    link.client.transport.write(b"x" * 100)
    link.settle()
    link.server.transport.loseConnection()
    link.settle()
    assert (link.server.lost, link.client.lost) == (ConnectionDone, ConnectionLost)


def test_who_has_ended_already_closes_at_once() -> None:
    """Whether the other end reads or not."""
    link = Link(HalfEnd(), HalfEnd())
    link.client.transport.loseWriteConnection()
    link.settle()
    link.server.transport.pauseProducing()
    link.client.transport.loseConnection()
    link.settle()
    assert link.client.lost is ConnectionDone
