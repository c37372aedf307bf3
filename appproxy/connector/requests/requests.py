"""The requests in flight from one service node, by id: each is judged once, and each gets one final frame."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping
from itertools import chain
from types import MappingProxyType
from typing import Protocol

from twisted.internet.interfaces import IReactorTime
from twisted.logger import Logger

from appproxy.connector.applications.route import OriginRoute
from appproxy.connector.requests.expectation import Expectations, ExpectingRequest
from appproxy.connector.requests.live_request import DataConnections, LiveRequest, Sender
from appproxy.connector.requests.origin_request import OriginRequest
from appproxy.connector.requests.request_hooks import RequestHooks
from appproxy.connector.tunnel.signal import SignalConnection
from appproxy.connector.turns import Turns
from appproxy.errors import Code, RemoteProtocolError
from appproxy.net.loop.deadlines import Deadlines
from appproxy.net.loop.seldom import LogThinning
from appproxy.tunnel.exchanges import State
from appproxy.tunnel.frames import Flag, Kind, encode
from appproxy.tunnel.limits import DEFAULT_LIMITS, TunnelLimits
from appproxy.tunnel.messages import Request, check_body, decode_request, encode_code
from appproxy.tunnel.shares import Places

#: Final frames kept while no signal connection is up; the service waits 5 s for them.
MOST_BACKLOG = 1024 * 1024
_ASK = int(Flag.ASK)


class SignalChannels(Protocol):
    """The signal connections of the node."""

    def other_than(self, channel: SignalConnection) -> SignalConnection | None:
        """One that is open, for what belongs on `channel`."""


class ServedApplications(Protocol):
    """The applications that this connector serves, as its requests and uplinks know them."""

    @property
    def routes(self) -> Mapping[str, OriginRoute]:
        """By application id, as they are now."""

    def refresh(self, then: Callable[[], None] | None = None) -> None:
        """Ask the service which there are; `then` is called when that is known, or cannot be."""

    def hinted(self, version: int) -> None:
        """The service has this version of them."""


class Requests:
    """The table, and what all its requests share."""

    log = Logger()

    def __init__(
        self,
        clock: IReactorTime,
        deadlines: Deadlines,
        pool: DataConnections,
        channels: SignalChannels,
        applications: ServedApplications,
        hooks: RequestHooks,
        limits: TunnelLimits = DEFAULT_LIMITS,
    ) -> None:
        self.seconds = clock.seconds
        self.pool = pool
        #: Bytes of an answer that the service takes in line.
        self.inline_limit = limits.inline_slow
        self.counters = hooks.counters
        self.expectations = Expectations()
        #: Called after each request; set while somebody waits for the last one.
        self.watcher: Callable[[], None] | None = None
        #: Called with each request that comes; None where traces are off here or at the service.
        self.trace: Callable[[Request], None] | None = None
        self._deadlines = deadlines
        self._channels = channels
        self._applications = applications
        self._log = hooks.ended
        self._most = limits.in_flight
        #: Upgraded streams and endless answers.
        self._streams = Places(limits.streams_most)
        self._tombstone_seconds = limits.tombstone_seconds
        self._open: dict[int, LiveRequest] = {}
        #: Ids whose final frame was sent. At most so many requests hold a slot at the service, so those whose final
        #: frame was lost with its connection are among these, however long ago that was.
        self._ended: deque[int] = deque(maxlen=limits.in_flight)
        #: Final frames for which there was no connection, and their size.
        self._backlog: dict[int, bytes] = {}
        self._backlog_size = 0
        self._tombstones: dict[int, float] = {}
        #: Ids of those that have a place among the streams.
        self._streaming: set[int] = set()
        self._seldom = LogThinning()
        #: Who begins in which turn of the reactor.
        self.turns: Turns[OriginRequest] = Turns(clock, self._begin)

    def __len__(self) -> int:
        return len(self._open)

    @property
    def in_flight(self) -> int:
        """Requests that count: streams do not."""
        return len(self._open) - self._streams.taken

    # What the service says.

    def received(self, channel: SignalConnection, flags: int, request_id: int, head: bytes, body: bytes = b"") -> None:
        """A REQ. Raises RemoteProtocolError when it is malformed or its id is in use."""
        if request_id in self._open:
            raise RemoteProtocolError(f"REQ {request_id} is there twice")
        request = decode_request(head)
        if request.length != 0 or body:
            check_body(flags, request.length, body)
            request.body = body
        counters = self.counters
        counters.requests += 1
        kind = ExpectingRequest if flags & _ASK else OriginRequest
        forward = kind(self, channel, flags, request_id, request, self.seconds())
        self._open[request_id] = forward
        if self.trace is not None:
            self.trace(request)
        if self._tombstones and self._tombstones.pop(request_id, None) is not None:
            forward.cancel()
            return
        if len(self._open) > self._most and self.in_flight > self._most:
            forward.reject(Code.CONNECTOR_BUSY, f"it has its {self._most} requests (in_flight)")
            return
        self._deadlines.add(forward)
        turns = self.turns
        if not (turns.counting and turns.must_wait(forward.counts_for, forward)):
            self._begin(forward)

    def _begin(self, forward: OriginRequest) -> None:
        """A fault of ours costs this request, and not the connection that all the others share."""
        route: OriginRoute | None = self._applications.routes.get(forward.request.application)
        if route is None:
            self._applications.refresh(lambda: self._look_again(forward))
            return
        try:
            if route.hosts is not None:
                route = route.hosts.of(forward.request.authority)
            if route is None:
                forward.reject(Code.UNKNOWN_APPLICATION)
            else:
                forward.start(route)
        except Exception:
            self.log.failure("request {id} failed by a fault of this program", id=forward.request.correlation)
            forward.fail(Code.INTERNAL)

    def _look_again(self, forward: OriginRequest) -> None:
        """The configuration was read once more for an application that was unknown."""
        if forward.state != State.RECEIVED:
            return
        if forward.request.application in self._applications.routes:
            self._begin(forward)
        else:
            forward.reject(Code.UNKNOWN_APPLICATION)

    @property
    def under_way(self) -> Mapping[int, LiveRequest]:
        """Those that are not over, by their ids."""
        return MappingProxyType(self._open)

    def cancelled(self, channel: SignalConnection, request_id: int) -> None:
        """A CANCEL: for one in flight, for one just ended, or for one that has not come (yet)."""
        forward = self._open.get(request_id)
        if forward is not None:
            forward.cancel()
        elif request_id not in self._ended:
            now = self.seconds()
            for old in [each for each, until in self._tombstones.items() if until <= now]:
                del self._tombstones[old]
            if len(self._tombstones) < self._most:
                self._tombstones[request_id] = now + self._tombstone_seconds
            channel.send(encode(Kind.FAIL, request_id, encode_code(Code.CANCELLED)))

    # What the signal connections ask.

    def open_ids(self) -> tuple[int, ...]:
        """For HELLO: received, and of unknown fate to the service. What it has attached an answer for, it knows."""
        waiting = (each.id for each in self._open.values() if not each.is_known_to_answer)
        return tuple(chain(waiting, self._backlog))

    def ended_ids(self) -> tuple[int, ...]:
        """For HELLO: those whose final frame was sent."""
        return tuple(self._ended)

    def flush_backlog(self, channel: SignalConnection) -> None:
        """A connection is up again: send what waited."""
        backlog, self._backlog = self._backlog, {}
        self._backlog_size = 0
        for request_id, frame in backlog.items():
            channel.send(frame)
            self._ended.append(request_id)

    def forget_all(self) -> None:
        """The node is gone, or a new epoch has begun: nobody waits for anything."""
        self._backlog.clear()
        self._backlog_size = 0
        self._ended.clear()
        self._tombstones.clear()
        for forward in list(self._open.values()):
            forward.node_lost()

    def waits_for(self, channel: SignalConnection) -> bool:
        """Is something in flight that came on this connection?"""
        return any(each.channel is channel for each in self._open.values())

    # What the requests ask.

    def channel_for(self, request: Sender) -> SignalConnection | None:
        """Where this request's frames go: where it came from, or to the other one."""
        channel = request.channel
        return channel if channel.open else self._channels.other_than(channel)

    def send_final(self, request: Sender, frame: bytes) -> None:
        """Send a final frame, or keep it until a connection is up."""
        channel = self.channel_for(request)
        if channel is not None:
            channel.send(frame)
        elif self._backlog_size + len(frame) <= MOST_BACKLOG:
            self._backlog[request.id] = frame
            self._backlog_size += len(frame)

    def upgraded(self, request: LiveRequest, stream: LiveRequest) -> None:
        """A stream takes this request's place, and does not count as in flight."""
        self._deadlines.discard(request)
        self._open[stream.id] = stream
        self._deadlines.add(stream)
        self._deadlines.rest(stream)
        self.counters.upgrades += 1

    def begin_stream(self, request: LiveRequest) -> Code | None:
        """Take a place for a stream or an endless answer; or say why there is none for this user."""
        share = request.counts_for
        if not self._streams.has_room(share):
            code = Code.SHARE_EXCEEDED if self._streams.is_over(share) else Code.TOO_MANY_UPGRADES
            if self._seldom.is_due(share, self.seconds()):
                self.log.warn("{share} holds {held} of {most} streams, and gets no more: {code}", share=share.decode(),
                              held=self._streams.held(share), most=self._streams.most, code=code.name)
            return code
        self._streams.take(share)
        self._streaming.add(request.id)
        if request.attachment is not None:
            self.pool.lengthen(request.attachment)
        return None

    def tell(self, request: Sender, frame: bytes) -> None:
        """Send a frame of a request that has ended here; the service may not have come to its end."""
        channel = self.channel_for(request)
        if channel is not None:
            channel.send(frame)

    def finished(self, request: LiveRequest) -> None:
        """Its final frame has been sent, or nobody waits for one."""
        request_id = request.id
        if self._open.pop(request_id, None) is None:
            return
        if request_id in self._streaming:
            self._streaming.discard(request_id)
            self._streams.give(request.counts_for)
        self._deadlines.discard(request)
        if self.turns.counting:
            self.turns.leave(request.counts_for, request)  # type: ignore[arg-type]  # a stream has begun: it is not there
        if request_id not in self._backlog:
            self._ended.append(request_id)
        self._log(request)
        if self.watcher is not None:
            self.watcher()
