"""A signal connection: greeting, heartbeat, drain, and which end may say what when."""

from __future__ import annotations

from collections.abc import Callable
from enum import IntEnum

from appproxy.errors import Code, LocalProtocolError, RemoteProtocolError
from appproxy.tunnel.connections.heartbeat import Heartbeat
from appproxy.tunnel.frames import Frame, FrameReader, Kind, encode, signal_limits
from appproxy.tunnel.json_heads.findings import decode_findings
from appproxy.tunnel.json_heads.handshake import (
    Goodbye,
    Hello,
    Load,
    Welcome,
    decode_configuration,
    decode_error,
    decode_hello,
    decode_load,
    decode_welcome,
    encode_error,
    encode_hello,
    encode_load,
    encode_welcome,
)
from appproxy.tunnel.json_heads.node_list import decode_nodes
from appproxy.tunnel.limits import DEFAULT_LIMITS, TunnelLimits
from appproxy.tunnel.messages import check_finality
from appproxy.tunnel.token_bucket import TokenBucket


class Role(IntEnum):
    """Which end of a tunnel connection this is."""

    SERVICE = 1
    CONNECTOR = 2


class SignalState(IntEnum):
    """How far a signal connection has come."""

    OPENING = 1  # nothing was said yet
    GREETED = 2  # HELLO was said, WELCOME not yet
    READY = 3
    CLOSED = 4  # ERROR was said; whatever comes is ignored


class DrainState(IntEnum):
    """One end's wish that no more requests come on this connection."""

    NO = 1
    ASKED = 2  # DRAIN was said
    DONE = 3  # and answered by DRAINED


_K = Kind
_ST = SignalState

#: What each end may receive, in each state, and the state that follows.
RECEIVED: dict[Role, dict[SignalState, dict[int, SignalState]]] = {
    Role.SERVICE: {
        _ST.OPENING: {_K.HELLO: _ST.GREETED, _K.ERROR: _ST.CLOSED},
        _ST.GREETED: {_K.ERROR: _ST.CLOSED},
        _ST.READY: {
            **dict.fromkeys(
                (_K.PING, _K.PONG, _K.RSP, _K.INFO, _K.REJECT, _K.FAIL, _K.FINDINGS, _K.DRAIN, _K.DRAINED), _ST.READY
            ),
            _K.ERROR: _ST.CLOSED,
        },
        _ST.CLOSED: {},
    },
    Role.CONNECTOR: {
        _ST.OPENING: {_K.ERROR: _ST.CLOSED},
        _ST.GREETED: {_K.WELCOME: _ST.READY, _K.ERROR: _ST.CLOSED},
        _ST.READY: {
            **dict.fromkeys(
                (_K.PING, _K.PONG, _K.REQ, _K.CANCEL, _K.CONFIG, _K.NODES, _K.EXAMINE, _K.DRAIN, _K.DRAINED), _ST.READY
            ),
            _K.ERROR: _ST.CLOSED,
        },
        _ST.CLOSED: {},
    },
}

#: What each end may send through the session, in each state, and the state that follows.
SENT: dict[Role, dict[SignalState, dict[int, SignalState]]] = {
    Role.SERVICE: {
        _ST.OPENING: {_K.ERROR: _ST.CLOSED},
        _ST.GREETED: {_K.WELCOME: _ST.READY, _K.ERROR: _ST.CLOSED},
        _ST.READY: {_K.DRAIN: _ST.READY, _K.DRAINED: _ST.READY, _K.ERROR: _ST.CLOSED},
        _ST.CLOSED: {},
    },
    Role.CONNECTOR: {
        _ST.OPENING: {_K.HELLO: _ST.GREETED, _K.ERROR: _ST.CLOSED},
        _ST.GREETED: {_K.ERROR: _ST.CLOSED},
        _ST.READY: {_K.DRAIN: _ST.READY, _K.DRAINED: _ST.READY, _K.ERROR: _ST.CLOSED},
        _ST.CLOSED: {},
    },
}

#: Either end's drain.
DRAIN: dict[DrainState, dict[int, DrainState]] = {
    DrainState.NO: {_K.DRAIN: DrainState.ASKED},
    DrainState.ASKED: {_K.DRAINED: DrainState.DONE},
    DrainState.DONE: {},
}

