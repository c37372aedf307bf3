"""One connection of HTTP/1.1 to an application: what comes on it, whose it is, and how it ends."""

from __future__ import annotations

import socket
import struct
from dataclasses import replace
from typing import Any

import pytest
from twisted.internet.interfaces import IHandshakeListener

from appproxy.connector.origin.h1.kept import ORDERLY
from appproxy.connector.origin.h1.repeat import CROSSING_SECONDS
from appproxy.connector.origin.origins import Origin
from appproxy.connector.requests.upload import KEPT_BYTES
from appproxy.errors import Code
from appproxy.net.secure.sockets import _BYTES_ACKED
from appproxy.tunnel.frames import Kind
from appproxy.tunnel.messages import decode_code
from tests.connector.numbered_rig import ANN, BOB, LEG, OK, WHO, NumberedRig, authenticated, idle
from tests.connector.rig import HOME, Rig, code, finals, request, send


def test_bytes_that_nobody_asked_for(rig: Rig) -> None:
    """A 408 on an idle connection must not become the next request's answer."""
    signal, origin = idle(rig)
    origin.deliver(b"HTTP/1.1 408 Request Timeout\r\ncontent-length: 0\r\n\r\n")
    assert origin.end == "aborted"
    send(signal, 2)
    rig.origin().deliver(OK)
    assert list(finals(signal.read())) == [(Kind.RSP, 2, (200, b"hello"))]


def test_more_than_the_answer(rig: Rig) -> None:
    """An answer with bytes behind its end is delivered, and its connection not used again."""
    signal = rig.online()
    send(signal, 1)
    origin = rig.origin()
    origin.deliver(OK + b"HTTP/1.1 200 OK\r\ncontent-length: 6\r\n\r\npoison")
    assert list(finals(signal.read())) == [(Kind.RSP, 1, (200, b"hello"))]
    assert origin.end == "lost"


def test_bytes_in_the_gate(rig: Rig) -> None:
    """An answer before the request was written is nobody's; another connection is dialled."""
    signal, data = rig.with_data()
    send(signal, 1, request(b"POST", length=2))
    origin = rig.origin()
    origin.deliver(OK)
    assert origin.end == "aborted"
    data.read()
    data.attached(1)
    data.wire.deliver(data.session.body(b"ab") + data.session.end())
    assert rig.origin().take().endswith(b"ab")
    assert list(finals(signal.read())) == []


def test_an_end_of_file_counts_within_the_same_turn() -> None:
    """Twisted closes in its next turn; a request that comes before that is not given to a connection that has ended."""
    rig = Rig(late_aborts=True)
    signal, origin = idle(rig)
    origin.half_close()
    send(signal, 2)
    assert origin.take() == b""
    rig.origin().deliver(OK)
    assert list(finals(signal.read())) == [(Kind.RSP, 2, (200, b"hello"))]


@pytest.mark.parametrize("clean", [True, False])
def test_an_application_that_closes_behind_its_answers_is_given_no_post_in_a_hurry(clean: bool) -> None:
    """However many it has answered: the same owner's next request could meet the next end, and it must not be sent twice."""
    numbered = NumberedRig()
    numbered.hurried = True
    for _ in range(ORDERLY + 10):
        numbered.ask(ANN, method=b"POST")
        wire = numbered.fresh()
        wire.deliver(OK)
        numbered.answers()
        wire.half_close() if clean else wire.lose()
    numbered.ask(ANN, method=b"POST")
    before = numbered.fresh()
    before.deliver(OK)
    before.take()
    numbered.ask(ANN, method=b"POST")
    assert before.take() == b""
    numbered.fresh()


def test_whoever_uses_a_connection_hears_of_its_end() -> None:
    """However it came to be used after its end: no request waits for the back-end timeout."""
    rig = Rig(late_aborts=True)
    signal, origin = idle(rig)
    home = rig.origins.of(HOME)
    assert isinstance(home, Origin)
    (connection,) = home._idle
    connection.open = False
    connection.out.loseConnection()
    connection.open = True  # as a connection would be whose end was missed
    send(signal, 2)
    connection.open = False
    rig.clock.advance(0)
    rig.origin().deliver(OK)
    assert list(finals(signal.read())) == [(Kind.RSP, 2, (200, b"hello"))]


