"""Uploads whose application is asked before they are sent."""

from __future__ import annotations

import pytest

from appproxy.connector.config.configuration import OriginAddress
from appproxy.connector.requests.expectation import ASK_SECONDS, CONNECT_SECONDS, FORGET_SECONDS
from appproxy.connector.requests.upload import KEPT_BYTES
from appproxy.errors import Code
from appproxy.tunnel.frames import Flag, Kind
from appproxy.tunnel.messages import Request, decode_code, encode_request, request_flags
from tests.connector.rig import HOME, DataPeer, Rig, SignalPeer, Wire, finals, request

EXPECT = b"\r\nexpect: 100-continue\r\n"
CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"
OK = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok"
SIZE = 2_000_000


def send(signal: SignalPeer, request_id: int, asked: Request) -> None:
    """A REQ as the service sends it for an application that is to be asked."""
    signal.send(Kind.REQ, request_id, encode_request(asked), flags=request_flags(asked, ask=True))


def asked(rig: Rig, length: int | None = SIZE) -> tuple[SignalPeer, DataPeer, Wire]:
    """An upload of which the application has the head."""
    signal, data = rig.with_data()
    send(signal, 1, request(b"POST", length=length))
    origin = rig.origin()
    head = origin.take()
    assert EXPECT in head and head.endswith(b"\r\n\r\n")
    assert data.read() == [], "the body is not asked for"
    return signal, data, origin


def wait(rig: Rig, signal: SignalPeer, seconds: float) -> None:
    for _ in range(int(seconds * 4)):
        rig.clock.advance(0.25)
        signal.keep_alive()


@pytest.mark.parametrize("length", [SIZE, None])
def test_an_application_that_consents(length: int | None, rig: Rig) -> None:
    """Only then the body is attached; it goes behind the head, with nothing said twice."""
    signal, data, origin = asked(rig, length)
    origin.deliver(CONTINUE)
    (frame,) = data.read()
    assert (Kind(frame[0]), frame[1]) == (Kind.ATTACH, 3)
    data.attached(1)
    data.wire.deliver(data.session.body(b"x" * 60_000))
    assert origin.take() == (b"x" * 60_000 if length else b"ea60\r\n" + b"x" * 60_000 + b"\r\n")
    if length is None:
        data.wire.deliver(data.session.end(b""))
        assert origin.take() == b"0\r\n\r\n"
        origin.deliver(OK)
        assert list(finals(signal.read())) == [(Kind.RSP, 1, (200, b"ok"))]
        assert origin.end == ""


@pytest.mark.parametrize("status", [b"401 Unauthorized", b"413 Content Too Large", b"200 OK"])
def test_an_application_that_wants_no_body(status: bytes, rig: Rig) -> None:
    """Its answer goes to the user at once, and no data connection was used; its connection has no other request."""
    signal, data, origin = asked(rig)
    origin.deliver(b"HTTP/1.1 " + status + b"\r\ncontent-length: 2\r\n\r\nno")
    assert list(finals(signal.read())) == [(Kind.RSP, 1, (int(status[:3]), b"no"))]
    assert data.read() == [] and origin.end != ""


def test_an_application_that_refuses_at_length(rig: Rig) -> None:
    """The answer alone is attached."""
    _, data, origin = asked(rig)
    origin.deliver(b"HTTP/1.1 403 Forbidden\r\ncontent-length: 7\r\n\r\nno")
    frames = data.read()
    assert [(Kind(frame[0]), frame[1]) for frame in frames][0] == (Kind.ATTACH, 2)
    data.attached(1)
    origin.deliver(b" way!")
    assert [Kind(frame[0]) for frame in data.read()][-1] == Kind.END
    assert origin.end != ""


def test_an_application_that_says_nothing(rig: Rig) -> None:
    """After a second the body goes all the same; for ten minutes it is not asked again."""
    signal, data, origin = asked(rig)
    wait(rig, signal, ASK_SECONDS + 0.5)
    assert data.kinds() == [Kind.ATTACH]
    data.attached(1)
    data.wire.deliver(data.session.body(b"x" * 10))
    assert origin.take() == b"x" * 10
    send(signal, 2, request(b"POST", length=SIZE))
    assert rig.spare.kinds() == [Kind.ATTACH]


def test_what_was_learned_is_forgotten(rig: Rig) -> None:
    """Applications are updated."""
    rig.online()
    expectations = rig.uplink.requests.expectations
    one, other = OriginAddress("http", "a", 80), OriginAddress("http", "b", 80)
    expectations.ignored(one, 0.0)
    assert not expectations.may_ask(one, FORGET_SECONDS - 1) and expectations.may_ask(other, 1.0)
    assert expectations.may_ask(one, FORGET_SECONDS)


def test_an_application_that_knows_no_expectations(rig: Rig) -> None:
    """417: the request goes once more without, on a fresh connection."""
    signal, data, origin = asked(rig)
    origin.deliver(b"HTTP/1.1 417 Expectation Failed\r\ncontent-length: 0\r\n\r\n")
    assert origin.end == "aborted" and list(finals(signal.read())) == []
    assert data.kinds() == [Kind.ATTACH]
    again = rig.origin()
    data.attached(1)
    data.wire.deliver(data.session.body(b"x" * 10))
    sent = again.take()
    assert EXPECT not in sent and sent.endswith(b"\r\n\r\n" + b"x" * 10)


REFUSED = b"HTTP/1.1 417 Expectation Failed\r\ncontent-length: 0\r\n\r\n"


