"""Users in front: what all connections of one listener have in common, whatever they speak.

HTTP/1.1 is in `user_connection`, HTTP/2 in `h2_connection`, and `user_entry` finds out which of them a user wants.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from itertools import count
from typing import Protocol as Kind

from twisted.internet.interfaces import IAddress, IReactorTime
from twisted.internet.protocol import Factory, Protocol

from appproxy.errors import Code
from appproxy.http import HeadLimits
from appproxy.http.head import RequestHead
from appproxy.http.trusted_proxies import TrustedProxies
from appproxy.net.deadlines import Deadlines
from appproxy.net.tls import ServerName, server_name
from appproxy.service.exchange import Exchange, Handler


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


#: Answer to a request that nobody could be asked about: (code, request id, its Accept value or None) to status, block, body.
Refusal = Callable[[Code, str, bytes | None], tuple[int, bytes, bytes]]

#: Of a request whose own head could not be used.
NO_HEAD = RequestHead(b"-", b"-", 11, [], b"", "", 0, False, None, False)


class Connected(Kind):
    """A user's connection, whatever it speaks."""

    def drain(self) -> None:
        """Close what is idle, and everything else after what is under way."""

    def abort(self) -> None:
        """Close at once; what was under way is broken."""


#: Numbers the users' connections of this process, on whatever listener; none comes twice.
_numbers = count(1)

#: Makes a connection: (front, the user's address).
Entry = Callable[["Front", str], Protocol]


class Front(Factory):
    """Makes a connection for each user. `log` is called once for each exchange, when it is over.

    `entry` makes it: `UserConnection` for HTTP/1.1, `UserEntry` where ALPN decides. `token` gives random bytes,
    `date` the field line that an answer without a date gets.
    `most` connections may be open at the same time; more are closed at once.
    """

    noisy = False

    def __init__(
        self,
        handler: Handler,
        clock: IReactorTime,
        refusal: Refusal,
        new_id: Callable[[], str],
        *,
        entry: Entry,
        log: Callable[[Exchange], None] = lambda exchange: None,
        scheme: str = "https",
        limits: HeadLimits | None = None,
        timeouts: FrontTimeouts | None = None,
        proxies: TrustedProxies | None = None,
        token: Callable[[int], bytes] = secrets.token_bytes,
        date: Callable[[], bytes] = lambda: b"",
        most: int | None = None,
    ) -> None:
        self.handler = handler
        self.clock = clock
        self.refusal = refusal
        self.new_id = new_id
        self.log = log
        self.scheme = scheme
        self.limits = limits or HeadLimits()
        self.timeouts = timeouts or FrontTimeouts()
        #: Whose word in fields counts for who the client is; None: nobody's.
        self.proxies = proxies
        self.deadlines = Deadlines(clock)
        self.entry = entry
        self.token = token
        self.date = date
        self.connections: set[Connected] = set()
        self.draining = False
        self.accepted = 0
        self._most = most
        #: Connections that were closed at once because there were too many.
        self.turned_away = 0
        #: HTTP/2 connections that were ended for too much of what is no request.
        self.floods = 0

    def buildProtocol(self, addr: IAddress | None) -> Protocol | None:
        if self._most is not None and len(self.connections) >= self._most:
            self.turned_away += 1
            return None
        host: str = getattr(addr, "host", "")
        # A listener on [::] shows IPv4 users inside IPv6 (RFC 4291 section 2.5.5.2); everybody else knows them as IPv4.
        return self.entry(self, host.removeprefix("::ffff:") if "." in host else host)

    def number_connection(self, peer: str) -> int:
        """The number of a connection from this address; 0 for a trusted proxy's, which may carry several users."""
        return 0 if self.proxies is not None and self.proxies.trusts(peer) else next(_numbers)

    def server_name(self, transport: object, peer: str) -> ServerName | None:
        """What a connection from this address was made for. A trusted proxy sends requests for many hosts on one."""
        return None if self.proxies is not None and self.proxies.trusts(peer) else server_name(transport)

    def drain(self) -> None:
        """Close what is idle, and everything else after its answer."""
        self.draining = True
        for connection in list(self.connections):
            connection.drain()

    def abort(self) -> None:
        """Break what is left."""
        for connection in list(self.connections):
            connection.abort()
        self.deadlines.stop()
