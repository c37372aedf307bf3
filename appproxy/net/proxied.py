"""Connections of front proxies that speak the PROXY protocol: the header is taken off, then they are their clients'."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from twisted.internet.address import IPv4Address, IPv6Address
from twisted.internet.interfaces import IAddress, IDelayedCall, IProtocol, IProtocolFactory, IReactorTime
from twisted.internet.protocol import Protocol, connectionDone
from twisted.logger import Logger
from twisted.python.failure import Failure
from zope.interface import implementer

from appproxy.http.proxies.proxy_protocol import read_proxy_header

#: It is the first thing that a proxy sends, in one segment.
HEADER_SECONDS = 5.0


@implementer(IProtocolFactory)
class ProxiedFactory:
    """Stands before `factory`, below TLS. Connections from addresses that `trusts` must begin with a PROXY header;
    those from all others are the factory's from the first byte, which a PROXY header does not survive.
    """

    def __init__(self, factory: IProtocolFactory, trusts: Callable[[str], bool], clock: IReactorTime) -> None:
        self.factory = factory
        self.clock = clock
        #: Connections whose header has not come; a drain waits for them, for the header is their proxy's and not their user's.
        self.waiting = 0
        self._trusts = trusts

    def doStart(self) -> None:
        """Called by a port."""
        self.factory.doStart()

    def doStop(self) -> None:
        """Called by a port."""
        self.factory.doStop()

    def buildProtocol(self, addr: IAddress) -> IProtocol | None:
        """Called by a port."""
        if self._trusts(getattr(addr, "host", "")):
            return _HeaderFirst(self, addr)
        return self.factory.buildProtocol(addr)


class _HeaderFirst(Protocol):
    """Reads the header, then puts the connection's real protocol in its own place."""

    transport: Any
    log = Logger()

    def __init__(self, proxied: ProxiedFactory, address: IAddress) -> None:
        self._proxied = proxied
        self._address = address
        self._begun = b""
        self._deadline: IDelayedCall | None = None
        self._waits = False

    def connectionMade(self) -> None:
        self._waits = True
        self._proxied.waiting += 1
        self._deadline = self._proxied.clock.callLater(HEADER_SECONDS, self._late)

    def dataReceived(self, data: bytes) -> None:
        self._begun += data
        try:
            header = read_proxy_header(self._begun)
        except ValueError as error:
            self._refuse(str(error))
            return
        if header is not None:
            self._hand_over(header.client, self._begun[header.size:])

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        self._stop_waiting()

    def _hand_over(self, client: str | None, rest: bytes) -> None:
        self._stop_waiting()
        transport = self.transport
        protocol = self._proxied.factory.buildProtocol(_place(client) if client is not None else self._address)
        if protocol is None:
            transport.abortConnection()
            return
        # All that TCP has to say from now on it says to the new one.
        transport.protocol = protocol
        protocol.makeConnection(transport)
        if rest:
            protocol.dataReceived(rest)

    def _late(self) -> None:
        self._deadline = None
        self._refuse(f"no PROXY header in {HEADER_SECONDS:g} s")

    def _refuse(self, why: str) -> None:
        self._stop_waiting()
        self.log.warn("connection of the trusted proxy {address} is refused: {why}",
                      address=getattr(self._address, "host", ""), why=why)
        self.transport.abortConnection()

    def _stop_waiting(self) -> None:
        if self._waits:
            self._waits = False
            self._proxied.waiting -= 1
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None


def _place(client: str) -> IPv4Address | IPv6Address:
    return (IPv6Address if ":" in client else IPv4Address)("TCP", client, 0)
