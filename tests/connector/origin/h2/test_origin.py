"""Many requests to one application that speaks HTTP/2: few connections."""

from __future__ import annotations

import socket
from dataclasses import replace

import pytest
from twisted.internet.error import ConnectionRefusedError

from appproxy.errors import Code
from appproxy.http.h2.session import STREAMS
from appproxy.tunnel.frames import Kind
from tests.connector.h2_application import H2, connected, first, h2_rig
from tests.connector.rig import code, finals, request, send


def test_a_burst_shares_one_connection() -> None:
    """It is dialled once, however many wait for it."""
    rig = h2_rig()
    signal = rig.online()
    for id in range(1, 51):
        send(signal, id)
    assert len(rig.origins_dialled) == 1
    application = connected(rig)
    for stream in range(1, 101, 2):
        application.answer(stream)
    assert len(list(finals(signal.read()))) == 50
    assert rig.origins_dialled == []


def test_more_than_one_connection_takes() -> None:
    """Another is dialled beyond a hundred requests at a time."""
    rig = h2_rig()
    signal = rig.online()
    for id in range(1, STREAMS + 2):
        send(signal, id)
    assert len(rig.origins_dialled) == 2


def test_what_the_application_announces_is_kept() -> None:
    """With two streams at a time, a third request gets its own connection."""
    rig = h2_rig()
    signal = rig.online()
    for id in (1, 2, 3):
        send(signal, id)
    one = connected(rig, max_concurrent_streams=2)
    assert len(rig.origins_dialled) == 1
    one.answer(1)
    one.read()
    one.answer(5, b"third")
    assert (Kind.RSP, 3, (200, b"third")) in list(finals(signal.read()))


@pytest.mark.parametrize("method", [b"GET", b"POST"])
def test_an_end_that_the_reactor_has_yet_to_hear_of(method: bytes) -> None:
    """Above all after the connector was stopped for a while: the request gets another connection, also one that must wait."""
    rig = h2_rig()
    signal, application, stream = first(rig)
    application.answer(stream)
    signal.read()
    with socket.create_server(("127.0.0.1", 0)) as server:
        near = socket.create_connection(server.getsockname())
        far, _ = server.accept()
    with near:
        far.close()
        assert near.recv(1, socket.MSG_PEEK) == b""
        application.wire.protocol._socket = near  # type: ignore[attr-defined]  # else found when the connection was made
        send(signal, 2, request(method))
        assert application.requests() == []
        connected(rig).answer(1)
    assert list(finals(signal.read())) == [(Kind.RSP, 2, (200, b"hello"))]


def test_an_application_that_is_not_there() -> None:
    """All who wait hear of it, and the next request tries again."""
    rig = h2_rig()
    signal = rig.online()
    send(signal, 1)
    send(signal, 2)
    rig.origins_dialled.pop().fail(ConnectionRefusedError())
    assert sorted(finals(signal.read())) == [(Kind.FAIL, 1, Code.ORIGIN_REFUSED), (Kind.FAIL, 2, Code.ORIGIN_REFUSED)]
    send(signal, 3)
    connected(rig).answer(1)
    assert list(finals(signal.read())) == [(Kind.RSP, 3, (200, b"hello"))]


def test_a_user_who_leaves_while_it_is_dialled() -> None:
    """Costs no stream."""
    rig = h2_rig()
    signal = rig.online()
    send(signal, 1)
    signal.send(Kind.CANCEL, 1, code())
    send(signal, 2)
    application = connected(rig)
    application.answer(1)
    assert (Kind.RSP, 2, (200, b"hello")) in list(finals(signal.read()))


def test_an_application_that_is_no_longer_configured() -> None:
    """Its idle connections close; what is under way ends first."""
    rig = h2_rig()
    signal, application, stream = first(rig)
    rig.origins.retain(set())
    assert application.wire.end == ""
    application.answer(stream)
    rig.clock.advance(0)
    assert list(finals(signal.read())) == [(Kind.RSP, 1, (200, b"hello"))]
    assert application.wire.end == "lost"


@pytest.mark.parametrize("count", [3])
def test_one_after_the_other(count: int) -> None:
    """On the same connection."""
    rig = h2_rig()
    signal, application, stream = first(rig)
    for turn in range(count):
        application.answer(1 + 2 * turn)
        send(signal, turn + 2)
        application.read()
    assert rig.origins_dialled == []
    assert len(list(finals(signal.read()))) == count


def test_a_limit_of_connections() -> None:
    """Who finds no room waits for a stream, up to nine tenths of the back-end timeout."""
    rig = h2_rig(replace(H2, max_connections=1))
    signal = rig.online()
    send(signal, 1)
    application = connected(rig, max_concurrent_streams=1)
    send(signal, 2)
    send(signal, 3)
    assert rig.origins_dialled == []
    application.answer(1)
    application.read()
    assert list(finals(signal.read())) == [(Kind.RSP, 1, (200, b"hello"))]
    for _ in range(8):
        rig.clock.advance(0.9 * 85.0 / 8 + 0.1)
        signal.keep_alive()
        rig.second.keep_alive()
    assert list(finals(signal.read())) == [(Kind.FAIL, 3, Code.ORIGIN_BUSY)]


def test_a_name_that_has_moved() -> None:
    """What is under way ends on the old connection, the next request gets a new one."""
    rig = h2_rig()
    signal, old, stream = first(rig)
    rig.addresses = frozenset({"192.0.2.8"})
    for _ in range(7):
        rig.clock.advance(9)
        signal.keep_alive()
        rig.second.keep_alive()
    send(signal, 2)
    connected(rig).answer(1, b"new")
    old.answer(stream, b"old")
    assert sorted(finals(signal.read())) == [(Kind.RSP, 1, (200, b"old")), (Kind.RSP, 2, (200, b"new"))]
    assert old.wire.end == "lost"


@pytest.mark.parametrize(("how", "passes"), [("auto", False), ("never", True)])
def test_nobody_authenticates_the_connection_that_all_share(how: str, passes: bool) -> None:
    """HTTP/2 has no authentication of connections: such credentials are refused before a byte of them is sent."""
    rig = h2_rig(replace(H2, connection_authentication=how))
    signal = rig.online()
    send(signal, 1, request(block=b"authorization: Negotiate YIIabc\n"))
    connected(rig)
    wanted = [] if passes else [(Kind.FAIL, 1, Code.CONNECTION_AUTHENTICATION)]
    assert list(finals(signal.read())) == wanted
