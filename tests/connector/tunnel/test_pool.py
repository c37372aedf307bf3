"""The pool of data connections: the connector dials, keeps and closes them."""

from __future__ import annotations

from dataclasses import replace

from twisted.internet.error import ConnectionRefusedError

from appproxy.connector.tunnel.handshakes import SLOW_SECONDS
from appproxy.errors import Code
from appproxy.tunnel.frames import Kind
from appproxy.tunnel.limits import DEFAULT_LIMITS
from tests.connector.rig import DataPeer, Rig, SignalPeer, finals, request, send


def data_dials(rig: Rig) -> int:
    """How many data connections are being dialled."""
    return [each.alpn for each in rig.dialled].count(b"appproxy-data/1")


def uploads(rig: Rig, signal: SignalPeer, ids: range) -> None:
    """Requests that want a data connection each."""
    for id in ids:
        send(signal, id, request(b"POST", length=4))


def test_two_are_kept_ready(rig: Rig) -> None:
    """One that is taken is replaced."""
    signal, _ = rig.with_data()
    assert (rig.uplink.pool.idle, data_dials(rig)) == (2, 0)
    uploads(rig, signal, range(1, 2))
    assert (rig.uplink.pool.idle, data_dials(rig)) == (1, 1)


def test_eight_handshakes_at_once(rig: Rig) -> None:
    """A burst does not storm the service; the next is dialled when one stands."""
    signal, _ = rig.with_data()
    uploads(rig, signal, range(1, 21))
    assert data_dials(rig) == 8
    rig.data()
    assert data_dials(rig) == 8


def test_who_waits_is_served_in_order(rig: Rig) -> None:
    """A connection that comes back goes to the one that waited longest."""
    signal, data = rig.with_data()
    uploads(rig, signal, range(1, 5))
    finish(rig, data, 1)
    assert [frame[2] for frame in data.read()] == [3]


def test_at_most_so_many_for_bodies() -> None:
    """Beyond the limit requests wait for one to come back."""
    rig = Rig(limits=replace(DEFAULT_LIMITS, pool_most=2, pool_least=0))
    signal = rig.online()
    uploads(rig, signal, range(1, 4))
    first = rig.data()
    rig.data()
    assert data_dials(rig) == 0
    finish(rig, first, 1)
    assert [frame[2] for frame in first.read()] == [3]


def test_a_fresh_one_does_not_pass_the_limit() -> None:
    """One that is dialled to be idle is not given to a body beyond the limit."""
    rig = Rig(limits=replace(DEFAULT_LIMITS, pool_most=1, pool_least=1))
    signal = rig.online()
    uploads(rig, signal, range(1, 3))
    first = rig.data()
    spare = rig.data()
    assert (first.kinds(), spare.read()) == ([Kind.ATTACH], [])
    assert rig.uplink.pool.idle == 1


def test_a_stream_does_not_count() -> None:
    """Upgraded streams are limited apart."""
    rig = Rig(limits=replace(DEFAULT_LIMITS, pool_most=1, pool_least=0))
    signal = rig.online()
    uploads(rig, signal, range(1, 2))
    rig.data()
    rig.origin()
    send(signal, 2, request(upgrade=b"websocket"))
    rig.origin().deliver(b"HTTP/1.1 101 S\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n")
    assert rig.data().kinds() == [Kind.ATTACH, Kind.HEAD]


def pass_time(rig: Rig, signal: SignalPeer, seconds: int) -> None:
    """The service is there meanwhile."""
    for _ in range(seconds):
        rig.clock.advance(1)
        signal.keep_alive()
        rig.second.keep_alive()


def test_those_that_are_to_be_ready_are_kept(rig: Rig) -> None:
    """For a quarter of an hour, more or less by chance: each one that is dialled again is a handshake."""
    signal, data = rig.with_data()
    pass_time(rig, signal, 895)
    assert (data.wire.end, rig.spare.wire.end, data_dials(rig)) == ("", "", 0)
    pass_time(rig, signal, 10)
    assert (data.wire.end, rig.spare.wire.end, data_dials(rig)) == ("aborted", "aborted", 2)


def test_those_that_are_kept_do_not_end_together() -> None:
    """Half of two minutes lies between the first and the last."""
    ends = []
    for chance in (0.0, 0.999):
        rig = Rig()
        rig.random = chance
        signal, data = rig.with_data()
        while not data.wire.end:
            pass_time(rig, signal, 1)
        ends.append(rig.clock.seconds())
    assert DEFAULT_LIMITS.kept_least <= ends[0] < ends[0] + 60.0 < ends[1] <= DEFAULT_LIMITS.kept_most + 1.0


def test_surplus_ones_close_after_a_minute(rig: Rig) -> None:
    """After 55 to 65 s, chosen by chance; as many as are to be ready stay."""
    signal, data = rig.with_data()
    uploads(rig, signal, range(1, 3))
    others = [rig.data(), rig.data()]
    finish(rig, data, 1)
    finish(rig, rig.spare, 2)
    assert rig.uplink.pool.idle == 4
    pass_time(rig, signal, 59)
    assert rig.uplink.pool.idle == 4
    pass_time(rig, signal, 2)
    assert rig.uplink.pool.idle == 2 and data_dials(rig) == 0
    assert [one.wire.end for one in (data, rig.spare, *others)].count("aborted") == 2


def test_a_new_certificate_is_used_within_a_minute(rig: Rig) -> None:
    """Connections that were dialled with the former one are kept no longer."""
    signal, data = rig.with_data()
    pass_time(rig, signal, 10)
    rig.uplink.pool.renew()
    pass_time(rig, signal, 60)
    assert (data.wire.end, rig.spare.wire.end, data_dials(rig)) == ("aborted", "aborted", 2)
    fresh = rig.data()
    pass_time(rig, signal, 120)
    assert fresh.wire.end == ""


