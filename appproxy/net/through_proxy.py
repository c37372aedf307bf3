"""Connections through an HTTP proxy: a tunnel by CONNECT, in which everything else, TLS first of all, is as without one."""

from __future__ import annotations

from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.endpoints import HostnameEndpoint
from twisted.internet.error import ConnectingCancelledError
from twisted.internet.interfaces import IDelayedCall, IProtocol, IProtocolFactory, IStreamClientEndpoint
from twisted.internet.protocol import Factory, Protocol, connectionDone
from twisted.python.failure import Failure
from zope.interface import implementer

from appproxy.config.outbound_proxy import OutboundProxy
from appproxy.errors import AppProxyError
from appproxy.http.proxies.connect import ConnectAnswer, connect_request, read_connect_answer

#: From the request to the proxy's answer: it looks the name up, and connects.
ANSWER_SECONDS = 20.0


class ProxyError(AppProxyError):
    """The proxy on the way out cannot be reached, or opens no tunnel; the hint says what to do."""


def refusal(proxy: OutboundProxy, place: str, answer: ConnectAnswer) -> ProxyError:
    """What an answer means that opens no tunnel to `place` (HOST:PORT)."""
    answered = f"{answer.status} {answer.reason}".strip()
    signs_in = answer.status in (401, 407)  # tinyproxy says 401 to a wrong password
    if signs_in and answer.schemes and "basic" not in answer.schemes:
        return ProxyError(f"the proxy {proxy} asks for a kind of sign-in that is not known here: {', '.join(answer.schemes)}",
                          hint="have it allow Basic, or this machine without a sign-in")
    if signs_in and proxy.credentials:
        return ProxyError(f"the proxy {proxy} does not take the user and password ({answered})",
                          hint="correct outbound_proxy_credentials, or what HTTPS_PROXY has before the @")
    if signs_in:
        return ProxyError(f"the proxy {proxy} wants a user and a password ({answered})",
                          hint="set outbound_proxy_credentials to a file with USER:PASSWORD")
    if answer.status in (502, 503, 504):
        return ProxyError(f"the proxy {proxy} cannot reach {place} ({answered})",
                          hint="is the service up, and does the proxy find its name?")
    return ProxyError(f"the proxy {proxy} opens no way to {place} ({answered})",
                      hint=f"have it allow CONNECT to {place}, or name the host in NO_PROXY")


@implementer(IStreamClientEndpoint)
class ThroughProxy:
    """A client end point, as HostnameEndpoint is: `connect` fires when the tunnel is open, and fails with ProxyError.

    The name is the proxy's to look up. `timeout` is for the connection to the proxy, in seconds.
    """

    def __init__(self, reactor: Any, proxy: OutboundProxy, host: str, port: int, timeout: float) -> None:
        self._reactor = reactor
        self._proxy = proxy
        self._host = host
        self._port = port
        self._timeout = timeout

    def connect(self, protocolFactory: IProtocolFactory) -> Deferred[IProtocol]:
        """Dial the proxy, ask it, and put a protocol of this factory on the tunnel."""
        opening = _Opening(self._reactor, self._proxy, self._host, self._port, protocolFactory)
        endpoint = HostnameEndpoint(self._reactor, self._proxy.host, self._proxy.port, self._timeout)
        opening.dial(endpoint)
        return opening.opened


class _Opening(Protocol):
    """From the connection to the proxy to the open tunnel, where the real protocol takes this one's place."""

    transport: Any

    def __init__(self, clock: Any, proxy: OutboundProxy, host: str, port: int, factory: IProtocolFactory) -> None:
        self.opened: Deferred[IProtocol] = Deferred(lambda _: self._cancelled())
        self._clock = clock
        self._proxy = proxy
        self._host = host
        self._port = port
        self._factory = factory
        self._begun = b""
        self._over = False
        self._late: IDelayedCall | None = None
        self._dialling: Deferred[Any] | None = None

    def dial(self, endpoint: IStreamClientEndpoint) -> None:
        """Connect to the proxy."""
        factory = Factory.forProtocol(lambda: self)
        factory.noisy = False
        self._dialling = endpoint.connect(factory)
        self._dialling.addErrback(self._unreachable)

    def connectionMade(self) -> None:
        """The proxy is there."""
        self._late = self._clock.callLater(ANSWER_SECONDS, self._too_late)
        self.transport.write(connect_request(self._host, self._port, self._proxy.credentials))

    def dataReceived(self, data: bytes) -> None:
        """Parts of its answer."""
        if self._over:
            return
        self._begun += data
        try:
            answer = read_connect_answer(self._begun)
        except ValueError as error:
            self._fail(ProxyError(f"the proxy {self._proxy}: {error}", hint=f"correct {self._proxy.source}"))
            return
        if answer is None:
            return
        if answer.is_open:
            self._hand_over(self._begun[answer.size:])
        else:
            self._fail(refusal(self._proxy, f"{self._host}:{self._port}", answer))

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        """Before its answer."""
        self._fail(ProxyError(f"the proxy {self._proxy} closed the connection without an answer",
                              hint=f"is it an HTTP proxy, and does it let this machine in? ({self._proxy.source})"))

    def _hand_over(self, rest: bytes) -> None:
        self._end()
        transport = self.transport
        protocol = self._factory.buildProtocol(transport.getPeer())
        if protocol is None:
            transport.abortConnection()
            self.opened.errback(ConnectingCancelledError(transport.getPeer()))
            return
        # All that TCP has to say from now on it says to the new one.
        transport.protocol = protocol
        protocol.makeConnection(transport)
        self.opened.callback(protocol)
        if rest:
            protocol.dataReceived(rest)

    def _unreachable(self, reason: Failure) -> None:
        self._fail(ProxyError(f"the proxy {self._proxy} cannot be reached: {reason.getErrorMessage()}",
                              hint=f"correct {self._proxy.source}, or open the way to the proxy"))

    def _too_late(self) -> None:
        self._late = None
        self._fail(ProxyError(f"the proxy {self._proxy} did not answer within {ANSWER_SECONDS:.0f} s",
                              hint="can it reach the service?"))

    def _fail(self, error: ProxyError) -> None:
        if not self._over:
            self._cancelled()
            self.opened.errback(Failure(error))

    def _cancelled(self) -> None:
        self._end()
        if self.transport is not None:
            self.transport.abortConnection()
        elif self._dialling is not None:
            self._dialling.cancel()

    def _end(self) -> None:
        self._over = True
        if self._late is not None:
            self._late.cancel()
            self._late = None
