"""A connector as a Twisted service: all its parts, put together."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from twisted.application.service import Service
from twisted.internet.defer import Deferred, succeed
from twisted.internet.threads import deferToThreadPool
from twisted.logger import Logger

import appproxy
from appproxy.config.connector import ConnectorSettings
from appproxy.config.state import ConnectorPaths
from appproxy.connector.applications.applications import Applications
from appproxy.connector.applications.in_process import InProcess
from appproxy.connector.applications.program import NOTHING_OF_ITS_OWN, ProgramApplications
from appproxy.connector.config.client_certificates import ClientCertificates
from appproxy.connector.config.configuration import Configuration, ConfigurationCache
from appproxy.connector.config.files import proxies_of
from appproxy.connector.counters import Counters
from appproxy.connector.enrol.control import ControlClient
from appproxy.connector.enrol.identity import Identity, IdentityFiles
from appproxy.connector.enrol.renewal import CertificateRenewal
from appproxy.connector.enrol.service_dialer import ServiceDialler, place_of
from appproxy.connector.enrol.shared_identity import SharedIdentity
from appproxy.connector.origin.dial.dialer import OriginDialler
from appproxy.connector.origin.origins import Origins
from appproxy.connector.process import ConnectorProcess, ProcessStart
from appproxy.connector.reactor_lag import ReactorLag
from appproxy.connector.requests.access_log import ConnectorAccessLog
from appproxy.connector.requests.request_hooks import RequestHooks
from appproxy.connector.tracing import ConnectorTracing
from appproxy.connector.tunnel.service_watch import ServiceWatch
from appproxy.connector.tunnel.timing import Timing
from appproxy.connector.uplink import Uplink
from appproxy.connector.uplinks import Uplinks
from appproxy.errors import AppProxyError
from appproxy.net.chance import OUTSIDE, TimeAndChance
from appproxy.net.descriptors.inherited import Inherited
from appproxy.net.descriptors.open_files import raise_limit, spare
from appproxy.net.line_file import LineFile
from appproxy.net.loop.deadlines import Deadlines
from appproxy.net.traces.export import SpanCounts
from appproxy.tunnel.limits import DEFAULT_LIMITS, TunnelLimits
from appproxy.tunnel.messages import Goodbye, Welcome

if TYPE_CHECKING:
    from appproxy.connector.observation import ObservationListener

#: After the drain: how long the closing of connections may take.
LEAVE_SECONDS = 3.0
#: Both lists of ids in HELLO must fit into its 64 KiB.
MOST_IN_FLIGHT = 2500
#: Data connections for bodies where open files are few, as by default on many systems: it was enough for years.
_FEWEST = 256


class TurnedAway(AppProxyError):
    """The service does not want this connector, and dialling again cannot help; the message names the fix."""


class ConnectorNode(Service):
    """One connector, from its settings and state directory. `ready` fires at the first WELCOME.

    Starting raises ConfigError when the state directory is not usable. Stopping asks for no more requests, waits for those
    in flight (at most `drain_seconds`), then closes.
    """

    log = Logger()
    _lines: LineFile | None = None
    _tracing: ConnectorTracing | None = None

    def __init__(
        self,
        settings: ConnectorSettings,
        state: Path,
        reactor: Any,
        start: ProcessStart,
        *,
        outside: TimeAndChance = OUTSIDE,
        access_log: Path | None = None,
        program: ProgramApplications = NOTHING_OF_ITS_OWN,
    ) -> None:
        self.setName("appproxy-connector")
        self.settings = settings
        self.counters = Counters()
        self.ready: Deferred[None] = Deferred()
        self._reactor = reactor
        self._files = IdentityFiles(ConnectorPaths(state))
        self._identity = self._files.load()
        self._access_log = access_log
        self._wall_clock = wall_clock = outside.wall_clock
        self._observation = self._observed(start.inherited)
        self._deadlines = Deadlines(reactor)
        self._place = place_of(settings.address)
        proxies = proxies_of(settings.outbound_proxy, settings.outbound_proxy_credentials, state, start.environment)
        self._proxy = proxies.towards(self._place.host, self._place.port)
        self._service = ServiceDialler(reactor, settings.name, self._identity, proxies)
        self._control = ControlClient(lambda factory: self._service(self._place, b"http/1.1", factory), settings.name, reactor)
        #: Applications that are part of this process.
        self.in_process = InProcess(reactor, program.factories, lambda: self.applications.routes)
        self._dialler = OriginDialler(
            reactor, ClientCertificates(ConnectorPaths(state).client_certificates), self.in_process.dial)
        self._origins = Origins(reactor, self._deadlines, self._dialler, self._dialler.resolve)
        self.applications = Applications(
            reactor, self._control, ConfigurationCache(ConnectorPaths(state).configuration), self._origins, self._taken,
            program.origin_auth, lambda do: deferToThreadPool(reactor, reactor.getThreadPool(), do))
        self._renewal = CertificateRenewal(
            reactor, wall_clock, self._control, lambda: self._identity, self._renewed,
            SharedIdentity(self._files, ConnectorPaths(state).renewal_lock, self._use))
        self._log = ConnectorAccessLog(
            reactor, wall_clock, self.counters, None if access_log is None else self._write_line, name_of=self._name_of)
        self._lag = ReactorLag(reactor)
        process = ConnectorProcess(
            outside.random_bytes(16), appproxy.__version__, self._lag, start.worker, settings.drain_seconds, start.examine)
        timing, hooks, limits = Timing(reactor, outside.random), self._hooks(state, outside), limits_of(settings)
        self.uplinks = Uplinks(self._place, lambda owner: Uplink(
            self._place, owner, process, timing, self._service, self.applications, hooks, limits), self)
        self._watch = self._watched()

    def _watched(self) -> ServiceWatch:
        host, resolve = self._place.host, self._dialler.resolve if self._proxy is None else None
        return ServiceWatch(host, self.settings.lookup_seconds, self._reactor, self._deadlines, resolve,
                            lambda addresses: self.uplinks.moved(host, addresses))

    @property
    def in_flight(self) -> int:
        """Requests under way; upgraded streams are counted too."""
        return self.uplinks.in_flight

    # What is observed (`observation.ObservedConnector`).

    @property
    def nodes_up(self) -> dict[str, bool]:
        """By the id of a service node: is a signal connection to it up?"""
        return {node: uplink.is_up for node, uplink in self.uplinks.nodes.items()}

    @property
    def outages(self) -> dict[str, str]:
        """By name of an application that does not answer: the failure's name."""
        return self._log.outages

    @property
    def lag_seconds(self) -> float:
        """How late the reactor was when it was last measured."""
        return self._lag.milliseconds / 1000

    @property
    def certificate_end(self) -> float:
        """When this connector's certificate ends, in seconds since 1970."""
        return self._identity.not_after

    @property
    def configuration_version(self) -> int:
        """The service's configuration that is in use; 0 before there is one."""
        return self.applications.version

    @property
    def why_not_ready(self) -> str:
        """What keeps it from serving requests; "" for nothing."""
        if not self.running:
            return "draining"
        return "" if any(self.nodes_up.values()) else "not connected to the service"

    @property
    def trace_counts(self) -> SpanCounts:
        """What became of spans."""
        return SpanCounts() if self._tracing is None else self._tracing.exporter.counts

    def now(self) -> float:
        """Seconds since 1970."""
        return self._wall_clock()

    def _observed(self, inherited: Inherited) -> ObservationListener | None:
        address = self.settings.metrics_listen
        if address is None:
            return None
        from appproxy.connector.observation import ObservationListener  # with it comes twisted.web: some 5 MiB
        return ObservationListener(self, self._reactor, address, inherited)

    def _hooks(self, state: Path, outside: TimeAndChance) -> RequestHooks:
        """What hears of requests that are over, and of those that come."""
        if self.settings.traces.collector is None:
            return RequestHooks(self.counters, self._log.add)
        tracing = self._tracing = ConnectorTracing(
            self.settings, state, self._reactor, lambda: self.applications.routes, outside.wall_clock, outside.random_bytes)
        return RequestHooks(self.counters, tracing.hearing(self._log.add), tracing.tracer.begun)

    def _name_of(self, application: str) -> str:
        route = self.applications.routes.get(application)
        return application if route is None else route.target.name or application

    def startService(self) -> None:
        """Dial the service."""
        super().startService()
        if self._proxy is not None:
            self.log.info("the service is dialled through the proxy {proxy} ({source})", proxy=str(self._proxy),
                          source=self._proxy.source)
        if self._observation is not None:
            self._observation.open()
        if self._access_log is not None:
            self._lines = LineFile(self._access_log, self._reactor)
        self.applications.start()
        self.uplinks.start()
        self._renewal.look()
        self._renewal.watch()
        self._lag.start()

    def stopService(self) -> Deferred[None]:
        """Drain, then close."""
        super().stopService()
        self._renewal.stop()
        self._watch.stop()
        self.log.info("draining: {count} requests are under way", count=self.in_flight)
        drained = self.uplinks.drain()
        drained.addTimeout(self.settings.drain_seconds, self._reactor, lambda result, seconds: None)
        drained.addCallback(self._leave)
        drained.addCallback(self._close)
        return drained

    def hand_over(self) -> dict[str, int]:
        """What a successor needs, by name. Once it is started."""
        return {} if self._observation is None else self._observation.descriptors()

    def leave(self) -> None:
        """A successor is ready: accept nothing more. Stopping then drains beside it."""
        if self._observation is not None:
            self._observation.leave()

    def _leave(self, result: None) -> Deferred[None]:
        """The last bytes of the last answers are still to be sent."""
        closed = self.uplinks.close()
        return closed.addTimeout(LEAVE_SECONDS, self._reactor, lambda result, seconds: None)

    def _close(self, result: None) -> Deferred[None]:
        if self.in_flight:
            self.log.warn("{count} requests did not end in time, and are cut", count=self.in_flight)
        self.applications.stop()
        self.uplinks.stop()
        self._origins.close()
        self._deadlines.stop()
        self._lag.stop()
        if self._lines is not None:
            self._lines.close()
            self._lines = None
        closed = succeed(None) if self._observation is None else self._observation.close()
        tracing = self._tracing
        return closed if tracing is None else closed.addCallback(lambda _: tracing.stop())

    # What the parts say.

    def welcomed(self, welcome: Welcome) -> None:
        """See `uplinks.WelcomeHearer`."""
        if welcome.configuration != self.applications.version:
            self.applications.refresh()
        self._renewal.welcome(welcome.renew_after)
        self._watch.start()
        if not self.ready.called:
            self.log.info("connected to {node}", node=welcome.node)
            self.ready.callback(None)

    def turned_away(self, goodbye: Goodbye) -> None:
        """See `uplinks.WelcomeHearer`."""
        message = goodbye.text or goodbye.code.name
        self.log.error("the service does not want this connector: {reason}", reason=message)
        if not self.ready.called:
            self.ready.errback(TurnedAway(message))

    def _taken(self, configuration: Configuration) -> None:
        """A configuration is in use: forget what it does not name, and trust the anchors that it lists."""
        self._dialler.retain(self.applications.addresses())
        trust = configuration.trust
        if trust and set(trust) != set(self._identity.trust):
            identity = replace(self._identity, trust=trust)
            self._service.use(identity)
            self._identity = identity
            self._renewal.trust(trust)
            self.log.info("the service's trust anchors have changed")

    def _renewed(self, identity: Identity) -> None:
        """Keep the new certificate, then use it. Raises ConfigError or OSError; then the old one stays in use: as soon as the
        service has seen the new one it takes the old one no more, and that alone would be there after a restart.
        """
        self._service.use(identity)
        try:
            self._files.renew(identity)
        except BaseException:
            self._service.use(self._identity)
            raise
        self._identity = identity
        self.uplinks.renew()

    def _use(self, identity: Identity) -> None:
        """Use a certificate that another worker has renewed and kept. Raises ConfigError."""
        self._service.use(identity)
        self._identity = identity
        self.uplinks.renew()

    def _write_line(self, line: Callable[[], str]) -> None:
        if self._lines is not None:
            self._lines.later(line)


