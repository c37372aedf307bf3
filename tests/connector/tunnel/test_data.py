"""A data connection of the connector: who gets what comes on it, and what becomes of it and its request when it breaks."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest
from twisted.internet.task import Clock

from appproxy.connector.tunnel.attachment import AttachedConnection, DataAttachment
from appproxy.connector.tunnel.data import DATA_ALPN, HANDSHAKE_SECONDS, DataConnection
from appproxy.errors import Code
from appproxy.net.loop.deadlines import NEVER
from appproxy.net.read_gate import HoldReason
from appproxy.tunnel.connections.data import DataSession
from appproxy.tunnel.frames import Kind, encode
from appproxy.tunnel.limits import DEFAULT_LIMITS
from appproxy.tunnel.messages import Goodbye
from tests.connector.rig import EPOCH, IGNORED, DataPeer, Wire


@dataclass(eq=False)
class Request:
    """Takes the body, gives the answer and owns the wish: `told` all that happens, in order."""

    kept: bytes = b""
    told: list[tuple[object, ...]] = field(default_factory=list)
    received: int = 0
    sent: int = 0
    whole: bool = False
    begun: bool = False
    waits_for_user: bool = False

    def give_way(self) -> None:
        self.told.append(("give way",))

    def attached(self, connection: AttachedConnection) -> None:
        self.told.append(("attached",))

    def body_received(self, data: bytes) -> None:
        self.told.append(("body", data))

    def body_ended(self, trailers: bytes) -> None:
        self.told.append(("end", trailers))

    def body_broken(self, code: Code) -> None:
        self.told.append(("broken", code))

    def go(self) -> None:
        self.told.append(("go",))

    def replay(self, session: DataSession) -> bytes:
        return session.head(200, b"") + session.body(self.kept) if self.kept else b""

    def stopped(self, code: Code) -> None:
        self.told.append(("stopped", code))

    def attachment_failed(self, attachment: DataAttachment, code: Code) -> None:
        self.told.append(("failed", code))

    def attachment_over(self, attachment: DataAttachment) -> None:
        self.told.append(("over",))

    def take(self) -> list[tuple[object, ...]]:
        told, self.told = self.told, []
        return told


class Pool:
    """Where the connection belongs, and the connection itself with the service's end of it."""

    epoch = EPOCH
    pings = 1000

    def __init__(self, alpn: bytes = DATA_ALPN) -> None:
        self.clock = Clock()
        self.clock.advance(1000.0)
        self.told: list[object] = []
        #: Does the pool let go of what is idle?
        self.goes = True
        self.connection = DataConnection(self)
        self.wire = Wire(self.connection, alpn)
        self.wire.start()
        self.peer = DataPeer(self.wire, self.clock)

    def data_ready(self, connection: DataConnection) -> None:
        self.told.append("ready")

    def data_idle(self, connection: DataConnection, before: DataAttachment) -> None:
        self.told.append(("idle", before.request_id))

    def data_unused(self, connection: DataConnection) -> bool:
        self.told.append("unused")
        return self.goes

    def data_rests(self, connection: DataConnection) -> None:
        self.told.append("rests")

    def data_closed(self, connection: DataConnection, reason: str) -> None:
        self.told.append("closed")

    def attach_again(self, attachment: DataAttachment) -> None:
        self.told.append(("again", attachment.request_id))

    def seconds(self) -> float:
        return self.clock.seconds()

    def negotiated(self, transport: object) -> bytes | None:
        return getattr(transport, "negotiatedProtocol", None)

    def begin(self, request: Request, *, body: bool = True, answer: bool = True) -> DataAttachment:
        """Ask for a request's body, and its answer's way."""
        attachment = DataAttachment(request, 1, request if body else None, request if answer else None)
        self.connection.begin(attachment)
        return attachment

    def attached(self, **how: bool) -> tuple[Request, DataAttachment]:
        """The same, and the service has agreed."""
        request = Request()
        attachment = self.begin(request, **how)
        assert self.peer.kinds() == [Kind.ATTACH]
        self.peer.attached(1)
        request.take()
        self.told.clear()
        return request, attachment

    def advance(self, seconds: float) -> None:
        """Let time pass as the sweep does."""
        for _ in range(int(seconds)):
            self.clock.advance(1.0)
            if self.connection.deadline <= self.clock.seconds():
                self.connection.deadline_passed(self.clock.seconds())


