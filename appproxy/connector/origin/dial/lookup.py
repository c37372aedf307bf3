"""Names of applications: whether a look-up is still under way, and which addresses a name has now."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.error import DNSLookupError
from twisted.internet.interfaces import (
    IAddress,
    IConnector,
    IDelayedCall,
    IHostnameResolver,
    IHostResolution,
    IReactorPluggableNameResolver,
    IReactorTime,
    IResolutionReceiver,
)
from twisted.internet.protocol import ClientFactory
from twisted.python.failure import Failure
from zope.interface import implementer


class LookupTimedOut(DNSLookupError):
    """The name's addresses were still being looked up when the time for connecting was over."""


@implementer(IResolutionReceiver)
class _Receiver:
    """Passes all on to `under`, and tells when the look-up is over."""

    def __init__(self, under: IResolutionReceiver, over: Callable[[], None]) -> None:
        self._under = under
        self._over = over

    def resolutionBegan(self, resolutionInProgress: IHostResolution) -> None:
        self._under.resolutionBegan(resolutionInProgress)

    def addressResolved(self, address: IAddress) -> None:
        self._under.addressResolved(address)

    def resolutionComplete(self) -> None:
        self._over()
        self._under.resolutionComplete()


@implementer(IReactorPluggableNameResolver, IReactorTime, IHostnameResolver)
class WatchedLookup:
    """Stands in for the reactor at one HostnameEndpoint, which does not tell a slow look-up from a slow application."""

    def __init__(self, reactor: Any) -> None:
        self._reactor = reactor
        self.pending = False

    @property
    def nameResolver(self) -> IHostnameResolver:
        """This very object, for it watches."""
        return self

    def installNameResolver(self, resolver: IHostnameResolver) -> IHostnameResolver:
        """Nobody does, at this place."""
        raise NotImplementedError

    def resolveHostName(self, resolutionReceiver: IResolutionReceiver, *arguments: Any, **named: Any) -> IHostResolution:
        """Look a name up."""
        self.pending = True
        resolver: IHostnameResolver = self._reactor.nameResolver
        return resolver.resolveHostName(_Receiver(resolutionReceiver, self._over), *arguments, **named)

    def connectTCP(self, host: str, port: int, factory: ClientFactory, *arguments: Any, **named: Any) -> IConnector:
        """Connect to one of the addresses."""
        connector: IConnector = self._reactor.connectTCP(host, port, factory, *arguments, **named)
        return connector

    def seconds(self) -> float:
        """Monotonic time."""
        now: float = self._reactor.seconds()
        return now

    def callLater(self, delay: float, callable: Callable[..., object], *arguments: Any, **named: Any) -> IDelayedCall:
        """For the pause between two addresses."""
        call: IDelayedCall = self._reactor.callLater(delay, callable, *arguments, **named)
        return call

    def getDelayedCalls(self) -> list[IDelayedCall]:
        """Nobody asks, at this place."""
        raise NotImplementedError

    def explain(self, reason: Failure) -> Failure:
        """An errback of the attempt: when it is broken off before the name was found, that is the reason."""
        return Failure(LookupTimedOut("its name was still being looked up")) if self.pending else reason

    def _over(self) -> None:
        self.pending = False


@implementer(IResolutionReceiver)
class _Gatherer:
    def __init__(self, found: Deferred[frozenset[str]]) -> None:
        self._found = found
        self._hosts: set[str] = set()

    def resolutionBegan(self, resolutionInProgress: IHostResolution) -> None:
        """Nothing to do: it is not broken off."""

    def addressResolved(self, address: IAddress) -> None:
        self._hosts.add(address.host)  # type: ignore[attr-defined]  # both kinds of IP address have it

    def resolutionComplete(self) -> None:
        self._found.callback(frozenset(self._hosts))


def addresses_of(reactor: Any, host: str) -> Deferred[frozenset[str]]:
    """All addresses that this name has now; an empty set when it has none, or nobody can say."""
    found: Deferred[frozenset[str]] = Deferred()
    resolver: IHostnameResolver = reactor.nameResolver
    resolver.resolveHostName(_Gatherer(found), host)
    return found
