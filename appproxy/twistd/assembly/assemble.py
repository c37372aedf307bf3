"""Puts the parts of a service together: store, sign-in, built-in provider, node. Every start goes through `assemble`."""

from __future__ import annotations

import os
import secrets
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from twisted.internet.defer import Deferred, maybeDeferred
from twisted.web.resource import IResource, Resource

from appproxy.admin.base.body import Body
from appproxy.admin.base.operation import Ask
from appproxy.admin.transport.api import AdminApi
from appproxy.admin.transport.socket import AdminSocket
from appproxy.config import ServiceSettings, StatePaths
from appproxy.net.chance import TimeAndChance
from appproxy.net.descriptors.inherited import HandsOver, Inherited
from appproxy.policy.conditional.locations import no_country
from appproxy.provider import BuiltInProvider
from appproxy.provider.passwords.checker import PasswordWork, Runner
from appproxy.provider.steps.party_sign_in import SignInWatch
from appproxy.service.exchange.exchange import Handler
from appproxy.service.exports.exporter import Exporter
from appproxy.service.exports.senders import Senders
from appproxy.service.node import ServiceNode
from appproxy.service.node_parts import NodeSignIn, OwnPages
from appproxy.service.own.acme_session import LibrarySession
from appproxy.service.own.certificate_orders import Issuer
from appproxy.service.own.resources import ResourceHandler
from appproxy.service.revocation.fetching import Fetching
from appproxy.service.revocation.revocation import Revocation
from appproxy.service.signin.openid.access_tokens import AccessTokens
from appproxy.service.signin.openid.identity_provider import OidcProvider
from appproxy.service.signin.openid.oidc_client import HttpOidcClient
from appproxy.service.signin.openid.posting import Posting
from appproxy.service.signin.openid.provider_agent import ProviderAgent
from appproxy.service.signin.openid.providers import Providers
from appproxy.service.signin.openid.trial import ProviderTrial
from appproxy.service.signin.request.elsewhere import SignInsElsewhere
from appproxy.service.signin.sessions.apps_page import domain_door
from appproxy.service.signin.sign_in import BuiltInPages, SignIn, SignInPlace
from appproxy.service.signin.stores.live_store import LiveSignInStore
from appproxy.store.database.away import AwayStore
from appproxy.store.database.live import LiveStore
from appproxy.store.database.store import Store
from appproxy.store.database.thread import WorkerThreads
from appproxy.store.policies.countries import CountryDatabase
from appproxy.store.service.notes import Notes
from appproxy.store.snapshot import BUILTIN, OIDC, ProviderRecord
from appproxy.twistd.assembly.administration import Administration
from appproxy.twistd.assembly.asking import AskedService
from appproxy.twistd.assembly.opening import keeper_of
from appproxy.twistd.assembly.passwords import admit_password
from appproxy.twistd.assembly.replaying import LogReplay
from appproxy.twistd.assembly.risk_parts import RiskParts, risk_parts
from appproxy.twistd.assembly.tracing import ServiceTracing, service_tracing

#: The admin API's socket, among what a successor inherits.
ADMIN = "admin"


class WorkerParent(HandsOver, Protocol):
    """Of a worker."""

    #: Its number, which is the service's.
    process: int
    #: How often it was reloaded.
    reloads: int

    def is_node(self, id: str) -> None:
        """Connectors who ask for this node mean this process."""


