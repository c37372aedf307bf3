"""The shorter way from epoll to a protocol does what Twisted's own does."""

from __future__ import annotations

import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import pytest
from twisted.internet import tcp
from twisted.internet.base import ReactorBase
from twisted.internet.epollreactor import EPollReactor
from twisted.internet.interfaces import IHalfCloseableProtocol
from twisted.internet.protocol import ClientFactory, Factory, Protocol, connectionDone
from twisted.internet.task import deferLater
from twisted.python import log
from twisted.python.failure import Failure
from zope.interface import implementer

from appproxy.net.loop.flush_scheduler import at_turn_end
from appproxy.net.loop.reactor import RelayReactor
from appproxy.net.loop.reading import ReadingServer

#: A test that waits for what never comes ends after so many seconds.
PATIENCE = 20.0


@pytest.fixture
def reactor() -> Iterator[RelayReactor]:
    """One that has not run yet, closed in the end."""
    made = RelayReactor()
    yield made
    for one in made.removeAll():
        if isinstance(one, tcp.Port | tcp.Connection):
            one.socket.close()
    made._poller.close()


def run(reactor: RelayReactor) -> None:
    """Until somebody stops it."""
    late = reactor.callLater(PATIENCE, reactor.crash)
    reactor.run(installSignalHandlers=False)
    assert late.active(), "nobody has stopped it"
    late.cancel()


@pytest.mark.parametrize("name", ["_newTimedCalls", "_pendingTimedCalls", "_justStopped", "threadCallQueue", "running",
                                  "_selectables", "_poller", "_doReadOrWrite", "_disconnectSelectable"])
def test_what_it_uses_of_twisted_is_there(name: str) -> None:
    """A new Twisted that moves one of these is noticed here."""
    assert hasattr(EPollReactor(), name)


def test_twisted_calls_what_it_overrides() -> None:
    """The main loop still calls `doIteration` with the seconds that it may wait."""
    names = ReactorBase.mainLoop.__code__.co_names
    assert {"runUntilCurrent", "timeout", "doIteration"} <= set(names)


@implementer(IHalfCloseableProtocol)
class Talker(Protocol):
    """Says what it is given, then ends its direction; keeps what it hears."""

    def __init__(self, words: bytes, heard: Callable[[Talker], None]) -> None:
        self.words = words
        self.got = bytearray()
        self.ended = False
        self._heard = heard

    def connectionMade(self) -> None:
        self.transport.write(self.words)  # type: ignore[union-attr]
        self.transport.loseWriteConnection()  # type: ignore[union-attr]

    def dataReceived(self, data: bytes) -> None:
        self.got += data

    def readConnectionLost(self) -> None:
        self.ended = True
        self._heard(self)

    def writeConnectionLost(self) -> None:
        pass


def listen(reactor: RelayReactor, build: Callable[[], Protocol]) -> int:
    """Serve these protocols; gives the port."""
    factory = Factory()
    factory.buildProtocol = lambda addr: build()  # type: ignore[method-assign]
    return int(reactor.listenTCP(0, factory, interface="127.0.0.1").getHost().port)


def dial(reactor: RelayReactor, port: int, protocol: Protocol) -> None:
    """Connect this one."""
    factory = ClientFactory()
    factory.noisy = False
    factory.buildProtocol = lambda addr: protocol  # type: ignore[method-assign]
    reactor.connectTCP("127.0.0.1", port, factory)


def test_much_both_ways_and_both_half_closes(reactor: RelayReactor) -> None:
    """More than any buffer holds, so that writers wait; each end hears all, then the other's end."""
    heard: list[Talker] = []

    def over(one: Talker) -> None:
        heard.append(one)
        if len(heard) == 2:
            reactor.stop()

    up, down = bytes(range(256)) * 40_000, bytes(range(255, -1, -1)) * 30_000
    client, server = Talker(up, over), Talker(down, over)
    dial(reactor, listen(reactor, lambda: server), client)
    run(reactor)
    assert bytes(client.got) == down
    assert bytes(server.got) == up
    assert client.ended and server.ended


def test_a_socket_that_listens_already(reactor: RelayReactor) -> None:
    """Its connections are as lean as those of any port; who comes before is served, and its end here is none for others."""
    with socket.create_server(("127.0.0.1", 0)) as before:
        before.setblocking(False)
        kinds: list[type] = []

        def build(addr: object) -> Protocol:
            return Talker(b"hello", lambda one: kinds.append(type(one.transport)))

        factory = Factory()
        factory.buildProtocol = build  # type: ignore[method-assign]
        with socket.create_connection(before.getsockname()) as user:
            port = reactor.adoptStreamPort(before.fileno(), socket.AF_INET, factory)
            user.shutdown(socket.SHUT_WR)
            deferLater(reactor, 0.2, lambda: port.stopListening().addCallback(lambda _: reactor.stop()))
            run(reactor)
            assert user.recv(100) == b"hello"
        assert kinds == [ReadingServer]
        with socket.create_connection(before.getsockname()):
            pass


