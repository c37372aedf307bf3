"""The endpoint string `appproxy:STATE:application=NAME`: a Twisted server that users reach through a service.

`listen` starts a connector in this process; the requests for one published application then arrive as connections of the
factory. No port is opened.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IAddress, IListeningPort, IProtocolFactory, IStreamServerEndpoint
from twisted.logger import Logger
from zope.interface import implementer

from appproxy.admin.transport.lock import ServiceLock
from appproxy.config.state import ConnectorPaths
from appproxy.errors import ConfigError
from appproxy.net.descriptors.in_process import InProcessAddress
from appproxy.twistd.connector_service import ConnectorService, connector_service

#: How long a start waits for the service before it says in the log that it does, in seconds.
PATIENCE = 20.0


@implementer(IStreamServerEndpoint)
class PublishedEndpoint:
    """Listens through a service, as the connector of a state directory, for the users of one application."""

    log = Logger()

    def __init__(self, reactor: Any, state: Path, application: str, timeout: float | None) -> None:
        self._reactor = reactor
        self._state = state.absolute()
        self._application = application
        self._timeout = timeout

    def listen(self, protocolFactory: IProtocolFactory) -> Deferred[IListeningPort]:
        """Fires with a port when the service sends requests here. Its `stopListening` drains.

        Fails with an AppProxyError that says what to do: nobody has joined from the directory, another connector runs on it,
        the service does not want this connector, no such application is published in its group. While the service cannot be
        reached it waits, for `timeout` seconds if there is such a limit, and else for ever: a program must come up by itself
        when the service does. Cancelling gives up.
        """
        return Deferred.fromCoroutine(self._listen(protocolFactory))

    async def _listen(self, factory: IProtocolFactory) -> IListeningPort:
        service = connector_service(self._state, self._reactor, factories={self._application: factory})
        lock = ServiceLock(ConnectorPaths(self._state).lock)
        if not lock.try_acquire():
            raise ConfigError(
                f"{self._state}: another endpoint{lock.holder()} listens as this connector; stop it, or join from a state "
                "directory of its own. One program can serve several applications: appproxy.api.connector_service"
            )
        port = PublishedPort(service, lock, factory, self._application)
        waiting = self._reactor.callLater(PATIENCE, self._still_waiting, service)
        try:
            port.startListening()
            ready = service.ready
            if self._timeout is not None:
                ready.addTimeout(self._timeout, self._reactor, self._too_late)
            await ready
        except BaseException:
            await port.stopListening()
            raise
        finally:
            if waiting.active():
                waiting.cancel()
        self.log.info("{application} is served here, through {address}",
                      application=self._application, address=service.settings.address)
        return port

    def _still_waiting(self, service: ConnectorService) -> None:
        self.log.warn(
            "{application}: {address} does not answer yet; it is dialled again and again",
            application=self._application, address=service.settings.address,
        )  # fmt: skip

    def _too_late(self, result: object, seconds: float) -> object:
        raise ConfigError(f"application {self._application!r}: the service has not answered within {seconds:g} s; is it up, "
                          "and the way to it open?")


@implementer(IListeningPort)
class PublishedPort:
    """One application's place in this process."""

    def __init__(self, service: ConnectorService, lock: ServiceLock, factory: IProtocolFactory, application: str) -> None:
        self._service = service
        self._lock = lock
        self._factory = factory
        self._application = application

    def startListening(self) -> None:
        """Begin to dial. Raises ConfigError when the connector's key or certificate cannot be used."""
        self._factory.doStart()
        self._service.startService()

    def stopListening(self) -> Deferred[None]:
        """Take no more requests; fires when those under way have ended, or `drain_seconds` are over. It is safe twice."""
        return Deferred.fromCoroutine(self._stop())

    async def _stop(self) -> None:
        if not self._lock.held:
            return
        running = bool(self._service.running)
        try:
            if running:
                await self._service.stopService()
        finally:
            if self._lock.held:
                self._lock.release()
                self._factory.doStop()

    def getHost(self) -> IAddress:
        """Which application it is: there is no port."""
        return InProcessAddress(self._application)


def endpoint_of(reactor: Any, state: str = "", application: str = "", timeout: str = "", **others: str) -> PublishedEndpoint:
    """The endpoint of a string's fields. Raises ValueError that names the field."""
    usage = "write appproxy:STATE:application=NAME, with \\: for a colon in the directory's name"
    if others:
        raise ValueError(f"appproxy: {', '.join(others)}: no such field; {usage}[:timeout=SECONDS]")
    if not state:
        raise ValueError(f"appproxy: the connector's state directory is missing; {usage}")
    if not application:
        raise ValueError(f"appproxy: application is missing; {usage}")
    seconds: float | None = None
    if timeout:
        try:
            seconds = float(timeout)
        except ValueError:
            seconds = 0.0
        if not 0 < seconds < float("inf"):
            raise ValueError(f"appproxy: timeout: {timeout!r} is no number of seconds above 0")
    return PublishedEndpoint(reactor, Path(state), application, seconds)
