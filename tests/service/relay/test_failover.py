"""What becomes of a request whose connection, connector or time is lost, as users see it: transcripts.

Each rule by itself is in tests/tunnel/life.
"""

from __future__ import annotations

import pytest

from appproxy.errors import Code
from appproxy.tunnel.frames import Kind
from tests.service.world import GET, POST, World, only_request, requests

CHUNKED = b"PUT /form HTTP/1.1\r\nHost: wiki.example.com\r\nTransfer-Encoding: chunked\r\n\r\n"


def test_a_request_does_not_wait_for_ever(world: World) -> None:
    """After ten seconds of waiting the user gets 503."""
    user = world.user()
    user.send(GET)
    world.advance(11)
    assert user.wire.take().startswith(b"HTTP/1.1 503 ")
    assert world.relay.roster.waiting == 0


def test_an_application_that_says_nothing_costs_504_and_a_cancel(world: World) -> None:
    """The back-end timeout ends it for the user and at the connector."""
    signal = world.welcomed()
    user = world.user()
    user.send(GET)
    id = only_request(signal)
    came = world.keep_alive(signal, 86)
    assert user.wire.take().startswith(b"HTTP/1.1 504 ")
    assert (Kind.CANCEL, id) in came


def test_a_body_that_nobody_asks_for_costs_504(world: World) -> None:
    """No ATTACH in 20 s."""
    signal = world.welcomed()
    user = world.user()
    user.send(POST)
    signal.frames()
    world.keep_alive(signal, 21)
    answer = user.wire.take()
    assert answer.startswith(b"HTTP/1.1 504 ")
    assert b"NO_ATTACH" in answer


def test_a_lost_connector_is_survived_by_idempotent_requests(world: World) -> None:
    """GET goes to another connector when the first has not come back in five seconds."""
    first = world.welcomed("c1")
    user = world.user()
    user.send(GET)
    only_request(first)
    second = world.welcomed("c2", instance=b"j" * 16)
    first.lose()
    world.advance(6)
    second_id = only_request(second)
    second.answer(second_id, 200, b"", b"from the other")
    assert user.wire.take().endswith(b"from the other")


def test_a_lost_connector_costs_a_post_502(world: World) -> None:
    """Its body was handed over, so it may have been processed: it is never sent twice."""
    first = world.welcomed("c1")
    second = world.welcomed("c2", instance=b"j" * 16)
    user = world.user()
    user.send(POST)
    world.advance(1)
    signal, name = (first, "c1") if only_peer(world) == "c1" else (second, "c2")
    data = world.attach(only_request(signal), body=True, id=name)
    user.send(b"he")
    data.lose()
    assert user.wire.take().startswith(b"HTTP/1.1 502 ")
    other = second if signal is first else first
    assert requests(other.frames()) == []


def test_a_killed_connector_costs_an_upload_502_at_once(world: World) -> None:
    """All its connections break, the signal connections first: there is nothing to wait for."""
    signal = world.welcomed()
    user = world.user()
    user.send(POST)
    world.advance(1)
    data = world.attach(only_request(signal), body=True)
    user.send(b"he")
    signal.lose()
    assert user.wire.take() == b""
    data.lose()
    assert user.wire.take().startswith(b"HTTP/1.1 502 ")


def test_a_small_put_is_sent_again_from_its_beginning(world: World) -> None:
    """An idempotent request whose body is still here is replayed on another connector, once."""
    first = world.welcomed("c1")
    user = world.user()
    user.send(POST.replace(b"POST", b"PUT"))
    world.advance(1)
    data = world.attach(only_request(first), body=True)
    user.send(b"he")
    second = world.welcomed("c2", instance=b"j" * 16)
    data.lose()
    again = world.attach(only_request(second), body=True, id="c2")
    assert [(frame[0], frame[4]) for frame in again.frames()] == [(Kind.ATTACHED, b""), (Kind.BODY, b"he")]
    user.send(b"llo")
    assert [(frame[0], frame[4]) for frame in again.frames()] == [(Kind.BODY, b"llo"), (Kind.END, b"")]


def test_no_piece_is_lost_between_two_connectors(world: World) -> None:
    """What the user sends after the first was lost and before the second asks waits for it; they are read no further."""
    first = world.welcomed("c1")
    user = world.user()
    user.send(CHUNKED)
    data = world.attach(only_request(first), body=True)
    user.send(b"2\r\nhe\r\n")
    second = world.welcomed("c2", instance=b"j" * 16)
    data.lose()
    user.send(b"2\r\nll\r\n")
    assert not user.wire.reading
    again = world.attach(only_request(second), body=True, id="c2")
    assert user.wire.reading
    user.send(b"1\r\no\r\n0\r\n\r\n")
    assert [frame[4] for frame in again.frames()] == [b"", b"he", b"ll", b"o", b""]


