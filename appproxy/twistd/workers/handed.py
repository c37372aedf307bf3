"""The worker's end: connections that the parent has accepted become those of the listeners that it names."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from twisted.internet.address import IPv4Address
from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IAddress, IListeningPort, IProtocolFactory
from twisted.logger import Logger
from zope.interface import implementer

from appproxy.config.values import Address
from appproxy.net.descriptors.inherited import family_of
from appproxy.net.descriptors.packets import PacketPipe
from appproxy.net.loop.exhaustion import EXHAUSTION

#: What the parent says: here is a connection of the listener that follows; a reload failed, for the reason that follows;
#: end, for others go on in your place; end.
CONNECTION, FAILED, REPLACED, STOP = b"c", b"f", b"l", b"s"
#: What the worker says: the node that follows is this one; it serves; it has taken one connection; somebody else has told it
#: to end, and it goes on until the parent says so, too.
NODE, SERVES, TAKEN, PARTING = b"n", b"r", b"t", b"p"


class HandedConnections:
    """Where a worker listens: `open` is what `listenTCP` is elsewhere. `failed` hears why a reload came to nothing,
    `over` that this process is to end: the parent says so (True: others go on in its place), or is gone.
    """

    log = Logger()

    def __init__(self, reactor: Any, pipe: int, process: int, reloads: int) -> None:
        #: The parent's number, and how often it was reloaded.
        self.process = process
        self.reloads = reloads
        self._reactor = reactor
        self._ports: dict[str, HandedPort] = {}
        self._ended_by_parent = False
        self._parting: Deferred[None] | None = None
        self.failed: Callable[[str], None] = lambda reason: None
        self.over: Callable[[bool], None] = lambda replaced: None
        self._pipe = PacketPipe(reactor, socket.socket(fileno=pipe), self._received, self._ended)

    def open(self, setting: str, address: Address | None, factory: IProtocolFactory) -> IListeningPort:
        """From now on connections of this listener go to `factory`."""
        port = self._ports[setting] = HandedPort(self, setting, address, factory)
        port.startListening()
        return port

    def closed(self, setting: str) -> None:
        """They are refused."""
        self._ports.pop(setting, None)

    def is_node(self, id: str) -> None:
        """Tell the parent that connectors who ask for this node mean this process."""
        self._pipe.send(NODE + id.encode("ascii"))

    def serves(self, said: str = "") -> None:
        """Tell the parent that users may come, and what else is to be said then."""
        self._pipe.send(SERVES + said.encode("ascii"))

    def part(self) -> Deferred[None]:
        """Fires once others go on in this process's place: the parent sends it nobody more then, and all that it has sent has
        come.
        """
        if self._parting is None:
            self._parting = Deferred()
            if self._ended_by_parent:
                self._parting.callback(None)
            else:
                self._pipe.send(PARTING)
        return self._parting

    def close(self) -> None:
        """The process is about to end."""
        self._pipe.close()

    def _ended(self) -> None:
        self._end(False)

    def _end(self, replaced: bool) -> None:
        self._ended_by_parent = True
        self.over(replaced)
        if self._parting is not None and not self._parting.called:
            self._parting.callback(None)

    def _received(self, packet: bytes, descriptor: int | None) -> None:
        kind, said = packet[:1], packet[1:].decode("utf-8", "replace")
        if kind == CONNECTION:
            if descriptor is None:
                EXHAUSTION.closed += 1
                EXHAUSTION.met("connections that come in")
            else:
                self._adopt(said, descriptor)
            self._pipe.send(TAKEN)
        elif kind == FAILED:
            self.failed(said)
        elif kind in (REPLACED, STOP):
            self._end(kind == REPLACED)

    def _adopt(self, setting: str, descriptor: int) -> None:
        """The transport has a descriptor of its own."""
        port = self._ports.get(setting)
        try:
            if port is not None:
                os.set_blocking(descriptor, False)
                self._reactor.adoptStreamConnection(descriptor, family_of(descriptor), port.factory)
        except OSError as error:
            self.log.debug("a connection was lost on its way: {reason}", reason=str(error))
        except Exception:
            self.log.failure("a connection that was handed over could not begin")
        finally:
            os.close(descriptor)


@implementer(IListeningPort)
class HandedPort:
    """One listener of a worker."""

    def __init__(
        self, handed: HandedConnections, setting: str, address: Address | None, factory: IProtocolFactory
    ) -> None:
        self.factory = factory
        self._handed = handed
        self._setting = setting
        self._address = address

    def startListening(self) -> None:
        """Called once."""
        self.factory.doStart()

    def stopListening(self) -> None:
        """Take no more."""
        self._handed.closed(self._setting)
        with suppress(AssertionError):
            self.factory.doStop()

    def getHost(self) -> IAddress:
        """Where the settings say."""
        address = self._address or Address("", 0)
        return IPv4Address("TCP", address.host, address.port)
