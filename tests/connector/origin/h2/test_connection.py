"""Connections of HTTP/2 to an application: greeting, farewell, and signs of life."""

from __future__ import annotations

from appproxy.connector.config.configuration import OriginAddress
from appproxy.connector.origin.h1.repeat import MOST_TRIES
from appproxy.connector.origin.h2.connection import IDLE_SECONDS, PING_SECONDS, SILENT_SECONDS
from appproxy.errors import Code
from appproxy.tunnel.frames import Kind
from appproxy.tunnel.messages import decode_code
from tests.connector.h2_application import H2Application, connected, first, h2_rig, uploading
from tests.connector.rig import SignalPeer, finals, request, send


def why(signal: SignalPeer) -> tuple[Code, str]:
    """What the service hears of the one request that failed."""
    [head] = [frame[3] for frame in signal.read() if frame[0] == Kind.FAIL]
    return decode_code(head)


def test_a_peer_that_speaks_http1() -> None:
    """Fails at once, and says why and what to do."""
    rig = h2_rig()
    signal = rig.online()
    send(signal, 1)
    wire = rig.origin()
    wire.deliver(b"HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\n\r\n")
    rig.clock.advance(0)
    assert why(signal) == (Code.ORIGIN_MALFORMED, "the application does not speak HTTP/2: set protocol=http1")
    assert wire.end == "aborted"


def test_tls_without_alpn() -> None:
    """HTTP/2 was asked for, and is not there: nothing is sent."""
    rig = h2_rig(OriginAddress("https", "wiki.corp", 443, protocol="h2"))
    signal = rig.online()
    send(signal, 1)
    dialled = rig.origins_dialled.pop()
    for alpn in (b"http/1.1",):
        dialled.alpn = alpn
    wire = dialled.stand()
    assert wire.take() == b""
    assert why(signal) == (Code.ORIGIN_MALFORMED, "the application does not offer HTTP/2 (ALPN): set protocol=http1")


def test_a_peer_that_never_greets() -> None:
    """Is given up when the time for connecting is over."""
    rig = h2_rig()
    signal = rig.online()
    send(signal, 1)
    wire = rig.origin()
    rig.clock.advance(10.5)
    signal.keep_alive()
    assert list(finals(signal.read())) == [(Kind.FAIL, 1, Code.ORIGIN_CONNECT_TIMEOUT)]
    assert wire.end == "aborted"


def test_a_peer_that_closes_before_it_greets() -> None:
    """Nothing was sent."""
    rig = h2_rig()
    signal = rig.online()
    send(signal, 1)
    rig.origin().lose()
    assert list(finals(signal.read())) == [(Kind.FAIL, 1, Code.ORIGIN_CLOSED)]


def test_goaway_gives_back_what_was_not_looked_at() -> None:
    """Whatever its method, the request goes to another connection; what was taken is answered on this one."""
    rig = h2_rig()
    signal = rig.online()
    for id in (1, 2):
        send(signal, id, request(b"POST", length=0))
    old = connected(rig)
    old.session.send_goaway(0, last_stream_id=1)
    old.say()
    new = connected(rig)
    new.answer(1, b"new")
    old.answer(1, b"old")
    assert sorted(finals(signal.read())) == [(Kind.RSP, 1, (200, b"old")), (Kind.RSP, 2, (200, b"new"))]
    rig.clock.advance(0)
    assert old.wire.end == "lost"


def test_goaway_twice() -> None:
    """Requests that were refused together meet the end of the next connection too: all are answered in the end."""
    rig = h2_rig()
    signal = rig.online()
    for id in (1, 2, 3):
        send(signal, id, request(b"POST", length=0))
    for _ in range(3):
        connection = connected(rig)
        connection.session.send_goaway(0, last_stream_id=1)
        connection.say()
        connection.answer(1)
    assert sorted(finals(signal.read())) == [(Kind.RSP, id, (200, b"hello")) for id in (1, 2, 3)]


def test_a_refused_body_is_sent_once_more() -> None:
    """As long as all of it is still known."""
    rig = h2_rig()
    signal, data, old = uploading(rig, request(b"POST", length=4))
    data.wire.deliver(data.session.body(b"ab"))
    old.read()
    old.session.reset_stream(1, 7)
    old.say()
    data.wire.deliver(data.session.body(b"cd") + data.session.end())
    assert old.body() == b"abcd"
    old.answer(3)
    assert list(finals(signal.read())) == [(Kind.RSP, 1, (200, b"hello"))]


def test_a_long_body_is_not_kept() -> None:
    """Beyond 64 KiB it is gone, and the request fails."""
    rig = h2_rig()
    signal, data, application = uploading(rig)
    for _ in range(5):
        data.wire.deliver(data.session.body(b"x" * 16_000))
        application.body()
    application.session.reset_stream(1, 7)
    application.say()
    assert list(finals(signal.read())) == [(Kind.FAIL, 1, Code.ORIGIN_CLOSED)]


def test_goaway_while_the_body_is_awaited() -> None:
    """The request has not left yet: it goes to another connection, body and all."""
    rig = h2_rig()
    signal, data, old = uploading(rig, request(b"POST", length=4))
    old.session.send_goaway(0, last_stream_id=0)
    old.say()
    data.wire.deliver(data.session.body(b"ab"))
    new = connected(rig)
    data.wire.deliver(data.session.body(b"cd") + data.session.end())
    assert new.body() == b"cd"
    new.answer(1)
    assert list(finals(signal.read())) == [(Kind.RSP, 1, (200, b"hello"))]


