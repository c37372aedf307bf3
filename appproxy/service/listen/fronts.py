"""Makes the fronts of one node: what answers on each listener that speaks HTTP, with what they have in common."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import NamedTuple

from twisted.internet.interfaces import IReactorTime

from appproxy.config.service import ServiceSettings
from appproxy.http import HeadLimits
from appproxy.http.proxies.trusted_proxies import PROXY_PROTOCOL, TrustedProxies
from appproxy.net.chance import TimeAndChance
from appproxy.net.descriptors.open_files import Shares
from appproxy.service.exchange.date_line import DateLine
from appproxy.service.exchange.exchange import Exchange, Handler
from appproxy.service.exchange.hooks import Hooks
from appproxy.service.front.front import Entry, Front, FrontSettings, FrontTimeouts, Refusal, Stamps
from appproxy.service.front.h1.connection import UserConnection
from appproxy.service.listen.entry import UserEntry

#: Called once for each exchange, when it is over.
Log = Callable[[Exchange], None]


def _new_ids(random_bytes: Callable[[int], bytes]) -> Callable[[], str]:
    """Request ids, 32 hex digits: half random for this process, half a count. They are names, not secrets."""
    # The count begins below 2^32, and no process lives to see it need more than 16 digits.
    prefix = random_bytes(8).hex()
    count = int.from_bytes(random_bytes(4), "big")

    def new_id() -> str:
        nonlocal count
        count += 1
        return f"{prefix}{count:016x}"

    return new_id


def user_connections(settings: ServiceSettings, files: Shares) -> int:
    """Connections of users that are taken at the same time: as the settings say, or what open files allow."""
    return settings.limits.user_connections or files.users


class OtherFronts(NamedTuple):
    """What answers beside the users' front; nobody waits there for long."""

    control: Front
    plain: Front
    stray: Front
    metrics: Front

    @property
    def drained(self) -> tuple[Front, Front, Front]:
        """Those that end their connections when the node drains; metrics are of interest until it has."""
        return self.control, self.plain, self.stray


class Fronts:
    """Makes them. `files` shares out the open files; request ids are one row."""

    def __init__(
        self, settings: ServiceSettings, clock: IReactorTime, refusal: Refusal, files: Shares, outside: TimeAndChance,
    ) -> None:
        limits = settings.limits
        self._settings = settings
        self._clock = clock
        self._refusal = refusal
        self._files = files
        self._random_bytes = outside.random_bytes
        self._stamps = Stamps(_new_ids(outside.random_bytes), DateLine(outside.wall_clock))
        self._listener = FrontSettings(
            limits=HeadLimits(head=limits.head_bytes, fields=limits.head_fields, target=limits.target_bytes),
            timeouts=FrontTimeouts(
                handshake=limits.handshake_seconds, head=limits.head_seconds, body_rate=limits.body_rate,
                write_stall=limits.stall_seconds, keep_alive=limits.keep_alive_seconds),
            most=files.few)
        says = settings.trusted_proxies_say
        by_fields = bool(settings.trusted_proxies) and says != PROXY_PROTOCOL
        believed = TrustedProxies(settings.trusted_proxies, says) if by_fields else None
        #: Behind a front proxy, and there without TLS.
        self._proxied = replace(self._listener, proxies=believed)
        self._plain = replace(self._proxied, scheme="http")

    def users(self, handler: Handler, hooks: Hooks) -> Front:
        """Behind `listen`."""
        entry = UserEntry if self._settings.http2 else UserConnection
        most = user_connections(self._settings, self._files)
        return self._front(handler, replace(self._proxied, most=most), hooks, entry=entry)

    def control(self, handler: Handler, log: Log) -> Front:
        """Behind `tunnel_listen`, for connectors that ask over HTTP. Nobody's word counts for who they are."""
        return self._front(handler, self._listener, _hooked(log))

    def metrics(self, handler: Handler) -> Front:
        """Behind `metrics_listen`. What is looked at again and again is in no log."""
        return self._front(handler, replace(self._listener, scheme="http"), Hooks())

    def plain(self, handler: Handler, log: Log) -> Front:
        """Behind `acme_listen`: users and authorities who come without TLS."""
        return self._front(handler, self._plain, _hooked(log))

    def stray(self, handler: Handler, refusal: Refusal, log: Log) -> Front:
        """Behind `listen`, for users who come there without TLS."""
        # Nobody stays there, and the shares of open files have no part for it.
        most = max(1, self._files.few // 4)
        return self._front(handler, replace(self._plain, most=most), _hooked(log), refusal=refusal)

    def _front(
        self, handler: Handler, settings: FrontSettings, hooks: Hooks, *, entry: Entry = UserConnection,
        refusal: Refusal | None = None,
    ) -> Front:
        return Front(
            handler, self._clock, refusal or self._refusal, self._stamps, entry=entry, settings=settings,
            random_bytes=self._random_bytes, hooks=hooks)


def _hooked(log: Log) -> Hooks:
    hooks = Hooks()
    hooks.add("ended", log)
    return hooks
