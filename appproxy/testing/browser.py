"""A browser for tests: treq over a network in memory. It trusts one authority, keeps cookies and follows redirects."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode, urljoin

from treq.client import HTTPClient
from treq.cookies import IndexableCookieJar
from twisted.internet.defer import Deferred
from twisted.internet.endpoints import HostnameEndpoint
from twisted.internet.interfaces import IProtocol, IProtocolFactory, IStreamClientEndpoint
from twisted.web.client import URI, Agent
from twisted.web.http_headers import Headers
from twisted.web.iweb import IAgentEndpointFactory
from zope.interface import implementer

from appproxy.net.agent import BytesProducer
from appproxy.net.secure.tls import ClientContext, origin_context, wrap_client
from appproxy.testing.forms import Form
from appproxy.testing.network import MemoryNetwork

#: What a browser says of itself when somebody types an address.
_NAVIGATION = {"accept": "text/html,*/*;q=0.8", "sec-fetch-mode": "navigate", "sec-fetch-dest": "document"}


@dataclass(frozen=True, slots=True)
class Page:
    """What a browser has got in the end."""

    url: str
    status: int
    headers: Headers
    body: bytes

    @property
    def text(self) -> str:
        """The body as text."""
        return self.body.decode("utf-8", "replace")


class SignInFailed(Exception):
    """The sign-in page came back, or another page that is not the one wanted."""


class Browser:
    """One user's browser. Every call lets the network turn until the answer is complete."""

    def __init__(self, network: MemoryNetwork, anchor: bytes) -> None:
        self._network = network
        self.cookies = IndexableCookieJar()
        agent = Agent.usingEndpointFactory(network, _EndPoints(network, anchor.decode("ascii")))
        self._client = HTTPClient(agent, self.cookies)

    def get(self, url: str, **options: Any) -> Page:
        """Type an address. `options` are treq's."""
        return self.request("GET", url, **options)

    def request(
        self, method: str, url: str, *, navigate: bool = True, data: bytes | Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None, seconds: float = 120.0, **options: Any,
    ) -> Page:  # fmt: skip
        """Any request; `navigate` False: what a script on a page would send. A mapping is sent as a form.

        `seconds` of the network's time are waited at most; other `options` are treq's.
        """
        fields = dict(_NAVIGATION) if navigate else {"sec-fetch-mode": "cors"}
        if isinstance(data, Mapping):
            data = urlencode(data).encode()
            fields["content-type"] = "application/x-www-form-urlencoded"
        if data is not None:
            options["data"] = BytesProducer(data)
        fields.update(headers or {})
        return self._network.run(Deferred.fromCoroutine(self._ask(method, url, fields, options)), seconds)

    async def _ask(self, method: str, url: str, headers: dict[str, str], options: dict[str, Any]) -> Page:
        answer = await self._client.request(method, url, headers=Headers({k: [v] for k, v in headers.items()}), **options)
        body = await answer.content()
        return Page(answer.request.absoluteURI.decode(), answer.code, answer.headers, body)

    def sign_in(self, url: str, name: str, password: str) -> Page:
        """Open `url`, fill in the built-in provider's form, and give the page that follows. Raises SignInFailed."""
        page = self.get(url)
        form = Form(page.text)
        if form.action is None or "password" not in form.fields:
            raise SignInFailed(f"{page.url} has no sign-in form: {page.status}")
        after = self.request(
            "POST", urljoin(page.url, form.action), data={**form.fields, "username": name, "password": password},
            headers={"origin": _origin(page.url), "sec-fetch-site": "same-origin"},
        )  # fmt: skip
        if "password" in Form(after.text).fields:
            raise SignInFailed(f"{after.url} asks again: {after.status}")
        return after


@implementer(IAgentEndpointFactory)
class _EndPoints:
    """Dials with our own TLS: Twisted's would wait for the turns of the global reactor."""

    def __init__(self, network: MemoryNetwork, anchor: str) -> None:
        self._network = network
        self._anchor = anchor

    def endpointForURI(self, uri: URI) -> IStreamClientEndpoint:
        """Called by Agent."""
        host = uri.host.decode("ascii")
        return _SecureEndPoint(self._network, host, uri.port, origin_context(host, self._anchor, "", True))


@implementer(IStreamClientEndpoint)
class _SecureEndPoint:
    """TLS to a host of the network."""

    def __init__(self, network: MemoryNetwork, host: str, port: int, context: ClientContext) -> None:
        self._network = network
        self._inner = HostnameEndpoint(network, host, port)
        self._context = context

    def connect(self, protocolFactory: IProtocolFactory) -> Deferred[IProtocol]:
        """Called by Agent."""
        return Deferred.fromCoroutine(self._connect(protocolFactory))

    async def _connect(self, factory: IProtocolFactory) -> IProtocol:
        layer: Any = await self._inner.connect(wrap_client(self._context, factory, self._network))
        inner: IProtocol = layer.wrappedProtocol
        return inner


def _origin(url: str) -> str:
    scheme, _, rest = url.partition("://")
    return f"{scheme}://{rest.partition('/')[0]}"