def test_goaway_while_a_body_and_another_answer_are_awaited() -> None:
    """The same, on a connection that stays for the other answer."""
    rig = h2_rig()
    signal, data = rig.with_data()
    send(signal, 2)
    old = connected(rig)
    send(signal, 1, request(b"POST", length=4))
    data.read()
    data.attached(1)
    old.session.send_goaway(0, last_stream_id=1)
    old.say()
    data.wire.deliver(data.session.body(b"ab"))
    rig.clock.advance(0)
    new = connected(rig)
    data.wire.deliver(data.session.body(b"cd") + data.session.end())
    rig.clock.advance(0)
    new.answer(1)
    old.answer(1, b"old")
    assert sorted(finals(signal.read())) == [(Kind.RSP, 1, (200, b"hello")), (Kind.RSP, 2, (200, b"old"))]


def test_refused_for_ever() -> None:
    """Some times are enough."""
    rig = h2_rig()
    signal, application, stream = first(rig)
    for id in range(1, 2 * MOST_TRIES, 2):
        assert list(finals(signal.read())) == []
        application.read()
        application.session.reset_stream(id, 7)
        application.say()
    application.read()
    assert list(finals(signal.read())) == [(Kind.FAIL, 1, Code.ORIGIN_CLOSED)]


def test_a_graceful_shutdown_is_followed() -> None:
    """No new request goes to a connection that is about to close, and none fails."""
    rig = h2_rig()
    signal, old, stream = first(rig)
    old.session.send_shutdown_notice()
    old.say()
    send(signal, 2)
    new = connected(rig)
    new.answer(1)
    old.answer(stream)
    assert len(list(finals(signal.read()))) == 2


def test_idle_connections_are_closed() -> None:
    """With a farewell, after 50 s."""
    rig = h2_rig()
    signal, application, stream = first(rig)
    application.answer(stream)
    rig.clock.advance(IDLE_SECONDS - 1)
    assert application.wire.end == ""
    rig.clock.advance(1.5)
    assert application.wire.end == "lost"
    assert len(rig.origins.of(rig.home)) == 0


def test_a_dead_connection_is_found_out() -> None:
    """A request that may be repeated is sent along with a PING; without an answer it goes to another connection."""
    rig = h2_rig()
    signal, old, stream = first(rig)
    old.answer(stream)
    rig.clock.advance(SILENT_SECONDS + 1)
    signal.keep_alive()
    send(signal, 2)
    assert rig.origins_dialled == []
    rig.clock.advance(PING_SECONDS + 0.5)
    assert old.wire.end == "aborted"
    connected(rig).answer(1, b"again")
    assert (Kind.RSP, 2, (200, b"again")) in list(finals(signal.read()))


def test_what_must_not_be_repeated_waits_for_a_sign_of_life() -> None:
    """A POST goes to a connection that was silent only after it has answered a PING."""
    rig = h2_rig()
    signal, application, stream = first(rig)
    application.answer(stream)
    rig.clock.advance(SILENT_SECONDS + 1)
    signal.keep_alive()
    send(signal, 2, request(b"POST", length=0))
    rig.clock.advance(0)
    assert application.requests() == []
    assert len(application.requests()) == 1
    assert rig.origins_dialled == []


def test_a_silent_connection_that_is_lost_meanwhile() -> None:
    """Then the POST gets a new one."""
    rig = h2_rig()
    signal, application, stream = first(rig)
    application.answer(stream)
    rig.clock.advance(SILENT_SECONDS + 1)
    signal.keep_alive()
    send(signal, 2, request(b"POST", length=0))
    rig.clock.advance(0)
    application.wire.lose()
    connected(rig).answer(1)
    assert (Kind.RSP, 2, (200, b"hello")) in list(finals(signal.read()))


def test_a_lost_connection_fails_all_its_requests() -> None:
    """Those that may not be repeated; a new connection serves the others."""
    rig = h2_rig()
    signal = rig.online()
    for id in (1, 2):
        send(signal, id, request(b"POST", length=0))
    application: H2Application = connected(rig)
    application.wire.lose()
    assert sorted(finals(signal.read())) == [(Kind.FAIL, 1, Code.ORIGIN_CLOSED), (Kind.FAIL, 2, Code.ORIGIN_CLOSED)]


def test_frames_that_break_the_rules() -> None:
    """End the connection, and with it its requests."""
    rig = h2_rig()
    signal, application, stream = first(rig)
    application.wire.deliver(b"\x00\x00\x04\x08\x00\x00\x00\x00\x00\x00\x00\x00\x00")
    rig.clock.advance(0)
    assert list(finals(signal.read())) == [(Kind.FAIL, 1, Code.ORIGIN_MALFORMED)]
    assert application.wire.end == "aborted"


def test_a_full_transport_takes_no_more() -> None:
    """What is to be sent waits in the session."""
    rig = h2_rig()
    signal, application, stream = first(rig)
    application.wire.clog()
    send(signal, 2)
    rig.clock.advance(0)
    assert application.wire.take() == b""
    application.wire.unclog()
    rig.clock.advance(0)
    assert len(application.requests()) == 1