@dataclass(frozen=True, slots=True)
class Assembly:
    """The parts of one node, in the order of their start."""

    live: LiveStore
    node: ServiceNode
    provider: BuiltInProvider
    api: AdminApi
    admin: AdminSocket
    issuer: Issuer
    exporter: Exporter
    tracing: ServiceTracing | None
    revocation: Revocation

    async def start(self, admin_socket: int | None = None, worker: WorkerParent | None = None) -> None:
        """Returns when all listeners accept and the snapshot is loaded. Raises what a part raises; then call `stop`.

        `admin_socket`: a predecessor's listening socket for commands. `worker`: of which parent this process is one.
        """
        self.node.startService()
        await self.node.ready
        self.provider.start()
        if worker is not None:
            self.admin.serve_handed(lambda site: worker.open(ADMIN, None, site), worker.process, worker.reloads)
        elif admin_socket is None:
            self.admin.startService()
        else:
            self.admin.adopt(admin_socket)
        self.issuer.start()
        self.exporter.start()
        self.revocation.start()

    def hand_over(self) -> dict[str, int]:
        """All listening sockets, for a successor. Raises CannotListenError."""
        return {**self.node.succession.hand_over(), ADMIN: self.admin.descriptor}

    def enter(self) -> None:
        """The predecessor takes nothing more: commands are for this process."""
        self.admin.enter()

    def leave(self) -> None:
        """A successor has taken up the sockets: take nothing new. Then call `stop`."""
        self.admin.leave()
        self.node.membership.hand_over()
        self.node.succession.leave()

    async def stop(self) -> None:
        """Drain, then stop; parts that were not started are left alone."""
        if not self.node.running:
            return
        self.issuer.stop()
        self.exporter.stop()
        self.revocation.stop()
        await maybeDeferred(self.admin.stopService)
        if self.node.ready.called:
            self.provider.stop()
            await maybeDeferred(self.node.stopService)
        if self.tracing is not None:
            await self.tracing.stop()


def assemble(
    settings: ServiceSettings,
    directory: Path,
    store: Store | AwayStore,
    reactor: Any,
    wall_clock: Callable[[], float] = time.time,  # noqa: TID251 -- the default of an argument
    *,
    pool: WorkerThreads | None = None,
    run: Runner | None = None,
    inherited: Inherited | None = None,
) -> Assembly:
    """Build a node on an open store. `directory` is where relative paths of the settings count from, `inherited` has sockets
    that listen already. `pool` and `run` replace the threads of the database and of the password checks.
    """
    countries = _countries(settings, directory, store)
    keeper = keeper_of(StatePaths(directory), settings, store, wall_clock)
    live = LiveStore(reactor, store, wall_clock, pool, keeper, shared=inherited is not None and inherited.parent is not None)
    notes, elsewhere = Notes(live, reactor, wall_clock), SignInsElsewhere()
    risk = risk_parts(settings, directory, countries, live, reactor, wall_clock)
    outside = TimeAndChance(wall_clock)
    watch = SignInWatch(
        risk.failed, risk.let_in, elsewhere, device_url=lambda *asked: sign_in.device_elsewhere.url(*asked))
    provider = BuiltInProvider(
        live, settings.signin_origin, reactor, outside, work=PasswordWork(run=run), note=notes.note, post=Posting(reactor),
        watch=watch)
    providers = _providers(live, provider, reactor, wall_clock)
    revocation = Revocation(live, Fetching(reactor), reactor, wall_clock, secrets.token_bytes)
    sign_in_store = LiveSignInStore(live, notes.note, wall_clock)
    sign_in = SignIn(
        SignInPlace(settings.signin_origin, settings.public_port, settings.device_origin), sign_in_store, providers, outside,
        builtin=BuiltInPages(provider.resources(), provider.end_session), refreshing=(sign_in_store, reactor),
        risk=risk.judge, statuses=revocation.statuses)
    own, tokens = _handler(live, sign_in.application_root), AccessTokens(providers, reactor)
    entrance = NodeSignIn(sign_in, notes.note, sign_in.renewal, tokens, (sign_in_store, sign_in))
    administration = Administration(
        settings, live, reactor, wall_clock, sign_in=entrance, pages=own, directories=provider.directories)
    node = ServiceNode(
        settings, live, reactor, entrance, OwnPages(_own_hosts(settings, live, sign_in, administration), own),
        directory=directory, outside=outside, inherited=inherited)
    _tell(node, sign_in, elsewhere, risk, revocation)
    exporter = node.exporter = Exporter(
        live, settings.domain, Senders(reactor, wall_clock), reactor, wall_clock, secrets.token_bytes)
    api = AdminApi(
        live, settings, admit_password, node.status, wall_clock, no_country if countries is None else countries.country_of,
        _asking(settings, directory, provider, node, exporter, reactor, wall_clock))
    administration.use(api, lambda: node.end.has_begun)
    admin = AdminSocket(reactor, api, StatePaths(directory).admin_socket)
    return Assembly(live, node, provider, api, admin, Issuer(live, LibrarySession, reactor, wall_clock), exporter,
                    service_tracing(settings.traces, directory, node, reactor, wall_clock), revocation)


