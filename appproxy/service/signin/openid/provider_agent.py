"""The HTTPS connections to identity providers: verified, and kept for a moment, so that a sign-in's calls share one.

A handshake costs both ends more than all else of a call, and whoever has begun a sign-in can make us call.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IReactorTime
from twisted.web.client import Agent, HTTPConnectionPool
from twisted.web.http_headers import Headers
from twisted.web.iweb import IAgent, IAgentEndpointFactory, IBodyProducer, IPolicyForHTTPS, IResponse
from zope.interface import implementer

from appproxy.net.secure.contexts import ClientContext, origin_context
from appproxy.pki.issuing.authority import Credential
from appproxy.pki.pem import load_chain

#: Seconds to connect; the rest of a call's time is for the answer.
CONNECT_TIMEOUT = 5.0
#: Seconds for which an idle connection is kept. Apache and Node.js close theirs after five: a request on its way to a
#: connection that is being closed is lost, and one with a code must not be sent twice.
IDLE = 3.0
#: Idle connections to one host that are kept: as many as there are calls at the same time.
MOST_IDLE = 64
#: Seconds after which all connections are made again, so that a changed certificate or authority counts from then on,
#: however busy they are.
RENEWED = 600.0
#: Seconds for which the authorities that were read are good. To read this machine's takes some 15 ms.
AUTHORITIES_FRESH = 3600.0
#: Hosts of one provider's end points; real ones have one or two.
_MOST_HOSTS = 16


@implementer(IAgent)
class ProviderAgent:
    """An agent for one provider, so that nothing is shared with others that trust other authorities.

    `ca_bundle`: PEM text, "" for the system's authorities; `credential`: gives the certificate that is shown to a server
    that asks for one. A GET that a kept connection did not answer is sent once more, on a new one; a POST never. Raises
    ConfigError when the bundle holds no certificate.
    """

    def __init__(
        self, reactor: IReactorTime, ca_bundle: str = "", endpoints: IAgentEndpointFactory | None = None,
        credential: Callable[[], Credential | None] = lambda: None,
    ) -> None:
        """`endpoints` replaces what dials, and with it the check of certificates: for tests."""
        if ca_bundle:
            load_chain(ca_bundle, "ca_bundle")
        self._reactor = reactor
        self._policy = ProviderPolicy(reactor, ca_bundle, credential)
        self._endpoints = endpoints
        self._renew()

    def request(
        self, method: bytes, uri: bytes, headers: Headers | None = None, bodyProducer: IBodyProducer | None = None
    ) -> Deferred[IResponse]:
        """Called for each call to the provider."""
        if self._reactor.seconds() - self._since >= RENEWED:
            # What is being asked is still answered; its connection then idles in a pool that nobody takes it from.
            self._pool.closeCachedConnections()
            self._renew()
        asked: Deferred[IResponse] = self._agent.request(method, uri, headers, bodyProducer)
        return asked

    def _renew(self) -> None:
        self._since = self._reactor.seconds()
        self._pool = HTTPConnectionPool(cast("Any", self._reactor))
        self._pool.maxPersistentPerHost = MOST_IDLE
        self._pool.cachedConnectionTimeout = cast("int", IDLE)
        if self._endpoints is None:
            self._agent = Agent(self._reactor, self._policy, connectTimeout=CONNECT_TIMEOUT, pool=self._pool)
        else:
            self._agent = Agent.usingEndpointFactory(self._reactor, self._endpoints, pool=self._pool)


@implementer(IPolicyForHTTPS)
class ProviderPolicy:
    """A provider's certificate is checked as an application's is, against `ca_bundle` or the system's authorities."""

    def __init__(
        self, clock: IReactorTime, ca_bundle: str = "", credential: Callable[[], Credential | None] = lambda: None
    ) -> None:
        self._clock = clock
        self._credential = credential
        self._ca_bundle = ca_bundle
        #: By host: since when it is used.
        self._made: dict[bytes, tuple[float, ClientContext]] = {}

    def creatorForNetloc(self, hostname: bytes, port: int) -> ClientContext:
        """Called by the agent for each request, whether or not it then makes a connection."""
        now = self._clock.seconds()
        made = self._made.get(hostname)
        if made is None or now - made[0] >= AUTHORITIES_FRESH:
            if len(self._made) >= _MOST_HOSTS:
                self._made.clear()
            made = self._made[hostname] = (now, origin_context(
                hostname.decode("ascii"), self._ca_bundle, "", True, self._credential()))
        return made[1]
