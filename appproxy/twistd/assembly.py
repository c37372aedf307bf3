"""Puts the parts of a service together: store, sign-in, built-in provider, node. Whoever starts one comes here."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from twisted.internet.defer import maybeDeferred
from twisted.web.resource import IResource, Resource

from appproxy.admin.socket import AdminApi, AdminSocket
from appproxy.config import ServiceSettings, StatePaths
from appproxy.http.head import RequestHead
from appproxy.provider import BuiltInProvider
from appproxy.provider.checker import Runner
from appproxy.publish.application import Application
from appproxy.service.node import ServiceNode
from appproxy.service.own.acme_session import LibrarySession
from appproxy.service.own.certificate_orders import Issuer
from appproxy.service.own.resources import ResourceHandler
from appproxy.service.signin.apps_page import domain_door
from appproxy.service.signin.oidc_client import HttpOidcClient, ProviderClients
from appproxy.service.signin.provider_agent import ProviderAgent
from appproxy.service.signin.sign_in import SignIn
from appproxy.service.signin.store import LiveSignInStore
from appproxy.store.database.live import LiveStore, WorkerThreads
from appproxy.store.database.store import Store
from appproxy.store.service.notes import Notes
from appproxy.store.snapshot import BUILTIN
from appproxy.twistd.passwords import admit_password


@dataclass(frozen=True, slots=True)
class Assembly:
    """The parts of one node, in the order of their start."""

    live: LiveStore
    node: ServiceNode
    provider: BuiltInProvider
    api: AdminApi
    admin: AdminSocket
    issuer: Issuer

    async def start(self) -> None:
        """Returns when all listeners accept and the snapshot is loaded. Raises what a part raises; then call `stop`."""
        self.node.startService()
        await self.node.ready
        self.provider.start()
        self.admin.startService()
        self.issuer.start()

    async def stop(self) -> None:
        """Drain, then stop; parts that were not started are left alone."""
        if not self.node.running:
            return
        self.issuer.stop()
        await maybeDeferred(self.admin.stopService)
        if self.node.ready.called:
            self.provider.stop()
            await maybeDeferred(self.node.stopService)


def assemble(
    settings: ServiceSettings,
    directory: Path,
    store: Store,
    reactor: Any,
    wall_clock: Callable[[], float] = time.time,  # noqa: TID251 -- the default of an argument
    *,
    pool: WorkerThreads | None = None,
    run: Runner | None = None,
) -> Assembly:
    """Build a node on an open store. `directory` is where relative paths of the settings count from.

    `pool` and `run` replace the threads of the database and of the password checks.
    """
    live = LiveStore(reactor, store, wall_clock, pool)
    notes = Notes(live, reactor, wall_clock)
    provider = BuiltInProvider(live, settings.signin_origin, reactor, wall_clock, run=run, note=notes.note)
    clients = ProviderClients(
        lambda: live.snapshot,
        lambda record: HttpOidcClient(record, ProviderAgent(reactor, record.ca_bundle), reactor),
        {BUILTIN: provider.client()},
    )
    sign_in = SignIn(
        settings.signin_origin, settings.public_port, LiveSignInStore(live, notes.note), clients, wall_clock,
        extra=provider.resources(), end_builtin=provider.end_session, seconds=reactor.seconds,
    )  # fmt: skip

    def handler(root: IResource) -> ResourceHandler:
        return ResourceHandler(root, brand=lambda: live.snapshot.brand)

    node = ServiceNode(
        settings, live, reactor, _Start(sign_in),
        own_hosts={
            settings.signin_host: handler(sign_in.signin_root), settings.apps_host: handler(sign_in.apps_root),
            settings.domain: domain_door(settings.apps_origin, handler(Resource())),
        },
        own_paths=handler(sign_in.application_root), directory=directory, wall_clock=wall_clock,
    )  # fmt: skip
    api = AdminApi(
        live, settings, admit_password, node.live, node.limits_met, wall_clock, lambda: node.certificates.given,
        node.relay.symptoms.counts, node.probe,
    )  # fmt: skip
    admin = AdminSocket(reactor, api, StatePaths(directory).admin_socket)
    return Assembly(live, node, provider, api, admin, Issuer(live, LibrarySession, reactor, wall_clock))


class _Start:
    """Sign-in as the entrance sees it: the host is the one of the request."""

    def __init__(self, sign_in: SignIn) -> None:
        self._sign_in = sign_in

    def begin(self, head: RequestHead, application: Application, request_id: str, now: float) -> tuple[int, bytes, bytes]:
        """Off to the sign-in, or 401."""
        return self._sign_in.begin(head, head.host, application, request_id, now)

    def way(self, head: RequestHead, application: Application, now: float) -> tuple[str, bytes] | None:
        """A link to the sign-in."""
        return self._sign_in.way(head, head.host, application, now)
