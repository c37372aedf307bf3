"""A whole application proxy in memory, for tests of what you build on it: real parts, TLS included, no port and no wait."""

from __future__ import annotations

import shutil
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any

from twisted.internet.defer import Deferred, succeed
from twisted.internet.interfaces import IProtocolFactory
from twisted.web.resource import IResource
from twisted.web.server import Site

from appproxy.admin.base.principal import Principal
from appproxy.admin.transport.direct import open_store
from appproxy.config import ServiceSettings, StatePaths
from appproxy.config.values import Address
from appproxy.connector.config.files import read_settings
from appproxy.connector.enrol.enrolment import join
from appproxy.connector.node import ConnectorNode
from appproxy.connector.process import ProcessStart
from appproxy.net.chance import TimeAndChance
from appproxy.testing.browser import Browser
from appproxy.testing.network import InlinePool, MemoryNetwork
from appproxy.twistd.assembly.assemble import assemble
from appproxy.twistd.state import create_state

_HERE = "127.0.0.1"
_ADMIN = Principal.full("playground")
_TUNNEL = Address(_HERE, 8443)


class Playground:
    """Service, connector, built-in identity provider and your applications, on one `MemoryNetwork`.

        with Playground() as playground:
            playground.add_user("ann", "a long password")
            wiki = playground.publish("wiki", MyResource(), users=["ann"])
            browser = playground.browser()
            browser.sign_in(wiki, "ann", "a long password")
            assert browser.get(wiki + "page").status == 200

    `strict` sends every body and answer over a data connection of its own; `admin_api` serves `admin.DOMAIN`. State lies
    in a directory of its own, which goes at the end.
    """

    def __init__(self, *, domain: str = "example.org", strict: bool = False, admin_api: bool = False) -> None:
        self.network = MemoryNetwork()
        self.domain = domain
        began = self.network.seconds()
        epoch = time.time()  # noqa: TID251 -- OpenSSL judges certificates by the real clock, so ours begins there
        #: Seconds since 1970, as everything in it has them.
        self.wall_clock = lambda: epoch + self.network.seconds() - began
        #: Where its files are until it stops.
        self.directory = Path(tempfile.mkdtemp(prefix="appproxy-playground-"))
        settings = ServiceSettings(
            domain=domain, listen=Address(_HERE, 443), tunnel_listen=_TUNNEL, tunnel_address=str(_TUNNEL),
            access_log="access.log", strict=strict, admin_api=admin_api,
        )  # fmt: skip
        state = self.directory / "service"
        create_state(state, settings, self.wall_clock(), {})
        store = open_store(StatePaths(state), settings, {}, lambda text: None)
        self.service = assemble(
            settings, state, store, self.network, self.wall_clock, pool=InlinePool(), run=lambda work: succeed(work())
        )
        self.connectors: list[ConnectorNode] = []
        self._anchor = (state / "trust-anchor.pem").read_bytes()
        self._origins = 0

    def __enter__(self) -> Playground:
        """Start; one connector is online when this returns."""
        self.start()
        self.add_connector()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.stop()

    def start(self) -> None:
        """Start the service and the provider, with no connector yet."""
        node = self.service.node
        node.startService()
        self.network.run(node.ready)
        self.service.provider.start()

    def stop(self) -> None:
        """Stop all, and remove what was written."""
        for connector in self.connectors:
            self.network.run(connector.stopService(), 300)
        self.service.provider.stop()
        self.network.run(self.service.node.stopService(), 300)
        shutil.rmtree(self.directory, ignore_errors=True)

    def admin(self, method: str, path: str, body: Mapping[str, object] | None = None) -> Any:
        """Any operation of the admin API."""
        return self.network.run(self.service.api.call(method, path, None if body is None else dict(body), _ADMIN))

    def add_connector(self, group: str = "default") -> ConnectorNode:
        """Enrol a connector with a token, as an admin would, and start it."""
        made = self.admin("POST", "/connector-tokens", {"group": group})
        state = self.directory / f"connector-{len(self.connectors)}"
        joining = join(made["token"], state, self.network, self.wall_clock, state.name, environment={})
        self.network.run(Deferred.fromCoroutine(joining))
        connector = ConnectorNode(
            read_settings(state), state, self.network, ProcessStart({}), outside=TimeAndChance(self.wall_clock))
        connector.startService()
        self.network.run(connector.ready)
        self.connectors.append(connector)
        return connector

    def add_user(self, name: str, password: str, groups: tuple[str, ...] = ()) -> None:
        """A user of the built-in provider."""
        self.admin("POST", "/users", {"name": name, "password": password, "groups": list(groups)})

    def publish(
        self, name: str, application: IResource | IProtocolFactory, *, users: tuple[str, ...] | list[str] = (),
        preauth: str = "oidc", **settings: str,
    ) -> str:  # fmt: skip
        """Let a resource tree, or any server factory, be an internal application; gives its external URL.

        `settings` are those of `appproxy app set`.
        """
        self._origins += 1
        if IResource.providedBy(application):
            # Access log lines of the application would go to Twisted's log.
            application = Site(application, reactor=self.network, logFormatter=lambda timestamp, request: "")
        port = self.network.listenTCP(0, application).getHost().port
        external = f"https://{name}.{self.domain}/"
        body = {"name": name, "internal": f"http://{_HERE}:{port}/", "external": external, "preauth": preauth}
        self.admin("POST", "/applications", {**body, "settings": settings})
        for user in users:
            self.admin("POST", f"/applications/{name}/assignments", {"user": user})
        self.network.pass_time(1)  # the connector hears of it
        return external

    def browser(self) -> Browser:
        """A user's browser, with a cookie jar of its own."""
        return Browser(self.network, self._anchor)