@pytest.mark.parametrize("sent", [0, 10, KEPT_BYTES])
def test_an_application_that_says_so_late(sent: int, rig: Rig) -> None:
    """417 when the body is under way: it goes once more as long as all of it is kept, and the rest of it behind that."""
    signal, data, origin = asked(rig)
    wait(rig, signal, ASK_SECONDS + 0.5)
    assert data.kinds() == [Kind.ATTACH]
    data.attached(1)
    if sent:
        data.wire.deliver(data.session.body(b"x" * sent))
        origin.clog()
    origin.take()
    origin.deliver(REFUSED)
    assert origin.end == "aborted" and origin.producer is None and list(finals(signal.read())) == []
    again = rig.origin()
    data.wire.deliver(data.session.body(b"y" * 10))
    whole = again.take()
    assert EXPECT not in whole and whole.endswith(b"\r\n\r\n" + b"x" * sent + b"y" * 10)
    again.deliver(REFUSED)
    assert data.kinds()[0] == Kind.HEAD, "the second time it is the application's own answer"


def test_an_application_that_says_so_too_late(rig: Rig) -> None:
    """More of the body is gone than is kept: the user, who asked nothing, gets no 417; the log says what to set."""
    signal, data, origin = asked(rig)
    wait(rig, signal, ASK_SECONDS + 0.5)
    data.read()
    data.attached(1)
    for _ in range(2):
        data.wire.deliver(data.session.body(b"x" * KEPT_BYTES))
    origin.deliver(REFUSED)
    (frame,) = [frame for frame in signal.read() if frame[0] == Kind.FAIL]
    assert decode_code(frame[3])[0] is Code.ORIGIN_CLOSED and b"expect_continue=no" in frame[3]
    assert not rig.origins_dialled


def test_a_417_that_answers_no_question(rig: Rig) -> None:
    """Where the body went without one, it is the application's answer like any other."""
    signal, data = rig.with_data()
    rig.uplink.requests.expectations.ignored(HOME, rig.clock.seconds())
    send(signal, 1, request(b"POST", length=SIZE))
    origin = rig.origin()
    data.read()
    data.attached(1)
    data.wire.deliver(data.session.body(b"x" * 10))
    assert EXPECT not in origin.take()
    origin.deliver(REFUSED)
    assert data.kinds()[0] == Kind.HEAD and not rig.origins_dialled


def test_an_application_that_is_slow_to_connect_to(rig: Rig) -> None:
    """The service waits for ATTACH no longer than 20 s: the body is attached before, and the application not asked."""
    signal, data = rig.with_data()
    send(signal, 1, request(b"POST", length=SIZE))
    wait(rig, signal, CONNECT_SECONDS - 0.5)
    assert data.read() == []
    wait(rig, signal, 1.0)
    assert data.kinds() == [Kind.ATTACH]
    data.attached(1)
    data.wire.deliver(data.session.body(b"x" * 10))
    sent = rig.origin().take()
    assert EXPECT not in sent and sent.endswith(b"\r\n\r\n" + b"x" * 10)
    assert rig.uplink.requests.expectations.may_ask(HOME, rig.clock.seconds())


def test_interim_answers_are_no_consent(rig: Rig) -> None:
    """102 and 103 go to the user, and hold off the end of the waiting; but not so long that the service gives up (20 s)."""
    signal, data, origin = asked(rig)
    wait(rig, signal, ASK_SECONDS - 0.5)
    origin.deliver(b"HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n")
    assert [Kind(frame[0]) for frame in signal.read()] == [Kind.INFO]
    wait(rig, signal, ASK_SECONDS - 0.5)
    assert data.read() == []
    wait(rig, signal, 1.0)
    assert data.kinds() == [Kind.ATTACH]


@pytest.mark.parametrize("clean", [True, False])
def test_an_application_that_closes(clean: bool, rig: Rig) -> None:
    """It has the head, on which many programs act before they read the body: a POST is not sent twice."""
    signal, _, origin = asked(rig)
    origin.lose(clean=clean)
    assert rig.origins_dialled == []
    assert list(finals(signal.read())) == [(Kind.FAIL, 1, Code.ORIGIN_CLOSED)]
    assert not rig.uplink.requests.expectations.may_ask(HOME, rig.clock.seconds()), "perhaps it closes on each question"


def test_an_idempotent_request_meets_the_end_of_a_kept_connection(rig: Rig) -> None:
    """It is asked once more on a fresh one."""
    signal, _ = rig.with_data()
    signal.send(Kind.REQ, 1, encode_request(request()))
    kept = rig.origin()
    kept.deliver(OK)
    rig.settle()
    kept.take()
    send(signal, 2, request(b"PUT", length=SIZE))
    assert EXPECT in kept.take()
    kept.lose(clean=True)
    assert EXPECT in rig.origin().take()


def test_a_user_who_leaves_meanwhile(rig: Rig) -> None:
    """The application's connection ends."""
    signal, data, origin = asked(rig)
    signal.send(Kind.CANCEL, 1, b"12")
    assert list(finals(signal.read())) == [(Kind.FAIL, 1, Code.CANCELLED)]
    assert origin.end == "aborted" and data.read() == []


@pytest.mark.parametrize("length", [5, 1 << 20])
def test_small_bodies_are_not_asked_for(length: int) -> None:
    """A round trip would cost more."""
    assert not request_flags(request(b"POST", length=length), ask=True) & Flag.ASK
    assert request_flags(request(b"POST", length=length + (1 << 20)), ask=True) & Flag.ASK
    assert not request_flags(request(b"POST", length=None), ask=False) & Flag.ASK
    assert not request_flags(request(b"POST", length=None, upgrade=b"tcp"), ask=True) & Flag.ASK
    assert not request_flags(request(b"GET", length=0), ask=True) & Flag.ASK
