"""Users in front: what all connections of one listener have in common, whatever they speak.

HTTP/1.1 is in `user_connection`, HTTP/2 in `h2_connection`, and `user_entry` finds out which of them a user wants.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import count
from typing import Protocol as Kind

from twisted.internet.interfaces import IAddress, IReactorTime
from twisted.internet.protocol import Factory, Protocol

from appproxy.errors import Code
from appproxy.http import HeadLimits
from appproxy.http.head import RequestHead
from appproxy.http.proxies.trusted_proxies import TrustedProxies
from appproxy.net.loop.deadlines import Deadlines
from appproxy.net.secure.tls import ServerName, server_name
from appproxy.policy.networks import sender_of
from appproxy.service.exchange.exchange import Exchange, Handler
from appproxy.service.exchange.hooks import Hooks
from appproxy.service.front.address_shares import AddressShares
from appproxy.service.front.request_turns import RequestTurns


@dataclass(frozen=True, slots=True)
class FrontTimeouts:
    """Seconds, but `body_rate` in bytes a second. A phone on a bad line passes all of them."""

    handshake: float = 30.0
    head: float = 20.0
    body_window: float = 30.0
    #: Slower than any modem; an upload of 10 GiB at this rate would take 500 days.
    body_rate: float = 240.0
    #: Longer than a minute's pause of a reader who means to go on.
    write_stall: float = 90.0
    keep_alive: float = 75.0
    #: How long the rest of an unwanted upload is thrown away, so that the answer is not lost in a reset.
    linger: float = 2.0


@dataclass(frozen=True, slots=True)
class FrontSettings:
    """What holds for all connections of one listener.

    `proxies`: whose word in fields counts for who the client is, None: nobody's. `most` connections may be open at the same
    time; `AddressShares` decides who gives way when that is nearly reached, and who is closed at once.
    """

    scheme: str = "https"
    limits: HeadLimits = field(default_factory=HeadLimits)
    timeouts: FrontTimeouts = field(default_factory=FrontTimeouts)
    proxies: TrustedProxies | None = None
    most: int | None = None


def no_date() -> bytes:
    """Answers without a date stay so."""
    return b""


@dataclass(frozen=True, slots=True)
class Stamps:
    """What every exchange bears: `new_id` names its request; `date` is the field line that an answer without a date gets."""

    new_id: Callable[[], str]
    date: Callable[[], bytes] = no_date


#: Answer to a request that nobody could be asked about: (code, request id, its Accept value or None) to status, block, body.
Refusal = Callable[[Code, str, bytes | None], tuple[int, bytes, bytes]]

#: Of a request whose own head could not be used.
NO_HEAD = RequestHead(b"-", b"-", 11, [], b"", "", 0, False, None, False)


class Connected(Kind):
    """A user's connection, whatever it speaks."""

    @property
    def idle(self) -> bool:
        """Has no request been under way on it for `QUIET_SECONDS`? The head of one may be on its way."""

    def drain(self) -> None:
        """Ask for no more: close what stays idle for `Front.notice` seconds, and everything else after what is under way."""

    def abort(self) -> None:
        """Close at once; what was under way is broken."""


#: Numbers the users' connections of this process, on whatever listener; none comes twice.
_numbers = count(1)

#: Between the word that no new requests are welcome and the last one that is taken: requests on their way arrive, from
#: anywhere on Earth.
NOTICE_SECONDS = 1.0

#: Seconds for one who has connected and not asked: a packet that is lost at this point is sent again after a second, and what
#: connects at once asks at once, on a machine that is busy, too.
NEWCOMER_SECONDS = 5.0

#: The end of an answer may still be in the buffers of a connection that has been idle for less.
QUIET_SECONDS = 2.0

#: Makes a connection: (front, the user's address).
Entry = Callable[["Front", str], Protocol]