def test_a_connection_that_another_process_has_accepted(reactor: RelayReactor) -> None:
    """It is as lean as any."""
    kinds: list[type] = []
    factory = Factory()
    factory.buildProtocol = lambda addr: Talker(  # type: ignore[method-assign]
        b"hello", lambda one: kinds.append(type(one.transport)))
    with socket.create_server(("127.0.0.1", 0)) as before, socket.create_connection(before.getsockname()) as user:
        accepted = before.accept()[0]
        accepted.setblocking(False)
        reactor.adoptStreamConnection(accepted.fileno(), socket.AF_INET, factory)
        accepted.close()
        user.shutdown(socket.SHUT_WR)
        deferLater(reactor, 0.2, reactor.stop)
        run(reactor)
        assert user.recv(100) == b"hello" and kinds == [ReadingServer]


class Faulty(Protocol):
    """Fails at whatever it hears, and if asked at its end too."""

    def __init__(self, at_end: bool, over: Callable[[Failure], None]) -> None:
        self._at_end = at_end
        self._over = over

    def dataReceived(self, data: bytes) -> None:
        raise ValueError("a fault of ours")

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        self._over(reason)
        if self._at_end:
            raise KeyError("and another one")


@contextmanager
def errors() -> Iterator[list[type[BaseException]]]:
    """What is logged as an error meanwhile."""
    logged: list[type[BaseException]] = []

    def note(event: log.EventDict) -> None:
        if event["isError"]:
            logged.append(event["failure"].type)

    log.addObserver(note)
    try:
        yield logged
    finally:
        log.removeObserver(note)


@contextmanager
def readable(reactor: RelayReactor, protocols: Sequence[Protocol]) -> Iterator[list[tcp.Connection]]:
    """One connection for each of these, with a byte to read."""
    pairs = [socket.socketpair() for _ in protocols]
    transports = []
    for (ours, theirs), protocol in zip(pairs, protocols, strict=True):
        ours.setblocking(False)
        transport = tcp.Connection(ours, protocol, reactor)
        transport.connected = True
        transports.append(transport)
        protocol.makeConnection(transport)
        transport.startReading()
        theirs.send(b"x")
    yield transports
    for transport in transports:
        transport.stopReading()
    for pair in pairs:
        for one in pair:
            one.close()


@pytest.mark.parametrize("at_end", [False, True])
def test_a_fault_ends_its_connection_alone(reactor: RelayReactor, at_end: bool) -> None:
    """It is logged with its traceback, and the events of others that the same poll has found are dealt with."""
    ends: list[Failure] = []
    got: list[bytes] = []

    class Fine(Protocol):
        def dataReceived(self, data: bytes) -> None:
            got.append(data)

    with errors() as logged, readable(reactor, [Fine(), Faulty(at_end, ends.append), Fine()]):
        reactor.doPoll(0.0)
    assert got == [b"x", b"x"]
    assert [end.type for end in ends] == [ValueError]
    assert logged == ([ValueError, KeyError] if at_end else [ValueError])


def test_one_event_closes_what_another_is_for(reactor: RelayReactor) -> None:
    """Both were found by one poll: whoever comes first takes the other away, and that one is not called."""
    said: list[int] = []

    class Jealous(Protocol):
        def dataReceived(self, data: bytes) -> None:
            said.append(1)
            for transport in transports:
                transport.stopReading()

    with errors() as logged, readable(reactor, [Jealous(), Jealous()]) as transports:
        reactor.doPoll(0.0)
    assert (said, logged) == ([1], [])


class Chatter(Protocol):
    """Sends back what it hears, for ever: the reactor never has nothing to do."""

    def dataReceived(self, data: bytes) -> None:
        self.transport.write(data)  # type: ignore[union-attr]


def chat(reactor: RelayReactor) -> None:
    """Two of them, one of which begins."""

    class First(Chatter):
        def connectionMade(self) -> None:
            self.transport.write(b"x")  # type: ignore[union-attr]

    dial(reactor, listen(reactor, Chatter), First())


def _soon(reactor: RelayReactor) -> None:
    reactor.callLater(0.02, reactor.stop)


def _sooner(reactor: RelayReactor) -> None:
    call = reactor.callLater(PATIENCE / 2, reactor.stop)
    reactor.callLater(0.01, call.reset, 0.01)


def _thread(reactor: RelayReactor) -> None:
    reactor.callInThread(reactor.callFromThread, reactor.stop)


def _chain(reactor: RelayReactor) -> None:
    deferLater(reactor, 0.01, lambda: None).addCallback(lambda _: reactor.callLater(0, reactor.stop))


def _cancelled(reactor: RelayReactor) -> None:
    for _ in range(200):
        reactor.callLater(0.001, lambda: None).cancel()
    reactor.callLater(0.01, reactor.stop)


