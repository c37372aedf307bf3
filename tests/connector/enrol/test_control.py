"""Calls of the control end points: bounded in time and size, with errors that say what is wrong."""

from __future__ import annotations

import json
from collections.abc import Coroutine
from typing import Any, TypeVar

import pytest
from twisted.internet.defer import Deferred
from twisted.internet.error import ConnectionRefusedError
from twisted.internet.interfaces import IProtocol, IProtocolFactory
from twisted.internet.task import Clock
from twisted.python.failure import Failure

from appproxy.connector.config.configuration import MOST_BYTES
from appproxy.connector.enrol.control import CALL_SECONDS, ControlClient, ControlError
from appproxy.pki import JoinToken
from tests.connector.rig import Wire

T = TypeVar("T")
TOKEN = JoinToken("127.0.0.1:8443", "connect.example.com", "0" * 64, "token-1", b"s" * 32, 2e9)
ISSUED = b'{"id": "c1", "certificate": "CERT", "trust": ["ANCHOR"], "state": "approved", "group": "default"}'


class ControlRig:
    """The control end points of a service, on a wire."""

    def __init__(self) -> None:
        self.clock = Clock()
        self.control = ControlClient(self._dial, "connect.example.com", self.clock)
        self.wire: Wire | None = None
        self.refuse = False

    def _dial(self, factory: IProtocolFactory) -> Deferred[IProtocol]:
        answer: Deferred[IProtocol] = Deferred()
        if self.refuse:
            answer.errback(Failure(ConnectionRefusedError()))
            return answer
        protocol = factory.buildProtocol(None)  # type: ignore[arg-type]
        assert protocol is not None
        self.wire = Wire(protocol, b"http/1.1")
        answer.callback(protocol)
        return answer

    def stand(self) -> Wire:
        """The connection is up."""
        assert self.wire is not None
        self.wire.start()
        return self.wire


def running(call: Coroutine[Any, Any, T]) -> list[T | Failure]:
    """Fills with the result."""
    results: list[T | Failure] = []
    Deferred.fromCoroutine(call).addBoth(results.append)
    return results


def answer(status: int, body: bytes) -> bytes:
    """An HTTP answer."""
    return b"HTTP/1.1 %d Some\r\ncontent-length: %d\r\n\r\n" % (status, len(body)) + body


def refused(results: list[Any]) -> str:
    """What the error says."""
    assert len(results) == 1
    assert isinstance(results[0], Failure)
    assert results[0].check(ControlError)
    return str(results[0].value)


def test_enrolment() -> None:
    """The secret leaves only once the handshake is over; the answer is taken apart."""
    rig = ControlRig()
    results = running(rig.control.enrol(TOKEN, "CSR", "host-7"))
    assert rig.wire is not None and rig.wire.take() == b""
    head, _, body = rig.stand().take().partition(b"\r\n\r\n")
    assert head.startswith(b"POST /enrol HTTP/1.1\r\nhost: connect.example.com\r\n")
    assert json.loads(body) == {
        "token": "token-1", "secret": "c3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3M", "csr": "CSR", "name": "host-7"}
    rig.wire.deliver(answer(201, ISSUED))
    issued = results[0]
    assert not isinstance(issued, Failure)
    assert (issued.id, issued.certificate, issued.trust, issued.state) == ("c1", "CERT", ("ANCHOR",), "approved")
    assert rig.wire.end == "aborted"
    assert rig.clock.getDelayedCalls() == []


def test_renewal() -> None:
    """Only the request for a certificate is sent; who we are, TLS has told."""
    rig = ControlRig()
    results = running(rig.control.renew("CSR"))
    assert json.loads(rig.stand().take().partition(b"\r\n\r\n")[2]) == {"csr": "CSR"}
    assert rig.wire is not None
    rig.wire.deliver(answer(201, b'{"certificate": "CERT", "trust": ["A", "B"]}'))
    assert not isinstance(results[0], Failure)
    assert results[0].trust == ("A", "B")


def test_configuration_in_pieces() -> None:
    """The answer may come byte by byte."""
    rig = ControlRig()
    results = running(rig.control.configuration())
    wire = rig.stand()
    for byte in answer(200, b'{"version": 1}'):
        wire.deliver(bytes([byte]))
    assert results == [b'{"version": 1}']


def test_a_refusal_says_why() -> None:
    """The service's problem document, on one line."""
    rig = ControlRig()
    results = running(rig.control.enrol(TOKEN, "CSR", "host-7"))
    problem = b'{"title": "The token is refused", "detail": "it was used\\nup", "status": 403}'
    rig.stand().deliver(answer(403, problem))
    assert refused(results) == "the service refused /enrol: it was used up"


def test_a_refusal_without_details_says_its_title() -> None:
    """That is better than a number."""
    rig = ControlRig()
    results = running(rig.control.enrol(TOKEN, "CSR", "host-7"))
    rig.stand().deliver(answer(403, b'{"title": "The service is busy", "detail": ""}'))
    assert refused(results) == "the service refused /enrol: The service is busy"


@pytest.mark.parametrize("status", [302, 404, 500])
def test_other_answers(status: int) -> None:
    """A redirect is not followed; it is an error like others."""
    rig = ControlRig()
    results = running(rig.control.configuration())
    rig.stand().deliver(answer(status, b"<html>"))
    assert refused(results) == f"the service refused /configuration: status {status}"


@pytest.mark.parametrize("body", [b"{}", b"[]", b"x", b'{"certificate": "C", "trust": []}',
                                  b'{"certificate": "C", "trust": [1]}', b'{"certificate": 1, "trust": ["A"]}'])
def test_an_answer_that_lacks_something(body: bytes) -> None:
    """It is refused before anything is written to disk."""
    rig = ControlRig()
    results = running(rig.control.renew("CSR"))
    rig.stand().deliver(answer(201, body))
    assert "answer" in refused(results)


def test_nobody_answers() -> None:
    """A refused connection."""
    rig = ControlRig()
    rig.refuse = True
    assert "cannot be reached" in refused(running(rig.control.configuration()))
    assert rig.clock.getDelayedCalls() == []


def test_a_mute_service() -> None:
    """It is left after 30 s."""
    rig = ControlRig()
    results = running(rig.control.configuration())
    wire = rig.stand()
    rig.clock.advance(CALL_SECONDS)
    assert "did not answer" in refused(results)
    assert wire.end == "aborted"


def test_a_handshake_that_fails() -> None:
    """The reason is passed on."""
    rig = ControlRig()
    results = running(rig.control.configuration())
    assert rig.wire is not None
    rig.wire.protocol.makeConnection(rig.wire)
    rig.wire.lose()
    assert "closed the connection" in refused(results)


def test_a_truncated_answer() -> None:
    """Half a configuration is none."""
    rig = ControlRig()
    results = running(rig.control.configuration())
    wire = rig.stand()
    wire.deliver(b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{")
    wire.lose(clean=True)
    assert "ORIGIN_TRUNCATED" in refused(results)


def test_an_endless_answer() -> None:
    """It is cut at the size of the largest configuration."""
    rig = ControlRig()
    results = running(rig.control.configuration())
    wire = rig.stand()
    wire.deliver(b"HTTP/1.1 200 OK\r\n\r\n")
    for _ in range(MOST_BYTES // 2**20 + 1):
        if not wire.end:
            wire.deliver(bytes(2**20))
    assert "more than" in refused(results)
