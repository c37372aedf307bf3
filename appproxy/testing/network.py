"""A network and a reactor in memory: listening, dialling, names, time. Nothing happens unless a test asks for it.

`MemoryNetwork` is a `twisted.internet.task.Clock` with `listenTCP` and `connectTCP`: a program that takes its reactor as an
argument runs on it unchanged, TLS included. Transports keep order, pause, resume, half-close and reset as TCP does.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from threading import get_ident
from typing import Any, TypeVar

from twisted.internet.address import IPv4Address
from twisted.internet.defer import Deferred
from twisted.internet.error import CannotListenError, ConnectionRefusedError
from twisted.internet.interfaces import (
    IConnector,
    IHostnameResolver,
    IHostResolution,
    IListeningPort,
    IProtocolFactory,
    IReactorPluggableNameResolver,
    IReactorTCP,
    IResolutionReceiver,
)
from twisted.internet.protocol import ClientFactory, Protocol
from twisted.internet.task import Clock
from twisted.python.failure import Failure
from zope.interface import implementer

from appproxy.net.descriptors.in_process import InProcessTransport, connect

T = TypeVar("T")

_LOOPBACK = "127.0.0.1"
#: The first port given to those who dial.
_EPHEMERAL = 49_152


class NeverFired(Exception):
    """What a test waited for has not happened, and nothing is left that could make it happen in time."""


@implementer(IListeningPort)
class MemoryPort:
    """A listening port."""

    def __init__(self, network: MemoryNetwork, number: int, factory: IProtocolFactory) -> None:
        self._network = network
        self._number = number
        self.factory = factory

    def startListening(self) -> None:
        """Accept connections."""
        self.factory.doStart()
        self._network.ports[self._number] = self

    def stopListening(self) -> None:
        """Accept none any more; connections that are there stay."""
        if self._network.ports.pop(self._number, None) is not None:
            self.factory.doStop()

    def getHost(self) -> IPv4Address:
        """Where it listens."""
        return IPv4Address("TCP", _LOOPBACK, self._number)


@implementer(IConnector)
class MemoryConnector:
    """One attempt to dial."""

    def __init__(self, network: MemoryNetwork, host: str, port: int, factory: ClientFactory[Any]) -> None:
        self._network = network
        self._destination = IPv4Address("TCP", host, port)
        self._factory = factory
        self._transport: InProcessTransport | None = None
        self._stopped = False

    def connect(self) -> None:
        """Dial."""
        self._factory.doStart()
        self._factory.startedConnecting(self)
        self._network.callLater(0, self._arrive)

    def stopConnecting(self) -> None:
        """Give up."""
        self._stopped = True

    def disconnect(self) -> None:
        """Give up, or close."""
        if self._transport is None:
            self.stopConnecting()
        else:
            self._transport.loseConnection()

    def getDestination(self) -> IPv4Address:
        """What is dialled."""
        return self._destination

    def _arrive(self) -> None:
        if self._stopped:
            return
        source = self._network.next_address()
        port = self._network.ports.get(self._destination.port)
        server = None if port is None else port.factory.buildProtocol(source)
        if server is None:
            self._factory.clientConnectionFailed(self, Failure(ConnectionRefusedError()))
            return
        client = self._factory.buildProtocol(self._destination) or Protocol()
        self._transport, there = connect(self._network, client, server, source, self._destination)
        self._network.transports += [self._transport, there]


@implementer(IHostResolution)
class _Resolution:
    """A look-up that is over at once."""

    def __init__(self, name: str) -> None:
        self.name = name

    def cancel(self) -> None:
        """Too late."""


@implementer(IHostnameResolver)
class _Names:
    """Every name is this machine."""

    def resolveHostName(
        self, resolutionReceiver: IResolutionReceiver, hostName: str, portNumber: int = 0,
        addressTypes: Sequence[type] | None = None, transportSemantics: str = "TCP",
    ) -> IHostResolution:  # fmt: skip
        """Called by end points."""
        resolution = _Resolution(hostName)
        resolutionReceiver.resolutionBegan(resolution)
        resolutionReceiver.addressResolved(IPv4Address("TCP", _LOOPBACK, portNumber))
        resolutionReceiver.resolutionComplete()
        return resolution


class InlinePool:
    """A thread pool without threads: work is done at once."""

    def start(self) -> None:
        """Nothing to start."""

    def stop(self) -> None:
        """Nothing to stop."""

    def callInThreadWithCallback(
        self, onResult: Callable[[bool, Any], object] | None, func: Callable[..., object], *args: Any, **kwargs: Any
    ) -> object:
        """Do it, and tell."""
        try:
            success, result = True, func(*args, **kwargs)
        except Exception:
            success, result = False, Failure()
        if onResult is not None:
            onResult(success, result)
        return None


@implementer(IReactorTCP, IReactorPluggableNameResolver)
class MemoryNetwork(Clock):
    """A reactor whose network and time are made of memory. `run` lets it turn until something has happened.

    The thread that made it turns it; another one gets a RuntimeError, as it would corrupt what is under way: connections of
    OpenSSL, that two threads use at once, end the whole process.
    """

    def __init__(self, now: float = 1_000_000.0) -> None:
        super().__init__()
        self.rightNow = now
        self.ports: dict[int, MemoryPort] = {}
        self.transports: list[InProcessTransport] = []
        self.nameResolver: IHostnameResolver = _Names()
        self._last = _EPHEMERAL
        self._thread = get_ident()

    def advance(self, amount: float) -> None:
        """Let so many seconds pass. Raises RuntimeError in a thread that has not made the network."""
        if get_ident() != self._thread:
            raise RuntimeError("another thread turns this network: has a test replaced what all threads call, as time.sleep?")
        super().advance(amount)

    def installNameResolver(self, resolver: IHostnameResolver) -> IHostnameResolver:
        """Let this one say what names mean."""
        old, self.nameResolver = self.nameResolver, resolver
        return old

    def next_address(self) -> IPv4Address:
        """Where the next one dials from."""
        self._last += 1
        return IPv4Address("TCP", _LOOPBACK, self._last)

    def listenTCP(self, port: int, factory: IProtocolFactory, backlog: int = 50, interface: str = "") -> MemoryPort:
        """Listen; port 0 takes a free one. Raises CannotListenError when the port is taken."""
        number = port or max([10_000, *self.ports]) + 1
        if number in self.ports:
            raise CannotListenError(interface, port, "taken")
        listening = MemoryPort(self, number, factory)
        listening.startListening()
        return listening

    def connectTCP(
        self, host: str, port: int, factory: ClientFactory[Any], timeout: float = 30,
        bindAddress: tuple[str, int] | None = None,
    ) -> MemoryConnector:  # fmt: skip
        """Dial."""
        connector = MemoryConnector(self, host, port, factory)
        connector.connect()
        return connector

    def callFromThread(self, callable: Callable[..., object], *args: object, **kwargs: object) -> None:
        """There is one thread; the call comes in the next turn."""
        self.callLater(0, callable, *args, **kwargs)

    def getThreadPool(self) -> InlinePool:
        """Work is done at once."""
        return InlinePool()

    def callWhenRunning(self, callable: Callable[..., object], *args: object, **kwargs: object) -> None:
        """It runs always."""
        self.callLater(0, callable, *args, **kwargs)

    def addSystemEventTrigger(self, *args: object, **kwargs: object) -> None:
        """It never shuts down."""

    def run(self, waiting: Deferred[T], seconds: float = 60.0) -> T:
        """Turn, and let time pass, until `waiting` has fired; gives its result or raises its error.

        Raises NeverFired when it has not fired after so many seconds of the network's own time.
        """
        results: list[Any] = []
        waiting.addBoth(results.append)
        end = self.seconds() + seconds
        while not results:
            self.advance(0)
            if results:
                break
            times = [call.getTime() for call in self.getDelayedCalls()]
            if not times or min(times) > end:
                raise NeverFired(f"not in {seconds:g} s")
            self.advance(max(min(times) - self.seconds(), 0))
        result = results[0]
        if isinstance(result, Failure):
            result.raiseException()
        return result  # type: ignore[no-any-return]

    def pass_time(self, seconds: float) -> None:
        """Let so much time pass, in steps in which everything that is due happens in its order."""
        end = self.seconds() + seconds
        while True:
            self.advance(0)
            due = [call.getTime() for call in self.getDelayedCalls() if call.getTime() <= end]
            if not due:
                break
            self.advance(max(min(due) - self.seconds(), 0))
        self.advance(max(end - self.seconds(), 0))