def test_no_piece_is_lost_between_two_data_connections(world: World) -> None:
    """A stale one is lost before anything was handed over, and the same connector attaches once more."""
    signal = world.welcomed()
    user = world.user()
    user.send(CHUNKED.replace(b"PUT", b"POST"))
    id = only_request(signal)
    world.attach(id, body=True).lose()
    user.send(b"2\r\nhe\r\n")
    again = world.attach(id, body=True)
    user.send(b"3\r\nllo\r\n0\r\n\r\n")
    assert [frame[4] for frame in again.frames()] == [b"", b"he", b"llo", b""]


def test_a_failed_upload_leaves_no_user_paused() -> None:
    """Nobody takes the piece that waited: the user gets their page, and is read on until they close."""
    world = World(connectors=("c1",))
    signal = world.welcomed("c1")
    user = world.user()
    user.send(CHUNKED.replace(b"PUT", b"POST"))
    id = only_request(signal)
    world.attach(id, body=True).lose()
    user.send(b"2\r\nhe\r\n")
    signal.fail(Kind.FAIL, id, Code.ORIGIN_REFUSED)
    assert user.wire.take().startswith(b"HTTP/1.1 502 ")
    assert user.wire.reading and user.wire.half_closed


def test_a_post_that_was_not_handed_over_goes_elsewhere(world: World) -> None:
    """Until the first body byte a POST is provably unprocessed."""
    first = world.welcomed("c1")
    user = world.user()
    user.send(POST)
    world.advance(1)
    only_request(first)
    second = world.welcomed("c2", instance=b"j" * 16)
    first.lose()
    world.advance(6)
    assert requests(second.frames())


def only_peer(world: World) -> str:
    """The connector that has the one request."""
    (name,) = [peer.id for peer in world.relay.roster.peers.values() if peer.in_flight]
    return name


def test_a_reconnect_finds_its_requests_again(world: World) -> None:
    """A request that HELLO lists as open goes on; one that it does not list was never received, and is sent again."""
    signal = world.welcomed()
    one, two = world.user(), world.user()
    one.send(GET)
    two.send(POST)
    world.advance(1)
    ids = [id for id, _ in requests(signal.frames())]
    signal.lose()
    back = world.welcomed(open=(ids[0],))
    back.answer(ids[0], 200, b"", b"as if nothing had been")
    assert one.wire.take().endswith(b"as if nothing had been")
    assert not two.wire.take()
    assert [target for _, target in requests(back.frames())] == [b"/form"]


def test_an_answer_that_was_lost_with_its_connection(world: World) -> None:
    """HELLO lists it as ended: a POST gets 502, for it was processed."""
    signal = world.welcomed()
    user = world.user()
    user.send(POST)
    world.advance(1)
    id = only_request(signal)
    world.attach(id, body=True)
    user.send(b"hello")
    signal.lose()
    world.welcomed(ended=(id,))
    assert user.wire.take().startswith(b"HTTP/1.1 502 ")


def test_a_revoked_connector_is_cut_at_once(world: World) -> None:
    """Its signal connection ends with the reason, its data connections with it, and no request goes there again."""
    signal = world.welcomed()
    user = world.user()
    user.send(GET)
    data = world.attach(only_request(signal))
    data.say(data.session.head(200, b""))
    world.revoke("c1")
    assert signal.wire.disconnecting
    assert data.wire.aborted
    assert user.wire.aborted
    assert "c1" not in world.relay.roster.peers


@pytest.mark.parametrize("listed", ["open", "ended"])
def test_what_a_connector_has_of_another_node(world: World, listed: str) -> None:
    """Its HELLO lists the requests of all nodes, whose numbers begin elsewhere: one that was lost here is sent again."""
    world.end_point.epoch = b"epoch678"
    signal = world.welcomed()
    user = world.user()
    user.send(POST)
    world.advance(1)
    only_request(signal)
    signal.lose()
    others: dict[str, object] = {listed: tuple(range(1, 1000))}
    back = world.welcomed(**others)  # type: ignore[arg-type]
    assert [target for _, target in requests(back.frames())] == [b"/form"]
    assert not user.wire.take()
