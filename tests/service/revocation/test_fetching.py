"""What is fetched is bounded in size and time, and comes from the very place that was named."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from twisted.internet.defer import Deferred, fail, succeed
from twisted.internet.error import ConnectionRefusedError, DNSLookupError
from twisted.internet.task import Clock
from twisted.python.failure import Failure
from twisted.web.client import ResponseDone
from twisted.web.http_headers import Headers

from appproxy.service.revocation.fetching import FetchFailed, Fetching

URL = "http://pki.corp/a.crl"


class Server:
    """As an agent, and as what it answers. `pieces`: of the body; `ends`: does it end?"""

    def __init__(self, code: int = 200, pieces: tuple[bytes, ...] = (b"a list",), ends: bool = True) -> None:
        self.code = code
        self.pieces = pieces
        self.ends = ends
        self.requests: list[tuple[bytes, bytes, Mapping[bytes, Any]]] = []
        self.is_dropped = False

    def request(self, method: bytes, uri: bytes, headers: Headers, body: Any) -> Deferred[Any]:
        self.requests.append((method, uri, dict(headers.getAllRawHeaders())))
        return succeed(self)

    def deliverBody(self, protocol: Any) -> None:
        protocol.makeConnection(self)
        for piece in self.pieces:
            if not self.is_dropped:
                protocol.dataReceived(piece)
        if self.ends:
            protocol.connectionLost(Failure(ResponseDone()))

    def stopProducing(self) -> None:
        self.is_dropped = True


class Nobody:
    """As an agent that reaches nobody."""

    def __init__(self, error: Exception | None) -> None:
        self.error = error

    def request(self, *_: object) -> Deferred[Any]:
        return Deferred() if self.error is None else fail(self.error)


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
    (Server(pieces=(b"x" * 60, b"x" * 60)), 0.0, "more than 100 bytes"), (Server(ends=False), 31.0, "within 30 s"),
    (Server(301, ends=False), 0.0, "the answer is 301"), (Nobody(None), 31.0, "within 30 s"),
    (Nobody(ConnectionRefusedError()), 0.0, "nothing answers there"), (Nobody(DNSLookupError()), 0.0, "name is not known"),
    (Nobody(ValueError("odd")), 0.0, "odd"),
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