@pytest.mark.parametrize(("method", "expected"), [(b"GET", (200, b"hello")), (b"POST", Code.ORIGIN_MALFORMED)])
def test_what_is_no_answer_belonged_to_the_one_before(method: bytes, expected: object, rig: Rig) -> None:
    """The body of a 304 that comes when the next request is under way: that is sent again if it may be."""
    signal, origin = idle(rig)
    send(signal, 2, request(method))
    origin.deliver(b"<html>not modified</html>")
    if method == b"GET":
        rig.origin().deliver(OK)
    assert [what for _, _, what in finals(signal.read())] == [expected]


def test_a_bad_answer_is_the_applications_own(rig: Rig) -> None:
    """It is not asked for again, and says nothing of the connections."""
    signal, origin = idle(rig)
    send(signal, 2)
    origin.deliver(b"HTTP/1.1 200 OK\r\na b: c\r\n\r\n")
    assert [what for _, _, what in finals(signal.read())] == [Code.ORIGIN_MALFORMED]
    assert not rig.origins_dialled
    send(signal, 3)
    fresh = rig.origin()
    fresh.deliver(OK)
    assert not fresh.end


@pytest.mark.parametrize("answer", [WHO, LEG, b"HTTP/1.1 200 OK\r\npersistent-auth: true\r\ncontent-length: 0\r\n\r\n"])
def test_an_answer_binds_it(answer: bytes) -> None:
    """A challenge to a request without credentials does it too, on a connection that served others before."""
    numbered = NumberedRig()
    numbered.ask(BOB)
    wire = numbered.fresh()
    wire.deliver(OK)
    wire.take()
    numbered.ask(ANN)
    assert wire.take(), "until then it is everybody's"
    wire.deliver(answer)
    numbered.ask(BOB)
    assert wire.take() == b""
    numbered.fresh()


def test_credentials_bind_it_before_any_answer() -> None:
    """Also when the application answers them with 200 and no challenge, on a kept connection."""
    numbered = NumberedRig()
    numbered.ask(BOB)
    wire = numbered.fresh()
    wire.deliver(OK)
    numbered.ask(ANN, b"authorization: negotiate YIIabc\n")
    wire.deliver(OK)
    wire.take()
    numbered.ask(BOB)
    assert wire.take() == b""
    numbered.fresh()


def test_a_fault_of_ours_cannot_give_it_away() -> None:
    """Should the pool ever choose wrongly, the connection itself refuses."""
    numbered = NumberedRig()
    authenticated(numbered)
    origin = numbered.routes["wiki"].origin
    assert isinstance(origin, Origin)
    connection = origin._bindings.of(ANN)[0]
    with pytest.raises(AssertionError, match="somebody else's"):
        connection.carry(request(owner=BOB), numbered.routes["wiki"].target, None)
    assert Kind.FAIL not in [kind for kind, _, _ in finals(numbered.line.read())]


@pytest.mark.parametrize(("scheme", "kept", "hint"), [("http", False, True), ("https", False, False), ("http", True, False)])
def test_an_end_without_an_answer_says_why_it_may_be(scheme: str, kept: bool, hint: bool) -> None:
    """A server of TLS closes on plain HTTP: only a fresh connection without TLS is suspected of that."""
    rig = Rig(home=replace(HOME, scheme=scheme))
    if kept:
        signal, wire = idle(rig)
        send(signal, 2, request(b"POST"))
    else:
        signal = rig.online()
        send(signal, 2)
        wire = rig.origin()
    if scheme == "https":
        wire.protocol.handshakeCompleted()  # type: ignore[attr-defined]
    wire.half_close()
    (frame,) = [frame for frame in signal.read() if frame[0] == Kind.FAIL]
    assert decode_code(frame[3])[0] is Code.ORIGIN_CLOSED
    assert (b"if it speaks TLS" in frame[3]) is hint