def limits_of(settings: ConnectorSettings) -> TunnelLimits:
    """The tunnel's limits, with what the settings say."""
    pool = settings.pool
    return replace(
        DEFAULT_LIMITS, in_flight=min(settings.in_flight, MOST_IN_FLIGHT, requests_possible()), pool_least=pool.least,
        pool_most_idle=pool.most_idle, pool_most=pool_possible(pool.most), streams_most=streams_possible(settings.streams))


def requests_possible() -> int:
    """For how many requests there are files: each has a connection to an application, some one to the service, too."""
    limit = raise_limit()
    return max(1, (limit - spare(limit)) * 3 // 4)


def pool_possible(wanted: int) -> int:
    """How many data connections bodies and answers may have, 0 for as many as fit: a quarter of what streams could have."""
    limit = raise_limit()
    return wanted or min(DEFAULT_LIMITS.pool_most, max(_FEWEST, (limit - spare(limit)) // 8))


def streams_possible(wanted: int) -> int:
    """How many streams fit into the limit of open files, which is raised: each needs two.

    `wanted` is what one user may have; the reserve for others (`tunnel.shares`) comes on top.
    """
    limit = raise_limit()
    others = max(1, wanted // 7) if wanted else 0
    return max(0, min(wanted + others, (limit - spare(limit)) // 2))