def test_it_is_ready_when_the_handshake_is_over() -> None:
    """And the service speaks our protocol there; otherwise it is closed at once."""
    pool = Pool()
    assert pool.told == ["ready"] and pool.connection.open
    pool = Pool(b"http/1.1")
    assert pool.told == ["closed"] and pool.wire.end == "aborted" and not pool.connection.ready


def test_a_handshake_that_takes_too_long() -> None:
    """It is given up."""
    pool = Pool()
    connection = DataConnection(pool)
    wire = Wire(connection)
    wire.start()
    connection.write(b"too early")
    assert wire.take() == b""
    assert connection.deadline == pool.seconds() + HANDSHAKE_SECONDS
    connection.deadline_passed(connection.deadline)
    assert wire.end == "aborted" and connection.deadline == NEVER


def test_what_was_kept_of_the_answer_leaves_with_attach() -> None:
    """In one write: the service need not be waited for."""
    pool = Pool()
    pool.begin(Request(kept=b"hello"), body=False)
    assert len(pool.wire.written) == 1
    assert pool.peer.kinds() == [Kind.ATTACH, Kind.HEAD, Kind.BODY]


def test_both_sides_of_a_request_hear_that_it_is_attached() -> None:
    """Whoever takes the body, and whoever gives the answer; each only where it was asked for."""
    for body, answer in ((True, True), (True, False), (False, True)):
        pool, request = Pool(), Request()
        attachment = pool.begin(request, body=body, answer=answer)
        pool.peer.read()
        assert not attachment.confirmed
        pool.peer.attached(1)
        assert attachment.confirmed and attachment.connection is pool.connection
        assert request.told == [("attached",)] * (body + answer)


def test_the_body_reaches_who_takes_it() -> None:
    """GO, its pieces and its end."""
    pool = Pool()
    request, _ = pool.attached()
    session = pool.peer.session
    pool.wire.deliver(session.go() + session.body(b"hello") + session.end(b"x-sum: 7\n"))
    assert request.told == [("go",), ("body", b"hello"), ("end", b"x-sum: 7\n")]


def test_a_broken_body_and_a_stopped_answer() -> None:
    """Each with its reason."""
    pool = Pool()
    request, _ = pool.attached()
    pool.wire.deliver(pool.peer.session.abort(Code.CANCELLED))
    pool.wire.deliver(pool.peer.session.stop(Code.SHUTTING_DOWN))
    assert request.told[:2] == [("broken", Code.CANCELLED), ("stopped", Code.SHUTTING_DOWN)]
    assert pool.peer.kinds() == [Kind.ABORT]
    assert pool.told == [("idle", 1)]


def test_it_goes_back_to_the_pool_when_both_directions_are_over() -> None:
    """Awake, with no deadline, and its owner hears of it after the pool."""
    pool = Pool()
    request, attachment = pool.attached()
    pool.wire.deliver(pool.peer.session.end())
    request.take()
    pool.connection.settle()
    assert pool.told == [] and pool.connection.attachment is attachment
    pool.connection.read_gate.hold(HoldReason.SLOW_PEER)
    pool.connection.read_gate.hold(HoldReason.BACKLOG)
    pool.connection.write(pool.connection.session.head(200, b"") + pool.connection.session.end())
    pool.connection.settle()
    assert (pool.told, request.told) == ([("idle", 1)], [("over",)])
    assert attachment.connection is None and pool.connection.attachment is None
    assert not pool.wire.paused and pool.connection.deadline == NEVER
    assert pool.peer.kinds() == [Kind.HEAD, Kind.END]


def test_the_service_refuses() -> None:
    """The request fails with the reason; the connection can be used again."""
    pool, request = Pool(), Request()
    attachment = pool.begin(request)
    pool.peer.read()
    pool.told.clear()
    pool.wire.deliver(pool.peer.session.detach(1, Code.UNKNOWN_REQUEST))
    assert (pool.told, request.told) == ([("idle", 1)], [("failed", Code.UNKNOWN_REQUEST)])
    assert attachment.connection is None and pool.connection.open and pool.connection.deadline == NEVER
    request.take()
    pool.begin(request)
    assert pool.peer.kinds() == [Kind.ATTACH]


