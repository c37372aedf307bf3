"""What calls to others share."""

from __future__ import annotations

from typing import Any, cast

import pytest
from twisted.internet.defer import Deferred, succeed
from twisted.internet.error import ConnectionLost, DNSLookupError
from twisted.internet.task import Clock
from twisted.python.failure import Failure
from twisted.web.client import ResponseDone, ResponseNeverReceived
from twisted.web.http_headers import Headers

from appproxy.net.agent import BytesProducer, CallAnswer, UnreadAnswer, call, why_no_answer, within
from appproxy.net.small_body import BodyTooLargeError


class Transport:
    """Takes what is written, and remembers that it was stopped."""

    def __init__(self) -> None:
        self.written: list[bytes] = []
        self.stopped = False

    def write(self, data: bytes) -> None:
        self.written.append(data)

    def stopProducing(self) -> None:
        self.stopped = True


def test_a_body_is_written_at_once() -> None:
    """Whole, whatever the transport says; its length is known before."""
    transport, body = Transport(), BytesProducer(b"body")
    assert body.length == 4
    done = body.startProducing(cast("Any", transport))
    body.pauseProducing()
    body.resumeProducing()
    body.stopProducing()
    assert done.called and transport.written == [b"body"]


def test_nobody_reads_an_answer() -> None:
    """However much it is."""
    transport = Transport()
    UnreadAnswer().makeConnection(cast("Any", transport))
    assert transport.stopped


class Server:
    """As an agent, and as its answer: `pieces` of a body, which may have no end."""

    def __init__(self, code: int = 200, pieces: tuple[bytes, ...] = (b"a", b"b"), ends: bool = True) -> None:
        self.code, self.pieces, self.ends = code, pieces, ends
        self.headers = Headers({b"retry-after": [b"\xff\xfe"]})
        self.asked: list[tuple[bytes, bytes, bytes | None]] = []
        self.dropped = False
        self.reader: Any = None

    def request(self, method: bytes, uri: bytes, headers: Headers, body: Any) -> Deferred[Any]:
        """As `IAgent`."""
        self.asked.append((method, uri, None if body is None else body._body))
        return succeed(self)

    def deliverBody(self, protocol: Any) -> None:
        """As `IResponse`."""
        self.reader = protocol
        protocol.makeConnection(self)
        for piece in self.pieces:
            if not self.dropped:
                protocol.dataReceived(piece)
        if self.ends and not self.dropped:
            protocol.connectionLost(Failure(ResponseDone()))

    def stopProducing(self) -> None:
        """As the transport."""
        self.dropped = True


def called(server: Any, largest: int = 0, statuses: tuple[int, ...] = (), body: bytes | None = None) -> Deferred[CallAnswer]:
    """One call of it, which reads bodies of these statuses."""
    return Deferred.fromCoroutine(
        call(server, b"POST", "http://a/b?c", Headers(), body, largest, lambda status: status in statuses))


def come(calling: Deferred[Any]) -> Any:
    """What has come of it."""
    results: list[Any] = []
    calling.addBoth(results.append)
    if results and isinstance(results[0], Failure):
        results[0].raiseException()
    return results[0] if results else None


def test_a_call() -> None:
    """Method, place and body as they were given; the answer with its fields and its body."""
    server = Server()
    assert come(called(server, 2, (200,), b"body")) == (200, server.headers, b"ab")
    assert server.asked == [(b"POST", b"http://a/b?c", b"body")] and not server.dropped
    server = Server(code=404)
    assert come(called(server, 2, (200, 404))).body == b"ab" and server.asked[0][2] is None


@pytest.mark.parametrize("code", [204, 301, 404, 500])
def test_what_is_not_wanted_is_not_read(code: int) -> None:
    """Its connection has an end, whatever would still come; no redirect is followed."""
    server = Server(code, ends=False)
    assert come(called(server, 2, (200,))) == (code, server.headers, b"")
    assert server.dropped and len(server.asked) == 1


def test_a_body_has_a_bound() -> None:
    """At the first byte too much all is dropped."""
    server = Server(ends=False)
    with pytest.raises(BodyTooLargeError):
        come(called(server, 1, (200,)))
    assert server.dropped


def test_the_time_is_for_all_of_it() -> None:
    """However steadily something comes; afterwards nothing is left."""
    clock, server, failures = Clock(), Server(pieces=(), ends=False), list[Any]()
    within(called(server, 100, (200,)), 5.0, clock).addErrback(failures.append)
    for second in range(5):
        assert not failures, second
        server.reader.dataReceived(b".")
        clock.advance(1.0)
    assert failures[0].check(TimeoutError) and str(failures[0].value) == "no whole answer in 5 s"
    assert server.dropped and not clock.getDelayedCalls()


def test_the_time_is_over_whatever_the_agent_says_of_it() -> None:
    """Cancelled, it may fail with something of its own."""
    clock, failures = Clock(), list[Any]()
    asking: Deferred[Any] = Deferred(lambda mine: mine.errback(ResponseNeverReceived([])))
    within(asking, 5.0, clock).addErrback(failures.append)
    clock.advance(5.0)
    assert failures[0].check(TimeoutError)


def test_what_is_there_in_time_leaves_no_timer() -> None:
    """Nor does who leaves."""
    clock = Clock()
    assert come(within(called(Server(), 2, (200,)), 5.0, clock)).body == b"ab" and not clock.getDelayedCalls()
    leaving: Deferred[Any] = Deferred()
    within(leaving, 5.0, clock).addErrback(lambda _: None)
    leaving.cancel()
    assert not clock.getDelayedCalls()


@pytest.mark.parametrize(("error", "said"), [
    (DNSLookupError("no results"), "the name is not known"),
    (TimeoutError("no whole answer in 5 s"), "no whole answer in 5 s"),
    (ResponseNeverReceived([Failure(ConnectionLost())]), "the connection ended before the whole answer was there"),
    (ResponseNeverReceived([Failure(ValueError("x")), Failure(DNSLookupError())]), "the name is not known"),
    (ValueError("a\n b"), "a b"), (ValueError("x" * 500), "x" * 100), (ValueError(), "no answer"),
])
def test_why_nothing_came(error: Exception, said: str) -> None:
    """In a line for an administrator; of an error that holds others, the first of them that says something."""
    assert why_no_answer(Failure(error)) == said
