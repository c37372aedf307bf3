"""A signal connection at the service."""

from __future__ import annotations

from typing import Any, cast

import pytest

from appproxy.errors import Code
from appproxy.tunnel.frames import Kind, encode
from appproxy.tunnel.limits import DEFAULT_LIMITS
from appproxy.tunnel.messages import encode_code, encode_response
from tests.service.tunnel.link_ends import OUT_OF_TURN, Request, Signal


@pytest.mark.parametrize(("kind", "head", "tail", "told"), [
    (Kind.RSP, encode_response(204, b"a: b\n"), b"", ("answered", 204, b"a: b\n", b"")),
    (Kind.RSP, encode_response(200, b""), b"hello", ("answered", 200, b"", b"hello")),
    (Kind.INFO, encode_response(103, b"link: x\n"), b"", ("informed", 103, b"link: x\n")),
    (Kind.REJECT, encode_code(Code.CONNECTOR_BUSY, "full"), b"", ("rejected", Code.CONNECTOR_BUSY, "full")),
    (Kind.FAIL, encode_code(Code.ORIGIN_DNS, "why"), b"", ("failed", Code.ORIGIN_DNS, "why")),
])
def test_a_frame_reaches_the_request_that_it_names(kind: Kind, head: bytes, tail: bytes, told: tuple[object, ...]) -> None:
    """And no other one."""
    signal = Signal()
    one, other = signal.request(1), signal.request(2)
    signal.link.dataReceived(encode(kind, 1, head, tail))
    assert (one.told, other.told) == ([told], [])
    signal.link.dataReceived(encode(kind, 3, head, tail))
    assert (len(one.told), other.told, signal.wire.disconnecting) == (1, [], False)


def test_a_request_that_finds_a_fault_ends_the_connection() -> None:
    """The connector is told why, frames behind it in the same read count no more, and the loss is told once."""
    signal = Signal()
    signal.request(1, fault=OUT_OF_TURN)
    behind = signal.request(2)
    signal.link.dataReceived(b"".join(encode(Kind.RSP, id, encode_response(200, b"")) for id in (1, 2)))
    assert signal.frames()[-1][0] == Kind.ERROR
    assert signal.wire.closed and signal.endpoint.blamed == ["not now"]
    signal.link.connectionLost()
    assert (signal.endpoint.lost, signal.endpoint.links) == ([signal.link], set())
    assert behind.told == [] and len(signal.endpoint.deadlines) == 0


def test_a_connection_that_closes_while_it_reads_reads_no_further() -> None:
    """What a request does may end it; the frames behind are then nobody's."""
    signal = Signal()

    class Closing(Request):
        def answered(self, status: int, block: bytes, body: bytes) -> None:
            signal.link.close()

    signal.endpoint.peer.in_flight[1] = cast(Any, Closing())
    behind = signal.request(2)
    signal.link.dataReceived(b"".join(encode(Kind.RSP, id, encode_response(200, b"")) for id in (1, 2)))
    assert behind.told == [] and signal.wire.aborted


def test_nothing_is_written_after_the_end() -> None:
    """Neither frames nor a second goodbye."""
    signal = Signal()
    signal.link.close()
    signal.link.write(b"late")
    signal.link.close()
    assert signal.wire.take() == b""


def test_a_draining_connector_is_answered_and_told() -> None:
    """DRAINED follows, and the end point hears of it."""
    signal = Signal()
    signal.link.dataReceived(signal.session.drain())
    assert [frame[0] for frame in signal.frames()] == [Kind.DRAINED]
    assert signal.link.draining and signal.endpoint.drains == [signal.link]


def test_a_ping_is_answered() -> None:
    """In the same turn."""
    signal = Signal()
    signal.session.tick(DEFAULT_LIMITS.ping_after)
    signal.link.dataReceived(signal.session.take_output())
    assert signal.wire.take()[4] == Kind.PONG


def test_no_hello_in_time() -> None:
    """The connection is closed, and says why."""
    signal = Signal(greeted=False)
    signal.endpoint.clock.pump([0.25] * int(DEFAULT_LIMITS.hello_seconds * 4 - 2))
    assert not signal.wire.disconnecting
    signal.endpoint.clock.pump([0.25] * 4)
    signal.frames()
    assert signal.session.peer_goodbye is not None and "HELLO" in signal.session.peer_goodbye.text
    assert signal.wire.closed


def test_a_certificate_ends_the_connection_that_it_opened() -> None:
    """For good: only enrolling again helps."""
    signal = Signal()
    signal.link.not_after = signal.endpoint.today + 5
    signal.wait(2)
    assert not signal.wire.disconnecting
    signal.endpoint.today += 5
    signal.wait(2)
    assert signal.session.peer_goodbye is not None
    assert (signal.session.peer_goodbye.code, signal.session.peer_goodbye.permanent) == (Code.REVOKED, True)


def test_a_full_transport_takes_no_requests_until_it_has_drained() -> None:
    """Then whoever waits for this connector gets their turn."""
    signal = Signal()
    signal.endpoint.peer.links[0] = signal.link
    signal.link.pauseProducing()
    assert signal.endpoint.peer.link() is None
    signal.link.resumeProducing()
    assert signal.endpoint.peer.link() is signal.link
    assert signal.endpoint.freed == [signal.endpoint.peer]


def test_a_connector_that_stops_reading_for_good_is_cut_off() -> None:
    """Without a word: nobody reads it. One that reads on in time is not."""
    patience = int(DEFAULT_LIMITS.write_stall)
    for resumes in (True, False):
        signal = Signal()
        signal.link.pauseProducing()
        signal.wait(patience - 1)
        assert not signal.wire.aborted
        if resumes:
            signal.link.resumeProducing()
        signal.wait(3)
        assert signal.wire.aborted is not resumes


def test_a_silent_connector_is_dead() -> None:
    """It is closed at once, and the loss is told."""
    signal = Signal()
    signal.endpoint.clock.pump([0.25] * int(DEFAULT_LIMITS.dead_after * 4 + 8))
    assert signal.wire.aborted and signal.endpoint.lost == [signal.link]
    assert len(signal.endpoint.blamed) == 1