def test_a_stale_connection_is_tried_once_more() -> None:
    """It did not answer: a fresh one is asked for, of which the request hears nothing. The second loss counts."""
    pool, request = Pool(), Request()
    attachment = pool.begin(request)
    pool.wire.lose()
    assert pool.told[1:] == ["closed", ("again", 1)]
    assert request.told == [] and attachment.connection is None
    fresh = Pool()
    fresh.connection.begin(attachment)
    fresh.wire.lose()
    assert fresh.told[1:] == ["closed"] and request.told == [("failed", Code.CONNECTOR_LOST)]


def test_a_loss_after_the_service_agreed_breaks_the_request() -> None:
    """Nobody can know what has arrived."""
    pool = Pool()
    request, attachment = pool.attached()
    pool.wire.lose()
    assert pool.told == ["closed"] and request.told == [("failed", Code.CONNECTOR_LOST)]
    assert attachment.connection is None and pool.connection.deadline == NEVER
    attachment.failed(Code.CANCELLED)
    pool.connection.read_gate.hold(HoldReason.SLOW_PEER)
    assert len(request.told) == 1 and not pool.wire.paused


def test_a_request_that_is_over_hears_no_more() -> None:
    """Neither of a loss, nor of a new try."""
    pool, request = Pool(), Request()
    pool.begin(request).forget()
    pool.wire.lose()
    assert pool.told[1:] == ["closed"] and request.told == []
    pool = Pool()
    request, attachment = pool.attached()
    attachment.forget()
    pool.wire.lose()
    assert request.told == []


def test_an_idle_connection_is_closed_at_its_deadline() -> None:
    """As the pool has set it."""
    pool = Pool()
    pool.connection.deadline = pool.seconds() + 5
    pool.advance(6)
    assert pool.wire.end == "aborted" and pool.told[-1] == "closed"


@pytest.mark.parametrize("reading", [True, False])
def test_a_silent_service_is_dead_while_we_read(reading: bool) -> None:
    """Its silence proves nothing while we do not."""
    pool = Pool()
    request, _ = pool.attached()
    if not reading:
        pool.connection.read_gate.hold(HoldReason.SLOW_PEER)
    pool.advance(DEFAULT_LIMITS.data_dead_after + 100)
    assert (pool.wire.end == "aborted") is reading
    assert request.told == ([("failed", Code.CONNECTOR_LOST)] if reading else [])


def test_a_service_that_never_answers_attach() -> None:
    """The connection is closed, and the request goes to a fresh one."""
    pool = Pool()
    pool.begin(Request())
    pool.advance(DEFAULT_LIMITS.attach_answer + 2)
    assert pool.wire.end == "aborted" and pool.told[-1] == ("again", 1)


def test_pings_keep_it_alive() -> None:
    """One goes out after a minute of silence; any byte is a sign of life."""
    pool = Pool()
    pool.attached()
    for _ in range(10):
        pool.advance(50)
        pool.wire.deliver(IGNORED)
    pool.advance(70)
    assert pool.wire.end == "" and pool.wire.take()[4] == Kind.PING


def test_what_the_protocol_forbids_ends_it() -> None:
    """A body that was never asked for."""
    pool = Pool()
    request, _ = pool.attached(body=False)
    pool.wire.deliver(encode(Kind.BODY, 1, b"", b"x"))
    assert pool.wire.end == "aborted" and ("body", b"x") not in request.told


def test_a_service_that_says_goodbye() -> None:
    """Its reason is for the log; the connection is closed."""
    pool = Pool()
    request, _ = pool.attached()
    pool.wire.deliver(pool.peer.session.goodbye(Goodbye(Code.SHUTTING_DOWN, 1.0, False, "bye")))
    assert pool.wire.end == "aborted" and request.told == [("failed", Code.CONNECTOR_LOST)]


def test_closing_lets_the_last_bytes_leave() -> None:
    """Nothing pauses it any more, and nothing is written behind."""
    pool = Pool()
    pool.wire.producer = pool.connection.read_gate
    pool.connection.write(b"last")
    pool.connection.close()
    assert pool.wire.end == "lost" and pool.wire.take() == b"last" and not pool.connection.open
    pool.connection.write(b"late")
    assert pool.wire.take() == b""
