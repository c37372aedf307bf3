"""One node of the service: two listeners, what lies between them, and the store that it works from.

`ServiceNode` is a Twisted service for `twistd` or for a program of one's own. `ready` fires when both listeners accept
and the store's snapshot is loaded, and fails with the reason when that cannot be. Stopping drains: connectors are asked
to send no new requests here, users' answers end with `Connection: close`, and only what is left after `drain_seconds` is cut.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from twisted.application.service import Service
from twisted.internet.defer import Deferred, succeed
from twisted.internet.task import LoopingCall
from twisted.logger import Logger
from twisted.python.failure import Failure

from appproxy.config.service import ServiceSettings
from appproxy.errors import Code, ConfigError
from appproxy.net.line_file import LineFile
from appproxy.net.open_files import raise_limit, shares
from appproxy.net.tls import TunnelContext, tunnel_context
from appproxy.pages import accepts_json, error_page
from appproxy.pki.authority import Credential
from appproxy.service.dispatch import Dispatcher, ErrorPages
from appproxy.service.dispatch.gate import Gate
from appproxy.service.dispatch.order import Parts, stages
from appproxy.service.dispatch.plain import PlainDispatcher, StrayDispatcher
from appproxy.service.dispatch.plugins import insert, load_stages
from appproxy.service.dispatch.sign_in_start import SignInStart
from appproxy.service.exchange.exchange import Exchange, Handler
from appproxy.service.exchange.hooks import Hooks
from appproxy.service.front.h2.connection import H2Connection
from appproxy.service.front.h2.lifetime import NOTICE_SECONDS
from appproxy.service.listen.fronts import Fronts, user_connections
from appproxy.service.listen.listeners import Listeners
from appproxy.service.own.access_log import AccessLog
from appproxy.service.own.control import ControlApi
from appproxy.service.own.metrics import MetricsPage, Traffic
from appproxy.service.own.served_certificates import Certificates
from appproxy.service.relay.identity_blocks import Blocks
from appproxy.service.relay.probe import ProbeResult, probe_all
from appproxy.service.relay.relay import Relay
from appproxy.service.relay.revocation import change_between
from appproxy.service.relay.roster import Roster, RosterLimits
from appproxy.service.relay.share_tokens import ShareTokens
from appproxy.service.tunnel.listener import TunnelListener
from appproxy.store.connectors import connectors
from appproxy.store.database.live import LiveStore
from appproxy.store.database.upkeep import keep_up
from appproxy.store.service import keys
from appproxy.store.snapshot import ConnectorState, Snapshot
from appproxy.store.transaction import Reading, Transaction
from appproxy.tunnel.limits import TunnelLimits

#: Seconds between two notes in the store that a connector is there.
_SEEN_EVERY = 60.0
_UPKEEP_EVERY = 3600.0
#: Seconds that an endless stream may outlive its session.
_EXPIRED_EVERY = 15.0
#: Seconds for which it is of interest that somebody met a limit.
_LATELY = 900.0
#: Seconds between two looks whether the files of the users' certificate have changed.
_LOOK_EVERY = 5.0


class ServiceNode(Service):
    """A node. The store is started and stopped by it; `own_hosts` and `own_paths` serve our own pages."""

    log = Logger()

    def __init__(
        self,
        settings: ServiceSettings,
        store: LiveStore,
        reactor: Any,
        sign_in: SignInStart,
        *,
        own_hosts: Mapping[str, Handler],
        own_paths: Handler,
        directory: Path | None = None,
        wall_clock: Callable[[], float] = time.time,  # noqa: TID251 -- the default of an argument
        random_bytes: Callable[[int], bytes] = secrets.token_bytes,
    ) -> None:
        self.settings = settings
        self.store = store
        self.ready: Deferred[None] = Deferred()
        self._reactor = reactor
        self._wall_clock = wall_clock
        self._directory = directory
        self._file: LineFile | None = None
        self._access_log: AccessLog | None = None
        self._started_at = 0.0
        self._tunnel_context: TunnelContext | None = None
        self._loops: list[LoopingCall] = []
        self._files = shares(raise_limit())
        self.traffic = Traffic()
        #: Who is told of users' exchanges.
        self.hooks = Hooks()
        self.hooks.add("ended", lambda exchange: self.traffic.add(exchange, reactor.seconds()))
        self.certificates = Certificates(settings, directory or Path(), wall_clock, random_bytes)
        self.gate = Gate(settings.public_port)
        self._random_bytes = random_bytes
        self._error_pages = ErrorPages(lambda: self.snapshot.brand)
        self.relay = self._new_relay()
        self.dispatcher = self._new_dispatcher(sign_in, own_hosts, own_paths)
        self._listeners = Listeners(settings, reactor, self._files.few)
        fronts = Fronts(settings, reactor, self._refusal, self._files, random_bytes, wall_clock)
        self.front = fronts.users(self.dispatcher, self.hooks)
        self._control_front = fronts.control(self._new_control(), self._log_line)
        self._metrics_front = fronts.metrics(MetricsPage(self))
        plain = PlainDispatcher(lambda: self.snapshot, settings.port_suffix, own_hosts)
        self._plain_front = fronts.plain(plain, self._log_line)
        stray = StrayDispatcher(plain, lambda: self.snapshot.brand)
        self._stray_front = fronts.stray(stray, stray.refusal, self._log_line)
        self.end_point = TunnelListener(
            self.relay, reactor, wall_clock, lambda: self.snapshot, node=random_bytes(8).hex(), epoch=random_bytes(8),
            control=self._control_front, renew_after=settings.renew_after_days, seen=self._seen,
        )

    # Its parts.

    def _new_relay(self) -> Relay:
        settings, blocks = self.settings, Blocks()
        in_flight, queue, seconds = settings.limits.in_flight, settings.limits.queue, settings.limits.queue_seconds
        roster = Roster(
            self._reactor.seconds(), RosterLimits(in_flight=in_flight, queue=queue, queue_seconds=seconds)
        )
        return Relay(
            roster, self._reactor, self._error_pages.page,
            user_header=blocks.user_header, identity_block=blocks.identity_block, tokens=ShareTokens(self._random_bytes),
            has_connectors=self._has_connectors, urls=lambda: self.snapshot.urls,
            applications=lambda: self.snapshot.applications.values(),
            limits=TunnelLimits(in_flight=in_flight, queue=queue, queue_seconds=seconds), strict=settings.strict,
            hooks=self.hooks,
        )

    def _new_dispatcher(self, sign_in: SignInStart, own_hosts: Mapping[str, Handler], own_paths: Handler) -> Dispatcher:
        order = insert(stages(Parts(
            gate=self.gate, relay=self.relay, sign_in=sign_in, error_pages=self._error_pages, own_hosts=own_hosts,
            own_paths=own_paths, ports={self.settings.public_port, self.settings.listen.port},
        )), load_stages(self.settings.stages))
        return Dispatcher(order, self._error_pages, self.store, self._wall_clock, self._reactor)

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

    def live(self) -> Mapping[str, object]:
        """The connectors that are online here, by id."""
        return {
            peer.id: {
                "online": peer.online, "address": peer.address, "version": peer.version,
                "in_flight": len(peer.in_flight), "signal_connections": len(peer.links),
            }
            for peer in self.relay.roster.peers.values()
        }

    def probe(self) -> Deferred[Mapping[str, ProbeResult]]:
        """Ask each application whether it answers; fires with what came of it, by name."""
        snapshot = self.snapshot
        return probe_all(
            snapshot.applications.values(), snapshot.router,
            lambda exchange, route: self.relay.start(exchange, route, None), self._reactor, self.front.new_id,
        )  # fmt: skip

    def limits_met(self) -> list[dict[str, object]]:
        """Which users met a limit that all share, in the last quarter of an hour."""
        return self.relay.shortages.recent(_LATELY)

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
        await self.store.write(keep_up, self._started_at)
        tunnel_context = await self._load_certificates()
        self.certificates.upkeep()
        if self.settings.access_log:
            path = (self._directory or Path()) / self.settings.access_log
            self._file = LineFile(path, self._reactor)
            self._access_log = AccessLog(self._file, self._reactor, self._wall_clock)
            self.hooks.add("ended", self._access_log.add)
        self._listen(tunnel_context)
        self._start_loops()

    def _start_loops(self) -> None:
        for seconds, do in ((_SEEN_EVERY, self._note_all_seen), (_UPKEEP_EVERY, self._keep_up),
                            (_LOOK_EVERY, self.certificates.look), (_EXPIRED_EVERY, self._end_expired)):
            loop = LoopingCall(do)
            loop.clock = self._reactor
            loop.start(seconds, now=False).addErrback(lambda failure: self.log.failure("a regular task failed", failure))
            self._loops.append(loop)

    async def _load_certificates(self) -> TunnelContext:
        """Take up the listeners' certificates; connections that are there are not touched."""
        tunnel_leaf, user_leaf = await self.store.read(_leaves)
        if tunnel_leaf is None:
            raise ConfigError("the database has no certificate for the connectors' listener; make a new state directory: "
                              "appproxy init")
        bundle = self.snapshot.trust_bundle
        self.certificates.load(user_leaf, tunnel_leaf, self.snapshot.certificates)
        self.certificates.prove(self.snapshot.challenges)
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
        self._listeners.open_users(self.front, self.certificates.context, self._stray_front)
        self._listeners.open_tunnel(self.end_point, tunnel_context)
        self._listeners.open_metrics(self._metrics_front)
        self._listeners.open_plain(self._plain_front)

    # Changes.

    def _apply(self, old: Snapshot | None, new: Snapshot) -> None:
        """The store has changed; whatever it means for connections happens now."""
        changed = (
            old is None or old.applications is not new.applications or old.connectors is not new.connectors
            or old.trust_bundle != new.trust_bundle
        )
        if changed:
            self.relay.configuration = new.revision
        if old is None or old.router is not new.router:
            self.relay.plans.forget()
            self.dispatcher.forget()
            self.relay.symptoms.forget()
        self.end_point.snapshot_changed(new, changed)
        self.certificates.apply(new.certificates)
        self.certificates.prove(new.challenges)
        if old is not None:
            self._judge_again(old, new)

    def _judge_again(self, old: Snapshot, new: Snapshot) -> None:
        """Cut what is under way and may no longer be, of those whom the change concerns."""
        count = self.relay.judge_again(new, self._wall_clock(), change_between(old, new))
        if count:
            self.log.info("{count} requests under way were cut: their users may no longer", count=count)

    def _has_connectors(self, group: str) -> bool:
        return any(
            record.group == group and record.state is ConnectorState.APPROVED
            for record in self.snapshot.connectors.values()
        )

    def _seen(self, id: str, here: bool, version: str, address: str, serial: str) -> None:
        self.store.write(connectors.seen, id, version, address, serial).addErrback(
            lambda failure: self.log.warn("a connector's sighting could not be kept: {reason}",
                                          reason=failure.getErrorMessage()))

    def _note_all_seen(self) -> Deferred[None]:
        here = [(peer.id, peer.version, peer.address) for peer in self.relay.roster.peers.values() if peer.links]
        return self.store.write(_see_all, here).addErrback(self._later) if here else succeed(None)

    def _keep_up(self) -> Deferred[None]:
        return Deferred.fromCoroutine(self._renew()).addErrback(self._later)

    async def _renew(self) -> None:
        if await self.store.write(keep_up, self._started_at):
            await self._load_certificates()
        self.certificates.upkeep()

    def _end_expired(self) -> None:
        count = self.relay.end_expired(self.snapshot, self._wall_clock())
        if count:
            self.log.info("{count} open streams were cut: their users' sessions are over", count=count)

    def _later(self, failure: Failure) -> None:
        self.log.error("a regular task failed and is tried again later: {reason}", reason=failure.getErrorMessage())

    # Logs.

    def _log_line(self, exchange: Exchange) -> None:
        if self._access_log is not None:
            self._access_log.add(exchange)

    # Stopping.

    def stopService(self) -> Deferred[None]:
        """Drain, then close."""
        super().stopService()
        return Deferred.fromCoroutine(self._stop())

    async def _stop(self) -> None:
        for loop in self._loops:
            loop.stop()
        await self._listeners.close_entrances()
        self.front.drain()
        if any(isinstance(one, H2Connection) for one in self.front.connections):
            # Requests that were on their way when their users heard of it still need connectors.
            await self._pause(NOTICE_SECONDS + 0.25)
        self.end_point.drain()
        self._control_front.drain()
        self._plain_front.drain()
        self._stray_front.drain()
        deadline = self._reactor.seconds() + self.settings.drain_seconds
        while self.front.connections and self._reactor.seconds() < deadline:
            await self._pause(0.1)
        self.front.abort()
        self.end_point.abort()
        self._control_front.abort()
        self._metrics_front.abort()
        self._plain_front.abort()
        self._stray_front.abort()
        await self._listeners.close()
        await self._pause(0)
        if self._file is not None:
            self._file.close()
        await self.store.stop()

    def _refusal(self, code: Code, request_id: str, accept: bytes | None) -> tuple[int, bytes, bytes]:
        return error_page(code, request_id, accepts_json(accept), brand=self.snapshot.brand)

    def _pause(self, seconds: float) -> Deferred[None]:
        paused: Deferred[None] = Deferred()
        self._reactor.callLater(seconds, paused.callback, None)
        return paused


def _leaves(reading: Reading) -> tuple[Credential | None, Credential | None]:
    return keys.server_leaf(reading, keys.CONNECTOR), keys.server_leaf(reading, keys.USER)


def _see_all(tx: Transaction, here: list[tuple[str, str, str]]) -> None:
    for id, version, address in here:
        connectors.seen(tx, id, version, address)