@pytest.mark.parametrize("busy", [False, True])
@pytest.mark.parametrize("ask", [_soon, _sooner, _thread, _chain, _cancelled])
def test_whatever_is_due_comes(reactor: RelayReactor, ask: Callable[[RelayReactor], None], busy: bool) -> None:
    """Delayed calls, moved ones, threads, and a stop: also while one event follows another without end."""
    if busy:
        chat(reactor)
    reactor.callWhenRunning(ask, reactor)
    run(reactor)


def test_the_end_of_a_turn_comes_once_after_all_its_events(reactor: RelayReactor) -> None:
    """As often as it was asked for, in that order; one that fails is logged, and keeps no other."""
    said: list[str] = []

    def fail() -> None:
        raise ValueError("a fault of ours")

    class Busy(Protocol):
        def dataReceived(self, data: bytes) -> None:
            said.append("event")
            reactor.at_turn_end(fail)
            reactor.at_turn_end(lambda: said.append("end"))

    with errors() as logged, readable(reactor, [Busy(), Busy()]):
        reactor.doPoll(0.0)
        assert said == ["event", "event", "end", "end"]
        reactor.doPoll(0.0)
    assert said == ["event", "event", "end", "end"]
    assert logged == [ValueError, ValueError]


@pytest.mark.parametrize("busy", [False, True])
def test_no_end_of_a_turn_is_waited_for(reactor: RelayReactor, busy: bool) -> None:
    """Nor what it asks for itself: the end of the next turn, and a delayed call."""
    if busy:
        chat(reactor)
    reactor.callWhenRunning(lambda: reactor.at_turn_end(
        lambda: reactor.at_turn_end(lambda: reactor.callLater(0.01, reactor.at_turn_end, lambda: reactor.callLater(
            0, reactor.stop)))))
    run(reactor)


def test_an_end_of_a_turn_may_ask_for_the_next_one(reactor: RelayReactor) -> None:
    """It comes without another event."""
    class Asking(Protocol):
        def dataReceived(self, data: bytes) -> None:
            reactor.at_turn_end(lambda: reactor.at_turn_end(reactor.stop))

    with readable(reactor, [Asking()]):
        run(reactor)


def test_an_event_may_ask_for_a_delayed_call(reactor: RelayReactor) -> None:
    """It comes when its time has come, without another event."""
    class Asking(Protocol):
        def dataReceived(self, data: bytes) -> None:
            reactor.callLater(0.01, reactor.stop)

    with readable(reactor, [Asking()]):
        run(reactor)


def test_connections_flush_at_the_end_of_a_turn_without_a_delayed_call(reactor: RelayReactor) -> None:
    """Nor do they when the reactor is turned by hand."""
    class Flushed:
        times = 0

        def flush_turn(self) -> None:
            self.times += 1

    one, other = Flushed(), Flushed()
    at_turn_end(reactor)(one.flush_turn)
    at_turn_end(reactor)(other.flush_turn)
    assert reactor.getDelayedCalls() == []
    before = reactor.seconds()
    reactor.iterate(PATIENCE)
    assert (one.times, other.times) == (1, 1)
    assert reactor.seconds() < before + PATIENCE, "they were not flushed before it waited"


def test_its_clock_is_set_by_nobody(reactor: RelayReactor) -> None:
    """Delayed calls are due by it: when the time of day is set, none waits longer for that, and none comes earlier."""
    before, call, after = time.monotonic(), reactor.callLater(60.0, lambda: None), time.monotonic()
    assert before + 60.0 <= call.getTime() <= after + 60.0
    call.reset(30.0)
    assert before + 30.0 <= call.getTime() <= time.monotonic() + 30.0
    call.cancel()


def test_by_hand_it_polls_once(reactor: RelayReactor) -> None:
    """`iterate` gives control back after what was there, also while the reactor runs."""
    polls: list[Any] = []
    poll = reactor.doPoll

    def counted(timeout: float | None) -> None:
        polls.append(timeout)
        poll(timeout)

    def turn() -> None:
        reactor.doPoll = counted  # type: ignore[method-assign]
        reactor.iterate()
        del reactor.doPoll
        reactor.stop()

    chat(reactor)
    reactor.callLater(0.01, turn)
    run(reactor)
    assert polls == [0.0]


def python(code: str) -> str:
    """What a fresh process prints."""
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert not ended.returncode, ended.stderr
    return ended.stdout.strip()


def test_twistd_knows_it_by_name() -> None:
    """`twistd -r appproxy` takes it for any program."""
    assert python("from twisted.application.reactors import installReactor; installReactor('appproxy');"
                  "from twisted.internet import reactor; print(type(reactor).__name__)") == "RelayReactor"


@pytest.mark.parametrize("before", ["", "import twisted.internet.selectreactor as one; one.install(); "])
def test_a_reactor_that_was_asked_for_stays(before: str) -> None:
    """Our programs install theirs only where there is none."""
    assert python(f"{before}from appproxy.net.loop.reactor import install_unless_another as ours; ours();"
                  "from twisted.internet import reactor; print(type(reactor).__name__)") == (
        "SelectReactor" if before else "RelayReactor")