#: Frames of requests: they have an id.
_OF_REQUESTS = {
    Role.SERVICE: frozenset({int(_K.RSP), int(_K.INFO), int(_K.REJECT), int(_K.FAIL)}),
    Role.CONNECTOR: frozenset({int(_K.REQ), int(_K.CANCEL)}),
}
#: Those that pass without a further look.
_SWIFT = {role: kinds - {_K.INFO} for role, kinds in _OF_REQUESTS.items()}
_RSP = int(_K.RSP)
#: Control frames whose owner reads them: here they are only to be readable.
_CHECKED: dict[int, Callable[[bytes], object]] = {
    _K.CONFIG: decode_configuration, _K.NODES: decode_nodes, _K.FINDINGS: decode_findings}


class SignalSession:
    """Either end of a signal connection.

    Give it what arrives and the time (`receive`, `tick` when `next_tick` is reached), write what `take_output` and the
    verbs return. Frames of requests (REQ, RSP, INFO, CANCEL, REJECT, FAIL), CONFIG, NODES, EXAMINE and FINDINGS are written
    by the owner with `encode`; a service asks `may_send_requests` before REQ.
    """

    def __init__(self, role: Role, now: float, limits: TunnelLimits = DEFAULT_LIMITS) -> None:
        self.role = role
        self.state = SignalState.OPENING
        #: The end's own wish to drain, and the peer's.
        self.own_drain = DrainState.NO
        self.peer_drain = DrainState.NO
        #: What the peer said, once it has.
        self.peer_hello: Hello | None = None
        self.peer_welcome: Welcome | None = None
        self.peer_goodbye: Goodbye | None = None
        self.peer_load: Load | None = None
        #: The connector's load for its PONGs.
        self.load: Callable[[], Load] = lambda: Load(0, 0, 0)
        self._limits = limits
        self._reader = FrameReader(signal_limits(limits))
        self._heartbeat = Heartbeat(
            limits, now, burst=limits.ping_burst, every=limits.ping_every, ping_after=limits.ping_after,
            dead_after=limits.dead_after, steady=role is Role.SERVICE,
        )
        self._control = TokenBucket("control frames", limits.control_burst, limits.control_every, now)
        self._opened = now
        self._swift: frozenset[int] = frozenset()

    @property
    def may_send_requests(self) -> bool:
        """For the service: REQ may be written on this connection."""
        return (
            self.state is SignalState.READY
            and self.own_drain is DrainState.NO
            and self.peer_drain is not DrainState.DONE
        )

    def receive(self, data: bytes, now: float) -> list[Frame]:
        """The frames for the owner; PING is answered (see `take_output`) and PONG taken.

        Raises RemoteProtocolError, also when the peer may not say this in its role and state, or says too much.
        """
        if self.state is SignalState.CLOSED:
            return []
        if data:
            self._heartbeat.heard = now
        frames = self._reader.receive(data)
        swift = self._swift
        for kind, _, request_id, head, _ in frames:
            # A RSP must be final: 1xx would leave the user's connection waiting for another answer.
            if kind not in swift or not request_id or (kind == _RSP and head[:1] == b"1"):
                return [frame for frame in frames if self._take(frame, now)]
        return frames

    def _take(self, frame: Frame, now: float) -> bool:
        """Follow one frame; whether the owner is to see it."""
        kind = frame[0]
        if self.state is SignalState.CLOSED:
            return False
        after = RECEIVED[self.role][self.state].get(kind)
        if after is None:
            raise RemoteProtocolError(f"{Kind(kind).name} in state {self.state.name}")
        if kind in _OF_REQUESTS[self.role]:
            self._check_of_request(frame)
        elif kind == Kind.PING:
            self._heartbeat.answer(frame, encode_load(self.load()) if self.role is Role.CONNECTOR else b"", now)
            return False
        elif kind == Kind.PONG:
            self._take_load(self._heartbeat.answered(frame))
            return False
        else:
            self._control.take(now)
            self._learn(frame)
            self._enter(after)
        return True

    def _check_of_request(self, frame: Frame) -> None:
        kind, _, request_id, head, _ = frame
        if not request_id:
            raise RemoteProtocolError(f"{Kind(kind).name} without a request id")
        if kind == Kind.REQ and self._no_more_requests:
            raise RemoteProtocolError("REQ after the drain")
        if kind in (Kind.RSP, Kind.INFO):
            check_finality(kind, head)

    def _take_load(self, data: bytes) -> None:
        if self.role is Role.SERVICE:
            self.peer_load = decode_load(data)
        elif data:
            raise RemoteProtocolError("a PONG of a service with a load")

    def _learn(self, frame: Frame) -> None:
        """Read a greeting or a control frame."""
        kind, _, request_id, head, tail = frame
        if request_id or tail:
            raise RemoteProtocolError(f"{Kind(kind).name} with a request id or a tail")
        if kind == Kind.HELLO:
            self.peer_hello = decode_hello(head)
        elif kind == Kind.WELCOME:
            self.peer_welcome = decode_welcome(head)
            self._beat(self.peer_welcome)
        elif kind == Kind.ERROR:
            self.peer_goodbye = decode_error(head)
        elif kind == Kind.DRAIN:
            self.peer_drain = self._drain_after(self.peer_drain, kind, RemoteProtocolError)
        elif kind == Kind.DRAINED:
            self.own_drain = self._drain_after(self.own_drain, kind, RemoteProtocolError)
        elif (check := _CHECKED.get(kind)) is not None:
            check(head)

    @staticmethod
    def _drain_after(
        drain: DrainState, kind: int, error: type[LocalProtocolError] | type[RemoteProtocolError]
    ) -> DrainState:
        after = DRAIN[drain].get(kind)
        if after is None:
            raise error(f"{Kind(kind).name} when drain is {drain.name}")
        return after

    def _enter(self, state: SignalState) -> None:
        """Set the state, and what may pass without a look from now on."""
        self.state = state
        if state is not SignalState.READY:
            self._swift = frozenset()
        elif self._no_more_requests:
            self._swift = _SWIFT[self.role] - {_K.REQ}
        else:
            self._swift = _SWIFT[self.role]

    @property
    def _no_more_requests(self) -> bool:
        """For the connector: the service has said DRAINED, or DRAIN itself."""
        return self.own_drain is DrainState.DONE or self.peer_drain is not DrainState.NO

    def _beat(self, welcome: Welcome) -> None:
        """Take up the service's heartbeat; it must be possible to lose two PINGs."""
        self._heartbeat.ping_after = welcome.heartbeat
        self._heartbeat.dead_after = max(self._limits.dead_after, 2 * welcome.heartbeat + 10.0)

    def tick(self, now: float) -> None:
        """PING after silence. Raises RemoteProtocolError (DEAD_PEER) when the silence, or the greeting, is too long."""
        if self.state is SignalState.CLOSED:
            return
        if self.state is not SignalState.READY:
            if now >= self._opened + self._limits.hello_seconds:
                raise RemoteProtocolError("no greeting in time", Code.DEAD_PEER)
            return
        if now >= self._heartbeat.dead_at():
            raise RemoteProtocolError(f"silent for {now - self._heartbeat.heard:.0f} s", Code.DEAD_PEER)
        self._heartbeat.tick(now)

    def next_tick(self) -> float:
        """When `tick` is to be called next; infinite when never."""
        if self.state is SignalState.CLOSED:
            return float("inf")
        if self.state is not SignalState.READY:
            return self._opened + self._limits.hello_seconds
        return min(self._heartbeat.dead_at(), self._heartbeat.ping_at())

    def ping(self) -> bytes:
        """A PING out of turn, whose answer tells at once whether the peer lives."""
        return self._heartbeat.ping()

    @property
    def heard(self) -> float:
        """When something of the peer came last."""
        return self._heartbeat.heard

    @property
    def is_answered(self) -> bool:
        """Has the peer answered the last PING?"""
        return self._heartbeat.caught_up

    def take_output(self) -> bytes:
        """PINGs and PONGs to write, once."""
        return self._heartbeat.take_output()

    def hello(self, h: Hello) -> bytes:
        """The connector's first word."""
        return self._say(Kind.HELLO, encode_hello(h))

    def welcome(self, w: Welcome) -> bytes:
        """The service takes the connector."""
        data = self._say(Kind.WELCOME, encode_welcome(w))
        self._beat(w)
        return data

    def drain(self) -> bytes:
        """The connector wants no more REQ here; the service will send none. The peer answers DRAINED."""
        data = self._say(Kind.DRAIN)
        self.own_drain = self._drain_after(self.own_drain, Kind.DRAIN, LocalProtocolError)
        return data

    def drained(self) -> bytes:
        """The answer to the peer's DRAIN: the service has sent its last REQ, the connector has answered its last."""
        data = self._say(Kind.DRAINED)
        self.peer_drain = self._drain_after(self.peer_drain, Kind.DRAINED, LocalProtocolError)
        return data

    def goodbye(self, g: Goodbye) -> bytes:
        """The connection is to end; close it when this is written."""
        return self._say(Kind.ERROR, encode_error(g))

    def _say(self, kind: Kind, head: bytes = b"") -> bytes:
        after = SENT[self.role][self.state].get(kind)
        if after is None:
            raise LocalProtocolError(f"{kind.name} in state {self.state.name} as {self.role.name}")
        self._enter(after)
        return encode(kind, 0, head)

