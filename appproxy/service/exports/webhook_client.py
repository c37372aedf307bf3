"""A batch as an HTTPS request: signed, posted to what an administrator has named, and nowhere else."""

from __future__ import annotations

from collections.abc import Callable

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IReactorTime
from twisted.web.http_headers import Headers
from twisted.web.iweb import IAgent

from appproxy.export.webhook import LONGEST_WAIT, DeliveryVerdict, batch, is_suspect, signed_fields, verdict_on
from appproxy.http.retry_after import wait_asked_for
from appproxy.net.agent import call
from appproxy.service.exports.delivery import DeliveryFailed, Payload
from appproxy.service.signin.openid.provider_agent import ProviderAgent
from appproxy.store.service.audit_exports import AuditExport

MakeAgent = Callable[[AuditExport], IAgent]
#: Destinations whose connections are kept for a moment.
_MOST_AGENTS = 16


class WebhookClient:
    """Posts batches (`delivery.Deliver`). `make_agent`: what dials for a destination; `wall_clock`: seconds since 1970."""

    def __init__(self, reactor: IReactorTime, wall_clock: Callable[[], float], make_agent: MakeAgent | None = None) -> None:
        self._wall_clock = wall_clock
        self._make_agent = make_agent or (
            lambda export: ProviderAgent(reactor, export.ca_bundle, credential=lambda: export.credential))
        self._agents: dict[str, IAgent] = {}

    def __call__(self, export: AuditExport, load: Payload) -> Deferred[None]:
        """Post it."""
        return Deferred.fromCoroutine(self._post(export, load))

    async def _post(self, export: AuditExport, load: Payload) -> None:
        body, now = batch(load.pieces), self._wall_clock()
        fields = {**signed_fields(export.secret, load.id, now, body), "user-agent": "appproxy"}
        headers = Headers({name: [value] for name, value in fields.items()})
        status, fields_there, _ = await call(self._agent(export), b"POST", export.url, headers, body)
        verdict = verdict_on(status)
        if verdict is not DeliveryVerdict.TAKEN:
            wait = wait_asked_for(fields_there.getRawHeaders(b"retry-after"), now, LONGEST_WAIT)
            raise DeliveryFailed(f"the receiver answers {status}", wait,
                                 refused=verdict is DeliveryVerdict.REFUSED, suspect=is_suspect(status))

    def _agent(self, export: AuditExport) -> IAgent:
        if export.id not in self._agents:
            if len(self._agents) >= _MOST_AGENTS:
                self._agents.clear()
            self._agents[export.id] = self._make_agent(export)
        return self._agents[export.id]
