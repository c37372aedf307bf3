"""A connector that is here, its signal connections, and the requests that it has, as each of them sees the others."""

from __future__ import annotations

from collections.abc import Container
from typing import Protocol

from appproxy.errors import Code
from appproxy.service.relay.connectors.data_channel import DataChannel
from appproxy.tunnel.ids import RequestIds
from appproxy.tunnel.limits import DEFAULT_LIMITS
from appproxy.tunnel.messages import Load


class SignalChannel(Protocol):
    """A signal connection, as far as dispatch needs it."""

    #: The transport's buffer is full, or the connector drains: give it no new request.
    congested: bool
    draining: bool

    def write(self, data: bytes) -> None: ...


class Dispatchable(Protocol):
    """A request, as those see it who give it to a connector and hear what that says of it.

    Raises LocalProtocolError where the connector says what cannot be said now, as `tunnel.life` has it.
    """

    #: The signal connection that carries it.
    link: SignalChannel | None

    def send(self, peer: Peer, now: float) -> None:
        """Give it to this connector, which has just been chosen."""

    def crowded_out(self) -> None:
        """Too many wait, and most of them are of its user: it is refused."""

    # What the connector says on a signal connection.

    def answered(self, status: int, block: bytes, body: bytes) -> None:
        """RSP: the complete answer."""

    def informed(self, status: int, block: bytes) -> None:
        """INFO: an interim answer. Raises RemoteProtocolError when they do not end."""

    def rejected(self, code: Code, text: str) -> None:
        """REJECT: not processed, so another connector may have it."""

    def failed(self, code: Code, text: str) -> None:
        """FAIL: the connector's last word; it may have been processed."""

    def listed(self, listed_open: bool, listed_ended: bool, link: SignalChannel) -> None:
        """A HELLO, which came on `link`: the connector has it, has ended it, or never received it."""

    # What happens on a data connection.

    @property
    def upgraded(self) -> bool:
        """Is it a stream of bytes by now?"""

    def wants(self, body: bool, response: bool) -> bool:
        """May the connector attach for this?"""

    def attached(self, data: DataChannel, want_body: bool) -> None:
        """The connector has a data connection ready; if it wants the body, that is read from the user now."""

    def headed(self, status: int, block: bytes) -> None:
        """HEAD: the answer begins."""

    def streamed(self, piece: bytes) -> None:
        """BODY: a piece of the answer."""

    def ended(self, trailers: bytes) -> None:
        """END: the answer is complete; of an upgraded stream, the application's direction."""

    def aborted(self, code: Code, text: str) -> None:
        """ABORT: the connector has broken off what this data connection carried."""

    def stopped(self) -> None:
        """STOP: the connector reads no more of the body; an answer comes, or has come."""

    def detached(self) -> None:
        """The data connection carries another's bytes from now on; nothing of this one was lost."""

    # What is lost.

    def link_lost(self) -> None:
        """The signal connection that carried it has gone; the next HELLO tells what became of it."""

    def data_lost(self) -> None:
        """The data connection is gone, with no word why."""

    def peer_lost(self) -> None:
        """The connector has gone for good."""

    def stuck(self) -> None:
        """It does not answer, and others do."""


class Peer:
    """One connector that is, or just was, connected to this node: one process of it, where it has several workers."""

    __slots__ = ("address", "asked", "data", "drain", "examines", "few", "group", "id", "ids", "in_flight", "instance",
                 "key", "limit", "links", "load", "most", "parent", "reserve", "since", "streams", "suspected",
                 "takes_bodies", "timeouts", "try_at", "used", "usual", "version", "worker")

    def __init__(
        self, id: str, group: str, instance: bytes, since: float, most: int = DEFAULT_LIMITS.in_flight, before_ids: int = 0,
    ) -> None:
        self.id = id
        #: What tells it from the other processes of its connector, which have the same id; `Roster.add` says it.
        self.key = id
        #: Of the process that started it, and the number that it has there: b"" and 0 for one that is no worker.
        self.parent = b""
        self.worker = 0
        self.group = group
        self.instance = instance
        self.since = since
        #: Signal connections by slot.
        self.links: dict[int, SignalChannel] = {}
        #: Requests that the connector has, and has not spoken its last frame of.
        self.in_flight: dict[int, Dispatchable] = {}
        #: Ids that none of its next requests may have: of these, and where it is a worker of those of the others, too.
        self.used: Container[int] = self.in_flight
        #: How many of these are streams and endless answers: they may be many and idle, and take no place from requests.
        self.streams = 0
        #: Requests that it takes, as its HELLO says, and that are to be given to it; from `usual` on its places are the
        #: reserve, for users who have fewer than `few`.
        self.most = most
        self.limit = self.usual = self.reserve = self.few = 0
        #: They begin behind `before_ids`, elsewhere at each node: a HELLO may list other nodes' requests, too.
        self.ids = RequestIds(before_ids)
        #: Data connections, so that all can be closed at once.
        self.data: set[object] = set()
        #: Time-outs in a row; and when the next try is made, once it is suspended for them.
        self.timeouts = 0
        self.try_at = 0.0
        #: It was asked whether it is there; it has not answered for so long that others get its requests.
        self.asked: float | None = None
        self.suspected = False
        self.version = ""
        self.address = ""
        #: Does it take small bodies in the REQ?
        self.takes_bodies = False
        #: May it be asked to run its half of the doctor?
        self.examines = False
        #: Seconds for which what is under way may go on once it drains; None: it does not tell.
        self.drain: float | None = None
        self.load: Load | None = None

    def link(self) -> SignalChannel | None:
        """A signal connection that takes requests: the first that is not congested, so that frames share its records."""
        for link in self.links.values():
            if not link.congested and not link.draining:
                return link
        return None

    def answered(self) -> None:
        """An answer of its own has come: it is well."""
        self.timeouts = 0
        self.try_at = 0.0

    @property
    def online(self) -> bool:
        """Does any signal connection take requests?"""
        return any(not link.draining for link in self.links.values())
