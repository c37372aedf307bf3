"""One node of the service: two listeners, what lies between them, and the store that it works from.

`ServiceNode` is a Twisted service for `twistd` or for a program of one's own. `ready` fires when both listeners accept
and the store's snapshot is loaded, and fails with the reason when that cannot be. Stopping drains: connectors are asked
to send no new requests here, users' answers end with `Connection: close`, and only what is left after `drain_seconds` is cut.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from twisted.application.service import Service
from twisted.internet.defer import Deferred
from twisted.internet.task import LoopingCall
from twisted.logger import Logger
from twisted.python.failure import Failure

from appproxy.config.service import ServiceSettings
from appproxy.errors import Code, ConfigError
from appproxy.net.chance import OUTSIDE, TimeAndChance
from appproxy.net.descriptors.inherited import Inherited
from appproxy.net.descriptors.open_files import raise_limit, shares
from appproxy.net.line_file import BoundedLineFile, LineFile
from appproxy.net.secure.tls import TunnelContext, tunnel_context
from appproxy.pages import refusal_page
from appproxy.pki.issuing.authority import Credential
from appproxy.service.cuts import Cuts
from appproxy.service.dispatch import Dispatcher, ErrorPages
from appproxy.service.dispatch.gates.decision_log import DecisionLog
from appproxy.service.dispatch.gates.gate import Gate
from appproxy.service.dispatch.gates.report_only import ReportOnly
from appproxy.service.dispatch.order import Parts, stages
from appproxy.service.dispatch.plain import PlainDispatcher, StrayDispatcher
from appproxy.service.dispatch.plugins import insert, load_stages
from appproxy.service.dispatch.stages.kept_forms import FormKeeping
from appproxy.service.dispatch.stages.rates import RateLimits
from appproxy.service.dispatch.stages.shared_rates import EVERY as RATES_EVERY
from appproxy.service.dispatch.stages.shared_rates import SharedRates
from appproxy.service.ending import NodeEnd
from appproxy.service.exchange.exchange import Exchange, Handler
from appproxy.service.exchange.hooks import Hooks
from appproxy.service.listen.fronts import Fronts, OtherFronts, user_connections
from appproxy.service.listen.listeners import Listeners
from appproxy.service.node_parts import NodeSignIn, OwnPages
from appproxy.service.node_status import NodeStatus
from appproxy.service.own.access_log import AccessLog
from appproxy.service.own.control import ControlApi
from appproxy.service.own.metrics import ExportNumbers, FamiliesOfSnapshots, MetricsPage, Traffic
from appproxy.service.own.served_certificates import Certificates
from appproxy.service.own.token_uses import programs
from appproxy.service.own.traffic_history import TrafficHistory
from appproxy.service.relay.connectors.roster import Roster, RosterLimits
from appproxy.service.relay.connectors.share_tokens import SHARES, ShareTokens
from appproxy.service.relay.forwarded_identity import ForwardedIdentity
from appproxy.service.relay.identity_blocks import Blocks
from appproxy.service.relay.moves.stream_moves import MoveTimes
from appproxy.service.relay.relay import Relay
from appproxy.service.relay.request_signer import load_signer
from appproxy.service.relay.shared import RelaySettings
from appproxy.service.tunnel.hints import concerned
from appproxy.service.tunnel.listener import TunnelListener
from appproxy.service.tunnel.nodes.membership import Membership, own_record
from appproxy.service.tunnel.sightings import Sightings
from appproxy.service.tunnel.succession import Succession
from appproxy.service.tunnel.welcome import NodeIdentity
from appproxy.store.database.live import LiveStore
from appproxy.store.database.upkeep import end_assignments, keep_up
from appproxy.store.service import keys
from appproxy.store.snapshot import Snapshot
from appproxy.store.transaction import Reading
from appproxy.tunnel.json_heads.findings import Findings
from appproxy.tunnel.limits import TunnelLimits

#: Seconds between two notes in the store that a connector is there.
_SEEN_EVERY = 60.0
_UPKEEP_EVERY = 3600.0
#: Seconds that an endless stream may outlive its session.
_EXPIRED_EVERY = 15.0
#: Seconds between two looks whether a window of time of some policy has begun or ended.
_WINDOWS_EVERY = 1.0
#: Seconds of what the history of requests is made of.
_MINUTE = 60.0
#: Seconds between two looks whether the files of the users' certificate have changed.
_LOOK_EVERY = 5.0


class ServiceNode(Service):
    """A node. The store is started and stopped by it."""

    log = Logger()
    #: That of the access log; None where there is none, and before the start.
    _file: LineFile | None = None
    #: Of decisions; None where they are not logged, and before the start.
    _decision_file: LineFile | None = None
    _started_at = 0.0
    #: What is known of the audit's export; None where nothing exports it.
    exporter: ExportNumbers | None = None
    #: Of revocation; None where nothing asks.
    revocation: FamiliesOfSnapshots | None = None

    def __init__(
        self,
        settings: ServiceSettings,
        store: LiveStore,
        reactor: Any,
        sign_in: NodeSignIn,
        own: OwnPages,
        *,
        directory: Path | None = None,
        outside: TimeAndChance = OUTSIDE,
        inherited: Inherited | None = None,
    ) -> None:
        self.settings = settings
        self.store = store
        self.ready: Deferred[None] = Deferred()
        self._reactor = reactor
        self._wall_clock, self._random_bytes = wall_clock, random_bytes = outside.wall_clock, outside.random_bytes
        self._directory = directory
        self._access_log: AccessLog | None = None
        self._tunnel_context: TunnelContext | None = None
        self._loops: list[LoopingCall] = []
        self._files = shares(raise_limit())
        self.traffic = Traffic(reactor.seconds)
        self.history = TrafficHistory(self.traffic, reactor.seconds)
        #: Who is told of users' exchanges.
        self.hooks = Hooks()
        self.hooks.add("ended", self.traffic.add)
        self.certificates = Certificates(settings, directory or Path(), wall_clock, random_bytes)
        self.gate = Gate(settings.public_port, renewing=sign_in.renewal)
        self._programs = programs(self.gate, store, reactor, sign_in.note, sign_in.tokens)
        self._error_pages = ErrorPages(lambda: self.snapshot.brand)
        self.relay = self._new_relay()
        self._cuts = Cuts(self.relay, lambda: self.snapshot, wall_clock, sign_in.renewal, self._forget_ended)
        self.dispatcher = self._new_dispatcher(sign_in, own)
        self._listeners = Listeners(settings, reactor, self._files.few, inherited)
        fronts = Fronts(settings, reactor, self._refusal, self._files, outside)
        self.front = fronts.users(self.dispatcher, self.hooks)
        #: What it knows and its database does not.
        self.status = NodeStatus(store, self.relay, self.rates, self.certificates, reactor, self.front.new_id)
        self._other_fronts = self._new_other_fronts(fronts, own.hosts)
        self.sightings = Sightings(store, self.relay.roster, random_bytes(8).hex(), reactor)
        self.membership, self.end_point = self._new_end_point(directory or Path())
        self.succession = Succession(
            directory or Path(), reactor, self._listeners, self.end_point, inherited is not None and inherited.succeeds)
        self.end = self._new_end(inherited)

    # Its parts.

    def _new_end(self, inherited: Inherited | None) -> NodeEnd:
        settings = self.settings
        if inherited is not None and inherited.parent is not None:
            # It is the parent that listens, and that has told balancers of the end.
            settings = replace(settings, unready_seconds=0.0)
        return NodeEnd(
            settings, self._reactor, self._listeners, self.front, self._other_fronts, end_point=self.end_point,
            membership=self.membership, succession=self.succession)

    def _new_relay(self) -> Relay:
        settings = self.settings
        in_flight, queue, seconds = settings.limits.in_flight, settings.limits.queue, settings.limits.queue_seconds
        roster = Roster(self._reactor.seconds(), RosterLimits(in_flight=in_flight, queue=queue, queue_seconds=seconds))
        return Relay(
            roster, self._reactor, self._error_pages.page,
            ForwardedIdentity(
                Blocks(), ShareTokens(self._random_bytes, self.store.secret(SHARES)), load_signer(settings.signer)
            ),
            lambda: self.snapshot,
            RelaySettings(
                TunnelLimits(in_flight=in_flight, queue=queue, queue_seconds=seconds), settings.strict,
                MoveTimes(settings.drain_seconds, settings.drain_streams_after)),
            self.hooks,
        )

    def _new_dispatcher(self, sign_in: NodeSignIn, own: OwnPages) -> Dispatcher:
        self.rates = RateLimits.of(self.settings.limits, self._reactor.seconds)
        keeping = None if sign_in.forms is None else FormKeeping(*sign_in.forms, self._random_bytes)
        self.decisions, self.reports = self._new_decision_log(), ReportOnly(self.store, self._reactor)
        order = insert(stages(Parts(
            gate=self.gate, programs=self._programs, relay=self.relay, sign_in=sign_in.start, error_pages=self._error_pages,
            own_hosts=own.hosts, own_paths=own.paths, ports={self.settings.public_port, self.settings.listen.port},
            keeping=keeping, decisions=self.decisions, reports=self.reports,
            rates=self.rates, alone=(self.settings.device_host,),
        )), load_stages(self.settings.stages))
        return Dispatcher(order, self._error_pages, self.store, self._wall_clock, self._reactor)

    def _new_decision_log(self) -> DecisionLog | None:
        if not (settings := self.settings).decision_log:
            return None

        def later(line: Callable[[], str]) -> None:
            if self._decision_file is not None:
                self._decision_file.later(line)

        return DecisionLog(later, settings.decision_log_sample, truncates=settings.decision_log_addresses == "truncated")

    def _new_end_point(self, directory: Path) -> tuple[Membership, TunnelListener]:
        """This node among the others that serve from the same database, and where connectors arrive."""
        own = own_record(self.settings, self.sightings.node, directory)
        membership = Membership(own, self.store, self._reactor, self._wall_clock)
        end_point = TunnelListener(
            self.relay, self._reactor, self._wall_clock, self.store,
            NodeIdentity(own.id, self._random_bytes(8), self.settings.renew_after_days),
            control=self._other_fronts.control, seen=self.sightings.seen, nodes=lambda: membership.places,
        )
        membership.changed = end_point.node_lists.changed
        return membership, end_point

    def _new_other_fronts(self, fronts: Fronts, own_hosts: Mapping[str, Handler]) -> OtherFronts:
        plain = PlainDispatcher(lambda: self.snapshot, self.settings.port_suffix, own_hosts)
        stray = StrayDispatcher(plain, lambda: self.snapshot.brand)
        return OtherFronts(
            control=fronts.control(self._new_control(), self._log_line),
            plain=fronts.plain(plain, self._log_line),
            stray=fronts.stray(stray, stray.refusal, self._log_line),
            metrics=fronts.metrics(MetricsPage(self)),
        )

    def _new_control(self) -> ControlApi:
        settings = self.settings
        return ControlApi(
            self.store, lambda: self.relay.configuration, certificate_days=settings.certificate_days,
            renew_after_days=settings.renew_after_days, seconds=self._reactor.seconds,
        )

    # What it is now.

    @property
    def snapshot(self) -> Snapshot:
        """What the node works from now."""
        return self.store.snapshot

    def now(self) -> float:
        """Seconds since 1970."""
        return self._wall_clock()

    @property
    def lost_log_lines(self) -> int:
        """Lines of the access log that could not be written."""
        return self._file.lost if self._file is not None else 0

    @property
    def most_users(self) -> int:
        """Connections of users that are taken at the same time."""
        return user_connections(self.settings, self._files)

    @property
    def user_port(self) -> int:
        """The port on which users are answered now (of interest when the settings say 0)."""
        return self._listeners.user_port

    @property
    def tunnel_port(self) -> int:
        """The port on which connectors are answered now."""
        return self._listeners.tunnel_port

    def examine(self, connector_id: str) -> Deferred[Findings]:
        """Ask a connector to run its half of the doctor. Raises ConfigError, or fails with it, where it does not."""
        return self.end_point.examinations.ask(connector_id)

    # Starting.

    def startService(self) -> None:
        """Begin; see `ready`."""
        super().startService()
        Deferred.fromCoroutine(self._start()).chainDeferred(self.ready)

    async def _start(self) -> None:
        try:
            await self._begin()
        except Exception:
            await self._listeners.close()
            raise

    async def _begin(self) -> None:
        await self.store.start()
        self._started_at = self._wall_clock()
        self._apply(None, self.snapshot)
        self.store.subscribe(self._apply)
        if self.store.kept_at is None:
            await self.membership.check()
            await self.store.write(keep_up, self._started_at, self.settings.audit_days, self.settings.connector_days)
        else:
            self.store.when_back(self._keep_up)
        tunnel_context = await self._load_certificates()
        self.certificates.upkeep()
        if self.settings.access_log:
            path = (self._directory or Path()) / self.settings.access_log
            self._file = LineFile(path, self._reactor)
            self._access_log = AccessLog(self._file, self._reactor, self._wall_clock)
            self.hooks.add("ended", self._access_log.add)
        if self.settings.decision_log:
            path = (self._directory or Path()) / self.settings.decision_log
            self._decision_file = BoundedLineFile(path, self._reactor, self.settings.decision_log_size << 20)
        self.succession.begin()
        self._listen(tunnel_context)
        await self.membership.join(self.succession.succeeds)
        self._start_loops()

    def _start_loops(self) -> None:
        shared = SharedRates(self.rates, self.store, self.membership.own.id, lambda: self.membership.living,
                             lambda: self.snapshot)
        for seconds, do in ((_SEEN_EVERY, self.sightings.note_all), (_UPKEEP_EVERY, self._keep_up),
                            (_LOOK_EVERY, self.certificates.look), (_EXPIRED_EVERY, self._cuts.end_expired),
                            (_WINDOWS_EVERY, self._cuts.end_windows), (_MINUTE, self.history.note),
                            (RATES_EVERY, shared.exchange)):
            loop = LoopingCall(do)
            loop.clock = self._reactor
            loop.start(seconds, now=False).addErrback(lambda failure: self.log.failure("a regular task failed", failure))
            self._loops.append(loop)

    async def _load_certificates(self) -> TunnelContext:
        """Take up the listeners' certificates; connections that are there are not touched."""
        tunnel_leaf, user_leaf = await self.store.read_kept(_leaves)
        if tunnel_leaf is None:
            raise ConfigError("the database has no certificate for the connectors' listener; make a new state directory: "
                              "appproxy init")
        bundle = self.snapshot.trust_bundle
        self.certificates.load(user_leaf, tunnel_leaf, self.snapshot.certificates)
        self.certificates.take_up(self.snapshot)
        context = self._tunnel_context
        if context is None:
            context = self._tunnel_context = tunnel_context(tunnel_leaf, bundle)
        else:
            context.replace(tunnel_leaf, bundle)
        return context

    def _listen(self, tunnel_context: TunnelContext) -> None:
        if self.most_users > self._files.users:
            self.log.warn("limits.user_connections: {wanted} is more than open files allow ({found}); raise their limit "
                          "(LimitNOFILE=)", wanted=self.most_users, found=self._files.users)
        self._listeners.open_users(self.front, self.certificates.context, self._other_fronts.stray)
        self._listeners.open_tunnel(self.end_point, tunnel_context)
        self._listeners.open_metrics(self._other_fronts.metrics)
        self._listeners.open_plain(self._other_fronts.plain)

    # Changes.

    def _apply(self, old: Snapshot | None, new: Snapshot) -> None:
        """The store has changed; whatever it means for connections happens now."""
        whom = concerned(old, new)
        if whom:
            self.relay.configuration = new.revision
        if old is None or old.router is not new.router:
            self.relay.plans.forget()
            self.dispatcher.forget()
            self.relay.symptoms.forget()
        self.end_point.snapshot_changed(new, whom)
        self.certificates.take_up(new)
        self._cuts.snapshot_changed(old, new)

    def _keep_up(self) -> Deferred[None]:
        return Deferred.fromCoroutine(self._renew()).addErrback(self._later)

    def _forget_ended(self) -> None:
        self.store.write(end_assignments).addErrback(self._later)

    async def _renew(self) -> None:
        await self.store.write(keep_up, self._started_at, self.settings.audit_days, self.settings.connector_days)
        await self._load_certificates()  # another node may have renewed them
        self.certificates.upkeep()

    def _later(self, failure: Failure) -> None:
        self.log.error("a regular task failed and is tried again later: {reason}", reason=failure.getErrorMessage())

    def _log_line(self, exchange: Exchange) -> None:
        if self._access_log is not None:
            self._access_log.add(exchange)

    # Stopping.

    def stopService(self) -> Deferred[None]:
        """Drain, then close."""
        super().stopService()
        return Deferred.fromCoroutine(self._stop())

    async def _stop(self) -> None:
        await self.end.say()
        for loop in self._loops:
            loop.stop()
        await self.end.drain()
        for file in (self._file, self._decision_file):
            if file is not None:
                file.close()
        await self.store.stop()

    def _refusal(self, code: Code, request_id: str, accept: bytes | None) -> tuple[int, bytes, bytes]:
        return refusal_page(code, request_id, accept, brand=self.snapshot.brand)


def _leaves(reading: Reading) -> tuple[Credential | None, Credential | None]:
    return keys.server_leaf(reading, keys.CONNECTOR), keys.server_leaf(reading, keys.USER)