class Front(Factory):
    """Makes a connection for each user: by `entry`, `UserConnection` for HTTP/1.1, `UserEntry` where ALPN decides.

    `handler` answers their requests, `refusal` those of which nobody could be asked; `random_bytes` gives random bytes.
    """

    noisy = False

    def __init__(
        self,
        handler: Handler,
        clock: IReactorTime,
        refusal: Refusal,
        stamps: Stamps,
        *,
        entry: Entry,
        settings: FrontSettings | None = None,
        random_bytes: Callable[[int], bytes] = secrets.token_bytes,
        hooks: Hooks | None = None,
    ) -> None:
        settings = settings or FrontSettings()
        self.handler = handler
        self.clock = clock
        self.refusal = refusal
        self.new_id = stamps.new_id
        self.date = stamps.date
        self.hooks = hooks or Hooks()
        self.scheme = settings.scheme
        self.limits = settings.limits
        self.timeouts = settings.timeouts
        self.proxies = settings.proxies
        self.deadlines = Deadlines(clock)
        #: How much of which HTTP/2 users is heard in a turn of the reactor.
        self.turns = RequestTurns(clock)
        self.entry = entry
        self.random_bytes = random_bytes
        self.connections: set[Connected] = set()
        self.draining = False
        #: Seconds for which an idle connection stays open once `draining`. HTTP/1.1 has no word for "no more requests" but the
        #: head of an answer: one who was closed without it may have sent the next request already (RFC 9112 section 9.5).
        self.notice = NOTICE_SECONDS
        self.accepted = 0
        self._shares: AddressShares[Connected] | None = None if settings.most is None else AddressShares(settings.most)
        #: Connections that were closed at once because there were too many.
        self.turned_away = 0
        #: Connections that were closed so that others could come in.
        self.evicted = 0
        #: HTTP/2 connections that were ended for too much of what is no request.
        self.floods = 0

    def buildProtocol(self, addr: IAddress | None) -> Protocol | None:
        host: str = getattr(addr, "host", "")
        # A listener on [::] shows IPv4 users inside IPv6 (RFC 4291 section 2.5.5.2); everybody else knows them as IPv4.
        client = host.removeprefix("::ffff:") if "." in host else host
        return self.entry(self, client) if self._has_room(client) else None

    def _has_room(self, client: str) -> bool:
        if self._shares is None:
            return True
        admitted, evicted = self._shares.room_for(self.owner_of(client), len(self.connections))
        if evicted is not None:
            self.evicted += 1
            # Twisted reports its end a turn later.
            self.leave(evicted)
            evicted.abort()
        elif not admitted:
            self.turned_away += 1
        return admitted

    def owner_of(self, client: str) -> str | None:
        """Whose share a connection counts for. A trusted proxy carries many users, and has none."""
        if not client or (self.proxies is not None and self.proxies.trusts(client)):
            return None
        return sender_of(client)

    def enter(self, connection: Connected, client: str) -> None:
        """Called by a connection from this address that begins."""
        self.connections.add(connection)
        if self._shares is not None and (owner := self.owner_of(client)) is not None:
            self._shares.enter(connection, owner)

    def leave(self, connection: Connected) -> None:
        """Called by a connection that has ended; twice is as once."""
        self.connections.discard(connection)
        if self._shares is not None:
            self._shares.leave(connection)

    def ended(self, exchange: Exchange) -> None:
        """Called once for each exchange, when it is over."""
        if (hook := self.hooks.ended) is not None:
            hook(exchange)

    def is_quiet(self, deadline: float) -> bool:
        """Has a connection that may be idle until then been so for a moment? One that never said anything always has."""
        return self.clock.seconds() >= deadline - self.timeouts.keep_alive + QUIET_SECONDS

    def number_connection(self, peer: str) -> int:
        """The number of a connection from this address; 0 for a trusted proxy's, which may carry several users."""
        return 0 if self.proxies is not None and self.proxies.trusts(peer) else next(_numbers)

    def server_name(self, transport: object, peer: str) -> ServerName | None:
        """What a connection from this address was made for. A trusted proxy sends requests for many hosts on one."""
        return None if self.proxies is not None and self.proxies.trusts(peer) else server_name(transport)

    def drain(self, notice: float = NOTICE_SECONDS) -> None:
        """Close what stays idle for `notice` seconds, and everything else after its answer."""
        self.draining = True
        self.notice = notice
        for connection in list(self.connections):
            connection.drain()

    def abort(self) -> None:
        """Break what is left."""
        for connection in list(self.connections):
            connection.abort()
        self.deadlines.stop()
