"""What only a running service can say to an operation: it is asked before the operation begins."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from twisted.internet.address import IPv4Address, IPv6Address
from twisted.internet.defer import Deferred, gatherResults
from twisted.internet.interfaces import IResolutionReceiver
from zope.interface import implementer

from appproxy.admin.base.body import Body
from appproxy.admin.base.operation import Ask
from appproxy.provider import BuiltInProvider
from appproxy.publish.application import Application
from appproxy.service.exports.exporter import Exporter
from appproxy.service.node import ServiceNode
from appproxy.service.signin.openid.trial import ProviderTrial
from appproxy.store.service import audit_exports
from appproxy.twistd.assembly.replaying import LogReplay

#: Hosts of one application that are looked up: a resolver that does not answer costs seconds for each.
_MOST_HOSTS = 20


@dataclass(frozen=True, slots=True)
class AskedService:
    """The parts of a running service that are asked. `reactor` looks up names."""

    provider: BuiltInProvider
    node: ServiceNode
    exporter: Exporter
    trial: ProviderTrial
    replay: LogReplay
    reactor: Any

    async def __call__(self, ask: Ask, path: Mapping[str, str], body: Body, caller: str) -> object:
        """What an operation wants to know; None for an application that is not there, of which the store will say so.
        `caller`: who has called it, as the audit names them.
        """
        match ask:
            case Ask.REPORT:
                return await self.provider.directories.report(path["directory"])
            case Ask.GROUP:
                return await self.provider.directories.find_group(path["directory"], body.text("group"))
            case Ask.PROVIDER:
                return [asdict(step) for step in await self.trial(path["provider"])]
            case Ask.REPLAY:
                return await self._replayed(body, caller)
            case Ask.EXPORT:
                return await self.exporter.try_out(await self.node.store.read(audit_exports.find, path["export"]))
            case Ask.EXAMINATION:
                id_ = connector_named(self.node, path["connector"])
                return None if id_ is None else await self.node.examine(id_)
            case Ask.TRAFFIC:
                return self.node.history.last_hour()
            case _:
                return await self._of_application(ask, path["application"])

    async def _replayed(self, body: Body, caller: str) -> object:
        policies = body.json("policies") if "policies" in body else []
        return await self.replay(policies, body.texts("without", ()), body.duration("age") if "age" in body else None, caller)

    async def _of_application(self, ask: Ask, text: str) -> object:
        node, application = self.node, named(self.node, text)
        if ask is Ask.TRAFFIC_OF:
            return node.history.last_hour_of(text if application is None else application.name)
        if ask is Ask.FAILURES:
            return [] if application is None else node.history.failures.of(application.name)
        assert ask is Ask.REACH
        return None if application is None else await _reach(node, self.reactor, application)


def named(node: ServiceNode, text: str) -> Application | None:
    """The application with this id or name, as the node knows it."""
    published = node.snapshot.applications
    key = text.casefold()
    return published.get(text) or next((one for one in published.values() if one.name.casefold() == key), None)


def connector_named(node: ServiceNode, text: str) -> str | None:
    """The id of the connector with this id or name, as the node knows it; None where there is none, or several."""
    known = node.snapshot.connectors
    found = [text] if text in known else [one.id for one in known.values() if one.name == text]
    return found[0] if len(found) == 1 else None


async def _reach(node: ServiceNode, reactor: Any, application: Application) -> Mapping[str, object]:
    """Where its hosts lead, where the service's own host leads, and how it answers."""
    hosts = dict.fromkeys(
        pair.external.host for pair in application.pairs
        if not pair.external.is_wildcard and not pair.external.host.endswith(".localhost"))
    asked_for = [*hosts][:_MOST_HOSTS]
    own = node.settings.signin_host
    looked_up = gatherResults([_addresses(reactor, host) for host in (*asked_for, own)])
    probed = await node.status.probe(application.id)
    found = await looked_up
    probe = probed.get(application.name)
    return {
        "hosts": dict(zip(asked_for, found, strict=False)), "own": found[-1],
        "probe": None if probe is None else {"status": probe.status, "failure": probe.failure, "detail": probe.detail},
    }


def _addresses(reactor: Any, host: str) -> Deferred[list[str]]:
    receiver = _Addresses()
    reactor.nameResolver.resolveHostName(receiver, host)
    return receiver.done


@implementer(IResolutionReceiver)
class _Addresses:
    """Fires `done` with all addresses of a name, [] for one that is not there."""

    def __init__(self) -> None:
        self.done: Deferred[list[str]] = Deferred()
        self._found: list[str] = []

    def resolutionBegan(self, resolutionInProgress: object) -> None:
        """Called by the resolver."""

    def addressResolved(self, address: object) -> None:
        """Called by the resolver for each."""
        if isinstance(address, IPv4Address | IPv6Address) and address.host not in self._found:
            self._found.append(address.host)

    def resolutionComplete(self) -> None:
        """Called by the resolver."""
        self.done.callback(self._found)