def test_surplus_ones_go_one_a_second() -> None:
    """After a burst, the oldest first."""
    rig = Rig(limits=replace(DEFAULT_LIMITS, pool_most_idle=2))
    signal, data = rig.with_data()
    uploads(rig, signal, range(1, 5))
    peers = [data, rig.spare]
    while data_dials(rig):
        peers.append(rig.data())
    for peer in peers:
        frames = peer.read()
        if frames:
            finish(rig, peer, frames[0][2], read=False)
    assert rig.uplink.pool.idle == len(peers) > 4
    left = []
    while rig.uplink.pool.idle > 2:
        left.append(rig.uplink.pool.idle)
        rig.clock.pump([0.25] * 4)
    assert left == list(range(len(peers), 2, -1))


def test_dialling_that_fails() -> None:
    """It is tried again after a while; who has waited through three failures is told."""
    rig = Rig(limits=replace(DEFAULT_LIMITS, pool_least=0))
    signal = rig.online()
    uploads(rig, signal, range(1, 2))
    origin = rig.origin()
    for _ in range(3):
        assert list(finals(signal.read())) == []
        rig.dialled.pop().fail(ConnectionRefusedError())
        rig.clock.advance(2)
    assert list(finals(signal.read())) == [(Kind.FAIL, 1, Code.CONNECTOR_LOST)]
    assert origin.end == "aborted"


def test_a_cancelled_request_waits_no_more() -> None:
    """The connection that was dialled for it goes into the pool."""
    rig = Rig(limits=replace(DEFAULT_LIMITS, pool_least=0))
    signal = rig.online()
    uploads(rig, signal, range(1, 2))
    signal.send(Kind.CANCEL, 1, b"12")
    assert rig.data().read() == []
    assert rig.uplink.pool.idle == 1


def test_a_connection_without_our_protocol(rig: Rig) -> None:
    """It is closed, and counts as a failure to dial."""
    rig.online()
    rig.dialled[0].alpn = b"http/1.1"
    wire = rig.dialled.pop(0).stand()
    assert wire.end == "aborted"
    assert rig.uplink.pool.idle == 0


def test_a_handshake_that_hangs(rig: Rig) -> None:
    """It is given up after 10 s."""
    rig.online()
    rig.dialled[0].alpn = None
    wire = rig.dialled.pop(0).stand()
    rig.clock.advance(10.5)
    assert wire.end == "aborted"


def test_a_broken_protocol(rig: Rig) -> None:
    """A data connection that breaks the rules is closed; its request fails."""
    signal, data = rig.with_data()
    uploads(rig, signal, range(1, 2))
    data.read()
    data.attached(1)
    data.wire.deliver(b"\xff" * 12)
    assert data.wire.end == "aborted"
    assert list(finals(signal.read())) == [(Kind.FAIL, 1, Code.CONNECTOR_LOST)]


def test_a_new_epoch_takes_no_connection_of_the_old() -> None:
    """Connections that were just aborted are not given away, though Twisted tells of their end a turn later."""
    rig = Rig(late_aborts=True)
    signal, data = rig.with_data()
    signal.wire.lose()
    rig.clock.pump([0.25] * 2)
    again = rig.signal()
    again.welcome(epoch=b"epoch--2")
    uploads(rig, again, range(1, 2))
    rig.clock.advance(0)
    assert data.wire.end == "aborted"
    used_no_try(rig)


def test_an_idle_one_that_is_closing_is_not_given_away() -> None:
    """The same for one whose time was up."""
    rig = Rig(late_aborts=True)
    signal, data = rig.with_data()
    for peer in (data.wire.protocol, rig.spare.wire.protocol):
        peer.kept_until = 0.0  # type: ignore[attr-defined]
        peer.deadline_passed(0.0)  # type: ignore[attr-defined]
    uploads(rig, signal, range(1, 2))
    rig.clock.advance(0)
    assert data.wire.end == "aborted"
    used_no_try(rig)


def used_no_try(rig: Rig) -> None:
    """The fresh connection is the first that was tried: when it is lost, there is another."""
    first = rig.data()
    assert first.kinds() == [Kind.ATTACH]
    first.wire.lose()
    assert rig.data().kinds() == [Kind.ATTACH]


def finish(rig: Rig, data: DataPeer, request_id: int, read: bool = True) -> None:
    """A whole upload and its answer."""
    if read:
        data.read()
    data.attached(request_id)
    data.wire.deliver(data.session.body(b"body") + data.session.end())
    origins = rig.origins_dialled
    origins.pop(0).stand().deliver(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: close\r\n\r\n")
    data.session.answered_in_line()


def test_a_full_link(rig: Rig) -> None:
    """After a handshake that took long, connections are made for who waits, and none to be idle, while some are in use."""
    signal, _ = rig.with_data()
    uploads(rig, signal, range(1, 3))
    assert data_dials(rig) == 2
    rig.dialled[0].alpn = None
    wire = rig.dialled.pop(0).stand()
    rig.clock.advance(SLOW_SECONDS + 1)
    wire.negotiatedProtocol = b"appproxy-data/1"
    wire.protocol.handshakeCompleted()  # type: ignore[attr-defined]
    rig.data()
    assert (rig.uplink.pool.idle, data_dials(rig)) == (2, 0)
    uploads(rig, signal, range(3, 5))
    assert (rig.uplink.pool.idle, data_dials(rig)) == (0, 0)
    uploads(rig, signal, range(5, 6))
    assert data_dials(rig) == 1