def _tell(
    node: ServiceNode, sign_in: SignIn, elsewhere: SignInsElsewhere, risk: RiskParts, revocation: Revocation
) -> None:
    """Of sign-ins, to what a node logs and counts."""
    elsewhere.use(node.decisions, node.reports, sign_in.exempt)
    sign_in.refused.log = None if node.decisions is None else node.decisions.add_of
    node.traffic.break_glass = sign_in.exempt.so_far
    node.traffic.judged, node.revocation = risk.levels, revocation.numbers


def _asking(
    settings: ServiceSettings, directory: Path, provider: BuiltInProvider, node: ServiceNode, exporter: Exporter, reactor: Any,
    wall_clock: Callable[[], float],
) -> Callable[[Ask, Mapping[str, str], Body, str], Deferred[Any]]:
    """What is asked for operations. A provider that is tried out is made again, so that nothing is remembered of it."""
    live = node.store
    trial = ProviderTrial(lambda: _providers(live, provider, reactor, wall_clock), lambda: live.snapshot.providers,
                          settings.signin_origin, wall_clock)
    asking = AskedService(provider, node, exporter, trial, LogReplay(reactor, directory, os.environ), reactor)
    return lambda ask, path, body, caller: Deferred.fromCoroutine(asking(ask, path, body, caller))


def _countries(settings: ServiceSettings, directory: Path, store: Store | AwayStore) -> CountryDatabase | None:
    """Says in which country an address is. With a database of them, the store uses it, too."""
    if settings.country_database is None:
        return None
    countries = CountryDatabase(directory / settings.country_database)
    store.use_countries(countries)
    return countries


def _providers(
    live: LiveStore, builtin: BuiltInProvider, reactor: Any, wall_clock: Callable[[], float],
) -> Providers:
    """All identity providers: the built-in one without a connection, others over HTTPS."""
    in_process = builtin.client()

    def over_https(record: ProviderRecord) -> OidcProvider:
        agent = ProviderAgent(reactor, record.ca_bundle, credential=lambda: record.tls_credential(wall_clock()))
        return OidcProvider(record, HttpOidcClient(record, agent, reactor, wall_clock), wall_clock)

    return Providers(lambda: live.snapshot, {
        BUILTIN: lambda record: OidcProvider(record, in_process),
        OIDC: over_https,
    }, reactor)


def _handler(live: LiveStore, root: IResource) -> ResourceHandler:
    return ResourceHandler(root, brand=lambda: live.snapshot.brand)


def _own_hosts(
    settings: ServiceSettings, live: LiveStore, sign_in: SignIn, administration: Administration
) -> dict[str, Handler]:
    """What answers on the hosts of the service itself."""
    wanted = {settings.admin_host: administration.handler} if settings.admin_api else {}
    return {
        **wanted,
        settings.signin_host: _handler(live, sign_in.signin_root), settings.apps_host: _handler(live, sign_in.apps_root),
        settings.device_host: _handler(live, sign_in.device_root),
        settings.domain: domain_door(settings.apps_origin, _handler(live, Resource())),
    }
