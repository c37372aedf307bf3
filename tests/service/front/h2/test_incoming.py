"""How much of what an HTTP/2 user sends is heard in one turn of the reactor."""

from __future__ import annotations

from ngh2 import Connection, Role
from ngh2 import events as h2

from appproxy.http.h1.request import HeadLimits
from appproxy.http.h2.head import HeadReader
from appproxy.http.h2.session import H2Session, new_session
from appproxy.service.front.h2.incoming import Incoming
from tests.service.h2_rig import request


class Watched(H2Session):
    """Knows in which pieces it was given bytes."""

    pieces: list[int]

    def receive_data(self, data: bytes | bytearray | memoryview) -> None:
        self.pieces.append(len(data))
        super().receive_data(data)


def rig() -> tuple[Incoming, Watched, Connection]:
    """A session and its user, who have greeted each other."""
    limits = HeadLimits()
    session, user = Watched(Role.SERVER, new_session(limits).config), Connection(Role.CLIENT)
    session.pieces = []
    session.begin({})
    user.initiate_connection()
    user.receive_data(session.data_to_send())
    session.receive_data(user.data_to_send())
    incoming = Incoming(session, HeadReader(limits, lambda size: b"t" * size))
    incoming.gather()
    assert list(incoming.of_a_turn(4_000)) and not incoming
    session.pieces.clear()
    return incoming, session, user


def heads(user: Connection, number: int) -> bytes:
    """So many requests with fields of their own."""
    for one in range(number):
        fields = [(b"x-%d-%d" % (one, field), b"y" * 100) for field in range(10)]
        user.send_request(request(b"GET", b"/a", *fields), end_stream=True)
    data: bytes = user.data_to_send()
    return data


def test_a_usual_read_is_seen_whole() -> None:
    """The heads of a page, and an upload, reach nghttp2 in the pieces in which they came."""
    incoming, session, user = rig()
    data = heads(user, 16)
    incoming.receive(data, 16)
    user.send_data(user.send_request(request(b"POST")), b"a" * 50_000)
    upload = user.data_to_send()
    incoming.receive(upload, 1)
    assert session.pieces == [len(data), len(upload)]
    assert not incoming
    incoming.gather()
    assert incoming


def test_a_read_of_many_heads_is_seen_in_slices() -> None:
    """Of no more heads than are heard in a turn; nothing is lost, doubled or out of order."""
    incoming, session, user = rig()
    data = heads(user, 60)
    incoming.receive(data[:50_000], 45)
    incoming.receive(data[50_000:], 1)  # a read that finds others waiting waits, too
    assert session.pieces == []
    numbers: list[int] = []
    turns = 0
    while incoming:
        turns += 1
        before = len(session.pieces)
        numbers += [event.stream_id for event in incoming.of_a_turn(4_000) if isinstance(event, h2.RequestReceived)]
        assert len(session.pieces) - before <= 8
    assert numbers == list(range(1, 120, 2))
    assert sum(session.pieces) == len(data) and max(session.pieces) <= 4_096
    assert turns >= 8


def test_slices_without_events_count() -> None:
    """Bytes that nghttp2 says nothing of, such as frames of unknown types, are no reason to take all of them at once."""
    incoming, session, _ = rig()
    incoming.receive((b"\0\x0f\xf7\x63\0" + bytes(4) + bytes(4_087)) * 20, 17)
    assert list(incoming.of_a_turn(4_000)) == []
    assert incoming and len(session.pieces) == 16


def test_what_is_cleared_is_gone() -> None:
    """Bytes and events, also in the middle of a turn; and a session that has said its last word sees nothing more."""
    incoming, session, user = rig()
    incoming.receive(heads(user, 60), 60)
    for _ in incoming.of_a_turn(4_000):
        incoming.clear()
    assert not incoming
    incoming.receive(heads(user, 30), 30)
    session.terminate_connection()
    session.data_to_send()
    seen = len(session.pieces)
    while incoming:
        assert [event for event in incoming.of_a_turn(4_000) if isinstance(event, h2.RequestReceived)] == []
    assert len(session.pieces) == seen