def test_under_tls_it_serves_once_the_handshake_is_over() -> None:
    """TCP alone carries nothing; the class that provides both interfaces hears of the handshake and of an end of file."""
    rig = Rig(home=replace(HOME, scheme="https"))
    signal = rig.online()
    send(signal, 1)
    wire = rig.origin()
    assert wire.take() == b"" and IHandshakeListener.providedBy(wire.protocol)
    wire.protocol.handshakeCompleted()
    assert wire.take().startswith(b"GET /page")
    wire.half_close()
    assert [what for _, _, what in finals(signal.read())] == [Code.ORIGIN_CLOSED]


def test_nobody_waits_for_its_handshake() -> None:
    """The user left while TLS was under way: what then stands is closed."""
    rig = Rig(home=replace(HOME, scheme="https"))
    signal = rig.online()
    send(signal, 1)
    wire = rig.origin()
    signal.send(Kind.CANCEL, 1, code())
    assert wire.end == "aborted"


def test_an_upgraded_one_takes_no_request(rig: Rig) -> None:
    """Its bytes are the stream's."""
    rig.online()
    home = rig.origins.of(HOME)
    assert isinstance(home, Origin)
    connection = home.build()
    connection._reader = None
    with pytest.raises(AssertionError, match="upgraded"):
        connection.carry(request(), rig.routes["wiki"].target, None)


TIMEOUT = b"HTTP/1.1 408 Request Timeout\r\nconnection: close\r\ncontent-length: 0\r\n\r\n"


@pytest.mark.parametrize("more", [b"", b"HTTP/1.1 200 OK\r\n"])
def test_a_408_that_crosses_the_request(more: bytes, rig: Rig) -> None:
    """The time of an idle connection was over as the request was sent: it goes to a fresh one, as when that had closed."""
    signal, origin = idle(rig)
    send(signal, 2)
    origin.take()
    origin.deliver(TIMEOUT[:20])
    origin.deliver(TIMEOUT[20:] + more)
    assert origin.end == "aborted" and list(finals(signal.read())) == []
    fresh = rig.origin()
    assert fresh.take().startswith(b"GET /page")
    fresh.deliver(OK)
    assert list(finals(signal.read())) == [(Kind.RSP, 2, (200, b"hello"))]


@pytest.mark.parametrize("case", ["fresh", "POST", "late", "twice", "large"])
def test_a_408_that_answers_the_request(case: str, rig: Rig) -> None:
    """On a fresh connection, later than any crossing, or where the request cannot be sent once more, it is the answer."""
    if case == "fresh":
        signal = rig.online()
        send(signal, 2)
        origin = rig.origin()
    else:
        signal, origin = idle(rig)
        method = {"POST": b"POST", "large": b"PUT"}.get(case, b"GET")
        send(signal, 2, request(method, length=KEPT_BYTES + 1 if case == "large" else 0))
        if case == "large":
            data = rig.data()
            data.read()
            data.attached(2)
            data.wire.deliver(data.session.body(b"x" * KEPT_BYTES) + data.session.body(b"x") + data.session.end())
        elif case == "late":
            rig.clock.advance(CROSSING_SECONDS + 0.01)
        elif case == "twice":
            origin.deliver(TIMEOUT)
            origin = rig.origin()
    origin.deliver(TIMEOUT)
    assert list(finals(signal.read())) == [(Kind.RSP, 2, (408, b""))] and not rig.origins_dialled


class Kernel(socket.socket):
    """A socket whose peer has acknowledged so many bytes."""

    acknowledged = 100

    def getsockopt(self, *asked: Any) -> Any:
        """TCP_INFO."""
        return bytes(_BYTES_ACKED) + struct.pack("=Q", self.acknowledged)


@pytest.mark.parametrize("arrived", [0, 1])
def test_a_408_that_crosses_a_post(arrived: int, rig: Rig) -> None:
    """Sent once more where it is proved that nothing of it had arrived, and only there."""
    signal, origin = idle(rig)
    with Kernel() as origin.socket:
        send(signal, 2, request(b"POST"))
        origin.socket.acknowledged += arrived
        origin.deliver(TIMEOUT)
    assert list(finals(signal.read())) == [(Kind.RSP, 2, (408, b""))][:arrived]
    assert len(rig.origins_dialled) == 1 - arrived
