"""What is fetched is bounded in size and time, and comes from the very place that was named."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from OpenSSL.SSL import Error as TlsError
from twisted.internet.defer import Deferred, fail, succeed
from twisted.internet.error import ConnectionDone, ConnectionLost, ConnectionRefusedError, DNSLookupError, NoRouteError
from twisted.internet.error import TimeoutError as ConnectTimeout
from twisted.internet.task import Clock
from twisted.python.failure import Failure
from twisted.web._newclient import ParseError
from twisted.web.client import ResponseDone, ResponseFailed, ResponseNeverReceived
from twisted.web.http import PotentialDataLoss
from twisted.web.http_headers import Headers

from appproxy.net.secure.peer_verdict import CertificateRefused
from appproxy.service.revocation.fetching import ANSWER_SECONDS, AnswerTooLong, FetchFailed, Fetching

URL = "http://pki.corp/a.crl"


class Server:
    """As an agent, and as what it answers. `pieces`: of the body; `ends`: does it end?"""

    def __init__(
        self, code: int = 200, pieces: tuple[bytes, ...] = (b"a list",), ends: bool = True, cut: Exception | None = None
    ) -> None:
        self.code = code
        self.cut = cut
        self.pieces = pieces
        self.ends = ends
        self.requests: list[tuple[bytes, bytes, Mapping[bytes, Any]]] = []
        self.is_dropped = False
        self.reader: Any = None
        self.headers = Headers()

    def request(self, method: bytes, uri: bytes, headers: Headers, body: Any) -> Deferred[Any]:
        self.requests.append((method, uri, dict(headers.getAllRawHeaders())))
        return succeed(self)

    def deliverBody(self, protocol: Any) -> None:
        self.reader = protocol
        protocol.makeConnection(self)
        for piece in self.pieces:
            if not self.is_dropped:
                protocol.dataReceived(piece)
        if self.ends:
            protocol.connectionLost(Failure(self.cut or ResponseDone()))

    def stopProducing(self) -> None:
        self.is_dropped = True


class Nobody:
    """As an agent that reaches nobody."""

    def __init__(self, error: Exception | None) -> None:
        self.error = error

    def request(self, *_: object) -> Deferred[Any]:
        return Deferred() if self.error is None else fail(self.error)


def never(*causes: Exception) -> ResponseNeverReceived:
    """As the agent says that nothing came, and why."""
    return ResponseNeverReceived([Failure(one) for one in causes])


def outcome(agent: Any, largest: int = 100, seconds: float = 0.0) -> Any:
    """What a GET brings, after so many seconds."""
    clock, results = Clock(), list[Any]()
    Fetching(clock, agent).get(URL, largest).addBoth(results.append)
    clock.advance(seconds)
    assert not clock.getDelayedCalls() or not results
    return results[0] if results else None


def test_an_answer() -> None:
    """Of a GET and of a POST, with no cookie and nothing of ours in it."""
    server = Server(pieces=(b"a ", b"list"))
    assert outcome(server) == b"a list"
    results: list[bytes] = []
    Fetching(Clock(), server).post(URL, "application/ocsp-request", b"?", 100).addCallback(results.append)  # type: ignore[arg-type]
    assert results == [b"a list"]
    assert [one[:2] for one in server.requests] == [(b"GET", URL.encode()), (b"POST", URL.encode())]
    assert server.requests[1][2] == {b"User-Agent": [b"appproxy"], b"Content-Type": [b"application/ocsp-request"]}


@pytest.mark.parametrize(("agent", "seconds", "said"), [
    (Server(301), 0.0, "the answer is 301"), (Server(404, (b"x" * 5000,)), 0.0, "the answer is 404"),
    (Server(pieces=(b"x" * 60, b"x" * 60)), 0.0, "more than 100 bytes"), (Server(ends=False), 31.0, "no whole answer in 30 s"),
    (Server(301, ends=False), 0.0, "the answer is 301"), (Nobody(None), 31.0, "no whole answer in 30 s"),
    (Nobody(ConnectionRefusedError()), 0.0, "nothing listens there"), (Nobody(DNSLookupError()), 0.0, "name is not known"),
    (Nobody(ConnectTimeout()), 0.0, "nothing answers there"), (Nobody(NoRouteError()), 0.0, "no way leads there"),
    (Nobody(CertificateRefused("it has expired")), 0.0, "its certificate is not believed: it has expired"),
    (Nobody(never(CertificateRefused("it has expired"))), 0.0, "its certificate is not believed: it has expired"),
    (Nobody(never(TlsError([("SSL routines", "", "wrong version number")]))), 0.0, "no TLS is spoken there"),
    (Nobody(never(ParseError("wrong", b"SSH-2.0"))), 0.0, "speaks no HTTP"),
    (Nobody(never(ConnectionDone())), 0.0, "the connection ended before the whole answer was there"),
    (Server(cut=ResponseFailed([Failure(ConnectionLost())])), 0.0, "the connection ended before the whole answer"),
    (Server(cut=PotentialDataLoss()), 0.0, "the connection ended before the whole answer"),
    (Nobody(never()), 0.0, "[]"), (Nobody(ValueError("odd\n words")), 0.0, "odd words"),
    (Nobody(ValueError()), 0.0, "no answer"),
])
def test_what_is_no_answer(agent: Any, seconds: float, said: str) -> None:
    """No redirect is followed; what is large, slow, cut or an error is dropped."""
    found = outcome(agent, seconds=seconds)
    assert isinstance(found, Failure) and found.check(FetchFailed), found
    assert str(found.value).startswith(f"{URL}: ") and said in str(found.value)
    assert not isinstance(agent, Server) or agent.is_dropped or agent.ends


def test_who_leaves() -> None:
    """Cancelled, it ends at once, and leaves no timer."""
    clock, results = Clock(), list[Any]()
    fetching = Fetching(clock, Nobody(None)).get(URL, 100)  # type: ignore[arg-type]
    fetching.addBoth(results.append)
    fetching.cancel()
    assert len(results) == 1 and not clock.getDelayedCalls()


def test_what_is_too_long_is_told_apart() -> None:
    """There is another mend for it."""
    assert outcome(Server(pieces=(b"x" * 101,))).check(AnswerTooLong) and not outcome(Server(404)).check(AnswerTooLong)


def test_a_query_is_not_told() -> None:
    """It goes into a log, the audit and the doctor's report, and may be what lets us in there."""
    for agent in (Server(403), Server(pieces=(b"x" * 101,)), Nobody(DNSLookupError())):
        results: list[Any] = []
        Fetching(Clock(), agent).get("http://pki.corp/a.crl?sig=hunter2", 100).addErrback(results.append)  # type: ignore[arg-type]
        assert str(results[0].value).startswith("http://pki.corp/a.crl?...: ") and "hunter2" not in str(results[0].value)


def test_a_byte_a_second() -> None:
    """The time is for all of it, however steadily something comes."""
    clock, server, results = Clock(), Server(pieces=(), ends=False), list[Any]()
    Fetching(clock, server).post(URL, "application/ocsp-request", b"?", 100).addErrback(results.append)  # type: ignore[arg-type]
    for second in range(int(ANSWER_SECONDS)):
        assert not results, second
        server.reader.dataReceived(b".")
        clock.advance(1.0)
    assert "no whole answer in 8 s" in str(results[0].value) and server.is_dropped and not clock.getDelayedCalls()
