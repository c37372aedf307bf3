"""Posting forms to clients of the built-in provider, at addresses that an admin has registered; redirects are not followed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from urllib.parse import urlencode

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IReactorTime
from twisted.web.http_headers import Headers
from twisted.web.iweb import IAgent

from appproxy.net.agent import call, within
from appproxy.service.signin.openid.provider_agent import ProviderAgent

#: Seconds for one call, the connection included.
CALL_TIMEOUT = 10.0
#: Sets of authorities for which connections are kept.
_MOST_AGENTS = 32


class Posting:
    """`make_agent` gives what dials, for the PEM of the authorities that alone count, "" for the system's."""

    def __init__(self, reactor: IReactorTime, make_agent: Callable[[str], IAgent] | None = None) -> None:
        self._reactor = reactor
        self._make_agent = make_agent or (lambda ca_bundle: ProviderAgent(reactor, ca_bundle))
        self._agents: dict[str, IAgent] = {}

    def __call__(self, url: str, form: Mapping[str, str], ca_bundle: str) -> Deferred[int]:
        """Post a form; fires with the answer's status, and fails with whatever came in between within `CALL_TIMEOUT`."""
        return within(Deferred.fromCoroutine(self._post(url, form, ca_bundle)), CALL_TIMEOUT, self._reactor)

    async def _post(self, url: str, form: Mapping[str, str], ca_bundle: str) -> int:
        headers = Headers({"content-type": ["application/x-www-form-urlencoded"], "user-agent": ["appproxy"]})
        return (await call(self._agent(ca_bundle), b"POST", url, headers, urlencode(form).encode("ascii"))).status

    def _agent(self, ca_bundle: str) -> IAgent:
        if ca_bundle not in self._agents:
            if len(self._agents) >= _MOST_AGENTS:
                self._agents.clear()
            self._agents[ca_bundle] = self._make_agent(ca_bundle)
        return self._agents[ca_bundle]
