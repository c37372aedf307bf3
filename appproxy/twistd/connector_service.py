"""The inner side as a service of Twisted: what any program can run, and how it joins a service."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from twisted.application.service import Service
from twisted.internet.defer import Deferred, maybeDeferred, succeed
from twisted.internet.interfaces import IProtocolFactory

from appproxy.config import ConnectorSettings
from appproxy.connector.applications.origin_auth import OriginAuths, nobody
from appproxy.connector.applications.program import ProgramApplications
from appproxy.connector.config.files import read_settings
from appproxy.connector.enrol import enrolment
from appproxy.connector.node import ConnectorNode
from appproxy.connector.process import ProcessStart


class ConnectorService(Service):
    """One connector, on a state directory that `appproxy connector join` or `join` has made.

    Starting it dials the service, again and again; it opens no port. `ready` fires with None when the service has
    welcomed it, and fails with TurnedAway (an AppProxyError) when the service does not want it, and with ConfigError when it
    has an application in this process that is not published. Stopping asks for no more requests, waits for those under way
    (at most `drain_seconds` of the settings), then closes.
    """

    def __init__(
        self, settings: ConnectorSettings, directory: Path, reactor: Any, access_log: Path | None,
        program: ProgramApplications,
    ) -> None:
        self.setName("appproxy-connector")
        #: As they were read.
        self.settings = settings
        #: One for each start.
        self.ready: Deferred[None] = Deferred()
        self._directory = directory
        self._reactor = reactor
        self._access_log = access_log
        self._program = program
        self._node: ConnectorNode | None = None

    @property
    def in_flight(self) -> int:
        """Requests and upgraded streams under way."""
        return 0 if self._node is None else self._node.in_flight

    def startService(self) -> None:
        """Dial. Raises ConfigError when the directory's key or certificate cannot be used."""
        node = self._node = ConnectorNode(
            self.settings, self._directory, self._reactor, ProcessStart(os.environ), access_log=self._access_log,
            program=self._program)
        super().startService()
        if self._program.factories:
            node.ready.addCallback(lambda _: self._check(node))
        node.ready.chainDeferred(self.ready)
        node.startService()

    def _check(self, node: ConnectorNode) -> Deferred[None]:
        """Are the applications of this process published? Known once the service's configuration has been read."""
        read: Deferred[None] = Deferred()
        node.applications.refresh(lambda: read.callback(None))
        return read.addCallback(lambda _: node.in_process.check())

    def stopService(self) -> Deferred[None]:
        """Drain, then close."""
        super().stopService()
        node, self._node = self._node, None
        if node is None:
            return succeed(None)
        if self.ready.called:
            self.ready = Deferred()
        return maybeDeferred(node.stopService)


def connector_service(
    state: Path | str, reactor: Any, *, access_log: Path | str | None = None,
    factories: Mapping[str, IProtocolFactory] | None = None, origin_auth: OriginAuths | None = None,
) -> ConnectorService:  # fmt: skip
    """A connector as a service of your own program. Nothing is dialled before it is started.

    `state`: a directory that `appproxy connector join` or `join` has made; `reactor`: with TCP and time; `access_log`:
    a file that gets one JSON object a request, None for none; `factories`: by name of a published application, a server
    factory of this program, such as `twisted.web.server.Site`, that gets its connections. No port is opened for them, and
    other applications of the connector's group are dialled as ever; `origin_auth`: called with the name of an application,
    gives the `OriginAuth` that authenticates requests there, or None for nothing. Raises ConfigError when nobody has joined
    from there.
    """
    directory = Path(state).absolute()
    log = None if access_log is None else Path(access_log)
    program = ProgramApplications(factories or {}, origin_auth or nobody)
    return ConnectorService(read_settings(directory), directory, reactor, log, program)


def join(token: str, state: Path | str, reactor: Any, *, name: str) -> Deferred[None]:
    """Join the service of a token, as `appproxy connector join` does: makes the state directory of a connector.

    `token`: what `appproxy connector token` prints; `state`: where nobody has joined from yet; `reactor`: with TCP and
    time; `name`: what admins call the connector. All is written, or nothing. Fails with an AppProxyError that says in one
    line what to do: ConfigError for the token and the directory, IdentityError when the service there is not the token's,
    ControlError when it cannot be reached or refuses.
    """
    wall_clock = time.time  # noqa: TID251 -- handed on, by the edge of a program
    joining = enrolment.join(token, Path(state).absolute(), reactor, wall_clock, name,
                             environment=os.environ)
    return Deferred.fromCoroutine(joining).addCallback(lambda _: None)
